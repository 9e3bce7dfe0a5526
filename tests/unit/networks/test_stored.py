"""Saved variants: rebuilt, loaded, and asked about photos."""

import json
from pathlib import Path

import numpy as np
import pytest

from tenshots.errors import DataError
from tenshots.networks import model_json, stored
from tenshots.tables import database
from tests.drawn import model as drawn_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("models") / "baseline"
    drawn_model.save(place)
    return place


def test_the_mean_is_over_folds_and_repeats(folder: Path) -> None:
    saved = model_json.read_variant(folder)
    images = database.decode(drawn_model.photos()["image"])[:3]
    model = stored.rebuild(saved)
    each = [stored.probabilities(model, folder / fit.weights, images) for fit in saved.fits]
    assert stored.mean_probabilities(saved, folder, images) == pytest.approx(np.mean(each, axis=0))
    assert len(each) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"model\.json is missing; run `dvc repro train@baseline`, or `dvc pull`"),
        ("{", r"model\.json does not describe a trained variant"),
        ("{}", r"model\.json does not describe a trained variant"),
        (
            json.dumps(drawn_model.description(fits=[])),
            r"model\.json does not describe a trained variant: .*fits",
        ),
        (
            json.dumps(
                drawn_model.description(
                    fits=[{"fold": 0, "repeat": 0, "num_updates": 1, "weights": "../../elsewhere.h5"}]
                )
            ),
            r"model\.json does not describe a trained variant: .*weights",
        ),
    ],
)
def test_a_missing_or_broken_description_is_an_error(tmp_path: Path, text: str | None, message: str) -> None:
    (tmp_path / "baseline").mkdir()
    if text is not None:
        (tmp_path / "baseline/model.json").write_text(text)
    with pytest.raises(DataError, match=message):
        model_json.read_variant(tmp_path / "baseline")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is missing; run `dvc repro`, or `dvc pull`"),
        (b"no weights", "must hold weights alone.*; run `dvc repro`"),
    ],
)
def test_missing_or_damaged_weights_are_an_error(
    folder: Path, tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "fold-0_repeat-0.weights.h5"
    if content is not None:
        path.write_bytes(content)
    saved = model_json.read_variant(folder)
    with pytest.raises(DataError, match=message):
        stored.probabilities(stored.rebuild(saved), path, np.zeros((1, 32, 32, 3), np.uint8))


def test_weights_of_another_network_are_an_error(folder: Path) -> None:
    other = drawn_model.description(network={**drawn_model.NETWORK, "filters": [5]})
    model = stored.rebuild(model_json.SavedVariant.model_validate(other))
    with pytest.raises(DataError, match="does not fit the network"):
        stored.probabilities(model, folder / "fold-0_repeat-0.weights.h5", np.zeros((1, 32, 32, 3), np.uint8))
