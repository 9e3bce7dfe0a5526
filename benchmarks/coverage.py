"""How often the intervals hold the truth, and how often the sentences are right, over drawn experiments.

python -m benchmarks.coverage [--experiments 1000]

Run from the project's top folder; some minutes on one core. Each row draws experiments whose truth is known:
photos come in groups of uneven sizes (10 on average, log-normal), and the answers of a group, a photo and a
training correlate by a Gaussian copula, such that two photos of a group are answered correctly with the given
correlation, and half of what they share is shared by all variants. Every training has an effect of its own, a
few points of accuracy. The intervals are those of tenshots.statistics.intervals, unaltered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import multivariate_normal, norm

from benchmarks import arguments
from tenshots.statistics import claims, gains, intervals, resampling
from tenshots.statistics.evidence import Design, Evidence, Scale, minus, ratio
from tenshots.statistics.intervals import Estimate

PHOTOS_A_GROUP = 10
SPREAD = 0.6  # of the logarithm of a group's size
OF_ALL_VARIANTS = 0.5  # share of a group's and of a photo's difficulty
A_BLOCK = 50  # experiments drawn together
GROUPS = (3, 5, 8, 12, 20, 30, 60)


@dataclass(frozen=True)
class Case:
    """One kind of experiment.

    Attributes:
        num_groups: groups of photos.
        correlation: of right answers within a group, in [0, 1).
        accuracies: the truth, of each variant.
        num_folds: the groups are dealt to as many.
        num_repeats: trainings per fold.
        training: standard deviation of a training's own effect, in shares of 1.
        dominated: whether one group has half of all photos.
    """

    num_groups: int
    correlation: float = 0.05
    accuracies: tuple[float, ...] = (0.75, 0.75, 0.75)
    num_folds: int = 4
    num_repeats: int = 2
    training: float = 0.01
    dominated: bool = False


@dataclass(frozen=True)
class Found:
    """What came of one experiment.

    Attributes:
        accuracy: of the first variant.
        plain: a plain percentile bootstrap's interval of the same.
        gain: of the second over the first, as if there were no third.
        gains: of all pairs, with simultaneous intervals; none where they were not asked for.
    """

    accuracy: Estimate
    plain: tuple[float, float]
    gain: Estimate
    gains: tuple[Estimate, ...]


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the tables of benchmarks/README.md."""
    number = arguments.parser("coverage", __doc__, experiments=1000).parse_args(argv).experiments
    print(
        "| groups | correlation | accuracy: coverage, % (half width, points) | plain percentile | difference "
        "| two equal variants called different | any of three |"
    )
    print("|---|---|---|---|---|---|---|")
    for correlation in (0.05, 0.0, 0.2):
        for num_groups in GROUPS:
            case = Case(num_groups, correlation, num_folds=min(4, num_groups))
            print(f"| {num_groups} | {correlation:g} | {row(case, number)} |", flush=True)
    print("\n| special case | accuracy | plain percentile | difference | called different | any of three |")
    print("|---|---|---|---|---|---|")
    for name, case in special_cases().items():
        print(f"| {name} | {row(case, number)} |", flush=True)
    print("\n| a true gain of 10 points | found, % | at the worse end | coverage, % |")
    print("|---|---|---|---|")
    for correlation in (0.0, 0.05, 0.2):
        found = [power_estimate(draw, correlation) for draw in _generators(number)]
        verdicts = [claims.verdict(estimate) for estimate in found]
        better, worse = (100 * np.mean([each == name for each in verdicts]) for name in ("better", "worse"))
        cells = [f"{share:.1f}" for share in (better, worse, 100 * coverage(found, 0.1))]
        print(f"| 30 groups of 10, correlation {correlation:g} | {' | '.join(cells)} |")


