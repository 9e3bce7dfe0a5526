"""How often the interval of what twice as many photos would bring holds the truth, over drawn experiments.

python -m benchmarks.extrapolation [--experiments 500]

Run from the project's top folder; two minutes on one core. Each row draws experiments whose accuracy follows
a known inverse power law. The answers of a group, a photo and a training correlate by a Gaussian copula as in
benchmarks.coverage: a group has a difficulty that is common to all shares and one of its own at each, and a
training's own effect is 2 points of accuracy with all photos and 5 with a tenth. The intervals are those of
tenshots.studies.curve, unaltered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from benchmarks import arguments
from tenshots.statistics.evidence import Design, Scale, ratio
from tenshots.statistics.measure import Measured
from tenshots.statistics.tallies import Key
from tenshots.studies import curve
from tenshots.studies.curve import Curve, Extrapolation

NUM_PHOTOS = 147  # in training, with all of them
GROUPS = (5, 8, 12, 30)
SHARES = {"0.1, 0.2, 0.5, 1": (0.1, 0.2, 0.5, 1.0), "0.25, 0.5, 1": (0.25, 0.5, 1.0)}
LAWS = {
    "steep, far from its end": Curve(1.0, 2.0, 0.5),
    "as steep, up to 0.97": Curve(0.97, 1.5, 0.6),
    "up to 0.9": Curve(0.9, 1.2, 0.5),
    "slow": Curve(1.0, 0.9, 0.25),
    "soon at its end": Curve(0.85, 6.0, 1.0),
    "flat": Curve(0.7, 0.0, 0.5),
}


@dataclass(frozen=True)
class Case:
    """One kind of experiment.

    Attributes:
        law: the truth.
        num_groups: of test photos.
        shares: of the training photos, rising to 1.
        photos_a_group: on average, log-normal.
        correlation: of the latent variable within a group.
        num_folds: the groups are dealt to as many.
        num_repeats: trainings per fold.
        training: standard deviation of a training's own effect on the accuracy, with a tenth of the photos
            and with all.
    """

    law: Curve
    num_groups: int
    shares: tuple[float, ...] = (0.1, 0.2, 0.5, 1.0)
    photos_a_group: int = 21
    correlation: float = 0.16
    num_folds: int = 4
    num_repeats: int = 2
    training: tuple[float, float] = (0.05, 0.02)

    @property
    def num_photos(self) -> np.ndarray:
        """How many photos a training learns from at each share."""
        return NUM_PHOTOS * np.array(self.shares)

    @property
    def truth(self) -> float:
        """The true gain of twice as many photos."""
        return self.law.at(curve.FACTOR * NUM_PHOTOS) - self.law.at(NUM_PHOTOS)


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the table of benchmarks/README.md."""
    number = arguments.parser("extrapolation", __doc__, experiments=500).parse_args(argv).experiments
    for title, shares in SHARES.items():
        print(
            f"\n| shares {title}: the law | true gain | {' | '.join(f'{each} groups' for each in GROUPS)} |"
        )
        print("|---|---|" + "---|" * len(GROUPS))
        for name, law in LAWS.items():
            cases = [Case(law, groups, shares) for groups in GROUPS]
            cells = [row(case, number) for case in cases]
            print(f"| {name} | {100 * cases[0].truth:.1f} | {' | '.join(cells)} |", flush=True)


def row(case: Case, number: int) -> str:
    """Returns a cell of the table: % of intervals that hold the truth, their mean ends, % of misfits."""
    found = list(experiments(case, number))
    low, high = (100 * np.mean([end or 0.0 for end in ends]) for ends in zip(*_ends(found), strict=True))
    misfits = 100 * np.mean([(each.p_value or 0.0) < curve.MISFIT for each in found])
    return f"{100 * coverage(found, case.truth):.1f} ({low:.1f} to {high:.1f}; misfit {misfits:.1f})"


def coverage(found: Sequence[Extrapolation], truth: float) -> float:
    """Returns the share of intervals that hold `truth`, to the resolution that is printed."""
    return float(np.mean([low - curve.STEP <= truth <= high + curve.STEP for low, high in _ends(found)]))


def experiments(case: Case, number: int, *, seed: int = 20) -> Iterator[Extrapolation]:
    """Draws experiments and estimates what the project would."""
    draw = np.random.default_rng(seed)
    for _ in range(number):
        yield curve.extrapolate(curve.measurements(drawn(case, draw), case.num_photos.tolist()))


def drawn(case: Case, draw: np.random.Generator) -> list[Measured]:
    """Draws one experiment: what was measured at each share."""
    shape = (case.num_folds, len(case.shares), case.num_repeats)
    sizes = np.maximum(np.round(case.photos_a_group * np.exp(draw.normal(0, 0.3, case.num_groups))), 1)
    groups = np.repeat(np.arange(case.num_groups), sizes.astype(int))
    folds = np.arange(case.num_groups) % case.num_folds
    bounds = norm.ppf([case.law.at(float(number)) for number in case.num_photos])
    trained = np.interp(np.log(case.shares), np.log([0.1, 1.0]), case.training) / norm.pdf(bounds)
    photo = (1 - case.correlation) / 2
    own = 1 - case.correlation - photo - trained**2

    def normal(variance: float, *axes: int) -> np.ndarray:
        values: np.ndarray = variance**0.5 * draw.normal(size=axes)
        return values

    hardness = (
        normal(0.7 * case.correlation, case.num_groups, 1, 1)[groups]
        + normal(0.3 * case.correlation, case.num_groups, len(bounds), 1)[groups]
        + normal(photo, len(groups), 1, 1)
        + (draw.normal(size=shape) * trained[:, np.newaxis])[folds[groups]]
        + draw.normal(size=(len(groups), *shape[1:])) * own[:, np.newaxis] ** 0.5
    )
    right = np.zeros((case.num_groups, *shape[1:]))
    np.add.at(right, groups, hardness < bounds[:, np.newaxis])
    design = Design(components=np.arange(case.num_groups), folds=folds, num_photos=sizes)
    tested = np.repeat(sizes[:, np.newaxis], case.num_repeats, axis=1)
    return [
        Measured(
            photo_ids=np.arange(len(groups)),
            right=np.empty(0),
            repeats=list(range(case.num_repeats)),
            design=design,
            commonest="",
            evidence={Key("accuracy"): ratio(right[:, i], tested, design, Scale.SHARE, resampled=False)},
            bins=(),
        )
        for i in range(len(bounds))
    ]


def _ends(found: Sequence[Extrapolation]) -> list[tuple[float, float]]:
    return [(each.low, each.high) for each in found if each.low is not None and each.high is not None]


if __name__ == "__main__":
    main()
