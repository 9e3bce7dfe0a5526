"""What may be claimed of two variants, in sentences; and how many photos would tell more.

The interval of the paired difference decides: a claim is made where it leaves out 0, and the sentence shows
that same interval, so the two never contradict each other. With more than one comparison, intervals are
simultaneous (see tenshots.statistics.gains). Stepwise procedures such as Holm's would sometimes claim more,
but their claims have no useful two-sided intervals.
Sources: Holm 1979, Scandinavian Journal of Statistics 6; Strassburger and Bretz 2008, Statistics in Medicine
27 (why stepwise procedures lack such intervals).

Where no difference is claimed, equality may be: to within a margin, where an interval of 90 % lies inside it.
That is two one-sided tests at 5 %, so of pairs that differ by the margin at most one in twenty is called
equal. Each pair is judged by itself.
Source: Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest

from tenshots.statistics import plans
from tenshots.statistics.gains import ALIKE
from tenshots.statistics.intervals import CORRELATION, MIN_COMPONENTS, Estimate, ends
from tenshots.statistics.measure import Measured
from tenshots.statistics.plans import SampleSize
from tenshots.wording import counted

TAIL_OF_EQUALITY = 0.05  # beyond either end of the interval that must lie inside the margin


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


def claim(gain: Estimate, within: Estimate, margin: float) -> str:
    """Returns "better", "worse", "equal", "alike" or "open".

    Args:
        gain: the difference, with its simultaneous interval.
        within: the same with an interval of TAIL_OF_EQUALITY.
        margin: see `SampleSize`.
    """
    found = verdict(gain)
    if found != "open":
        return found
    if gain.reason == ALIKE:
        return "alike"
    return "equal" if _lies_within(within, margin) else "open"


def sentence(variant: str, reference: str, gain: Estimate, within: Estimate, sample: SampleSize) -> str:
    """Says in words what the difference between `variant` and `reference` allows one to claim.

    Args:
        variant: its name.
        reference: the other's.
        gain: as in `claim`.
        within: as in `claim`.
        sample: what was tested.
    """
    found, margin = claim(gain, within, sample.margin), f"{_margin(sample)} points"
    if found == "alike":
        text = (
            f"{variant} and {reference} recognise the same photos: each of the {sample.num_photos:,} is "
            "recognised by both equally often"
        )
    elif found == "equal":
        low, high = signed_points(within.low or 0.0), signed_points(within.high or 0.0)
        text = (
            f"{variant} and {reference} are equally good to within {margin} (90 % interval {low} to {high})"
        )
    elif found == "open":
        text = f"neither a difference nor equality can be claimed of {variant} and {reference}: "
        text += _doubt(gain, sample)
    else:
        sign = 1 if found == "better" else -1
        low, high = (_points(end) for end in sorted([sign * (gain.low or 0.0), sign * (gain.high or 0.0)]))
        by = f"{_points(sign * gain.value)} points ({low} to {high})"
        little = _lies_within(within, sample.margin)
        text = (
            f"{variant} is {found} than {reference}"
            + (f", but by less than {margin}: " if little else " by ")
            + by
        )
    return text + warning(sample)


def _lies_within(within: Estimate, margin: float) -> bool:
    """As printed: an end at the margin itself is not inside."""
    interval, limit = ends(within), round(100 * margin, 1)
    return interval is not None and all(abs(round(100 * end, 1)) < limit for end in interval)


def warning(sample: SampleSize) -> str:
    """Says, after a claim, that a given split divides what belongs together; empty where it does not."""
    if not sample.num_divided:
        return ""
    divided = f"{sample.num_divided} of the {sample.num_sets} {sample.unit}s"
    return (
        f" (but the given split has {divided} in both training and test, so this says less about new "
        f"{sample.unit}s)"
    )


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


def photos_of_sets(num_photos: int, num_sets: int, unit: str, *, photo: str = "test photo") -> str:
    """Writes `252 test photos from 12 groups`; where each photo is its own set, the photos alone."""
    sets = "" if unit == "photo" else f" from {counted(num_sets, unit)}"
    return f"{counted(num_photos, photo)}{sets}"


def signed_points(share: float) -> str:
    """Writes a difference of shares in percentage points with a true plus or minus sign: 0.07 → "+7.0"."""
    text = f"{100 * share:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "\N{MINUS SIGN}")


def _doubt(gain: Estimate, sample: SampleSize) -> str:
    """Says why nothing can be claimed, and what would change that."""
    few = gain.few.words(sample.unit) if gain.few else str(gain.reason)
    if gain.low is None or gain.high is None:
        return f"{few}{_remedy(gain, sample)}"
    photos = photos_of_sets(sample.num_photos, sample.num_sets, sample.unit)
    low, high = signed_points(gain.low), signed_points(gain.high)
    text = f"with {photos} the interval is {low} to {high} points"
    if gain.few:
        return f"{text}, since {'only ' if gain.few.number else ''}{few}"
    return f"{text}{_remedy(gain, sample)}"


def _remedy(gain: Estimate, sample: SampleSize) -> str:
    wanted, points = plans.plan(gain, sample), f"{_margin(sample)}-point"
    if wanted is None:
        return ""
    if wanted.num_photos is None or wanted.num_sets is None or wanted.num_repeats is None:
        return f"; it would take more than {plans.MAX_PHOTOS:,} photos to settle a {points} difference"
    repeats = f"repeats: {wanted.num_repeats}" if wanted.num_repeats > sample.num_repeats else ""
    if wanted.num_sets <= sample.num_sets:
        found = f"would find a true difference of {_margin(sample)} points in 4 of 5 experiments"
        return f"; this many photos {found}" if not repeats else f"; with {repeats} this many photos {found}"
    is_all = wanted.num_in_all == wanted.num_photos
    photo = "photo" if is_all else "test photo"
    photos = photos_of_sets(wanted.num_photos, wanted.num_sets, sample.unit, photo=photo)
    if not is_all:
        photos += f", {wanted.num_in_all:,} photos in all,"
    text = f"; about {photos}{f' with {repeats}' if repeats else ''} would settle a {points} difference"
    if gain.num_components < MIN_COMPONENTS:
        text += f" (if photos of one {sample.unit} correlate by {CORRELATION:g}, which so few do not show)"
    return text


def _margin(sample: SampleSize) -> str:
    return f"{100 * sample.margin:g}"


def _points(share: float) -> str:
    return f"{100 * share:.1f}".replace("-", "\N{MINUS SIGN}")
