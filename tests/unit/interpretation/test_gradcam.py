"""Truths about heat maps: they light the places on which an answer depends, and no others."""

from __future__ import annotations

import numpy as np
import pytest

from tenshots.interpretation import gallery, gradcam
from tenshots.networks import building
from tenshots.runtime import keras


def looks_at_one_place(row: int, column: int) -> keras.Model:
    """A network whose label 1 is the brightness of one cell of four by four; label 0 is its opposite."""
    photos = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(2, 2, strides=2, name="maps")(photos)
    logits = keras.layers.Dense(2, name="head")(keras.layers.Flatten()(maps))
    model = keras.Model(photos, logits)
    model.get_layer("maps").set_weights([np.full((2, 2, 3, 2), 1 / 12, np.float32), np.zeros(2, np.float32)])
    weights = np.zeros((4, 4, 2, 2), np.float32)
    weights[row, column, 0] = (-1, 1)
    model.get_layer("head").set_weights([weights.reshape(32, 2), np.zeros(2, np.float32)])
    return model


@pytest.mark.parametrize("place", [(0, 0), (0, 3), (3, 1)])
def test_the_place_on_which_a_label_depends_is_lit_alone(place: tuple[int, int]) -> None:
    bright_everywhere = np.full((1, 8, 8, 3), 200, np.uint8)
    heat = gradcam.heat_maps(looks_at_one_place(*place), bright_everywhere, np.array([1]), layer="maps")
    assert heat.shape == (1, 4, 4)
    assert heat[0][place] == pytest.approx(200)
    assert np.count_nonzero(heat) == 1


def test_what_speaks_against_a_label_is_no_heat() -> None:
    heat = gradcam.heat_maps(
        looks_at_one_place(0, 0), np.full((1, 8, 8, 3), 200, np.uint8), np.array([0]), layer="maps"
    )
    assert not heat.any()
    assert not gradcam.scaled(heat).any()


def test_each_image_is_asked_for_its_own_label() -> None:
    images = np.full((3, 8, 8, 3), 200, np.uint8)
    heat = gradcam.heat_maps(looks_at_one_place(2, 2), images, np.array([1, 0, 1]), layer="maps")
    assert [bool(found.any()) for found in heat] == [True, False, True]


def test_where_a_network_averages_over_places_it_is_grad_cam_to_the_letter() -> None:
    keras.utils.set_random_seed(3)
    photos = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(5, 3, activation="relu", name="maps")(photos)
    model = keras.Model(photos, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(maps)))
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3)).astype(np.uint8)
    found = gradcam.heat_maps(model, images, np.array([1, 1]), layer="maps")

    values = np.asarray(keras.Model(photos, maps)(images.astype(np.float32)))
    kernel = model.layers[-1].get_weights()[
        0
    ]  # with an average, a map's mean gradient is its weight / places
    expected = np.maximum(values @ kernel[:, 1] / 36, 0)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_the_layer_looked_at_is_the_last_that_tells_places_apart() -> None:
    values = {"family": "convolutional", "input_px": 32, "filters": [4, 4], "dense": 8, "dropout": 0.1}
    model = building.build(building.settings_from(values, at=""), size_px=48, num_labels=2)
    assert gradcam.default_layer(model) == "block2_2_relu"
    values = {
        "family": "pretrained",
        "input_px": 96,
        "dropout": 0.1,
    }
    values |= {"unfreeze": 0, "fine_tune_lr_factor": 1}
    values["backbone"] = {"architecture": "MobileNetV2", "arguments": {"alpha": 0.35}, "weights": "none"}
    model = building.build(building.settings_from(values, at=""), size_px=48, num_labels=2)
    # 3 cells a side at the end; the last block of 6 has paths around its inner layers, but for its first one.
    assert gradcam.default_layer(model) == "block_13_expand_relu"


def test_where_all_layers_with_maps_lie_on_branches_it_is_where_these_meet() -> None:
    branch = [{"Conv2D": {"filters": 2, "kernel_size": 3, "padding": "same", "activation": "relu"}}]
    values = {"family": "layers", "input_px": 8}
    values["layers"] = [{"parallel": {"branches": [branch, branch]}}, "MaxPooling2D", "Flatten"]
    model = building.build(building.settings_from(values, at=""), size_px=8, num_labels=2)
    assert gradcam.default_layer(model) == "layer0_concatenate"
    assert gallery.left_out(model) == ""


def test_a_layer_whose_values_have_no_place_is_said_to_be_left_out() -> None:
    conv = {"Conv2D": {"filters": 4, "kernel_size": 3, "padding": "same", "activation": "relu"}}
    values = {"family": "layers", "input_px": 8}
    values["layers"] = [conv, {"Reshape": {"target_shape": [4, 4, 16]}}, conv, "Flatten"]
    model = building.build(building.settings_from(values, at=""), size_px=8, num_labels=2)
    assert gallery.left_out(model) == (
        "Values of layer2_relu belong to no place of the photo, or to maps that have one size alone. So what "
        "excites these is not shown."
    )
    assert [layer.name for layer in gallery._excited_layers(model)] == ["layer0_relu"]


def test_a_network_with_several_ways_from_photo_to_answer_has_no_layer_to_look_at() -> None:
    photos = keras.Input((8, 8, 3))
    ways = [keras.layers.Conv2D(2, 3, activation="relu")(photos) for _ in range(2)]
    pooled = [keras.layers.GlobalAveragePooling2D()(way) for way in ways]
    model = keras.Model(photos, keras.layers.Dense(2)(keras.layers.Concatenate()(pooled)))
    assert gradcam.default_layer(model) is None
    assert "no heat maps" in gallery.left_out(model)
    assert "feature maps" not in gallery.left_out(model)


def test_scaled_maps_end_at_one() -> None:
    scaled = gradcam.scaled(np.array([[[1.0, 4.0]], [[0.0, 0.0]]], np.float32))
    np.testing.assert_array_equal(scaled, [[[0.25, 1.0]], [[0.0, 0.0]]])
