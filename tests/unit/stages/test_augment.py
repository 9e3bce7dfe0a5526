"""The stage: a database and splits in, a folder that holds both originals and copies out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from stages import augment
from tenshots import params
from tenshots.errors import SettingsError
from tenshots.tables import database, paths
from tenshots.tables.encoding import encode

SETTINGS = """
seed: 20
augment:
  copies: 2
  layers:
    - RandomFlip: {mode: horizontal}
    - RandomBrightness: {factor: 0.5}
"""
SIZE_PX = 16
PARTS = ("train", "val", "test")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six photos in two folds; the last tests in both, so it never trains."""
    monkeypatch.chdir(tmp_path)
    params.PATH.write_text(SETTINGS, encoding="utf-8")
    images = np.random.default_rng(0).integers(0, 256, (6, SIZE_PX, SIZE_PX, 3), dtype=np.uint8)
    ids = [f"{index:x}" * 64 for index in range(6)]
    photos = pd.DataFrame(
        {
            "photo_id": ids,
            "label": ["NA", "cup"] * 3,
            "group": "",
            "split": "",
            "path": [f"{index}.png" for index in range(6)],
            "width": SIZE_PX,
            "height": SIZE_PX,
            "image": [encode(image, "lossless") for image in images],
        }
    )
    database.write_photos(photos, paths.DATABASE, num_shards=1)
    rows = [
        (photo_id, fold, "test" if index == 5 else PARTS[(index + fold) % 3])
        for fold in (0, 1)
        for index, photo_id in enumerate(ids)
    ]
    paths.SPLITS.parent.mkdir(parents=True)
    splits = pd.DataFrame(rows, columns=["photo_id", "fold", "part"])
    database.write_splits(splits.assign(component=splits["photo_id"]), paths.SPLITS)
    return tmp_path


def outputs() -> dict[str, bytes]:
    files = [*sorted(paths.AUGMENTED.iterdir()), paths.AUGMENTATION]
    return {path.name: path.read_bytes() for path in files}


def test_the_stage_adds_copies_of_training_photos_to_the_database(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    augment.main([])
    for path in paths.DATABASE.iterdir():
        assert (paths.AUGMENTED / path.name).read_bytes() == path.read_bytes()
    splits = database.read_splits(paths.SPLITS)
    train_ids = set(splits.loc[splits["part"] == "train", "photo_id"])
    assert "5" * 64 not in train_ids
    copies = database.read_copies(paths.AUGMENTED)
    assert copies["photo_id"].value_counts().to_dict() == dict.fromkeys(train_ids, 2)
    photos = database.read_photos(paths.DATABASE).set_index("photo_id")
    assert copies["label"].tolist() == photos.loc[copies["photo_id"], "label"].tolist()
    assert database.decode(copies["image"]).shape == (2 * len(train_ids), SIZE_PX, SIZE_PX, 3)
    with Image.open(paths.AUGMENTATION) as preview:
        assert preview.info == {}, "no date, no program"
        assert preview.width == 3 * 100
    assert f"{len(copies)} of {len(copies)} copies" in capsys.readouterr().err
    assert not [path for path in project.rglob("*") if path.suffix == ".tmp"]


@pytest.mark.usefixtures("project")
def test_the_same_inputs_give_the_same_bytes_and_leave_nothing_of_an_earlier_run() -> None:
    augment.main([])
    first = outputs()
    for kind in ("photos", "copies"):
        (paths.AUGMENTED / f"{kind}-00007-of-00008.parquet").write_bytes(b"of an earlier run")
    augment.main([])
    assert outputs() == first


@pytest.mark.usefixtures("project")
def test_another_seed_changes_the_copies_and_leaves_the_originals() -> None:
    augment.main([])
    first = outputs()
    params.PATH.write_text(SETTINGS.replace("20", "21"), encoding="utf-8")
    augment.main([])
    second = outputs()
    assert {name for name in first if first[name] != second[name]} == {
        "augmentation.png",
        "copies-00000-of-00001.parquet",
    }


@pytest.mark.usefixtures("project")
def test_a_wrong_policy_ends_the_stage_before_it_touches_its_outputs() -> None:
    augment.main([])
    first = outputs()
    params.PATH.write_text(SETTINGS.replace("RandomFlip", "RandomFlop"), encoding="utf-8")
    with pytest.raises(SettingsError, match="did you mean 'RandomFlip'"):
        augment.main([])
    assert outputs() == first
