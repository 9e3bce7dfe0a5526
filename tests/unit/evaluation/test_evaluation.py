"""Saved variants: rebuilt, loaded, and asked about photos."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tenshots.errors import DataError
from tenshots.evaluation import testing
from tenshots.networks import stored
from tenshots.tables import database
from tenshots.tables.predictions import labels_of, probabilities_of
from tests.drawn import model as drawn_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("models") / "baseline"
    drawn_model.save(place)
    return place


def test_each_training_predicts_the_photos_of_its_own_fold_alone(folder: Path) -> None:
    photos = drawn_model.photos()
    splits = drawn_model.splits(photos)
    test, val = testing.evaluate(stored.read_variant(folder), folder, photos, splits)
    assert labels_of(test) == drawn_model.LABELS
    for part, rows in [("test", test), ("val", val)]:
        for (fold, _), found in rows.groupby(["fold", "repeat"]):
            wanted = splits[(splits["fold"] == fold) & (splits["part"] == part)]
            assert set(found["photo_id"]) == set(wanted["photo_id"])
    assert len(test) == 24 * 2  # every photo once per repeat
    assert test.equals(test.sort_values(["fold", "repeat", "photo_id"], ignore_index=True))
    assert probabilities_of(test).sum(axis=1) == pytest.approx(1.0)
    truth = photos.set_index("photo_id")["label"]
    assert (test["label"].to_numpy() == truth.loc[test["photo_id"]].to_numpy()).all()


def test_predictions_are_those_of_the_named_weights(folder: Path) -> None:
    photos = drawn_model.photos()
    saved = stored.read_variant(folder)
    test, _ = testing.evaluate(saved, folder, photos, drawn_model.splits(photos))
    rows = test[(test["fold"] == 1) & (test["repeat"] == 0)]
    images = database.decode(photos.set_index("photo_id").loc[rows["photo_id"], "image"])
    alone = stored.probabilities(stored.rebuild(saved), folder / "fold-1_repeat-0.weights.h5", images)
    # Another batch size may add up in another order: the last bits of float32.
    assert probabilities_of(rows) == pytest.approx(alone, abs=1e-6)
    other = stored.probabilities(stored.rebuild(saved), folder / "fold-1_repeat-1.weights.h5", images)
    assert np.abs(alone - other).max() > 1e-3


def test_the_mean_is_over_folds_and_repeats(folder: Path) -> None:
    saved = stored.read_variant(folder)
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
        stored.read_variant(tmp_path / "baseline")


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
    saved = stored.read_variant(folder)
    with pytest.raises(DataError, match=message):
        stored.probabilities(stored.rebuild(saved), path, np.zeros((1, 32, 32, 3), np.uint8))


def test_weights_of_another_network_are_an_error(folder: Path) -> None:
    other = drawn_model.description(network={**drawn_model.NETWORK, "filters": [5]})
    model = stored.rebuild(stored.SavedVariant.model_validate(other))
    with pytest.raises(DataError, match="does not fit the network"):
        stored.probabilities(model, folder / "fold-0_repeat-0.weights.h5", np.zeros((1, 32, 32, 3), np.uint8))


def test_tables_of_another_experiment_are_an_error(folder: Path) -> None:
    photos = drawn_model.photos()
    saved = stored.read_variant(folder)
    splits = drawn_model.splits(photos)

    def evaluate(photos: pd.DataFrame, splits: pd.DataFrame) -> None:
        testing.evaluate(saved, folder, photos, splits)

    with pytest.raises(DataError, match="baseline was never taught spoon"):
        evaluate(photos.assign(label="spoon"), splits)
    with pytest.raises(DataError, match="do not agree on fold 0"):
        evaluate(photos.iloc[1:], splits)
    with pytest.raises(DataError, match="do not agree on fold 1"):
        evaluate(photos, splits[splits["fold"] == 0])
