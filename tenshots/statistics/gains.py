"""By how much one variant is better than another: paired differences, several at once, and agreement.

Both variants are compared on each photo (a hard photo is hard for both), which leaves less noise than
comparing two intervals. The intervals of several differences hold together: their common quantile is that of
the largest of so many correlated Student's t (single-step maxT), which reaches less far than Bonferroni's
where differences share a variant or photos.
Source: Hothorn, Bretz and Westfall 2008, Biometrical Journal 50(3).

A variance says little of how rarely components differ at all. So a difference is only claimed where as many
components show it as the sign test needs, were no other to show the opposite: 6 for one comparison, 7 for
three. With fewer, the interval reaches to 0. Nor does it say much where nearly all answers agree, or
components do more than photos drawn at random would: there the interval reaches at least as far as that of
two shares, of photos that only the one variant recognises and of those that only the other does, each Clopper
and Pearson's, of as many answers as the photos are worth (intervals.num_answers).
Sources: Conover 1999, Practical Nonparametric Statistics, section 3.4 (the sign test); Newcombe 1998,
Statistics in Medicine 17(22) (how the limits of two shares make those of their difference).

Where no component shows the opposite, the sign test alone decides, with those that show nothing counted
against the claim: one component that is better still makes the variance larger, and must not cost the claim.
The interval then begins no lower than the share of components that would show so much, times how much they
show: each is one answer, and the others may show nothing. Where all show the same difference, no variance is
left: the interval is the shorter of that of the answers and that of the share of components that would show
it too, the others nothing, or twice as much.

The sign test asks whether more components would show the one than the opposite. Where a rare component shows
much of the opposite, and the others a little of the one, that says less of their mean than of most of them
(benchmarks/README.md, "What the sign test does not ask").
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import bdtrc, betaincinv, stdtr, stdtrit

from tenshots.errors import DataError
from tenshots.statistics import evidence, intervals, limits, trainings
from tenshots.statistics.evidence import ROUNDING, Design, Evidence, Teachers
from tenshots.statistics.few import TooFew
from tenshots.statistics.intervals import NEGLIGIBLE, TAIL, Estimate
from tenshots.statistics.measure import Measured, measure
from tenshots.statistics.resampling import SEED
from tenshots.statistics.tallies import Key
from tenshots.statistics.trainings import Seeds

NUM_DRAWS = 40_000  # of the largest t: its 95 % quantile errs by about half a percent
MIN_ANSWERS = 6  # that are not the commonest of better, worse and the same; of fewer a variance says little
# Of the variance that independent photos would make; components rarely differ by less, and then by chance.
LEAST_VARIANCE = 0.1
ALIKE = "each photo is recognised by both equally often"  # the answers may differ where both are wrong


def difference(
    predictions: pd.DataFrame,
    reference: pd.DataFrame,
    components: pd.Series,
    *,
    num_comparisons: int = 1,
    teachers: Teachers | None = None,
) -> Estimate:
    """Estimates by how much more often `predictions` are right than `reference`, in [-1, 1].

    Args:
        predictions: of one variant's test photos, all folds and repeats.
        reference: of another's, on the same photos.
        components: as in `measure.measure`.
        num_comparisons: see `gain`.
        teachers: as in `measure.measure`.
    """
    measured, other = (measure(each, components, teachers) for each in (predictions, reference))
    return gain(measured, other, num_comparisons=num_comparisons)


def gain(
    measured: Measured,
    reference: Measured,
    *,
    num_comparisons: int = 1,
    tail: float | None = None,
    seeds: Seeds | None = None,
) -> Estimate:
    """Estimates by how much the accuracy of `measured` exceeds that of `reference`, in [-1, 1].

    A training of fold f and repeat r starts from the same seed in every variant, so repeats are paired; where
    the variants have other repeats, their noise adds up. What no seed moves has one repeat and no noise.

    Args:
        measured: one variant.
        reference: another, on the same photos.
        num_comparisons: how many such intervals should hold together, at least 1.
        tail: see intervals.estimate; by default Bonferroni's, TAIL / num_comparisons.
        seeds: as in intervals.estimate.

    Raises:
        DataError: the variants were tested on other photos, or in other folds.
    """
    design, lead = measured.design, _lead(measured, reference)
    photos = measured.right - reference.right
    if not np.abs(photos).max() > ROUNDING:
        return Estimate(0.0, None, None, ALIKE, num_components=design.num_components)
    needed = num_needed(TAIL / num_comparisons)
    tail = TAIL / num_comparisons if tail is None else tail
    seeds = seeds or trainings.training_variance(lead.contributions, design)
    found = intervals.estimate(lead, design, tail=tail, seeds=seeds)
    if found.num_components < intervals.MIN_COMPONENTS:
        few = TooFew(found.num_components, needed)
        between = _planned_variance(photos, design.num_components)
        return found._replace(reason=few.words(), few=few, between=between)
    num_answers = intervals.num_answers(lead.bases[0].sizes)
    low, high = found.low, found.high
    if low is None or high is None:
        return _agreeing(found, _of_answers(photos, num_answers, tail), seeds, needed=needed, tail=tail)
    if _is_rare(photos, num_answers) or found.between < LEAST_VARIANCE * photos.var() / len(photos):
        least, most = _of_answers(photos, num_answers, tail)
        low, high = min(low, least), max(high, most)
    moved = _moved(lead, design)
    better, worse = (int(np.count_nonzero(sign * moved > 0)) for sign in (1, -1))
    signs = len(moved), TAIL / num_comparisons
    if not worse and _are_most(better, *signs):
        low = max(low, _of_signs(moved, seeds, needed=needed, tail=tail))
    elif not better and _are_most(worse, *signs):
        high = min(high, -_of_signs(-moved, seeds, needed=needed, tail=tail))
    number = better if low > 0 else worse if high < 0 else better + worse
    if number < needed:
        few = TooFew(number, needed, "differing" if number == better + worse else "same")
        return found._replace(low=min(low, 0.0), high=max(high, 0.0), few=few)
    return found._replace(low=low, high=high)


def gains(pairs: Sequence[tuple[Measured, Measured]], *, tail: float | None = None) -> list[Estimate]:
    """Estimates several gains, each of the first over the second.

    Args:
        pairs: of variants that were all tested on the same photos.
        tail: of each interval by itself; by default such that all of them hold together.

    Raises:
        DataError: as `gain`.
    """
    if not pairs:
        return []
    leads, design = [_lead(*pair) for pair in pairs], pairs[0][0].design
    tail = joint_tail(leads, design) if tail is None else tail
    num_free = len({id(each) for pair in pairs for each in pair}) - 1
    alike: dict[tuple[int, ...], list[Evidence]] = {}
    for lead in leads:
        alike.setdefault(_repeats(lead), []).append(lead)
    seeds = {
        repeats: trainings.pooled(some, design, num_free=num_free) for repeats, some in alike.items()
    }  # once: of all pairs of 30 variants, each pair's own look at the others took most of the time
    return [
        gain(*pair, num_comparisons=len(pairs), tail=tail, seeds=seeds[_repeats(lead)])
        for pair, lead in zip(pairs, leads, strict=True)
    ]


def _repeats(lead: Evidence) -> tuple[int, ...]:
    return tuple(sorted(moves.shape[1] for moves in lead.contributions))


def joint_tail(leads: Sequence[Evidence], design: Design) -> float:
    """Returns how often the truth may lie beyond either end of each interval, if all are to hold in LEVEL.

    Args:
        leads: differences of the same components.
        design: where the photos were tested.

    Returns:
        Between TAIL / m, of m differences, and TAIL.
    """
    number = len(leads)
    moves = np.stack([intervals.by_component(lead, design) for lead in leads], axis=1)
    squares = (moves**2).sum(axis=0)
    if number == 1 or squares.min() < NEGLIGIBLE:
        return TAIL / number
    scaled = moves / squares**0.5
    weights, axes = np.linalg.eigh(scaled.T @ scaled)
    degrees = intervals.small_sample(leads[0].bases[0].sizes).degrees
    draw = np.random.default_rng([SEED, number])
    normal = draw.normal(size=(NUM_DRAWS, number)) @ (axes * np.maximum(weights, 0.0) ** 0.5).T
    largest = np.abs(normal).max(axis=1) / (draw.chisquare(degrees, NUM_DRAWS) / degrees) ** 0.5
    tail = float(stdtr(degrees, -np.quantile(largest, intervals.LEVEL)))
    return min(max(tail, TAIL / number), TAIL)


def num_needed(tail: float) -> int:
    """Returns how many components that differ alike the sign test needs: 6 where tail is 0.025."""
    return math.ceil(math.log2(1 / tail) - 1e-9)


def _lead(measured: Measured, reference: Measured) -> Evidence:
    design, other = measured.design, reference.design
    if (
        not np.array_equal(measured.photo_ids, reference.photo_ids)
        or not np.array_equal(design.folds, other.folds)
        or not np.array_equal(design.num_photos, other.num_photos)
    ):
        raise DataError("the variants were not tested on the same photos in the same folds; run `dvc repro`")
    return evidence.minus(
        measured.evidence[Key("accuracy")],
        reference.evidence[Key("accuracy")],
        paired=measured.repeats == reference.repeats,
    )


def _moved(lead: Evidence, design: Design) -> np.ndarray:
    """Returns by how much each component moves the difference, which is their sum: (num_components,)."""
    sizes = lead.bases[0].sizes
    moved = intervals.by_component(lead, design) + lead.value * sizes / sizes.sum()
    found: np.ndarray = np.where(np.abs(moved) * sizes.sum() > ROUNDING, moved, 0.0)
    return found


def _are_most(number: int, num_components: int, tail: float) -> bool:
    """Whether so many of the components are more than half of all, by the sign test."""
    return bool(bdtrc(number - 1, num_components, 0.5) <= tail)


def _of_signs(moved: np.ndarray, seeds: Seeds, *, needed: int, tail: float) -> float:
    """Returns the lower end of a difference of which no component shows the opposite.

    Where k components, at least as many as `needed`, show so much or more, a share of all shows it that is no
    less than Clopper and Pearson's limit; the others may show nothing. The highest of these ends counts, so
    it rises with any component's difference, and lies above 0 but for the noise of seeds.

    Args:
        moved: by each component, as in `_moved`, at least 0.
        seeds: what they do to the difference.
        needed: as many show a difference at least.
        tail: as in `gain`.
    """
    counts = np.arange(needed, len(moved) + 1)
    shares = betaincinv(counts, len(moved) - counts + 1, tail)
    least = len(moved) * float((np.sort(moved)[::-1][needed - 1 :] * shares).max())
    value = float(moved.sum())
    return value - math.hypot(value - least, _noise(seeds, tail))


def _noise(seeds: Seeds, tail: float) -> float:
    return float(stdtrit(max(seeds.degrees, 1), 1 - tail) * seeds.variance**0.5)


def _agreeing(
    found: Estimate, of_answers: tuple[float, float], seeds: Seeds, *, needed: int, tail: float
) -> Estimate:
    """Gives an interval to a difference that is the same in all components, or says why not."""
    number = found.num_components
    if number < needed:
        few = TooFew(number, needed, "agreeing")
        return found._replace(reason=few.words(), few=few)
    other = abs(found.value) * (
        1 - tail ** (1 / number)
    )  # so much less, or more, by those that do not show it
    down, up = (min(other, abs(end - found.value)) for end in of_answers)
    noise = _noise(seeds, tail)
    low, high = found.value - math.hypot(down, noise), found.value + math.hypot(up, noise)
    return found._replace(low=max(low, -1.0), high=min(high, 1.0), reason=None)


def _is_rare(photos: np.ndarray, num_answers: float) -> bool:
    """Whether nearly all photos fare alike: the one is better, or the other, or neither."""
    shares = [float(np.mean(photos > ROUNDING)), float(np.mean(photos < -ROUNDING))]
    return num_answers * (1 - max(*shares, 1 - sum(shares))) < MIN_ANSWERS


def _of_answers(photos: np.ndarray, num_answers: float, tail: float) -> tuple[float, float]:
    """Returns the limits of a difference of two shares, each of so many answers."""
    better, worse = _shares(photos)
    least, most = limits.clopper_pearson(better, num_answers, tail)
    least_worse, most_worse = limits.clopper_pearson(worse, num_answers, tail)
    down = math.hypot(better - least, most_worse - worse)
    up = math.hypot(most - better, worse - least_worse)
    return better - worse - down, better - worse + up


def _shares(photos: np.ndarray) -> tuple[float, float]:
    """Returns by how much the one variant is better, and by how much the other, on the photos where it is."""
    return float(np.maximum(photos, 0).mean()), float(np.maximum(-photos, 0).mean())


def _planned_variance(photos: np.ndarray, num_components: int) -> float:
    """Returns the variance of the mean gain that components of this size have at the assumed correlation.

    Two or three components say next to nothing of how components differ, but their photos say how much a
    photo's gain varies. It is for planning only (the design effect of Kish 1965, Survey Sampling).

    Args:
        photos: gain of each, shape (num_photos,).
        num_components: that they belong to.
    """
    inflated = 1 + (len(photos) / num_components - 1) * intervals.CORRELATION
    return float(photos.var()) * inflated / len(photos)
