"""The stage `split`, on what `ingest` wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from stages import ingest, split
from tenshots import database
from tenshots.errors import DataError
from tests.properties.test_splitting import check_split
from tests.unit.test_ingest import PARAMS, make_project


def test_split_writes_a_valid_split_of_the_kept_photos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_project(tmp_path)
    (tmp_path / "data" / "raw" / "readme.txt").write_text("rejected")
    monkeypatch.chdir(tmp_path)
    ingest.main([])
    capsys.readouterr()
    split.main([])
    assert capsys.readouterr().out.splitlines() == [
        f"split: fold {fold}: 6 train, 2 val, 4 test" for fold in range(3)
    ]
    manifest = database.read_manifest(Path("data/manifest.csv"))
    splits = database.read_splits(Path("data/splits/splits.csv"))
    check_split(manifest[manifest["status"] == "kept"], splits, num_folds=3)


def test_without_a_manifest_split_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "params.yaml").write_text(PARAMS)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"manifest.csv is missing; run `dvc repro`"):
        split.main([])
