"""How much a network computes for an image: counted by hand where it is small."""

from __future__ import annotations

from typing import Any

from tenshots.checks.effort import PER_VALUE, effort, efforts
from tenshots.networks import building
from tenshots.networks.settings import settings_from
from tenshots.runtime import keras
from tests.drawn.settings import PRETRAINED, TINY


def of(described: dict[str, Any]) -> dict[str, int]:
    settings = settings_from(described, at="networks.it")
    return efforts(building.build(settings, size_px=32, num_labels=2), settings)


def test_a_kernel_is_multiplied_at_each_place_and_each_value_is_written() -> None:
    inputs = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(5, 3, strides=2, padding="same")(inputs)
    scaled = keras.layers.BatchNormalization()(maps)
    model = keras.Model(inputs, keras.layers.Dense(7)(keras.layers.Flatten()(scaled)))
    multiplications = 4 * 4 * (3 * 3 * 3 * 5) + 80 * 7
    values = 8 * 8 * 3 + 80 + 80 + 80 + 7
    assert effort(model) == multiplications + PER_VALUE * values
    assert effort(keras.Model(inputs, model(inputs))) == effort(model) + PER_VALUE * 8 * 8 * 3


def test_from_scratch_all_is_tuned_and_of_a_backbone_its_top() -> None:
    scratch, half = of(TINY), of({**PRETRAINED, "unfreeze": 0.5})
    assert scratch["tuned"] == scratch["whole"] > 0
    assert 0 < half["tuned"] < half["whole"]
    assert of({**PRETRAINED, "unfreeze": 0})["tuned"] == 0
    assert of({**PRETRAINED, "unfreeze": 1})["tuned"] > half["tuned"]
