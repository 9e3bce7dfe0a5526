"""Trainings of a tiny network on dark and bright images."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tenshots import runtime
from tenshots.networks import building, forward
from tenshots.training import executor, scratch
from tenshots.training.jobs import Epoch, Job, Outcome
from tenshots.training.loop import TrainSettings
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


def job(repeat: int = 0, *, copies: bool = False, num_originals: int = NUM_ORIGINALS) -> Job:
    train = np.concatenate([np.arange(num_originals), np.arange(28, 70 if copies else 28)])
    return Job(0, repeat, 100 + repeat, train, np.arange(21, 28), num_originals)


def loop(**changes: Any) -> TrainSettings:  # noqa: ANN401 (of several types)
    values = {"optimiser": "adam", "weight_decay": 0, "schedule": "cosine", "warmup": 0.1}
    values |= {"label_smoothing": 0.1, "patience": 10}
    known = {*values, "stop_on", "clip", "ema"}
    given = {key: changes.pop(key) for key in list(changes) if key in known}
    settings = TrainSettings(0.01, 8, 3, OptimisationSettings(**{**values, **given}))
    return settings._replace(**changes)


class Trained(NamedTuple):
    """A job done, with a copy of its weights: the network itself goes on to the next."""

    outcome: Outcome
    weights: list[np.ndarray]
    probabilities: np.ndarray
    val_logits: np.ndarray

    @property
    def history(self) -> list[Epoch]:
        """Of the outcome."""
        return self.outcome.history


def trained(begin: Callable[[], executor.Trainer], *jobs: Job) -> list[Trained]:
    """What becomes of the jobs, one after the other."""
    images = drawn()[0]

    def finish(network: Any, outcome: Outcome) -> Trained:  # noqa: ANN401 (keras.Model)
        logits = forward.outputs(network, images[21:28], batch_size=7)
        return Trained(outcome, network.get_weights(), forward.predict(network, images), logits)

    return executor.run(begin, jobs, finish=finish)


def from_scratch(
    *jobs: Job,
    labels: np.ndarray | None = None,
    **changes: Any,  # noqa: ANN401 (of several types)
) -> list[Trained]:
    """What becomes of these jobs when they are trained from scratch."""
    images, right = drawn()
    given = right if labels is None else labels
    return trained(scratch.trainers(build, images=images, labels=given, settings=loop(**changes)), *jobs)


def misled() -> np.ndarray:
    """Labels that are wrong for validation photos alone: learning makes validation worse."""
    labels = drawn()[1]
    labels[21:28] = 1 - labels[21:28]
    return labels


def same(left: list[np.ndarray], right: list[np.ndarray]) -> bool:
    return all(np.array_equal(*pair) for pair in zip(left, right, strict=True))


def digest(found: Trained) -> str:
    """A hash of the weights' bytes."""
    return hashlib.sha256(b"".join(weight.tobytes() for weight in found.weights)).hexdigest()
