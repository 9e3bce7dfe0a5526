"""Learning-rate range test: a short training whose rate rises from far too low to far too high.

Source: Smith 2015, arXiv:1506.01186, section 3.3; with an exponential rise and a smoothed loss, as fast.ai
draws it (Howard and Gugger 2020, arXiv:2002.04688).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tenshots.training.executor import Trainer
from tenshots.training.jobs import Job
from tenshots.training.loop import TrainSettings
from tenshots.training.settings import MAX_LR

LOWEST = 1e-6
SMOOTHING = 0.95  # share of the smoothed loss that an update leaves
DIVERGED = 4.0  # times the lowest smoothed loss: nothing more is to be learnt above that rate
NEAR = 0.1  # of the fall: so close to the lowest loss counts as on a level with it
BELOW = 10.0  # the suggested rate is so much lower than the one from which on the loss climbs
LEAST_FALL = 1e-6  # as a share of the lowest loss: what is less is rounding
NUM_FIRST = 10  # updates whose smoothed loss rests on few


class Found(NamedTuple):
    """What the test has seen.

    Attributes:
        rates: of each update, as the setting `lr` names them, float64 (num_updates,), rising.
        losses: of each update's images, while it trained, float64 (num_updates,).
        diverged: whether it ended because the loss had become far too high.
    """

    rates: np.ndarray
    losses: np.ndarray
    diverged: bool

    @property
    def smoothed(self) -> np.ndarray:
        """The losses, as means that move: float64 (num_updates,)."""
        return smoothed(self.losses)

    @property
    def lowest(self) -> int:
        """The update with the lowest smoothed loss, the first few left out."""
        first = min(NUM_FIRST, len(self.losses) - 1)
        return first + int(self.smoothed[first:].argmin())

    @property
    def turning(self) -> int | None:
        """The last update before the smoothed loss climbs; None where no rate has brought it down.

        That is the last one whose loss is above the lowest by no more than a tenth of the fall: around its
        lowest the curve is flat, and noise alone says where on it that lies.
        """
        means = self.smoothed
        fall = means[min(NUM_FIRST, len(means) - 1)] - means[self.lowest]
        if fall <= LEAST_FALL * abs(means[self.lowest]):
            return None
        return int(np.flatnonzero(means <= means[self.lowest] + NEAR * fall)[-1])

    @property
    def suggested(self) -> float | None:
        """A rate to try, of two digits; None where no rate has brought the loss down."""
        return None if self.turning is None else float(f"{self.rates[self.turning] / BELOW:.1e}")


class _Enough(Exception):  # noqa: N818 (ends the training, and is no error)
    pass


def settings_for(
    given: TrainSettings, *, num_batches: int, num_updates: int, each: Callable[[float], None]
) -> TrainSettings:
    """Returns the settings of the test: as given, but for the course of the rate and the number of epochs.

    Args:
        given: of the variant.
        num_batches: of an epoch.
        num_updates: of the test, rounded up to whole epochs.
        each: is told of each update's loss.
    """
    optimisation = given.optimisation.model_copy(
        update={
            "schedule": {"range_test": {"start": LOWEST / MAX_LR}},
            "patience": "none",
            "stop_on": None,
            "ema": None,
        }
    )
    epochs = math.ceil(num_updates / num_batches)
    return given._replace(lr=MAX_LR, epochs=epochs, optimisation=optimisation, each=each)


def run(
    begin: Callable[[TrainSettings], Trainer], given: TrainSettings, job: Job, *, num_updates: int
) -> Found:
    """Trains, and returns what was seen.

    Args:
        begin: returns what trains the variant's network with these settings.
        given: of the variant.
        job: on whose training photos it is.
        num_updates: at most about so many, at least 1; fewer where the loss becomes far too high.
    """
    num_batches = -(-job.num_originals // given.images_at_once(job.num_originals))
    losses: list[float] = []

    def each(loss: float) -> None:
        losses.append(loss)
        if not np.isfinite(loss) or has_diverged(losses):
            raise _Enough

    settings = settings_for(given, num_batches=num_batches, num_updates=num_updates, each=each)
    diverged = False
    try:
        begin(settings).train(job, lambda _: None, lambda: None)
    except _Enough:
        diverged = True
    planned = settings.epochs * num_batches
    finite = np.array([loss for loss in losses if np.isfinite(loss)])
    return Found(rates(planned)[: len(finite)], finite, diverged)


def rates(num_updates: int) -> np.ndarray:
    """Returns the rates of a test of so many updates, float64; they rise evenly in their logarithm."""
    return np.geomspace(LOWEST, MAX_LR, num_updates)


def smoothed(losses: np.ndarray) -> np.ndarray:
    """Returns means of the losses so far, later ones weighing more; the first ones are unbiased."""
    means, mean = [], 0.0
    for number, loss in enumerate(losses, start=1):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        means.append(mean / (1 - SMOOTHING**number))
    return np.array(means)


def has_diverged(losses: list[float]) -> bool:
    """Whether the last smoothed loss is several times the lowest."""
    means = smoothed(np.array(losses))
    return len(means) > NUM_FIRST and bool(means[-1] > DIVERGED * means[NUM_FIRST:].min())
