"""What pooling the variance of seeds over variants gains, where one fold has two repeats.

python -m benchmarks.pooling [--experiments 2000]

Run from the project's top folder; about a minute on one core. Two trainings tell next to nothing of how much
trainings differ, so that one variant alone needs wide intervals; tenshots.statistics.trainings.pooled takes
the mean over variants. Experiments and truth are those of benchmarks/teaching.py: three variants, of which
two differ by their seeds alone and one sees the photos blurred. Intervals are counted one by one, with and
without pooling, else unaltered.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from benchmarks import arguments, counts, teaching
from tenshots.statistics import gains, intervals, measure
from tenshots.statistics.intervals import TAIL, Estimate
from tenshots.statistics.measure import Measured
from tenshots.statistics.tallies import Key

GROUPS = (12, 30)
FIGURES = ("accuracy", "equal variants", "unequal variants")


class Found(NamedTuple):
    """The intervals of one experiment, in the order of FIGURES.

    Attributes:
        alone: each from its own trainings.
        pooled: from those of all variants.
    """

    alone: tuple[Estimate, ...]
    pooled: tuple[Estimate, ...]


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the table of benchmarks/README.md."""
    number = arguments.parser("pooling", __doc__, experiments=2000).parse_args(argv).experiments
    print(
        "| people (tested) | figure | half width alone, points | pooled | narrower by, % "
        "| coverage alone, % | coverage pooled, % |"
    )
    print("|---|---|---|---|---|---|---|")
    for num_people in GROUPS:
        variants, truth = teaching.drawn(
            number, variants=teaching.VARIANTS, num_people=num_people, num_folds=1, num_repeats=2
        )
        found = [estimated(each) for each in variants]
        wanted = truth[0], truth[1] - truth[0], truth[2] - truth[0]
        num_tested = variants[0][0].design.num_components
        for i, (figure, true) in enumerate(zip(FIGURES, wanted, strict=True)):
            alone, pooled = [each.alone[i] for each in found], [each.pooled[i] for each in found]
            widths = counts.half_width(alone), counts.half_width(pooled)
            cells = [
                *(f"{100 * width:.1f}" for width in widths),
                f"{100 * (1 - widths[1] / widths[0]):.0f}",
                *(counts.coverage(estimates, true) for estimates in (alone, pooled)),
            ]
            print(f"| {num_people} ({num_tested}) | {figure} | {' | '.join(cells)} |", flush=True)


def estimated(variants: Sequence[Measured]) -> Found:
    """Returns the intervals of the first variant, and of the gains of the second and third over it."""
    first, second, third = variants
    pairs = [(one, other) for other, one in combinations(variants, 2)]
    equal, unequal, _ = gains.gains(pairs, tail=TAIL)
    number = len(pairs)  # so that the sign test asks as many people to differ in both
    return Found(
        alone=(
            intervals.estimate(first.evidence[Key("accuracy")], first.design),
            *(gains.gain(each, first, num_comparisons=number, tail=TAIL) for each in (second, third)),
        ),
        pooled=(measure.every_figure(first, [second, third])[Key("accuracy")], equal, unequal),
    )


if __name__ == "__main__":
    main()
