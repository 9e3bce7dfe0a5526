"""Moving averages of weights, by which a network is judged and kept while the weights themselves train on.

Keras' optimiser averages what it trains, in each update. The means and deviations that batch normalisation
keeps are averaged here likewise, with the same momentum: those of the last updates belong to weights that the
averages lag behind. Source: Polyak and Juditsky 1992, doi:10.1137/0330046; in this exponential form, with the
statistics of normalisations averaged as well, Tan and Le 2019, arXiv:1905.11946, trained their networks.
"""

from __future__ import annotations

import numpy as np

from tenshots.runtime import keras
from tenshots.training.memory import layers_of


class Averages:
    """The averages of a model's weights; nothing where `momentum` is None.

    Attributes:
        momentum: share of the average that an update leaves, in (0, 1).
    """

    def __init__(self, model: keras.Model, momentum: float | None) -> None:
        """Begins before the first update.

        Args:
            model: prepared (`optimisation.prepare`) with this momentum.
            momentum: the setting `optimisation.ema`.
        """
        self._model = model
        self.momentum = momentum
        # Of layers that train alone: a frozen backbone's never move.
        self._statistics = [
            weight for layer in layers_of(model) if layer.trainable for weight in layer.non_trainable_weights
        ]
        self._means: list[np.ndarray] = []
        self._raw: list[np.ndarray] = []

    def update(self) -> None:
        """Follows an update; the first one's values begin the averages, as they do in Keras' optimiser."""
        if self.momentum is None:
            return
        values = [_value(weight) for weight in self._statistics]
        if not self._means:
            self._means = values
            return
        share = np.float32(1 - self.momentum)
        self._means = [mean + share * (value - mean) for mean, value in zip(self._means, values, strict=True)]

    def show(self) -> None:
        """Puts the averages into the model, until `hide`."""
        if self.momentum is None:
            return
        moved = [*self._model.trainable_variables, *self._statistics]
        self._raw = [_value(weight) for weight in moved]
        self._model.optimizer.finalize_variable_values(self._model.trainable_variables)
        for weight in self._model.trainable_variables:
            weight.assign(_value(weight))  # a copy: JAX gives the memory away that a prediction has used
        for weight, mean in zip(self._statistics, self._means, strict=True):
            weight.assign(mean)

    def hide(self) -> None:
        """Puts back what is trained."""
        if self.momentum is None:
            return
        for weight, value in zip(
            [*self._model.trainable_variables, *self._statistics], self._raw, strict=True
        ):
            weight.assign(value)


def _value(weight: keras.Variable) -> np.ndarray:
    return np.array(keras.ops.convert_to_numpy(weight))
