"""How many photos, people and trainings would settle a difference, from what one experiment showed."""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy.special import stdtrit

from tenshots.statistics.gains import num_needed
from tenshots.statistics.intervals import MIN_COMPONENTS, NEGLIGIBLE, TAIL, Estimate

MARGIN = 0.05  # a difference worth knowing, where nothing else is set
POWER = 0.8  # how often an experiment should find it
MAX_PHOTOS = 10_000  # beyond, the answer is that photos are not the way
MAX_REPEATS = 100  # that params.yaml allows
NEAR_ENOUGH = 1.5  # times the photos that trainings without noise would need: more repeats save little then


class SampleSize(NamedTuple):
    """How much was tested: what the differences of one comparison have in common.

    Attributes:
        num_photos: tested.
        num_sets: components among them.
        unit: what a component is: "group", "photo" or "independent set".
        num_repeats: trainings per fold.
        num_comparisons: pairs of variants.
        num_divided: components that a given split divides between training and test.
        num_in_all: photos, tested or not; 0 where all are tested.
        margin: a difference below it is none worth knowing, in (0, 1).
    """

    num_photos: int
    num_sets: int
    unit: str
    num_repeats: int
    num_comparisons: int
    num_divided: int = 0
    num_in_all: int = 0
    margin: float = MARGIN


class Plan(NamedTuple):
    """How large an experiment would find a true difference of the margin in 4 of 5 cases.

    Attributes:
        num_photos: to be tested, rounded up to two digits, at least as many as are; None where more than
            MAX_PHOTOS or MAX_REPEATS would be needed.
        num_sets: components among them, rounded in the same way.
        num_repeats: trainings per fold, at least as many as there are.
        num_in_all: photos, where only a share is tested, else as many as are tested.
    """

    num_photos: int | None
    num_sets: int | None
    num_repeats: int | None
    num_in_all: int | None


def plan(gain: Estimate, sample: SampleSize) -> Plan | None:
    """Returns how large an experiment would find a true difference of the margin in 4 of 5 cases.

    That is where the interval's quantile and that of the power, times the standard error, reach the margin:
    the variance between components falls as their number rises, with as many photos per component as now, and
    that of the trainings' seeds as the number of repeats rises. With fewer than 5 components the variance
    between them is a guess (see gains.gain).

    Where trainings differ so much that more of them would save a third of the photos, the plan asks for more.

    Returns:
        The plan; None where nothing shows how much photos differ.
    """
    if not gain.between > NEGLIGIBLE:
        return None
    seeds = gain.trainings if gain.num_components >= MIN_COMPONENTS else 0.0
    fewest = _num_sets(gain.between, 0.0, sample)
    if fewest is None:
        return Plan(None, None, None, None)
    for num_repeats in range(sample.num_repeats, max(MAX_REPEATS, sample.num_repeats) + 1):
        number = _num_sets(gain.between, seeds * sample.num_repeats / num_repeats, sample)
        if number is not None and (number <= NEAR_ENOUGH * fewest or number <= sample.num_sets):
            break
    else:
        return Plan(None, None, None, None)
    if number <= sample.num_sets:
        num_photos, number = sample.num_photos, sample.num_sets
    else:
        num_photos = _rounded_up(number * sample.num_photos / sample.num_sets)
        number = _rounded_up(number)
    in_all = num_photos * max(sample.num_in_all, sample.num_photos) / sample.num_photos
    return Plan(num_photos, number, num_repeats, _rounded_up(in_all) if in_all > num_photos else num_photos)


def _num_sets(between: float, seeds: float, sample: SampleSize) -> int | None:
    """Returns how many components are needed at least; None where they hold more than MAX_PHOTOS.

    Args:
        between: variance between components, of as many as were tested.
        seeds: variance of trainings.
        sample: what was tested.
    """
    tail, size = TAIL / sample.num_comparisons, sample.num_photos / sample.num_sets
    least = max(MIN_COMPONENTS, num_needed(tail))
    low, high = least, max(math.ceil(MAX_PHOTOS / size), least) + 1

    def finds(number: int) -> bool:
        quantiles = float(stdtrit(number - 1, 1 - tail) + stdtrit(number - 1, POWER))
        return quantiles**2 * (between * sample.num_sets / number + seeds) <= sample.margin**2

    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if finds(middle) else (middle + 1, high)
    return low if low * size <= MAX_PHOTOS or low <= sample.num_sets else None


def _rounded_up(number: float) -> int:
    """Rounds up to two digits: 137.2 → 140."""
    step: int = 10 ** max(math.floor(math.log10(number)) - 1, 0)
    return math.ceil(number / step - 1e-9) * step
