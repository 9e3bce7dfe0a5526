"""How fast this machine is just now, and so about how long the rest takes."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

PROBE_S = 0.2
# A core that trains multiplies so many times as fast as the probe does: it has vectors twice as wide, and
# reads less memory. Measured on an AMD EPYC (Zen 4) with AVX2.
TRAINING = 11
FROM_CACHE = 20  # no machine with a GPU trains so few photos so many times as fast as a probe says


class Pace:
    """Turns work into seconds: by a probe first, then also by what training has taken in this run."""

    def __init__(self, per_second: float) -> None:
        """Begins with what a probe says.

        Args:
            per_second: multiplications that one core trains with, while all others do so, too.
        """
        self._per_second = per_second
        self._expected_s = 0.0
        self._taken_s = 0.0

    def seconds(self, work: float) -> float:
        """Returns how long the work of one core takes (see `work`)."""
        expected = work / self._per_second
        return expected * self._taken_s / self._expected_s if self._expected_s else expected

    def learn(self, work: float, seconds: float) -> None:
        """Is told how long a part of the work took.

        Where that is next to nothing, DVC has taken the outputs from its cache: that says nothing of others.
        """
        if not work or seconds < work / self._per_second / FROM_CACHE:
            return
        self._expected_s += work / self._per_second
        self._taken_s += seconds


def probed(num_workers: int) -> float:
    """Returns how often a second a core multiplies as training does, while so many cores do it at once.

    Multiplies and adds without linear algebra's library: on a Mac that computes on a unit of its own, which
    TensorFlow does not use.
    """
    ones = np.ones((64, 2048), dtype=np.float32)

    def count(end: float) -> int:
        number = 0
        while time.monotonic() < end:
            np.einsum("ij,ij->i", ones, ones)
            number += ones.size
        return number

    with ThreadPoolExecutor(num_workers) as workers:
        end = time.monotonic() + PROBE_S
        counts = list(workers.map(count, [end] * num_workers))
    return TRAINING * sum(counts) / num_workers / PROBE_S


def about(seconds: float) -> str:
    """Returns a duration as people say it, never below a minute: "about 9 more minutes"."""
    minutes = max(round(seconds / 60), 1)
    if minutes >= 100:
        return f"about {round(minutes / 60)} more hours"
    if minutes > 10:
        minutes = 5 * round(minutes / 5)
    return f"about {minutes} more minute{'s' * (minutes > 1)}"
