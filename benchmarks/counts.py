"""How often intervals hold the truth, and how wide they are: the cells of several tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tenshots.statistics.intervals import Estimate


def holds(estimate: Estimate, truth: float) -> bool:
    """Whether an interval contains the truth; one that is not given does."""
    return estimate.low is None or estimate.high is None or estimate.low <= truth <= estimate.high


def coverage(estimates: Sequence[Estimate], truth: float) -> str:
    """Writes how many of the intervals that are given hold the truth, in %, with its standard error."""
    return share([holds(each, truth) for each in estimates if each.low is not None])


def half_width(estimates: Sequence[Estimate]) -> float:
    """Returns the mean over the intervals that are given, in the figure's unit; nan if there is none."""
    ends = [(each.low, each.high) for each in estimates]
    halves = [(high - low) / 2 for low, high in ends if low is not None and high is not None]
    return float(np.mean(halves)) if halves else float("nan")


def share(answers: Sequence[bool]) -> str:
    """Writes how many answers are yes, in %, with its standard error."""
    if not answers:
        return "none"
    yes = float(np.mean(answers))
    return f"{100 * yes:.1f} \N{PLUS-MINUS SIGN} {100 * (yes * (1 - yes) / len(answers)) ** 0.5:.1f}"
