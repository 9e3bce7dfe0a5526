"""The stage that judges labels by frozen features, and whose features they are."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from stages import inspect
from tenshots.errors import SettingsError
from tenshots.labels.settings import backbone_settings
from tenshots.networks import features
from tenshots.tables import database
from tests.drawn import model as drawn_model

NETWORKS = """\
inspect: {network: pretrained}
networks:
  lecture: {family: convolutional, input_px: 32, filters: [4], dense: 8, dropout: 0.25}
  pretrained: {family: pretrained, input_px: 32, dropout: 0.1, head_epochs: 1, head_lr_factor: 1, unfreeze: 0,
    fine_tune_lr_factor: 1, backbone: {architecture: convolutional,
    arguments: {filters: [4, 8], dense: 8, dropout: 0}, weights: none}}
"""
PRETRAINED = {
    "family": "pretrained",
    "input_px": 32,
    "dropout": 0.1,
    "head_epochs": 1,
    "head_lr_factor": 1,
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
    return tmp_path


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
    assert (found["network"], found["num_features"], found["paired"]) == ("pretrained", 8, True)
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


def test_a_backbone_that_has_learnt_nothing_gives_the_same_features_whatever_came_before() -> None:
    network = {**PRETRAINED, "backbone": {**PRETRAINED["backbone"], "weights": "none"}}
    settings = backbone_settings({"networks": {"pretrained": network}}, "pretrained")
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3)).astype(np.uint8)
    first = features.features(settings, images)
    random.seed(5)  # what Keras draws by itself follows it
    assert np.array_equal(features.features(settings, images), first)


def test_a_mirrored_photo_has_the_same_features() -> None:
    settings = backbone_settings({"networks": {"pretrained": PRETRAINED}}, "pretrained")
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3)).astype(np.uint8)
    found = features.features(settings, images)
    assert found.shape == (3, 8)
    assert found.dtype == np.float64
    assert found == pytest.approx(features.features(settings, images[:, :, ::-1]))
    assert found != pytest.approx(features.features(settings, images[:, ::-1]))
    assert np.abs(found[0] - found[1]).max() > 1e-3


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
