"""A network of many kinds of layers, and the weights that a seed gives to a network."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from tenshots.networks import drawing
from tenshots.runtime import keras


def nested() -> Any:  # noqa: ANN401 (keras.Model)
    """Layers without names, a model within a model, and each kind of layer that hides its weights somehow."""
    inner_input = keras.Input((8, 8, 4))
    maps = keras.layers.DepthwiseConv2D(3)(inner_input)
    maps = keras.layers.SeparableConv2D(4, 3)(maps)
    maps = keras.layers.PReLU(alpha_initializer="random_normal")(keras.layers.BatchNormalization()(maps))
    inner = keras.Model(inner_input, maps)
    photos = keras.Input((8, 8, 3))
    maps = inner(keras.layers.Conv2D(4, 1)(photos))
    rows = keras.layers.Reshape((-1, 4))(maps)
    rows = keras.layers.MultiHeadAttention(2, 3)(rows, rows)
    rows = keras.layers.LSTM(3)(rows)
    return keras.Model(photos, keras.layers.Dense(2)(keras.layers.Dense(2)(rows)))


def weights_of(network: Any, seed: int) -> list[np.ndarray]:  # noqa: ANN401 (keras.Model)
    drawing.draw(network, seed)
    return [np.array(weight) for weight in network.get_weights()]


def told(seed: int) -> str:
    """What tells the weights of such a network, built anew, from others."""
    weights = weights_of(nested(), seed)
    return hashlib.sha256(b"".join(each.tobytes() for each in weights)).hexdigest()
