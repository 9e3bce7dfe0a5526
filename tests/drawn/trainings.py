"""Trainings of a tiny network on dark and bright images."""

from __future__ import annotations

from typing import Any

import numpy as np

from tenshots import runtime
from tenshots.networks import building
from tenshots.training import fitting
from tenshots.training.fitting import Fit, Part, TrainSettings
from tenshots.training.settings import OptimisationSettings

TINY = {"family": "convolutional", "input_px": 32, "filters": [4], "dense": 8, "dropout": 0.25}
NUM_ORIGINALS = 21

runtime.configure(threads=1)


def build() -> Any:  # noqa: ANN401 (keras.Model)
    return building.build(building.settings_from(TINY, at=""), size_px=32, num_labels=2)


def drawn() -> tuple[np.ndarray, np.ndarray]:
    """Dark and bright images with noise, and which of the two each is: 28 originals, then 42 copies."""
    labels = np.arange(70) % 2
    noise = np.random.default_rng(0).integers(0, 100, (70, 32, 32, 3))
    return (noise + 100 * labels[:, None, None, None]).astype(np.uint8), labels


def part(repeat: int = 0, *, copies: bool = False, num_originals: int = NUM_ORIGINALS) -> Part:
    train = np.concatenate([np.arange(num_originals), np.arange(28, 70 if copies else 28)])
    return Part(0, repeat, 100 + repeat, train, np.arange(21, 28), num_originals)


def loop(**changes: Any) -> TrainSettings:  # noqa: ANN401 (of several types)
    values = {"optimiser": "adam", "weight_decay": 0, "schedule": "cosine", "warmup": 0.1}
    values |= {"label_smoothing": 0.1, "patience": 10}
    given = {key: changes.pop(key) for key in list(changes) if key in values}
    settings = TrainSettings(0.01, 8, 3, OptimisationSettings(**{**values, **given}))
    return settings._replace(**changes)


def fits(*parts: Part, **changes: Any) -> list[tuple[Fit, list[np.ndarray]]]:  # noqa: ANN401
    """The fits of these parts, each with its weights, which the next fit replaces."""
    images, labels = drawn()
    found = fitting.fits(build, parts, images=images, labels=labels, settings=loop(**changes))
    return [(fit, fit.network.get_weights()) for fit in found]


def same(left: list[np.ndarray], right: list[np.ndarray]) -> bool:
    return all(np.array_equal(*pair) for pair in zip(left, right, strict=True))
