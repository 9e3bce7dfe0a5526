"""The stage that judges labels by frozen features, and whose features they are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from stages import inspect
from tenshots.errors import DataError, SettingsError
from tenshots.labels.settings import backbone_settings
from tenshots.tables import database, features
from tenshots.tables.features import Features
from tests.drawn import model as drawn_model

NETWORKS = """\
inspect: {network: pretrained}
networks:
  lecture: {family: convolutional, input_px: 32, filters: [4], dense: 8, dropout: 0.25}
  pretrained: {family: pretrained, input_px: 32, dropout: 0.1, unfreeze: 0,
    fine_tune_lr_factor: 1, backbone: {architecture: convolutional,
    arguments: {filters: [4, 8], dense: 8, dropout: 0}, weights: none}}
"""
PRETRAINED = {
    "family": "pretrained",
    "input_px": 32,
    "dropout": 0.1,
    "unfreeze": 0,
    "fine_tune_lr_factor": 1,
    "backbone": {
        "architecture": "convolutional",
        "arguments": {"filters": [4, 8], "dense": 8, "dropout": 0},
        "weights": "none",
    },
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    drawn_model.project(tmp_path)
    (tmp_path / "params.yaml").write_text(drawn_model.PARAMS + NETWORKS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    leave_features(tmp_path, mirrored=1.0)
    return tmp_path


def leave_features(folder: Path, *, mirrored: float) -> None:
    """Leaves features as the stage does: bright where a photo is, and of mirror images `mirrored` more."""
    photos = database.read_photos(folder / "data/database", ["photo_id", "image"])
    rows = database.decode(photos["image"]).mean(axis=1).reshape(len(photos), -1)[:, :8].astype(np.float32)
    features.write(
        folder / "data/features/database/pretrained",
        Features(rows, rows + np.float32(mirrored) * rows[::-1]),
        photo_ids=photos["photo_id"].tolist(),
        backbone=backbone_settings({"networks": {"pretrained": PRETRAINED}}, "pretrained").frozen(),
    )


def test_the_stage_judges_every_photo_in_the_splits_folds(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inspect.main([])
    folder = project / "data/inspection"
    assert {path.name for path in folder.iterdir()} == {"inspection.json", "predictions.csv"}
    predictions = database.read_predictions(folder / "predictions.csv")
    assert list(predictions.columns) == ["photo_id", "label", "fold", "repeat", "p_book", "p_cup"]
    splits = database.read_splits(project / "data/splits/splits.csv")
    tested = splits[splits["part"] == "test"].set_index("photo_id")["fold"]
    assert predictions.set_index("photo_id")["fold"].to_dict() == tested.to_dict()
    found = json.loads((folder / "inspection.json").read_text(encoding="utf-8"))
    assert (found["network"], found["num_features"], found["folds"]) == ("pretrained", 8, "split")
    assert found["num_judged"] == len(predictions) == 24
    assert capsys.readouterr().out.startswith(f"inspect: {found['sentence']}")


def test_what_cannot_be_judged_is_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = project / "data/splits/splits.csv"
    database.write_splits(database.read_splits(path).assign(component="all"), path)
    inspect.main([])
    assert "warning: book is not judged: all photos belong to one independent set" in capsys.readouterr().out


def test_a_second_time_gives_the_same_bytes(project: Path) -> None:
    def outputs() -> dict[str, bytes]:
        inspect.main([])
        return {path.name: path.read_bytes() for path in (project / "data/inspection").iterdir()}

    first = outputs()
    assert outputs() == first


def test_a_disk_that_is_full_leaves_the_former_judgement_whole(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspect.main([])
    before = {path: path.read_bytes() for path in (project / "data/inspection").iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    leave_features(project, mirrored=-1.0)
    monkeypatch.setattr(inspect.files, "write", full)
    with pytest.raises(OSError, match="No space"):
        inspect.main([])
    assert {path: path.read_bytes() for path in (project / "data/inspection").iterdir()} == before
    assert not list((project / "data").glob(".*"))


def test_a_photo_and_its_mirror_image_are_judged_together(project: Path) -> None:
    inspect.main([])
    path = project / "data/inspection/predictions.csv"
    first = path.read_bytes()
    leave_features(project, mirrored=5.0)
    inspect.main([])
    assert path.read_bytes() != first


def test_features_that_are_missing_or_of_other_photos_are_an_error(project: Path) -> None:
    database.write_photos(
        database.read_photos(project / "data/database")[1:], project / "data/database", num_shards=1
    )
    with pytest.raises(DataError, match=r"is of other photos; run `dvc repro`"):
        inspect.main([])
    shutil.rmtree(project / "data/features")
    with pytest.raises(DataError, match=r"features\.json is missing"):
        inspect.main([])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "pretraned",
            r"inspect\.network must be a key of networks, got 'pretraned'; did you mean 'pretrained'\?",
        ),
        (
            "lecture",
            r"inspect\.network must name a network with a backbone, .* got 'lecture' of family conv",
        ),
    ],
)
def test_a_network_without_a_backbone_is_an_error(name: str, message: str) -> None:
    lecture = {"family": "convolutional", "input_px": 32, "filters": [4], "dense": 8, "dropout": 0.25}
    values = {"networks": {"lecture": lecture, "pretrained": PRETRAINED}}
    with pytest.raises(SettingsError, match=message):
        backbone_settings(values, name)


def test_without_networks_the_key_is_named() -> None:
    with pytest.raises(SettingsError, match=r"inspect\.network must be a key of networks, got 'pretrained'"):
        backbone_settings({}, "pretrained")
