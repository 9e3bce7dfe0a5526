"""How often a gain of 0 is called one, where few groups are much worse and most are a little better.

python -m benchmarks.lopsided [--experiments 2500]

Run from the project's top folder; a minute on one core. Groups of 20 photos, one training; each group's gain
is drawn from a few numbers of photos whose mean is 0. A variance that is estimated from few groups knows
nothing of a rare one that was not drawn; the sign test asks for the sign of most groups, which is not that of
their mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks import arguments, counts
from tenshots.statistics import claims, gains, intervals
from tenshots.statistics.evidence import Design, Scale, ratio
from tenshots.statistics.measure import Measured
from tenshots.statistics.tallies import Key

PHOTOS = 20  # per group
GROUPS = (8, 10, 12, 14, 20, 30)
# Photos that a group gains, and how often.
LAWS: Mapping[str, Mapping[int, float]] = {
    "-3 (15 %), 0 (40 %), +1 (45 %)": {-3: 0.15, 0: 0.4, 1: 0.45},
    "-9 (10 %), +1 (90 %)": {-9: 0.1, 1: 0.9},
    "-1, 0 and +1 alike": {-1: 1 / 3, 0: 1 / 3, 1: 1 / 3},
}


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the table of benchmarks/README.md."""
    number = arguments.parser("lopsided", __doc__, experiments=2500).parse_args(argv).experiments
    print("| photos that a group gains | groups | called better, % | called worse, % | coverage, % |")
    print("|---|---|---|---|---|")
    for name, law in LAWS.items():
        for num_groups in GROUPS:
            draw = np.random.default_rng([20, num_groups])
            found = [one(draw.choice(list(law), num_groups, p=list(law.values()))) for _ in range(number)]
            verdicts = [claims.verdict(each) for each in found]
            cells = [counts.share([each == verdict for each in verdicts]) for verdict in ("better", "worse")]
            print(
                f"| {name} | {num_groups} | {' | '.join([*cells, counts.coverage(found, 0.0)])} |", flush=True
            )


def one(points: np.ndarray) -> intervals.Estimate:
    """Estimates the gain of a variant that is ahead by so many photos in each group."""
    return gains.gain(_measured(10 + np.maximum(points, 0)), _measured(10 + np.maximum(-points, 0)))


def _measured(hits: np.ndarray) -> Measured:
    groups = np.arange(len(hits))
    rows, sizes = hits[:, np.newaxis].astype(float), np.full((len(hits), 1), float(PHOTOS))
    design = Design(groups, np.zeros(len(hits), dtype=int), sizes[:, 0])
    right = (np.arange(PHOTOS) < rows).astype(float).ravel()
    accuracy = ratio(rows, sizes, design, Scale.SHARE, resampled=True)
    return Measured(np.arange(len(right)), right, [0], design, "", {Key("accuracy"): accuracy}, ())


if __name__ == "__main__":
    main()
