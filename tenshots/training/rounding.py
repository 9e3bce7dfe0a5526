"""Divisions by roots that every processor rounds alike, also in TensorFlow's graphs.

A graph turns a / sqrt(b) into a * rsqrt(b) where nothing else takes the root, and in float32 Eigen starts
rsqrt from the processor's own approximation, which differs between makers (see `tenshots.runtime`). Some of
Keras' optimisers divide so. A root that passes through a maximum with 0, which changes no bit, stays a root.
Adam and its kin add to the root before they divide, so they are left as they are.
"""

from __future__ import annotations

import sys
from typing import Any

from tenshots.runtime import keras

# Those that divide by a root; the base does so where it clips by the norm of all gradients.
_DIVIDING = ("Adagrad", "Adadelta", "RMSprop", "Adafactor", "Lamb")


class _Operations:
    """Keras' operations, as optimisers look them up by name at each call."""

    def __init__(self, own: Any) -> None:  # noqa: ANN401 (a module of Keras, untyped)
        self._own = own

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (whatever the module has)
        return getattr(self._own, name)

    def sqrt(self, x: Any) -> Any:  # noqa: ANN401 (a tensor of the backend)
        """Returns the root, as a root for good."""
        return self._own.maximum(self._own.sqrt(x), 0)

    def power(self, x: Any, exponent: Any) -> Any:  # noqa: ANN401
        """Returns the power; a graph would make rsqrt of this one, too."""
        if isinstance(exponent, float) and exponent == -0.5:
            return 1 / self.sqrt(x)
        return self._own.power(x, exponent)


def keep_roots() -> None:
    """Lets Keras' optimisers divide so, in the whole process; a second call does nothing."""
    if keras.backend.backend() != "tensorflow":
        return
    found = [getattr(keras.optimizers, name) for name in _DIVIDING if hasattr(keras.optimizers, name)]
    found += [each for each in keras.optimizers.SGD.__mro__ if each.__name__ == "BaseOptimizer"]
    for each in found:
        module: Any = sys.modules[each.__module__]
        if not isinstance(module.ops, _Operations):
            module.ops = _Operations(module.ops)
