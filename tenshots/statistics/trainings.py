"""What the seeds of trainings do to a figure: the variance between the repeats of a fold.

See tenshots.statistics.intervals, which adds it to the variance between components.
Source: Searle, Casella and McCulloch 1992, Variance Components, chapter 4 (two-way layouts).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tenshots.statistics.evidence import Design, Evidence

# Below so many degrees of freedom, a difference of two variances of trainings is 0 by chance too often, so
# nothing is taken off: intervals of one fold with 2 or 3 repeats hold the truth in up to 98 % instead of too
# seldom.
MIN_DEGREES_TO_SUBTRACT = 3


class Seeds(NamedTuple):
    """What the trainings' seeds do to a mean over repeats: a variance, and its degrees of freedom."""

    variance: float
    degrees: int


def training_variance(contributions: Sequence[np.ndarray], design: Design) -> Seeds:
    """Returns the variance that the trainings' seeds make, and its degrees of freedom (0 with one repeat).

    Args:
        contributions: see `Evidence`.
        design: where the photos were tested.
    """
    variance, degrees = 0.0, 0
    for moves in contributions:
        own, rest, own_degrees = _of_trainings(moves, design)
        # What a training does to some components and not to others is in the variance between them too; so is
        # some of what it does to all of them, the more the fewer they are.
        variance += own if own_degrees < MIN_DEGREES_TO_SUBTRACT else max(rest, 0.0)
        degrees += own_degrees
    return Seeds(variance, degrees)


def pooled(evidence: Sequence[Evidence], design: Design, *, num_free: int) -> Seeds | None:
    """Returns what seeds do to a figure on average over variants, or over differences of them.

    Two trainings tell little of their variance; those of several variants together tell more, if seeds do as
    much to each. None where they tell enough one by one, as with several folds, or where none has repeats.

    Args:
        evidence: on the same figure of each.
        design: where the photos were tested.
        num_free: how many of them are independent of each other: of differences, one less than variants.
    """
    found = [
        _of_trainings(moves, design)
        for each in evidence
        for moves in each.contributions
        if moves.shape[1] > 1
    ]
    if not found or len(evidence) == 1 or found[0][2] >= MIN_DEGREES_TO_SUBTRACT:
        return None
    degrees = round(float(np.mean([each[2] for each in found])) * min(num_free, len(found)))
    own, rest = (float(np.sum([each[i] for each in found])) / len(evidence) for i in (0, 1))
    return Seeds(own if degrees < MIN_DEGREES_TO_SUBTRACT else max(rest, 0.0), degrees)


def _of_trainings(moves: np.ndarray, design: Design) -> tuple[float, float, int]:
    """Returns the variance of trainings, the part of it that is not between components, and the degrees."""
    num_repeats, num_cells = moves.shape[1], np.bincount(design.folds)
    if num_repeats == 1:
        return 0.0, 0.0, 0
    share = design.num_photos / design.by_fold(design.num_photos)[design.folds]
    missing = 1 - design.by_fold(share**2)[:, np.newaxis]
    unbiased = (num_cells / np.maximum(num_cells - 1, 1))[design.folds, np.newaxis]
    trained = design.by_fold(moves)
    trained -= trained.mean(axis=1, keepdims=True)
    scale = num_repeats * (num_repeats - 1)
    rest = moves - moves.mean(axis=1, keepdims=True) - share[:, np.newaxis] * trained[design.folds]
    alone = design.by_fold(unbiased * rest**2)
    return (
        float((trained**2).sum()) / scale,
        float((missing * (trained**2 - alone)).sum()) / scale,
        len(num_cells) * (num_repeats - 1),
    )
