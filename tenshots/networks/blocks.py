"""Layers that networks of several families begin with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tenshots.runtime import keras

# Of red, green and blue in the brightness of a pixel. Source: ITU-R BT.601, as Pillow's "L" has it.
_BRIGHTNESS = (0.299, 0.587, 0.114)


def resized(photos: Any, input_px: int) -> Any:  # noqa: ANN401 (keras.KerasTensor, untyped)
    """Scales photos (num_photos, side, side, 3) to `input_px` without aliasing; leaves those of that size."""
    if photos.shape[1] == input_px:
        return photos
    return keras.ops.image.resize(photos, (input_px, input_px), interpolation="bilinear", antialias=True)


class Grey(keras.layers.Layer):  # type: ignore[misc]  # Keras is untyped
    """The brightness of pixels: (num_photos, side, side, 3) to (num_photos, side, side, 1).

    A layer, so that pictures of a network show one step and not eight.
    """

    def call(self, pixels: keras.KerasTensor) -> keras.KerasTensor:
        """Returns a sum of the three channels, weighted by how bright each looks."""
        # Three products and two sums, which every processor rounds alike; a matrix product may be split up.
        red, green, blue = (
            share * pixels[..., channel : channel + 1] for channel, share in enumerate(_BRIGHTNESS)
        )
        return red + green + blue


def scaled(pixels: Any) -> Any:  # noqa: ANN401 (keras.KerasTensor, untyped)
    """Scales pixels from 0 to 255 to [-1, 1]."""
    return keras.layers.Rescaling(1 / 127.5, offset=-1, name="scaling")(pixels)


def convolutions(
    photos: Any,  # noqa: ANN401 (keras.KerasTensor, untyped)
    *,
    filters: Sequence[int],
    dropout: float,
    momentum: float,
) -> Any:  # noqa: ANN401
    """Applies scaling to [-1, 1] and blocks of two convolutions each.

    Args:
        photos: (num_photos, side, side, 3), 0 to 255.
        filters: of both convolutions of each block.
        dropout: after each block's pooling, in [0, 1).
        momentum: of the normalisations, in [0, 1).

    Returns:
        (num_photos, side / 2^num_blocks, side / 2^num_blocks, last number of filters), at least 0.
    """
    features = scaled(photos)
    for block, number in enumerate(filters, start=1):
        for step in (1, 2):
            name = f"block{block}_{step}"
            features = keras.layers.Conv2D(number, 3, padding="same", name=f"{name}_convolution")(features)
            features = normalised(features, f"{name}_normalisation", momentum=momentum)
            features = keras.layers.ReLU(name=f"{name}_relu")(features)
        features = keras.layers.MaxPooling2D(2, name=f"block{block}_pooling")(features)
        features = keras.layers.Dropout(dropout, name=f"block{block}_dropout")(features)
    return features


def normalised(features: Any, name: str, *, momentum: float) -> Any:  # noqa: ANN401 (keras.KerasTensor, untyped)
    """Applies batch normalisation."""
    return keras.layers.BatchNormalization(momentum=momentum, name=name)(features)
