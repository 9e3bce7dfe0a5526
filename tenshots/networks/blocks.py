"""Layers that networks of several families begin with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tenshots.networks.settings import ScratchSettings
from tenshots.networks.standardising import Standardising
from tenshots.networks.units import Units
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


def seen(photos: Any, settings: ScratchSettings) -> Any:  # noqa: ANN401 (keras.KerasTensor, untyped)
    """Returns what the first layer of a network is given of photos, by their settings.

    Args:
        photos: (num_photos, side, side, 3), 0 to 255.
        settings: of the network: its size, its colours, and how levels are normalised.

    Returns:
        (num_photos, input_px, input_px, 3), or 1 in place of 3 where it sees grey.
    """
    pixels = resized(photos, settings.input_px)
    return scaled(coloured(pixels, settings.colour), settings.normalisation)


def coloured(pixels: Any, colour: str | None) -> Any:  # noqa: ANN401 (keras.KerasTensor, untyped)
    """Returns pixels as they are, or their brightness where the colour is grey."""
    return Grey(name="grey")(pixels) if colour == "grey" else pixels


def scaled(pixels: Any, normalisation: str | None = None) -> Any:  # noqa: ANN401 (keras.KerasTensor, untyped)
    """Scales pixels from 0 to 255.

    Args:
        pixels: (num_photos, side, side, num_channels).
        normalisation: unit scales to [0, 1]; symmetric, or None, to [-1, 1]; standard to mean 0 and deviation
            1 of the photos that a training learns from (see `training.standardising`).
    """
    if normalisation == "standard":
        return Standardising(name="scaling")(pixels)
    if normalisation == "unit":
        return keras.layers.Rescaling(1 / 255, name="scaling")(pixels)
    return keras.layers.Rescaling(1 / 127.5, offset=-1, name="scaling")(pixels)


def convolutions(values: Any, units: Units, *, filters: Sequence[int], dropout: float) -> Any:  # noqa: ANN401
    """Applies blocks of two convolutions each.

    Args:
        values: (num_photos, side, side, num_channels), keras.KerasTensor, untyped: scaled pixels.
        units: of the network.
        filters: of both convolutions of each block.
        dropout: after each block's pooling, in [0, 1).

    Returns:
        (num_photos, side / 2^num_blocks, side / 2^num_blocks, last number of filters), at least 0.
    """
    for block, number in enumerate(filters, start=1):
        for step in (1, 2):
            values = units.convolution(values, number, 3, name=f"block{block}_{step}")
        values = keras.layers.MaxPooling2D(2, name=f"block{block}_pooling")(values)
        values = units.dropped(values, dropout, f"block{block}")
    return values


def at_most(maps: Any, side: int) -> Any:  # noqa: ANN401 (keras.KerasTensor, untyped)
    """Averages maps so that they have at most `side` cells per side; leaves smaller ones.

    Args:
        maps: (num_photos, height, width, channels), as high as wide.
        side: at least 1.
    """
    found = maps.shape[1]
    if found > side and found % side == 0:
        return keras.layers.AveragePooling2D(found // side, name="grid")(maps)
    if found > side:
        return keras.layers.AdaptiveAveragePooling2D(side, name="grid")(maps)
    return maps


def every(maps: Any, strides: int | tuple[int, int], *, name: str) -> Any:  # noqa: ANN401 (keras.KerasTensor)
    """Returns each second place, say, of maps, in height and width; all of them where strides is 1.

    A convolution of 1 x 1 with strides would do so, too. But with fewer than seven channels its gradient
    writes beyond its memory (TensorFlow 2.21 with oneDNN for AVX2), which ends the process, or worse, does
    not.
    """
    # A mean over one place is the place.
    return (
        maps if strides in (1, (1, 1)) else keras.layers.AveragePooling2D(1, strides=strides, name=name)(maps)
    )
