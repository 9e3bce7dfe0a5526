"""Learning rates of their own for some weights, with any of Keras' optimisers.

An optimiser takes one rate for all. Here each weight's update, and its decay, are those of its rate times a
factor, as if an optimiser of that rate moved it: gradients themselves stay as they are, since most optimisers
would undo a factor on them. Source: Howard and Ruder 2018, arXiv:1801.06146, section 3.2 ("discriminative
fine-tuning").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class _ByWeight:
    """What comes before a class of Keras: see `by_weight`."""

    factors: Mapping[str, float]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:  # noqa: ANN401 (of Keras)
        """Moves one weight."""
        factor = self._factor(variable)
        own = learning_rate if factor == 1 else learning_rate * factor
        super().update_step(gradient, variable, own)  # type: ignore[misc]  # of Keras' class

    def _apply_weight_decay(self, variables: Any) -> None:  # noqa: ANN401 (of Keras)
        """Shrinks weights, each by its own rate."""
        for variable in variables:
            factor = self._factor(variable)
            kept = (1 - factor) * variable  # a sum and no copy: that might be the variable itself
            super()._apply_weight_decay([variable])  # type: ignore[misc]  # as above
            if factor != 1:
                variable.assign(kept + factor * variable)

    def _factor(self, variable: Any) -> float:  # noqa: ANN401 (of the backend, without a path)
        place = self._get_variable_index(variable)  # type: ignore[attr-defined]  # as above
        return self.factors.get(self._trainable_variables[place].path, 1.0)  # type: ignore[attr-defined]


def by_weight(kind: type[Any]) -> type[Any]:
    """Returns an optimiser's class whose instances have `factors`: of the rate of weights, by their paths."""
    return type(f"{kind.__name__}ByWeight", (_ByWeight, kind), {})
