"""95 % intervals for any figure of photos that come in components, tested by several trainings.

Three things make a figure uncertain, and all are in its interval: other photos would have been tested (photos
of one component, such as one person's, resemble each other, so components are drawn, not photos), other
components would have taught the networks, and another seed would have trained another network. Each training
(a fold and repeat) has a seed of its own and tests the photos of its fold.

A figure is told by its value and by its contributions: to first order, by how much each component of each
fold moves it in each repeat (its influence function). Sums of squares of contributions give two variances:

    between     components: k · Σ (contribution of a component, mean over repeats)². The factor k makes up for
                few components or uneven ones, as do Student's t and its degrees of freedom.
                Source: Bell and McCaffrey 2002, Survey Methodology 28(2), here for a weighted mean whose
                photos correlate by CORRELATION within a component.
    teaching    what other components would have taught. To first order each component moves the figure once
                as it is tested and once as it teaches, so both variances fall alike as components become
                more, and their ratio depends on what is learnt rather than on how much: it is assumed
                (evidence.Teaching). One set of trainings does not show it; folds share most of what they
                learn from, so comparing them shows it no better.
                Sources: Bengio and Grandvalet 2004, No unbiased estimator of the variance of k-fold
                cross-validation, JMLR 5; Nadeau and Bengio 2003, Machine Learning 52 (a correction of this
                form, of a ratio that is too careful here).
    trainings   the trainings of one fold differ by their seeds: Σ over folds of the variance between repeats,
                over the number of repeats, less the share of it that `between` holds already. With one repeat
                nothing shows it, and it counts 0: say so beside the interval, unless no seed moves it.
                Source: Searle, Casella and McCulloch 1992, Variance Components, chapter 4 (two-way layouts).

Their degrees of freedom are joined as Satterthwaite 1946 does (Biometrics Bulletin 2). From them, an interval
of

    5 to 19 components   Student's t: of the logit for shares; corrected for skewness, of the logarithm for
                         losses, so the interval keeps within their range and is lopsided where they are
                         (Korn and Graubard 1998, Survey Methodology 24(2)); of the figure itself for
                         differences. Losses keep to it with more components, too.
    20 or more           the bootstrap over components: percentiles, moved outwards by as much as t and k
                         ask for.
                         Source: Hesterberg 2015, The American Statistician 69(4), section 4.3 (expanded
                         percentile). Trainings are drawn from a normal distribution of their variance, since
                         two or three are too few to draw from. Where one component outweighs the others, or
                         fewer than 10 show the rarer outcome, the bootstrap fails and t is used as above.

Of few mistakes the variance says little, and of none nothing. So the interval of a share reaches at least as
far as Clopper and Pearson's (1934, Biometrika 26) for as many answers as the photos are worth that correlate
by CORRELATION within a component, where fewer than 10 components, and fewer than half of them, show the rarer
outcome.
Source: Korn and Graubard 1998, Survey Methodology 24(2) (the effective number of answers).

How often each interval holds the truth is measured by benchmarks/coverage.py, benchmarks/teaching.py and
benchmarks/figures.py.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
from scipy.special import stdtrit

from tenshots.statistics import limits
from tenshots.statistics.evidence import Design, Evidence, Scale
from tenshots.statistics.few import TooFew
from tenshots.statistics.resampling import MIN_TO_RESAMPLE, normal_draws
from tenshots.statistics.trainings import Seeds, training_variance

LEVEL = 0.95
TAIL = (1 - LEVEL) / 2  # how often the truth lies beyond either end
NUM_DIGITS = 6  # of a figure in a file: beyond what any number of photos here resolves
# With 4 components t is above 3 and the variance itself rests on 3 numbers: such an interval would mislead
# more than it tells.
MIN_COMPONENTS = 5
# Below these, percentiles of the bootstrap cover too little: measured at accuracies of 0.95 and 0.98.
MIN_DEGREES_TO_RESAMPLE = 10
MIN_RARER_TO_RESAMPLE = 10
CORRELATION = 0.05  # assumed, within components; what k and the degrees of freedom depend on a little
NEGLIGIBLE = 1e-12  # of a variance: rounding leaves about 1e-17 of equal components


class Bounded(Protocol):
    """Whatever has an interval, or the reason for having none."""

    @property
    def low(self) -> float | None:
        """Lower end, or None."""

    @property
    def high(self) -> float | None:
        """Upper end, or None."""

    @property
    def reason(self) -> str | None:
        """Why there is no interval, or None."""


class Estimate(NamedTuple):
    """A figure with its 95 % interval, or the reason for having none.

    Attributes:
        value: of the figure.
        low: lower end of the interval, or None.
        high: upper end, or None.
        reason: why there is no interval, or None.
        between: variance that components make, a square of the figure's unit; nan where nothing shows it.
        trainings: variance that the trainings' seeds make; 0 where one repeat cannot show it.
        num_components: that tell about the figure.
        few: components, where they are why there is no interval, or why it reaches to 0.
    """

    value: float
    low: float | None
    high: float | None
    reason: str | None
    between: float = np.nan
    trainings: float = np.nan
    num_components: int = 0
    few: TooFew | None = None


class SmallSample(NamedTuple):
    """How far sums of squares of contributions can be trusted.

    Attributes:
        factor: what makes their sum an unbiased variance, above 1.
        degrees: degrees of freedom of that variance, above 0.
        number: components with any photo.
        effective: as many components of equal size would tell as much (Kish 1965), at most `number`.
    """

    factor: float
    degrees: float
    number: int
    effective: float


def ends(found: Bounded) -> list[float] | None:
    """Returns [low, high], or None where there is no interval."""
    return None if found.low is None or found.high is None else [found.low, found.high]


def written(found: Bounded) -> dict[str, Any]:
    """Returns an interval as the JSON files have it: the keys interval and no_interval, one of them null."""
    interval = ends(found)
    return {
        "interval": interval and [round(end, NUM_DIGITS) for end in interval],
        "no_interval": found.reason,
    }


def estimate(
    evidence: Evidence, design: Design, *, tail: float = TAIL, seeds: Seeds | None = None
) -> Estimate:
    """Returns the figure with its interval.

    Args:
        evidence: of the figure.
        design: where the photos were tested.
        tail: how often the truth may lie beyond either end, in (0, 0.5); TAIL / m where m intervals are to
            hold together (Bonferroni's inequality, which assumes nothing of how they depend on each other).
        seeds: what seeds do, if that is known better than from this figure (see trainings.pooled).
    """
    fewest = min(evidence.bases, key=lambda basis: np.count_nonzero(basis.sizes))
    sample = _sample(evidence)
    number = int(np.count_nonzero(fewest.sizes))
    squares = float((by_component(evidence, design) ** 2).sum())
    between = sample.factor * squares * (1 + _taught(evidence, design))
    seeds = seeds or training_variance(evidence.contributions, design)

    def without(reason: str) -> Estimate:
        return Estimate(evidence.value, None, None, reason, between, seeds.variance, number)

    if number < MIN_COMPONENTS:
        return without(too_few(number, fewest.which))
    if squares < NEGLIGIBLE and not evidence.exact:
        return without(
            "every independent set of photos gives the same figure, so nothing shows how much another "
            "would differ"
        )
    variance = between + seeds.variance
    joined = between**2 / sample.degrees + seeds.variance**2 / max(seeds.degrees, 1)
    degrees = variance**2 / max(joined, NEGLIGIBLE**2)
    quantile = float(stdtrit(max(degrees, 1.0), 1 - tail))
    if evidence.scale is Scale.LOSS:
        moves = by_component(evidence, design)
        low, high = limits.of_loss(
            evidence.value, quantile, variance**0.5, float((moves**3).sum() / squares**1.5)
        )
    elif evidence.replicates is not None and _resamples_well(evidence, sample, number):
        noise = (seeds.variance**0.5) * normal_draws(len(evidence.replicates))
        # In units of the replicates' own standard deviation, which lacks the factor.
        reach = quantile * (variance / (squares + seeds.variance)) ** 0.5
        low, high = limits.percentiles(evidence.replicates + noise, evidence.value, reach)
    else:
        low, high = limits.student(evidence.value, quantile * variance**0.5, evidence.scale)
    few = _few_rarer(evidence) and 2 * (evidence.num_rarer or 0) < sample.number
    if evidence.exact and (few or squares < NEGLIGIBLE):
        least, most = limits.clopper_pearson(evidence.value, _answers_of(evidence), tail)
        low, high = min(low, least), max(high, most)
    lowest, highest = evidence.scale.value
    return Estimate(
        evidence.value, max(low, lowest), min(high, highest), None, between, seeds.variance, number
    )


def too_few(number: int, which: str = "", *, least: int = MIN_COMPONENTS) -> str:
    """Says why components give no interval: there are fewer than `least` of them."""
    return TooFew(number, least).words(which=which)


def small_sample(sizes: np.ndarray) -> SmallSample:
    """Returns how far the variance of a mean over components of these sizes can be trusted.

    Of a mean with weights w that sum to 1, contributions are w·(y - mean), whose squares sum to a quadratic
    form in y; its mean and variance follow from those of y, which are those of `size` photos that correlate
    by CORRELATION. Equal sizes give the factor G / (G - 1) and G - 1 degrees of freedom.

    Args:
        sizes: float, shape (num_components,), at least 0.
    """
    counted = sizes[sizes > 0].astype(np.float64)
    number = len(counted)
    if number < 2:
        return SmallSample(1.0, 1.0, number, float(number))
    w = counted / counted.sum()
    # A mean over repeats may count less than one photo; it is no surer for that.
    v = CORRELATION + (1 - CORRELATION) / np.maximum(counted, 1.0)
    a, square = w * v, w**2
    s = float((square * v).sum())
    diagonal = square * (v - 2 * a + s)
    # Off the diagonal the form has w_i w_j (s - a_i - a_j); its squares sum in closed form over all i and j.
    m0, m1, m2 = (float((square * a**power).sum()) for power in range(3))
    everywhere = m0**2 * s**2 + 2 * m0 * m2 + 2 * m1**2 - 4 * s * m0 * m1
    off_diagonal = everywhere - float((square**2 * (s - 2 * a) ** 2).sum())
    trace = float(diagonal.sum())
    return SmallSample(
        factor=s / trace,
        degrees=trace**2 / (float((diagonal**2).sum()) + max(off_diagonal, 0.0)),
        number=number,
        effective=1 / float(square.sum()),
    )


def num_answers(sizes: np.ndarray) -> float:
    """Returns how many independent answers tell as much as photos that correlate by CORRELATION.

    Args:
        sizes: float, shape (num_components,), at least 0.
    """
    counted = sizes[sizes > 0].astype(np.float64)
    return float(counted.sum() ** 2 / (counted * (1 + CORRELATION * np.maximum(counted - 1, 0))).sum())


def by_component(evidence: Evidence, design: Design) -> np.ndarray:
    """Returns by how much each component moves the figure, the mean over repeats: (num_components,)."""
    total: Any = sum(moves.mean(axis=1) for moves in evidence.contributions)
    return design.by_component(np.asarray(total))


def _sample(evidence: Evidence) -> SmallSample:
    """Returns how far a figure's variance can be trusted, of a mean over labels by what each adds to it.

    A label adds the more, the fewer answers show it, as if all were recognised equally often. Degrees of
    freedom are joined as Satterthwaite's; no figure has more of them than all photos give.
    """
    of_each = [small_sample(basis.sizes) for basis in evidence.bases]
    if evidence.whole is None:
        return min(of_each, key=lambda sample: sample.degrees)
    sample = small_sample(evidence.whole.sizes)
    added = np.array([1 / max(num_answers(basis.sizes), 1.0) for basis in evidence.bases])
    shares = added / added.sum()
    factors, degrees = (np.array([getattr(each, name) for each in of_each]) for name in ("factor", "degrees"))
    return sample._replace(
        factor=max(sample.factor, float(shares @ factors)),
        degrees=min(sample.degrees, 1 / float((shares**2 / degrees).sum())),
    )


def _taught(evidence: Evidence, design: Design) -> float:
    if not design.num_teaching:
        return 0.0
    same = evidence.teaching.same if design.crossed or design.folds.any() else 0.0
    return evidence.teaching.apart * design.num_components / design.num_teaching + same


def _answers_of(evidence: Evidence) -> float:
    """Returns how many answers a share rests on, of all labels where it is a mean over them."""
    of_each = [num_answers(basis.sizes) for basis in evidence.bases]
    if evidence.whole is None:
        return min(of_each)
    return min(len(of_each) ** 2 / sum(1 / number for number in of_each), num_answers(evidence.whole.sizes))


def _few_rarer(evidence: Evidence) -> bool:
    return evidence.num_rarer is not None and evidence.num_rarer < MIN_RARER_TO_RESAMPLE


def _resamples_well(evidence: Evidence, sample: SmallSample, number: int) -> bool:
    return (
        number >= MIN_TO_RESAMPLE and sample.degrees >= MIN_DEGREES_TO_RESAMPLE and not _few_rarer(evidence)
    )
