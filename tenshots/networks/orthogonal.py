"""Weights that start as rotations: they keep the length of what they multiply."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tenshots.runtime import keras


class Orthogonal(keras.initializers.Initializer):  # type: ignore[misc]  # Keras is untyped
    """Draws a matrix whose columns, or whose rows where these are fewer, are orthogonal and of length 1.

    Keras' own leaves the factorisation to the backend in float32, where each backend and processor may round
    otherwise. This one asks NumPy in float64, which `portable: true` pins, and rounds at the end.
    Source: Saxe et al. 2014, arXiv:1312.6120.
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:  # noqa: ANN401 (a tensor of the backend)
        """Returns weights of a shape with at least two sides, of which the last counts the units."""
        rows, columns = math.prod(shape[:-1]), shape[-1]
        drawn = np.random.default_rng(self.seed).standard_normal((max(rows, columns), min(rows, columns)))
        rotation, triangle = np.linalg.qr(drawn)
        # Else the factorisation would choose the signs, and not each rotation would be as likely.
        # Source: Mezzadri 2007, arXiv:math-ph/0609050, section 5.
        rotation = rotation * np.where(np.diag(triangle) < 0, -1.0, 1.0)
        matrix = rotation if rows >= columns else rotation.T
        return keras.ops.convert_to_tensor(matrix.reshape(shape), dtype=dtype or keras.config.floatx())

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments; `drawing.draw` gives the seed."""
        return {"seed": self.seed}
