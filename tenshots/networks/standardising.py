"""Pixels with mean 0 and deviation 1; `tenshots.training.standardising` says of which photos."""

from __future__ import annotations

from typing import Any

from tenshots.runtime import keras


class Standardising(keras.layers.Layer):  # type: ignore[misc]  # Keras is untyped
    """Subtracts a mean per channel and multiplies by a scale per channel.

    Both are weights that no update moves: they are saved and loaded with the others, so that a network is
    asked about new photos as it was trained. Keras' Normalization would compute them with the backend, and
    divide by a constant, which TensorFlow's graphs round as the processor likes.
    """

    def build(self, shape: Any) -> None:  # noqa: ANN401 (of Keras)
        """Makes the weights: at first nothing is changed."""
        self.mean = self.add_weight(name="mean", shape=shape[-1:], initializer="zeros", trainable=False)
        self.scale = self.add_weight(name="scale", shape=shape[-1:], initializer="ones", trainable=False)

    def call(self, pixels: keras.KerasTensor) -> keras.KerasTensor:
        """Returns values of the same shape."""
        return (keras.ops.cast(pixels, self.compute_dtype) - self.mean) * self.scale
