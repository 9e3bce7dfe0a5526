"""What may be claimed of two variants, in sentences; and how many photos would tell more.

The interval of the paired difference decides: a claim is made where it leaves out 0, and the sentence shows
that same interval, so the two never contradict each other. With more than one comparison, intervals are
simultaneous (Bonferroni): all of them hold as often as a single one would. Holm's procedure would sometimes
claim more, but its claims have no useful two-sided intervals.
Sources: Holm 1979, Scandinavian Journal of Statistics 6; Strassburger and Bretz 2008, Statistics in Medicine
27 (why stepwise procedures lack such intervals).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri, stdtrit
from scipy.stats import binomtest

from tenshots.statistics.intervals import LEVEL, MIN_COMPONENTS, Estimate, ends
from tenshots.statistics.measure import Measured
from tenshots.wording import counted

SETTLED = 0.05  # a difference worth knowing
POINTS = round(100 * SETTLED)
POWER = 0.8  # how often an experiment should find it
MAX_PHOTOS = 10_000  # beyond, the answer is that photos are not the way


class SampleSize(NamedTuple):
    """How much was tested: what the differences of one comparison have in common.

    Attributes:
        num_photos: tested.
        num_sets: components among them.
        unit: what a component is: "group", "photo" or "independent set".
        num_repeats: trainings per fold.
        num_comparisons: pairs of variants.
        num_divided: components that a given split divides between training and test.
    """

    num_photos: int
    num_sets: int
    unit: str
    num_repeats: int
    num_comparisons: int
    num_divided: int = 0


class Plan(NamedTuple):
    """How large an experiment would find a true difference of 5 points in 4 of 5 cases.

    Attributes:
        num_photos: to be tested, rounded up to two digits; None where photos alone are not enough.
        num_sets: components among them, rounded in the same way.
        num_repeats: trainings per fold that would be needed, where it is their noise that hides a difference.
    """

    num_photos: int | None
    num_sets: int | None
    num_repeats: int | None


class McNemar(NamedTuple):
    """McNemar's exact test.

    Attributes:
        num_better: photos that the variant names correctly more often (over repeats) than the reference.
        num_worse: less often.
        p_value: two-sided, in [0, 1].
    """

    num_better: int
    num_worse: int
    p_value: float


def verdict(gain: Estimate) -> str:
    """Returns "better", "worse" or "open": what the interval of a difference allows one to claim."""
    return {1: "better", -1: "worse", 0: "open"}[side_of_zero(ends(gain))]


def side_of_zero(interval: Sequence[float] | None) -> int:
    """Returns 1 where an interval of shares lies above 0, -1 where it lies below, else 0.

    What is printed decides: an end at "0.0 points" is not apart from 0, so no claim stands beside it.
    """
    if interval is None:
        return 0
    low, high = (round(100 * float(end), 1) for end in interval)
    return 1 if low > 0 else -1 if high < 0 else 0


def sentence(variant: str, reference: str, gain: Estimate, sample: SampleSize) -> str:
    """Says in words what `gain`, the difference between `variant` and `reference`, allows one to claim."""
    found = verdict(gain)
    if found == "open":
        text = f"no difference can be claimed between {variant} and {reference}: {_doubt(gain, sample)}"
    else:
        sign = 1 if found == "better" else -1
        low, high = sorted([sign * (gain.low or 0.0), sign * (gain.high or 0.0)])
        text = (
            f"{variant} is {found} than {reference} by {_points(sign * gain.value)} points "
            f"({_points(low)} to {_points(high)})"
        )
    return text + warning(sample)


def warning(sample: SampleSize) -> str:
    """Says, after a claim, that a given split divides what belongs together; empty where it does not."""
    if not sample.num_divided:
        return ""
    divided = f"{sample.num_divided} of the {sample.num_sets} {sample.unit}s"
    return (
        f" (but the given split has {divided} in both training and test, so this says less about new "
        f"{sample.unit}s)"
    )


def plan(gain: Estimate, sample: SampleSize) -> Plan | None:
    """Returns how large an experiment would find a true difference of 5 points in 4 of 5 cases.

    That is where the interval's quantile and that of the power, times the standard error, reach 5 points: the
    variance between components falls as their number rises, with as many photos per component as now, and
    that of the trainings' seeds as the number of repeats rises. With fewer than 5 components the variance
    between them is a guess (see measure.gain).

    Returns:
        The plan; None where nothing shows how much photos differ.
    """
    if not gain.between > 0:
        return None
    tail = (1 - LEVEL) / 2 / sample.num_comparisons
    seeds = gain.trainings if gain.num_components >= MIN_COMPONENTS else 0.0
    normal = float(ndtri(1 - tail) + ndtri(POWER))
    budget = SETTLED**2 / normal**2
    if seeds >= budget:
        # Half of what may vary is left to the photos.
        return Plan(None, None, _rounded_up(2 * seeds * sample.num_repeats / budget))
    size = sample.num_photos / sample.num_sets
    low, high = MIN_COMPONENTS, max(math.ceil(MAX_PHOTOS / size), MIN_COMPONENTS) + 1

    def finds(number: int) -> bool:
        quantiles = float(stdtrit(number - 1, 1 - tail) + stdtrit(number - 1, POWER))
        return quantiles**2 * (gain.between * sample.num_sets / number + seeds) <= SETTLED**2

    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if finds(middle) else (middle + 1, high)
    if low * size > MAX_PHOTOS:
        return Plan(None, None, None)
    return Plan(_rounded_up(low * size), _rounded_up(low), None)


def mcnemar(measured: Measured, reference: Measured) -> McNemar:
    """Tests whether two variants are right equally often, treating every photo as independent.

    Photos from one person resemble each other, so this p-value is too small: a note, never a verdict. With
    several repeats a photo counts for the variant that is right on it more often (a sign test).
    Source: McNemar 1947, Psychometrika 12.
    """
    gains = measured.right - reference.right
    better, worse = (int(np.count_nonzero(sign * gains > 1e-9)) for sign in (1, -1))
    p_value = float(binomtest(better, better + worse).pvalue) if better + worse else 1.0
    return McNemar(better, worse, p_value)


def photos_of_sets(num_photos: int, num_sets: int, unit: str) -> str:
    """Writes `252 test photos from 12 groups`; where each photo is its own set, the photos alone."""
    sets = "" if unit == "photo" else f" from {counted(num_sets, unit)}"
    return f"{num_photos:,} test {'photo' if num_photos == 1 else 'photos'}{sets}"


def signed_points(share: float) -> str:
    """Writes a difference of shares in percentage points with a true plus or minus sign: 0.07 → "+7.0"."""
    text = f"{100 * share:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "\N{MINUS SIGN}")


def _doubt(gain: Estimate, sample: SampleSize) -> str:
    """Says why nothing can be claimed, and what would change that."""
    if gain.low is None or gain.high is None:
        return f"{gain.reason}{_remedy(gain, sample)}"
    photos = photos_of_sets(sample.num_photos, sample.num_sets, sample.unit)
    low, high = signed_points(gain.low), signed_points(gain.high)
    text = f"with {photos} the interval is {low} to {high} points"
    if gain.low > -SETTLED and gain.high < SETTLED:
        return f"{text}, which rules out a difference of {POINTS} points or more"
    return f"{text}{_remedy(gain, sample)}"


def _remedy(gain: Estimate, sample: SampleSize) -> str:
    wanted = plan(gain, sample)
    if wanted is None:
        return ""
    if wanted.num_repeats:
        return (
            f"; more photos alone would not settle a {POINTS}-point difference, since trainings differ too "
            f"much: set repeats to about {wanted.num_repeats}"
        )
    if wanted.num_photos is None or wanted.num_sets is None:
        return f"; it would take more than {MAX_PHOTOS:,} photos to settle a {POINTS}-point difference"
    if wanted.num_sets <= sample.num_sets:
        return f"; this many photos would find a true difference of {POINTS} points in 4 of 5 experiments"
    photos = photos_of_sets(wanted.num_photos, wanted.num_sets, sample.unit).replace(" test ", " ")
    return f"; about {photos} would settle a {POINTS}-point difference"


def _rounded_up(number: float) -> int:
    """Rounds up to two digits: 137.2 → 140."""
    step: int = 10 ** max(math.floor(math.log10(number)) - 1, 0)
    return math.ceil(number / step - 1e-9) * step


def _points(share: float) -> str:
    return f"{100 * share:.1f}".replace("-", "\N{MINUS SIGN}")
