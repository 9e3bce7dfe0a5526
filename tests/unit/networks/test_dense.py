"""Truths about the network of dense layers, and about what its pixels are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenshots.errors import SettingsError
from tenshots.interpretation import gallery, structure
from tenshots.networks import building, forward, weights_files
from tenshots.runtime import keras

LECTURE = {"family": "dense", "input_px": 28, "channels": 1, "units": [512, 512, 512], "dropout": 0.2}
TINY = {"family": "dense", "input_px": 8, "channels": 3, "units": [4], "dropout": 0.1}


def build(*, size_px: int = 8, num_labels: int = 2, **changes: Any) -> keras.Model:  # noqa: ANN401 (as in the file)
    settings = building.settings_from({**TINY, **changes}, at="networks.plain")
    return building.build(settings, size_px=size_px, num_labels=num_labels)


def test_it_has_as_many_parameters_as_the_lectures_at_28_px_one_channel_and_10_labels() -> None:
    assert build(**LECTURE, size_px=28, num_labels=10).count_params() == 932_362


@pytest.mark.parametrize(("channels", "num_values"), [(1, 64), (3, 192)])
def test_photos_of_any_size_become_as_many_numbers_as_the_settings_say(
    channels: int, num_values: int
) -> None:
    model = build(size_px=20, channels=channels)
    assert model.get_layer("dense1").kernel.shape == (num_values, 4)
    assert forward.predict(model, np.zeros((2, 20, 20, 3), np.uint8)).shape == (2, 2)


def test_grey_is_as_bright_as_pillow_has_it_and_scaled_to_one() -> None:
    from PIL import Image

    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    model = build(channels=1)
    seen = forward.outputs(keras.Model(model.input, model.get_layer("flatten").input), images, batch_size=3)
    expected = np.stack([np.asarray(Image.fromarray(each).convert("L"), np.float64) for each in images])
    assert seen.shape == (3, 8, 8, 1)
    assert seen[..., 0] == pytest.approx(
        expected / 127.5 - 1, abs=1.01 / 127.5
    )  # Pillow rounds to whole levels
    assert np.abs(seen).max() <= 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"units": []}, "networks.plain.units must hold at least 1 item"),
        ({"units": [0]}, "networks.plain.units[0] must be at least 1, got 0"),
        ({"units": 512}, "networks.plain.units must be a list, got 512"),
        ({"units": [8] * 17}, "networks.plain.units must hold at most 16 items"),
        ({"channels": 2}, "networks.plain.channels must be 1 or 3, got 2"),
        ({"dropout": 1}, "networks.plain.dropout must be below 1"),
        ({"input_px": 4}, "networks.plain.input_px must be at least 8"),
    ],
)
def test_a_broken_rule_names_the_key_and_the_value(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        build(**changes)
    assert words in str(caught.value)


def test_it_is_saved_rebuilt_and_drawn_without_the_pictures_that_need_maps(tmp_path: Path) -> None:
    model, again = build(channels=1), build(channels=1)
    (tmp_path / "a.weights.h5").write_bytes(building.weights(model))
    weights_files.load(again, tmp_path / "a.weights.h5", of="network", remedy="")
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    assert np.array_equal(forward.predict(model, images), forward.predict(again, images))

    assert [row.name for row in structure.rows(model)] == [
        *("photos", "grey", "scaling", "flatten", "dense1", "dense1_relu", "dense1_dropout", "head"),
    ]
    assert "no feature maps" in gallery.left_out(model)
    convolutional = {"family": "convolutional", "input_px": 32, "filters": [2], "dense": 2, "dropout": 0}
    settings = building.settings_from(convolutional, at="")
    assert gallery.left_out(building.build(settings, size_px=32, num_labels=2)) == ""
