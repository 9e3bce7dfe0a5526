"""Truths about the network that is trained from scratch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tenshots.errors import SettingsError
from tenshots.networks import building, forward
from tenshots.networks.families.convolutional import ConvolutionalSettings
from tenshots.runtime import keras

LECTURE = {"family": "convolutional", "input_px": 32, "filters": [32, 64, 128], "dense": 512, "dropout": 0.25}
TINY = {"family": "convolutional", "input_px": 32, "filters": [4], "dense": 8, "dropout": 0.25}


def _settings(**changes: Any) -> Any:  # noqa: ANN401 (whatever stands in the file)
    return building.settings_from({**TINY, **changes}, at="networks.lecture")


def test_it_has_as_many_parameters_as_the_lectures_at_32_px_and_10_labels() -> None:
    settings = building.settings_from(LECTURE, at="networks.lecture")

    assert building.build(settings, size_px=32, num_labels=10).count_params() == 1_345_066


@pytest.mark.parametrize("input_px", [32, 64, 80])  # 4, 8 and 10 cells a side after the blocks
def test_its_size_does_not_depend_on_the_size_of_the_photos(input_px: int) -> None:
    model = building.build(_settings(input_px=input_px, filters=[4, 4, 4]), size_px=48, num_labels=3)

    assert model.get_layer("flatten").input.shape[1:3] == (4, 4)
    assert model.get_layer("dense").kernel.shape == (64, 8)
    assert model.output_shape == (None, 3)


def test_pixels_reach_the_first_convolution_scaled_to_its_size_and_to_one() -> None:
    model = building.build(_settings(), size_px=64, num_labels=2)
    scaled = keras.Model(model.input, model.get_layer("block1_1_convolution").input)
    images = np.zeros((1, 64, 64, 3), dtype=np.uint8)
    images[:, :, 32:] = 255

    seen = forward.outputs(scaled, images, batch_size=1)

    assert seen.shape == (1, 32, 32, 3)
    assert seen[0, :, :15] == pytest.approx(-1)
    assert seen[0, :, 17:] == pytest.approx(1)


def test_a_fine_pattern_is_averaged_not_sampled() -> None:
    model = building.build(_settings(), size_px=128, num_labels=2)
    scaled = keras.Model(model.input, model.get_layer("block1_1_convolution").input)
    images = np.zeros((1, 128, 128, 3), dtype=np.uint8)
    images[:, :, ::2] = 255

    seen = forward.outputs(scaled, images, batch_size=1)

    assert np.abs(seen[0, :, 1:-1]).max() < 0.05


def test_any_numeric_type_gives_the_same_logits() -> None:
    keras.utils.set_random_seed(1)
    model = building.build(_settings(), size_px=32, num_labels=2)
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)

    logits = [forward.outputs(model, images.astype(kind), batch_size=2) for kind in ("uint8", "float64")]

    assert logits[0].dtype == np.float32
    assert np.array_equal(*logits)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"input_px": 16}, ["networks.lecture.input_px", "32", "16"]),
        ({"filters": [4, 4, 4, 4]}, ["input_px must be at least 64 for 4 blocks"]),
        ({"filters": []}, ["networks.lecture.filters", "1"]),
        ({"dropout": 1.0}, ["networks.lecture.dropout", "below 1"]),
        ({"family": "convolutionl"}, ["networks.lecture.family", "'convolutionl'", "mean 'convolutional'"]),
        ({"droput": 0.1}, ["networks.lecture.droput", "mean 'dropout'"]),
    ],
)
def test_a_broken_rule_names_the_key_and_the_value(changes: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        _settings(**changes)

    for word in words:
        assert word in str(caught.value)


def test_settings_survive_the_way_through_json() -> None:
    settings = _settings()

    assert isinstance(settings, ConvolutionalSettings)
    assert building.settings_from(settings.model_dump(mode="json"), at="networks.lecture") == settings
