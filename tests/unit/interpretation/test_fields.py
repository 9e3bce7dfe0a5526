"""Truths about receptive fields: on stacks computed by hand, and against what a change of a pixel moves."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tenshots.errors import DataError
from tenshots.interpretation.fields import receptive_field
from tenshots.networks import building
from tenshots.runtime import keras

Layers = keras.layers


def model_of(*layers: Any, size: int = 24) -> keras.Model:  # noqa: ANN401 (Keras' layers)
    tensor = pixels = keras.Input((size, size, 1))
    for layer in layers:
        tensor = layer(tensor)
    return keras.Model(pixels, tensor)


def test_the_field_of_the_lectures_blocks_computed_by_hand() -> None:
    """3, 5, then pooling 6, and at twice the step 10, 14, 16, and at four times the step 24, 32."""
    values = {"family": "convolutional", "input_px": 32, "filters": [2, 2, 2], "dense": 4, "dropout": 0.1}
    model = building.build(building.settings_from(values, at=""), size_px=32, num_labels=2)
    expected = {
        "block1_1_relu": (3, 1, -1),
        "block1_2_relu": (5, 1, -2),
        "block1_pooling": (6, 2, -2),
        "block2_1_relu": (10, 2, -4),
        "block2_2_relu": (14, 2, -6),
        "block2_pooling": (16, 4, -6),
        "block3_1_relu": (24, 4, -10),
        "block3_2_relu": (32, 4, -14),
    }
    for name, (length, step, start) in expected.items():
        field = receptive_field(model, model.get_layer(name).output)
        assert field.rows == field.columns
        assert (field.rows.length, field.rows.step, field.rows.start) == (length, step, start), name


def test_resizing_counts_in_pixels_of_the_photo() -> None:
    values = {"family": "convolutional", "input_px": 32, "filters": [2], "dense": 4, "dropout": 0.1}
    model = building.build(building.settings_from(values, at=""), size_px=96, num_labels=2)
    field = receptive_field(model, model.get_layer("block1_2_relu").output)
    assert (field.rows.length, field.rows.step, field.rows.start) == (15, 3, -6)
    assert field.box(1, 2) == (-3, 0, 12, 15)


def branched() -> keras.Model:
    pixels = keras.Input((24, 24, 1))
    wide = Layers.Conv2D(1, 5, padding="same")(pixels)
    narrow = Layers.Conv2D(1, 1)(pixels)
    return keras.Model(pixels, Layers.Add()([wide, narrow]))


@pytest.mark.parametrize(
    "build",
    [
        lambda: model_of(Layers.Conv2D(1, 3)),
        lambda: model_of(Layers.Conv2D(1, (3, 5), padding="same")),
        lambda: model_of(Layers.Conv2D(1, 3, strides=2, padding="same")),  # pads on the far side alone
        lambda: model_of(Layers.Conv2D(1, 3, strides=2, padding="same"), size=25),
        lambda: model_of(Layers.Conv2D(1, 3, dilation_rate=2, padding="same")),
        lambda: model_of(Layers.ZeroPadding2D(((0, 1), (0, 1))), Layers.DepthwiseConv2D(3, strides=2)),
        lambda: model_of(
            Layers.Conv2D(1, 3), Layers.AveragePooling2D(2), Layers.Conv2D(1, 3, padding="same")
        ),
        lambda: model_of(Layers.Cropping2D(((2, 0), (1, 3))), Layers.Conv2D(1, 3)),
        branched,
    ],
)
def test_a_value_moves_with_the_pixels_of_its_field_and_with_no_others(
    build: Callable[[], keras.Model],
) -> None:
    model = build()
    model.set_weights([np.full_like(values, values.ndim > 1) for values in model.get_weights()])  # no biases
    size = model.input.shape[1]
    # Each picture has one bright pixel, so column j of the answers says what pixel j moves.
    pictures = np.eye(size * size, dtype=np.float32).reshape(-1, size, size, 1)
    moved = np.asarray(model(pictures))[..., 0] != 0
    field = receptive_field(model, model.output)
    rows, columns = moved.shape[1:]
    for row, column in [(0, 0), (rows // 2, columns // 2), (rows - 1, columns - 1)]:
        lit = moved[:, row, column].reshape(size, size)
        top, left, bottom, right = (int(edge) for edge in field.box(row, column))
        expected = np.zeros((size, size), bool)
        expected[max(top, 0) : bottom, max(left, 0) : right] = True
        if "dilation" in str(model.layers[-1].get_config()) and model.layers[-1].get_config().get(
            "dilation_rate"
        ) == (2, 2):
            expected[(top + 1) % 2 :: 2] = False  # every second pixel is skipped
            expected[:, (left + 1) % 2 :: 2] = False
        np.testing.assert_array_equal(lit, expected)


@pytest.mark.parametrize(
    ("build", "most"),
    [
        (lambda: model_of(Layers.UpSampling2D(3)), 2),
        (lambda: model_of(Layers.Conv2D(1, 3, strides=2), Layers.UpSampling2D((2, 3))), 5),
        (lambda: model_of(Layers.UpSampling2D(2, interpolation="bilinear")), 4),
        (lambda: model_of(Layers.Conv2DTranspose(1, 3, strides=2)), 2),
        (lambda: model_of(Layers.Conv2DTranspose(1, 4, strides=(1, 2), padding="same")), 4),
        (lambda: model_of(Layers.Conv2D(1, 2, strides=2), Layers.Conv2DTranspose(1, 3, padding="same")), 6),
        (lambda: model_of(Layers.Conv2DTranspose(1, 2, dilation_rate=2)), 3),
        (lambda: model_of(Layers.AdaptiveMaxPooling2D(6)), 4),
        (lambda: model_of(Layers.AdaptiveAveragePooling2D((8, 7))), 6),
    ],
)
def test_the_field_of_what_enlarges_or_divides_unevenly_holds_all_that_moves_a_value_and_little_more(
    build: Callable[[], keras.Model], most: int
) -> None:
    model = build()
    model.set_weights([np.full_like(values, values.ndim > 1) for values in model.get_weights()])
    pictures = np.eye(24 * 24, dtype=np.float32).reshape(-1, 24, 24, 1)
    moved = np.asarray(model(pictures))[..., 0] != 0
    field = receptive_field(model, model.output)
    assert max(field.rows.length, field.columns.length) <= most
    for row, column in np.ndindex(*moved.shape[1:]):
        lit = moved[:, row, column].reshape(24, 24)
        top, left, bottom, right = field.box(row, column)
        inside = np.zeros((24, 24), bool)
        inside[max(math.floor(top), 0) : math.ceil(bottom), max(math.floor(left), 0) : math.ceil(right)] = (
            True
        )
        assert not (lit & ~inside).any()


def test_what_weighs_whole_maps_is_left_aside() -> None:
    pixels = keras.Input((24, 24, 2))
    maps = Layers.Conv2D(2, 3, padding="same")(pixels)
    weights = Layers.Dense(2)(Layers.Reshape((1, 1, 2))(Layers.GlobalAveragePooling2D()(maps)))
    again = Layers.GlobalAveragePooling2D(keepdims=True)(maps)
    model = keras.Model(pixels, Layers.Multiply()([again, weights, maps]))
    assert receptive_field(model, model.output).rows.length == 3


def test_a_layer_without_places_or_of_an_unknown_kind_is_an_error() -> None:
    model = model_of(Layers.Conv2D(1, 3), Layers.GlobalAveragePooling2D())
    with pytest.raises(DataError, match="no places in the photo"):
        receptive_field(model, model.output)
    model = model_of(Layers.Conv2D(1, 3), Layers.Reshape((11, 44, 1), name="wider"))
    with pytest.raises(DataError, match="wider is not known, since Reshape"):
        receptive_field(model, model.output)
