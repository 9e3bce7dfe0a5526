"""Activations by name: Keras' own, and the two that it lacks."""

from __future__ import annotations

from typing import Any

from tenshots.networks.across import Activation
from tenshots.runtime import keras


def layer(activation: Activation, *, name: str, of_maps: bool) -> keras.layers.Layer:
    """Returns a layer that applies an activation.

    Args:
        activation: see tenshots.networks.across.
        name: of the layer.
        of_maps: whether it is given maps; then prelu learns a slope per map, and not one per place.
    """
    given = activation.arguments
    match activation.name:
        case "relu":
            return keras.layers.ReLU(name=name)
        case "leaky_relu":
            return keras.layers.LeakyReLU(given["slope"], name=name)
        case "rrelu":
            return RandomLeakyReLU(given["lower"], given["upper"], name=name)
        case "prelu":
            start = keras.initializers.Constant(given["slope"])
            return keras.layers.PReLU(start, shared_axes=[1, 2] if of_maps else None, name=name)
        case "elu":
            return keras.layers.ELU(given["alpha"], name=name)
        case "maxout":
            return Maxout(int(given["pieces"]), name=name)
        case other:  # selu, gelu (by the normal distribution, not its approximation), tanh, sigmoid
            return keras.layers.Activation(other, name=name)


class RandomLeakyReLU(keras.layers.Layer):  # type: ignore[misc]  # Keras is untyped
    """Lets what is above 0 through, and multiplies what is below by a slope, drawn for each value.

    While training, slopes are uniform in [lower, upper); otherwise all are their mean.
    Source: Xu et al. 2015, arXiv:1505.00853, section 2.4, with the bounds that PyTorch has.
    """

    def __init__(self, lower: float, upper: float, **options: Any) -> None:  # noqa: ANN401 (of Keras' layers)
        super().__init__(**options)
        self.lower, self.upper = lower, upper
        # `drawing.draw_dropout` sets it for each training, as that of dropout.
        self.seed_generator = keras.random.SeedGenerator(0)

    def call(self, values: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """Returns values of the same shape."""
        slope = (self.lower + self.upper) / 2
        if training:
            shape = keras.ops.shape(values)
            slope = keras.random.uniform(shape, self.lower, self.upper, seed=self.seed_generator)
        return keras.ops.maximum(values, 0.0) + slope * keras.ops.minimum(values, 0.0)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments."""
        return {**super().get_config(), "lower": self.lower, "upper": self.upper}


class Maxout(keras.layers.Layer):  # type: ignore[misc]  # Keras is untyped
    """Lets the largest of several sums through: (..., pieces x units) to (..., units).

    Unit u chooses among the values u, u + units, u + 2 units and so on.
    Source: Goodfellow et al. 2013, arXiv:1302.4389, section 2.
    """

    def __init__(self, pieces: int, **options: Any) -> None:  # noqa: ANN401 (of Keras' layers)
        super().__init__(**options)
        self.pieces = pieces

    def call(self, values: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the largest piece of each unit."""
        units = values.shape[-1] // self.pieces
        largest = values[..., :units]
        for piece in range(1, self.pieces):
            largest = keras.ops.maximum(largest, values[..., piece * units : (piece + 1) * units])
        return largest

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments."""
        return {**super().get_config(), "pieces": self.pieces}
