"""What training leaves of a network: what is read back answers as the one that was in memory."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tenshots import runtime
from tenshots.networks import building, features, stored
from tenshots.networks.settings import LINEAR, with_backbone
from tenshots.tables.predictions import labels_of, probabilities_of
from tenshots.training import storing, variants
from tenshots.training.jobs import Epoch, Job, Outcome
from tenshots.training.linear import Known
from tenshots.training.storing import Saved
from tests.drawn.settings import values

runtime.configure(threads=1)

DENSE = {"family": "dense", "input_px": 8, "channels": 3, "units": [4, 4], "dropout": 0.1}
OWN = {
    "family": "layers",
    "input_px": 8,
    "parts": {"small": {"Conv2D": {"filters": 2, "kernel_size": 3, "padding": "same"}}},
    "layers": [
        {"residual": {"layers": ["small", "BatchNormalization", "PReLU"]}},
        {"parallel": {"branches": [["MaxPooling2D"], [{"AveragePooling2D": {"pool_size": 2}}, "small"]]}},
        *({"SpatialDropout2D": {"rate": 0.1}}, {"GaussianNoise": {"stddev": 0.1}}, "Flatten"),
        *({"maxout": {"units": 4, "pieces": 2}}, {"Dropout": {"rate": 0.1}}),
    ],
}
NUM_TRAINED, NUM_IMAGES = 16, 180  # more than a batch is held out, so that the last one is smaller
LABELS = np.arange(NUM_IMAGES) % 2
NOISE = np.random.default_rng(3).integers(0, 128, (NUM_IMAGES, 32, 32, 3), dtype=np.uint8)
# Brightness tells the labels: of noise, all answers would be alike.
IMAGES = NOISE + (64 * LABELS).astype(np.uint8)[:, None, None, None]


def job(repeat: int) -> Job:
    val = np.arange(100, 140)
    test = np.setdiff1d(np.arange(NUM_TRAINED, NUM_IMAGES), val)
    return Job(0, repeat, 7 + repeat, np.arange(NUM_TRAINED), val, NUM_TRAINED, test=test)


@pytest.mark.parametrize("network", ["lecture", "dense", "own", "pretrained"])
def test_a_network_answers_alike_before_it_is_saved_and_after_it_is_read(
    network: str, tmp_path: Path
) -> None:
    given = values(one={"data": "database", "network": network})
    given["networks"] |= {"dense": DENSE, "own": OWN}
    given["optimisation"] = {**given["optimisation"], "patience": "none"}  # of noise, the head is as good
    variant = variants.resolve({**given, "batch_size": 8}, "one")
    finish = partial(storing.save, folder=tmp_path)
    known = None
    if network == "pretrained":
        backbone = features.backbone(with_backbone(given, network, asked="this test"), size_px=32)
        rows, mirrored = (features.outputs(backbone, each) for each in (IMAGES, IMAGES[:, :, ::-1]))
        known = Known(rows, mirrored, np.arange(NUM_IMAGES))
    saved = variants.train(
        variant,
        [job(0), job(1), job(2)],
        images=IMAGES,
        labels=LABELS,
        known=known,
        finish=finish,
        num_workers=2,
    )

    model = building.build(variant.network, size_px=32, num_labels=2)
    assert len(saved) == 3
    for each in saved:
        again = stored.probabilities(model, tmp_path / each.weights, IMAGES[NUM_TRAINED:])
        found = each.outcome.probabilities
        if network == "pretrained":  # its top is asked about what the frozen layers have put out
            assert np.abs(found - again).max() < 1e-6
        else:
            assert np.array_equal(found, again)
    first, second, _ = (each.outcome.probabilities for each in saved)
    assert np.abs(first - second).max() > 1e-4


@pytest.mark.parametrize("recipe", LINEAR)
def test_a_network_taught_on_features_answers_from_them_as_it_does_from_pixels(
    recipe: str, tmp_path: Path
) -> None:
    given = values(one={"data": "database", "network": "pretrained", "recipe": recipe})
    variant = variants.resolve(given, "one")
    backbone = features.backbone(with_backbone(given, "pretrained", asked="this test"), size_px=32)
    rows, mirrored = (features.outputs(backbone, each) for each in (IMAGES, IMAGES[:, :, ::-1]))
    (saved,) = variants.train(
        variant,
        [job(0)],
        images=IMAGES[:1],
        labels=LABELS,
        known=Known(rows, mirrored, np.arange(NUM_IMAGES)),
        finish=partial(storing.save, folder=tmp_path),
    )
    model = building.build(variant.network, size_px=32, num_labels=2)
    again = stored.probabilities(model, tmp_path / saved.weights, IMAGES[NUM_TRAINED:])
    assert np.abs(saved.outcome.probabilities - again).max() < 1e-6
    assert saved.outcome.probabilities.std() > 0.1


def test_predictions_name_photos_parts_and_trainings() -> None:
    photos = pd.DataFrame({"photo_id": list("abcd"), "label": ["cup", "book", "cup", "book"]})
    row = Epoch(0, 0, "scratch", 0, 1, 0.1, 1, 0.5, 1, 0.5)
    jobs = [
        Job(0, 1, 7, np.array([3, 4]), np.array([2]), 1, test=np.array([0, 1])),
        Job(1, 0, 7, np.array([0, 1]), np.array([2]), 2, test=np.array([3])),
    ]
    shares = np.array([[0.1, 0.9], [0.2, 0.8], [0.3, 0.7]])
    saved = [
        Saved(Outcome(each, [row], 0, 1, shares[: len(each.held_out)]), "a.weights.h5", 9) for each in jobs
    ]
    found = storing.predictions(saved, photos, ["book", "cup"])

    assert found["photo_id"].tolist() == ["a", "b", "c", "c", "d"]
    assert found["label"].tolist() == ["cup", "book", "cup", "cup", "book"]
    assert found["fold"].tolist() == [0, 0, 0, 1, 1]
    assert found["repeat"].tolist() == [1, 1, 1, 0, 0]
    assert found["part"].tolist() == ["test", "test", "val", "val", "test"]
    assert labels_of(found) == ["book", "cup"]
    assert np.array_equal(probabilities_of(found), np.concatenate([shares, shares[:2]]))


def test_answers_on_test_photos_are_found_among_those_on_all_that_were_held_out() -> None:
    job = Job(0, 0, 7, np.array([0, 1]), np.array([2, 5]), 2, test=np.array([6, 3, 4]))
    assert job.held_out.tolist() == [2, 3, 4, 5, 6]
    shares = np.stack([np.arange(2.0, 7), np.zeros(5)], axis=1)  # each row tells whose it is
    assert Outcome(job, [], 0, 1, shares).of_test[:, 0].tolist() == [3, 4, 6]