def special_cases() -> dict[str, Case]:
    """Returns what is hard, by name."""
    ten, thirty = Case(10), Case(30)
    return {
        "8 groups, accuracy 0.95": replace(ten, num_groups=8, accuracies=(0.95,) * 3),
        "30 groups, accuracy 0.95": replace(thirty, accuracies=(0.95,) * 3),
        "30 groups, accuracy 0.98": replace(thirty, accuracies=(0.98,) * 3),
        "30 groups, true gain of 10 points": replace(thirty, accuracies=(0.7, 0.8, 0.7)),
        "10 groups, one with half of the photos": replace(ten, dominated=True),
        "30 groups, one with half of the photos": replace(thirty, dominated=True),
        "30 groups, 3 repeats": replace(thirty, num_repeats=3),
        "30 groups, 1 fold, 2 repeats": replace(thirty, num_folds=1),
        "30 groups, 1 fold, 3 repeats": replace(thirty, num_folds=1, num_repeats=3),
        "30 groups, trainings differ by 3 points": replace(thirty, training=0.03),
        "30 groups, 1 fold, trainings differ by 3 points": replace(thirty, num_folds=1, training=0.03),
        "30 groups, 1 repeat (what it cannot show)": replace(thirty, num_repeats=1),
        "30 groups, 1 repeat, 1 fold, 3 points (the same)": replace(
            thirty, num_repeats=1, num_folds=1, training=0.03
        ),
    }


def row(case: Case, number: int) -> str:
    """Returns the cells of a row of the table, of `number` experiments."""
    found = list(experiments(case, number))
    truth, gain = case.accuracies[0], case.accuracies[1] - case.accuracies[0]
    plain = np.mean([low <= truth <= high for low, high in (each.plain for each in found)])
    given = [each.accuracy for each in found if each.accuracy.low is not None]
    if not given:
        return f"no interval | {100 * plain:.1f} | no interval | 0.0 | 0.0"
    half = 50 * np.mean([(each.high or 0) - (each.low or 0) for each in given])
    called = np.mean([claims.verdict(each.gain) != "open" for each in found])
    wrong = np.mean([any(claims.verdict(pair) != "open" for pair in each.gains) for each in found])
    equal = len(set(case.accuracies)) == 1
    texts = [
        f"{100 * coverage([each.accuracy for each in found], truth):.1f} ({half:.1f})",
        f"{100 * plain:.1f}",
        f"{100 * coverage([each.gain for each in found], gain):.1f}",
        f"{100 * called:.1f}" if equal else "",
        f"{100 * wrong:.1f}" if equal else "",
    ]
    return " | ".join(texts)


def coverage(estimates: Sequence[Estimate], truth: float) -> float:
    """Returns the share of the intervals given that hold `truth`."""
    given = [(each.low, each.high) for each in estimates if each.low is not None and each.high is not None]
    return float(np.mean([low <= truth <= high for low, high in given])) if given else float("nan")


def experiments(case: Case, number: int, *, joint: bool = True, seed: int = 20) -> Iterator[Found]:
    """Draws experiments and estimates what the project would.

    Args:
        case: their kind.
        number: of them.
        joint: whether to compare all pairs, too, which takes most of the time.
        seed: of everything.
    """
    draw = np.random.default_rng(seed)
    for start in range(0, number, A_BLOCK):
        block = min(A_BLOCK, number - start)
        for right, sizes in zip(*answers(case, block, draw), strict=True):
            yield _found(right, sizes, case, joint=joint)


