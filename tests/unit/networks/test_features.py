"""Frozen features: the same whatever came before and however many compute them."""

from __future__ import annotations

import random

import numpy as np

from tenshots import runtime
from tenshots.networks import features, settings
from tenshots.networks.families.pretrained import PretrainedSettings
from tests.drawn import fine_tuning

runtime.configure(threads=1)

IMAGES = np.random.default_rng(0).integers(0, 256, (70, 32, 32, 3)).astype(np.uint8)


def test_a_backbone_that_has_learnt_nothing_gives_the_same_features_whatever_came_before() -> None:
    given = fine_tuning.settings()
    first = features.outputs(features.backbone(given, size_px=32), IMAGES[:3])
    random.seed(5)  # what Keras draws by itself follows it
    assert np.array_equal(features.outputs(features.backbone(given, size_px=32), IMAGES[:3]), first)
    assert first.dtype == np.float32
    assert first.shape == (3, 4)
    assert np.abs(first[0] - first[1]).max() > 1e-3


def test_however_many_compute_at_a_time_the_features_are_the_same_to_the_bit() -> None:
    backbone = features.backbone(fine_tuning.settings(), size_px=32)
    assert len(IMAGES) > 2 * features.BATCH_SIZE, "three batches, the last a short one"
    one, two, many = (features.outputs(backbone, IMAGES, num_workers=number) for number in (1, 2, 5))
    assert np.array_equal(one, two)
    assert np.array_equal(one, many)
    assert np.array_equal(one, features.outputs(backbone, IMAGES))


def test_how_a_network_is_tuned_moves_no_frozen_feature() -> None:
    given = fine_tuning.settings()
    tuned = fine_tuning.settings(unfreeze=0, fine_tune_lr_factor=2, dropout=0.6)
    assert tuned.frozen() == given.frozen()
    moved = [fine_tuning.settings(input_px=48)]
    moved.append(
        PretrainedSettings.model_validate(
            {
                **given.model_dump(),
                "backbone": {
                    **given.backbone.model_dump(),
                    "arguments": {**fine_tuning.ARGUMENTS, "filters": [8]},
                },
            }
        )
    )
    assert all(each.frozen() != given.frozen() for each in moved)


def test_a_network_without_a_backbone_has_none() -> None:
    lecture = {"family": "convolutional", "input_px": 32, "filters": [4], "dense": 8, "dropout": 0.25}
    found = settings.settings_from(lecture, at="networks.lecture")
    assert found.frozen() is None
    assert found.recipes == ("scratch",)


def test_a_linear_recipe_is_said_in_words() -> None:
    found = fine_tuning.settings()
    assert found.titled("fine_tune") == found.title
    assert found.taught_by("fine_tune") == found.taught
    assert found.used_by("fine_tune") == found.model_dump(mode="json")
    for recipe, words in settings.LINEAR.items():
        assert found.titled(recipe) == f"a {words} on frozen features of {found.title}"
        assert found.taught_by(recipe) == f"{words} on frozen features"
        assert found.used_by(recipe) == found.frozen()
