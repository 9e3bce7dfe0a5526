"""The lecture's convolutional network: blocks of two convolutions, then one dense layer."""

from __future__ import annotations

from typing import Any

from tenshots.networks.settings import GRID, BlockSettings, ConvolutionalSettings
from tenshots.runtime import keras


def build(settings: ConvolutionalSettings, *, size_px: int, num_labels: int) -> keras.Model:
    """Builds the network: see `tenshots.networks.building.build`.

    At 32 px, filters (32, 64, 128), 512 dense units and 10 labels it has 1,345,066 parameters, as the
    lecture's has. A convolution is followed by its normalisation and then by ReLU.
    Source: Ioffe and Szegedy 2015, arXiv:1502.03167, section 3.2.
    """
    photos = keras.Input((size_px, size_px, 3), name="photos")
    grid = blocks(resized(photos, settings.input_px), settings)
    side = grid.shape[1]
    if side > GRID and side % GRID == 0:
        grid = keras.layers.AveragePooling2D(side // GRID, name="grid")(grid)
    elif side > GRID:
        grid = keras.layers.AdaptiveAveragePooling2D(GRID, name="grid")(grid)
    features = keras.layers.Flatten(name="flatten")(grid)
    features = keras.layers.Dense(settings.dense, name="dense")(features)
    features = _normalised(features, "dense_normalisation", momentum=settings.momentum)
    features = keras.layers.ReLU(name="dense_relu")(features)
    features = keras.layers.Dropout(min(2 * settings.dropout, 0.9), name="dense_dropout")(features)
    return keras.Model(photos, keras.layers.Dense(num_labels, name="head")(features), name="convolutional")


def resized(photos: Any, input_px: int) -> Any:  # noqa: ANN401 (keras.KerasTensor, untyped)
    """Scales photos (num_photos, side, side, 3) to `input_px` without aliasing; leaves those of that size."""
    if photos.shape[1] == input_px:
        return photos
    return keras.ops.image.resize(photos, (input_px, input_px), interpolation="bilinear", antialias=True)


def blocks(photos: Any, settings: BlockSettings) -> Any:  # noqa: ANN401 (keras.KerasTensor, untyped)
    """Applies scaling to [-1, 1] and the convolutional blocks.

    Args:
        photos: (num_photos, side, side, 3), 0 to 255.
        settings: a block a number of filters.

    Returns:
        (num_photos, side / 2^num_blocks, side / 2^num_blocks, last number of filters), from 0.
    """
    features = keras.layers.Rescaling(1 / 127.5, offset=-1, name="scaling")(photos)
    for block, filters in enumerate(settings.filters, start=1):
        for step in (1, 2):
            name = f"block{block}_{step}"
            features = keras.layers.Conv2D(filters, 3, padding="same", name=f"{name}_convolution")(features)
            features = _normalised(features, f"{name}_normalisation", momentum=settings.momentum)
            features = keras.layers.ReLU(name=f"{name}_relu")(features)
        features = keras.layers.MaxPooling2D(2, name=f"block{block}_pooling")(features)
        features = keras.layers.Dropout(settings.dropout, name=f"block{block}_dropout")(features)
    return features


def _normalised(features: Any, name: str, *, momentum: float) -> Any:  # noqa: ANN401 (keras.KerasTensor, untyped)
    return keras.layers.BatchNormalization(momentum=momentum, name=name)(features)
