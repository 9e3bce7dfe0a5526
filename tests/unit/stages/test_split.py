"""The stage `split`, on a manifest such as `ingest` writes."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from stages import split
from tenshots.errors import DataError
from tenshots.tables import database, paths
from tests.drawn.divided import check_split, photos_of

PARAMS = "split: {folds: 3, test: 0.2, val: 0.3}\nseed: 20\n"


def write_project(folder: Path, photos: pd.DataFrame) -> None:
    """Writes params.yaml and the manifest; what the stage does not read is empty or 0."""
    (folder / "params.yaml").write_text(PARAMS)
    rest = {
        name: "" if kind is str else kind(0)
        for name, kind in database.MANIFEST_COLUMNS.items()
        if name not in photos
    }
    database.write_manifest(photos.assign(**rest), folder / "data" / "manifest.csv")


def six_people() -> pd.DataFrame:
    """Six people with a photo of each of two labels; p0 handed in p1's first file too."""
    rows = [(label, f"p{person}") for person in range(6) for label in ("cup", "key")]
    return photos_of(rows, twins=[(2, "p0")])


def test_split_writes_a_valid_split_of_the_kept_photos_and_what_it_prevents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_project(tmp_path, six_people())
    monkeypatch.chdir(tmp_path)
    split.main([])
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(": ")[2].partition(":")[0] for line in lines[:3]] == ["fold 0", "fold 1", "fold 2"]
    manifest = database.read_manifest(paths.MANIFEST)
    splits = database.read_splits(paths.SPLITS)
    check_split(manifest, splits, num_folds=3)
    assert splits["component"].nunique() == 5
    found = json.loads(paths.LEAKAGE.read_text(encoding="utf-8"))
    num_siblings = found["random_split"]["with_sibling_in_training"]["component"]
    assert lines[3:] == [
        "split: 6 groups and 0 near-duplicate clusters make 5 independent sets; in a random split, "
        f"{num_siblings} of 12 test photos would have had a sibling in training, 0 of them a near-duplicate",
        "split: warning: groups with the same photos or near-duplicates belong together: p0 + p1; "
        "data/splits/leakage.json lists them",
    ]


def test_a_second_time_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(tmp_path, six_people())
    monkeypatch.chdir(tmp_path)
    split.main([])
    first = [path.read_bytes() for path in (paths.SPLITS, paths.LEAKAGE)]
    write_project(tmp_path, six_people().iloc[::-1])
    split.main([])
    assert [path.read_bytes() for path in (paths.SPLITS, paths.LEAKAGE)] == first


def test_a_split_that_cannot_be_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(tmp_path, photos_of([("cup", "p0"), ("key", "p1")] * 5))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="label 'cup' has 1 independent set of photos"):
        split.main([])
    assert not paths.SPLITS.parent.exists()


def test_without_a_manifest_split_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "params.yaml").write_text(PARAMS)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"manifest.csv is missing; run `dvc repro`"):
        split.main([])
