"""How often the intervals hold the truth where trainings are real and share the people who teach them.

python -m benchmarks.teaching [--experiments 2000] [--claims]

Run from the project's top folder; some minutes on one core. Experiments are those of benchmarks/people.py.
Three variants are trained: two that differ by their seeds alone, and one that sees the photos blurred. The
truth is how right such trainings are on new people, the mean over all experiments of a row. The intervals and
sentences are those of tenshots.statistics, unaltered.

With --claims, four variants: how often differences of 5 and 10 points are found, if three pairs are asked
about or all six are corrected for by Bonferroni; how often any of four equal variants is called different;
and how often two are called equal that are, or that differ by 5 points.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from benchmarks import arguments, counts, people
from benchmarks.counts import holds
from benchmarks.people import Variant
from tenshots.statistics import claims, gains, measure, plans
from tenshots.statistics.evidence import Design, Scale, ratio
from tenshots.statistics.intervals import TAIL, Estimate
from tenshots.statistics.measure import Measured
from tenshots.statistics.tallies import Key

VARIANTS = (Variant(), Variant(), Variant(blur=1.0))
EQUAL = (Variant(),) * 4
# The second is about 5 points behind the first, and the third 10; of so many people.
BEHIND = {8: (0.72, 1.1), 12: (0.75, 1.15), 30: (0.8, 1.3)}
GROUPS = (8, 12, 30, 54)
MARGIN = plans.MARGIN


class Found(NamedTuple):
    """What came of one experiment.

    Attributes:
        accuracy: of the first variant.
        equal: the second over the first, alone.
        unequal: the third over the first, alone.
        joint: of all pairs of them, with intervals that hold together.
        within: the second over the first, at the level of equality.
    """

    accuracy: Estimate
    equal: Estimate
    unequal: Estimate
    joint: list[Estimate]
    within: Estimate


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the table of benchmarks/README.md."""
    parser = arguments.parser("teaching", __doc__, experiments=2000)
    parser.add_argument("--claims", action="store_true")
    given = parser.parse_args(argv)
    number = given.experiments
    if given.claims:
        print_claims(number)
        return
    print(
        "| groups | folds | repeats | accuracy: coverage, % (half width, points) | equal variants "
        "| unequal variants | all three pairs | equal variants called different | called equal |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for num_people in GROUPS:
        for num_folds in (1, 4):
            for num_repeats in (1, 3):
                cells = row(number, num_people=num_people, num_folds=num_folds, num_repeats=num_repeats)
                print(f"| {num_people} | {num_folds} | {num_repeats} | {cells} |", flush=True)


def print_claims(number: int) -> None:
    """Prints the table of claims, of `number` experiments per row."""
    print(
        "| groups | about 5 points (truth): found, % (Bonferroni over six) | about 10 points: found "
        "| any of four equal variants called different: three pairs, six | equal: called so, % "
        "| about 5 points apart: called equal |"
    )
    print("|---|---|---|---|---|---|")
    for num_people, blurs in BEHIND.items():
        behind = (Variant(), *(Variant(blur=blur) for blur in blurs), Variant())
        size = {"num_people": num_people, "num_folds": 4, "num_repeats": 1}
        variants, truth = drawn(number, variants=behind, **size)
        cells = []
        for i in (1, 2):
            asked = [_asked(each, [(i, 0), (3, 1), (3, 2)])[0] for each in variants]
            six = [gains.gain(each[i], each[0], num_comparisons=6) for each in variants]
            points = 100 * (truth[i] - truth[0])
            cells.append(f"{points:.1f}: {_claimed(asked)} ({_claimed(six)})")
        apart = [_equal(each[1], each[0]) for each in variants]
        same = [_equal(each[3], each[0]) for each in variants]
        equal, _ = drawn(number, variants=EQUAL, seed=21, **size)
        neighbours = [_asked(each, [(1, 0), (2, 1), (3, 2)]) for each in equal]
        every = [_asked(each, [(i, j) for i in range(4) for j in range(i)]) for each in equal]
        wrong = [_share([any(map(_differ, found)) for found in family]) for family in (neighbours, every)]
        print(
            f"| {num_people} | {' | '.join(cells)} | {', '.join(wrong)} | {_share(same)} | {_share(apart)} |",
            flush=True,
        )


def drawn(
    number: int,
    *,
    variants: tuple[Variant, ...],
    num_people: int,
    num_folds: int,
    num_repeats: int,
    seed: int = 20,
) -> tuple[list[list[Measured]], np.ndarray]:
    """Trains; returns what was measured in each experiment, and the true accuracies of the variants."""
    found: list[list[Measured]] = []
    truths = []
    for block in people.blocks(
        number,
        num_people=num_people,
        variants=variants,
        num_folds=num_folds,
        num_repeats=num_repeats,
        seed=seed,
    ):
        truths.append(block.new_right.mean(axis=(2, 3)))
        found += [measured(right, block.folds) for right in block.right]
    return found, np.concatenate(truths).mean(axis=0)


def row(number: int, *, num_people: int, num_folds: int, num_repeats: int) -> str:
    """Returns the cells of a row, of `number` experiments."""
    found, truth = experiments(number, num_people=num_people, num_folds=num_folds, num_repeats=num_repeats)
    wanted = truth[0], truth[1] - truth[0], truth[2] - truth[0]
    given = (
        [each.accuracy for each in found],
        [each.equal for each in found],
        [each.unequal for each in found],
    )
    if all(each.low is None for each in given[0]):
        return "no interval | no interval | no interval | | 0 | 0"
    pairs = [truth[one] - truth[other] for other, one in combinations(range(3), 2)]
    together = np.mean([all(map(holds, each.joint, pairs)) for each in found])
    different = np.mean([claims.verdict(each.equal) != "open" for each in found])
    same = np.mean([claims.claim(each.equal, each.within, MARGIN) == "equal" for each in found])
    return " | ".join(
        [
            *(_covered(estimates, true) for estimates, true in zip(given, wanted, strict=True)),
            f"{100 * together:.1f}",
            f"{100 * different:.1f}",
            f"{100 * same:.1f}",
        ]
    )


def experiments(
    number: int, *, num_people: int, num_folds: int, num_repeats: int
) -> tuple[list[Found], np.ndarray]:
    """Trains VARIANTS, and estimates what the project would.

    Returns:
        Of each experiment what came of it; and the true accuracies of the variants, float (num_variants,).
    """
    variants, truth = drawn(
        number, variants=VARIANTS, num_people=num_people, num_folds=num_folds, num_repeats=num_repeats
    )
    return [_found(each) for each in variants], truth


def measured(right: np.ndarray, folds: np.ndarray) -> list[Measured]:
    """Returns what was measured of each variant in an experiment.

    Args:
        right: as in `people.Block`, of this experiment: (variants, repeats, people, photos).
        folds: of the people, as there.
    """
    tested = np.flatnonzero(folds >= 0)
    num_tested, num_repeats = len(tested), right.shape[1]
    design = Design(
        components=np.arange(num_tested),
        folds=folds[tested],
        num_photos=np.full(num_tested, float(people.NUM_PHOTOS)),
        num_teaching=len(folds) - (num_tested if folds.max() == 0 else 0),
    )
    sizes = np.full((num_tested, num_repeats), float(people.NUM_PHOTOS))
    return [
        Measured(
            photo_ids=np.arange(num_tested * people.NUM_PHOTOS),
            right=hits.mean(axis=0).ravel(),
            repeats=list(range(num_repeats)),
            design=design,
            commonest="",
            evidence={
                Key("accuracy"): ratio(hits.sum(axis=-1).T, sizes, design, Scale.SHARE, resampled=True)
            },
            bins=(),
        )
        for hits in right[:, :, tested]
    ]


def _found(variants: list[Measured]) -> Found:
    pairs = [(one, other) for other, one in combinations(variants, 2)]
    equal, unequal, _ = gains.gains(pairs, tail=TAIL)
    return Found(
        accuracy=measure.every_figure(variants[0], variants[1:])[Key("accuracy")],
        equal=equal,
        unequal=unequal,
        joint=gains.gains(pairs),
        within=gains.gains(pairs, tail=claims.TAIL_OF_EQUALITY)[0],
    )


def _asked(variants: Sequence[Measured], pairs: Sequence[tuple[int, int]]) -> list[Estimate]:
    return gains.gains([(variants[i], variants[j]) for i, j in pairs])


def _differ(found: Estimate) -> bool:
    return claims.verdict(found) != "open"


def _equal(one: Measured, other: Measured) -> bool:
    within = gains.gain(one, other, tail=claims.TAIL_OF_EQUALITY)
    return claims.claim(gains.gain(one, other), within, MARGIN) == "equal"


def _claimed(found: Sequence[Estimate]) -> str:
    return _share([_differ(each) for each in found])


def _share(answers: Sequence[bool]) -> str:
    return f"{100 * np.mean(answers):.1f}"


def _covered(estimates: Sequence[Estimate], truth: float) -> str:
    """Writes how often the intervals hold the truth, with its standard error, and their mean half width."""
    return f"{counts.coverage(estimates, truth)} ({100 * counts.half_width(estimates):.1f})"


if __name__ == "__main__":
    main()
