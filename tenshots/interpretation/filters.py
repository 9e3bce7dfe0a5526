"""The filters of the first convolution, which look at pixels themselves and so can be shown as pictures."""

from __future__ import annotations

import numpy as np

from tenshots.errors import DataError
from tenshots.interpretation import layers
from tenshots.runtime import keras


def first(model: keras.Model) -> np.ndarray:
    """Returns the weights of the first convolution.

    Returns:
        float32, (num_filters, height, width, 3); 1 in place of 3 where the network sees grey.

    Raises:
        DataError: the network has no convolution over pixels.
    """
    if not layers.sees_pixels(model):
        raise DataError(f"the first convolution of {model.name} does not look at pixels")
    layer = next(layer for layer in model.layers if layers.is_convolution(layer))
    return np.moveaxis(np.asarray(layer.get_weights()[0]), -1, 0)


def colours(kernels: np.ndarray) -> np.ndarray:
    """Returns filters as pictures: a weight of 0 is middle grey, the largest of its filter full.

    Args:
        kernels: (num_filters, height, width, 3), or 1 in place of 3.

    Returns:
        uint8, (num_filters, height, width, 3): filters of grey are grey.
    """
    largest = np.abs(kernels).max(axis=(1, 2, 3), keepdims=True)
    scaled = np.divide(kernels, largest, out=np.zeros_like(kernels), where=largest > 0)
    shown: np.ndarray = np.round(127.5 + 127.5 * scaled).astype(np.uint8)
    return shown if shown.shape[-1] == 3 else shown.repeat(3, axis=-1)
