"""Truths about learning rates of single weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tenshots import runtime
from tenshots.runtime import keras
from tenshots.training import optimisation
from tests.drawn.trainings import loop

runtime.configure(threads=1)
START = np.array([[1.0, -2.0], [0.5, 4.0]])


def moved(optimiser: Any, *, lr: float, factor: float | None = None) -> np.ndarray:  # noqa: ANN401
    """A kernel after two updates with gradients of 1; weight decay is 0.5."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, use_bias=False)])
    model.set_weights([START])
    given = loop(optimiser=optimiser, weight_decay=0.5, schedule="constant").optimisation
    (weight,) = model.trainable_weights
    factors = {} if factor is None else {weight.path: factor}
    optimisation.prepare(model, given, lr=lr, num_updates=2, factors=factors)
    for _ in range(2):
        model.optimizer.apply([keras.ops.ones((2, 2))], [weight])
    return np.asarray(weight.value, dtype=np.float64)


def test_a_step_and_its_decay_are_those_of_the_factored_rate() -> None:
    expected = START
    for _ in range(2):  # where all gradients are 1, Adam's step is the rate
        expected = expected * (1 - 0.025 * 0.5) - 0.025
    assert moved("adamw", lr=0.1, factor=0.25) == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize("optimiser", ["sgd", "adamw", "lion", "muon"])
def test_a_weight_moves_as_with_an_optimiser_of_its_own_rate(optimiser: Any) -> None:  # noqa: ANN401
    own = moved(optimiser, lr=0.025)
    assert moved(optimiser, lr=0.1, factor=0.25) == pytest.approx(own, abs=1e-6)
    assert np.abs(moved(optimiser, lr=0.1) - own).max() > 1e-2