def answers(case: Case, number: int, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draws right answers.

    Returns:
        Float, shape (number, num_groups, num_variants, num_repeats): right answers of each group; and of
        shape (number, num_groups): its photos.
    """
    shape = (number, case.num_groups)
    sizes = np.exp(draw.normal(0, SPREAD, shape) - SPREAD**2 / 2) * PHOTOS_A_GROUP
    if case.dominated:
        sizes[:, 0] = (case.num_groups - 1) * PHOTOS_A_GROUP
    sizes = np.maximum(np.round(sizes), 1).astype(int)
    shown = np.arange(sizes.max()) < sizes[:, :, np.newaxis, np.newaxis, np.newaxis]
    bounds = norm.ppf(case.accuracies)
    group = latent_correlation(case.accuracies[0], case.correlation)
    training = (case.training / norm.pdf(bounds[0])) ** 2
    photo = (1 - group - training) / 2  # a photo is as hard as answers to it are lucky
    own = len(case.accuracies), case.num_repeats
    folds = np.arange(case.num_groups) % case.num_folds

    def normal(variance: float, *axes: int) -> np.ndarray:
        drawn: np.ndarray = variance**0.5 * draw.normal(size=(number, *axes))
        return drawn

    hardness = (
        normal(group * OF_ALL_VARIANTS, case.num_groups, 1, 1, 1)
        + normal(group * (1 - OF_ALL_VARIANTS), case.num_groups, own[0], 1, 1)
        + normal(training, case.num_folds, *own, 1)[:, folds]
        + normal(photo, case.num_groups, 1, 1, shown.shape[-1])
        + normal(photo, case.num_groups, *own, shown.shape[-1])
    )
    right = ((hardness < bounds[:, np.newaxis, np.newaxis]) & shown).sum(axis=-1)
    return right.astype(np.float64), sizes.astype(np.float64)


@lru_cache
def latent_correlation(accuracy: float, correlation: float) -> float:
    """Returns how normal numbers correlate whose being below a bound correlates as given."""
    if correlation == 0:
        return 0.0
    bound, aim = norm.ppf(accuracy), accuracy**2 + correlation * accuracy * (1 - accuracy)

    def excess(latent: float) -> float:
        both = multivariate_normal.cdf([bound, bound], cov=[[1, latent], [latent, 1]])
        return float(both) - aim

    return float(brentq(excess, 0.0, 0.95))


def power_estimate(draw: np.random.Generator, correlation: float) -> Estimate:
    """Draws 30 groups of 10 photos: 15 % are named correctly by the second variant alone, 5 % by the first.

    A group's shares are drawn from a Dirichlet distribution, so that the difference itself has the
    correlation.
    """
    shares = np.array([0.15, 0.05, 0.8])
    spread = (1 - correlation) / correlation if correlation else 1e9
    counts = np.array([draw.multinomial(10, each) for each in draw.dirichlet(shares * spread, size=30)])
    gains = (counts[:, 0] - counts[:, 1]).astype(np.float64)[:, np.newaxis]
    sizes = np.full((30, 1), 10.0)
    design = Design(np.arange(30), np.zeros(30, dtype=int), sizes[:, 0])
    evidence = ratio(gains, sizes, design, Scale.DIFFERENCE, resampled=True)
    return intervals.estimate(evidence, design)


def plain_percentiles(evidence: Evidence, right: np.ndarray, sizes: np.ndarray) -> tuple[float, float]:
    """Returns what the bootstrap gives without any care for few groups."""
    replicates = evidence.replicates
    if replicates is None:
        counts = resampling.resamples(len(sizes)).astype(np.float64)
        replicates = counts @ right.mean(axis=1) / (counts @ sizes)
    low, high = np.quantile(replicates, [0.025, 0.975])
    return float(low), float(high)


def _found(right: np.ndarray, sizes: np.ndarray, case: Case, *, joint: bool) -> Found:
    groups = np.arange(case.num_groups)
    design = Design(components=groups, folds=groups % case.num_folds, num_photos=sizes)
    tested = np.repeat(sizes[:, np.newaxis], case.num_repeats, axis=1)
    evidence = [
        ratio(right[:, variant], tested, design, Scale.SHARE, resampled=True)
        for variant in range(len(case.accuracies))
    ]
    pairs = list(combinations(evidence, 2))
    leads = [minus(other, one, paired=True) for one, other in pairs]
    tail = gains.joint_tail(leads, design) if joint else intervals.TAIL
    return Found(
        accuracy=intervals.estimate(evidence[0], design),
        plain=plain_percentiles(evidence[0], right[:, 0], sizes),
        gain=intervals.estimate(leads[0], design),
        gains=tuple(intervals.estimate(lead, design, tail=tail) for lead in leads if joint),
    )


def _generators(number: int) -> Iterator[np.random.Generator]:
    draw = np.random.default_rng(20)
    for _ in range(number):
        yield draw


if __name__ == "__main__":
    main()
