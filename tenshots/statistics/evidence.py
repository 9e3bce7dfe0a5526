"""What an interval needs to know of a figure: its value, and how much each component of each fold moves it.

To first order, that is the figure's influence function (see tenshots.statistics.intervals for its use).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from tenshots.statistics.resampling import MIN_TO_RESAMPLE, resampled_totals

ROUNDING = 1e-9  # of sums of counts, which means over repeats make fractions
SMALLEST_SIZE = 1e-12  # a resample may hold no photo that counts


class Teaching(NamedTuple):
    """Variance that other teaching components would make, as a share of that which others make in the test.

    Attributes:
        apart: where as many other components teach as are tested.
        same: beside it, where the same components teach in one fold and are tested in another: whom a network
            finds easy is mostly one who teaches well.
    """

    apart: float
    same: float


# Chosen so that intervals hold what they promise of benchmarks/teaching.py and benchmarks/figures.py.
OF_FIGURE = Teaching(apart=0.25, same=0.35)
# What every probability moves, not answers alone: the area under the ROC curve, and losses.
OF_AREA = Teaching(apart=0.5, same=0.7)
OF_LOSS = Teaching(apart=0.4, same=0.6)
OF_DIFFERENCE = Teaching(apart=0.1, same=0.12)  # of two variants taught by the same components
OF_NOTHING = Teaching(0.0, 0.0)  # of what no training moves


class Teachers(NamedTuple):
    """Components that trainings learnt from.

    Attributes:
        number: of them; 0 where no training is concerned.
        tested: whether they are tested as well, each by trainings that have not learnt from it.
    """

    number: int
    tested: bool


class Scale(Enum):
    """What a figure is, with its range: which transformation makes its interval keep to it."""

    SHARE = (0.0, 1.0)
    LOSS = (0.0, np.inf)
    DIFFERENCE = (-1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Design:
    """Which photos were tested where. A cell holds the photos of one component in one fold.

    Attributes:
        components: int, shape (num_cells,), from 0 without gaps: of each cell.
        folds: int, shape (num_cells,), from 0 without gaps: of each cell.
        num_photos: float, shape (num_cells,), above 0: of each cell.
        num_teaching: components that some training learnt from; 0 where no training is concerned.
        crossed: whether those are tested as well; of several folds it is known without this.
    """

    components: np.ndarray
    folds: np.ndarray
    num_photos: np.ndarray
    num_teaching: int = 0
    crossed: bool = False

    @property
    def num_components(self) -> int:
        """How many components there are."""
        return int(self.components.max()) + 1

    def by_component(self, cells: np.ndarray) -> np.ndarray:
        """Sums `cells`, shape (num_cells, ...), over the cells of each component: (num_components, ...)."""
        return _summed(cells, self.components)

    def by_fold(self, cells: np.ndarray) -> np.ndarray:
        """Sums `cells`, shape (num_cells, ...), over the cells of each fold: (num_folds, ...)."""
        return _summed(cells, self.folds)


class Basis(NamedTuple):
    """What a figure rests on: whose number and sizes decide how far its interval reaches.

    Attributes:
        sizes: float, shape (num_components,), at least 0: photos (or predictions) that count.
        which: what they are, to follow "3 independent sets of photos", such as " that show cup".
    """

    sizes: np.ndarray
    which: str = ""


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that an interval needs to know of a figure.

    Attributes:
        value: of the figure, the mean over repeats.
        contributions: arrays of shape (num_cells, num_repeats): how much each cell moves the figure in each
            repeat, to first order; a mean over repeats and a sum over cells give 0. Where two figures are
            compared whose trainings have no seed in common there are two such arrays, which add up.
        scale: what the figure is.
        bases: one or more; the one with the fewest components says whether there is an interval, and the
            weakest how far it reaches, where `whole` does not.
        whole: of a mean over labels, all photos: how far its interval reaches depends on them together, and
            on the labels by how much each makes it vary.
        replicates: float, shape (num_replicates,): the figure of resampled components; None if there are
            none.
        num_rarer: components that show the rarer of two outcomes, such as a wrong answer; None for other
            figures.
        exact: whether it is a share of answers, so that all alike still leave an interval.
        teaching: what other components would have taught.
    """

    value: float
    contributions: tuple[np.ndarray, ...]
    scale: Scale
    bases: tuple[Basis, ...]
    whole: Basis | None = None
    replicates: np.ndarray | None = None
    num_rarer: int | None = None
    exact: bool = False
    teaching: Teaching = OF_FIGURE


def ratio(
    amounts: np.ndarray, sizes: np.ndarray, design: Design, scale: Scale, *, resampled: bool
) -> Evidence:
    """Returns the evidence on sum(amounts) / sum(sizes), such as right answers and photos.

    Args:
        amounts: float, shape (num_cells, num_repeats).
        sizes: float, the same shape, at least 0.
        design: where the photos were tested.
        scale: what the ratio is.
        resampled: whether to draw replicates.
    """
    value = float(amounts.sum() / sizes.sum())
    contributions = (amounts - value * sizes) * amounts.shape[1] / sizes.sum()
    tops, bottoms = (design.by_component(array.mean(axis=1)) for array in (amounts, sizes))
    replicates = None
    if resampled and design.num_components >= MIN_TO_RESAMPLE:
        totals = resampled_totals(csr_array(np.stack([tops, bottoms], axis=1)))
        replicates = totals[:, 0] / np.maximum(totals[:, 1], SMALLEST_SIZE)
    rarer = num_rarer(tops, bottoms) if scale is Scale.SHARE else None
    return Evidence(
        value,
        (contributions,),
        scale,
        (Basis(bottoms),),
        replicates=replicates,
        num_rarer=rarer,
        exact=scale is Scale.SHARE,
    )


def num_rarer(hits: np.ndarray, sizes: np.ndarray) -> int:
    """Returns how many components show the rarer of two outcomes, such as a wrong answer.

    Args:
        hits: float, shape (num_components,): how often a component shows the one.
        sizes: the same shape: how often it shows either of them.
    """
    return min(int(np.count_nonzero(hits > ROUNDING)), int(np.count_nonzero(hits < sizes - ROUNDING)))


def minus(first: Evidence, second: Evidence, *, paired: bool) -> Evidence:
    """Returns the evidence on the difference of two figures of the same photos.

    Args:
        first: on the one figure.
        second: on the other, with the same cells and the same bases.
        paired: whether repeat r of both has the same seed; otherwise their trainings add up their noise.
    """
    if paired:
        contributions: tuple[np.ndarray, ...] = tuple(
            one - other for one, other in zip(first.contributions, second.contributions, strict=True)
        )
    else:
        contributions = (*first.contributions, *(-other for other in second.contributions))
    replicates = None
    if first.replicates is not None and second.replicates is not None:
        replicates = first.replicates - second.replicates
    return Evidence(
        value=first.value - second.value,
        contributions=contributions,
        scale=Scale.DIFFERENCE,
        bases=first.bases,
        replicates=replicates,
        teaching=OF_DIFFERENCE,
    )


def _summed(cells: np.ndarray, codes: np.ndarray) -> np.ndarray:
    sums = np.zeros((int(codes.max()) + 1, *cells.shape[1:]), dtype=np.float64)
    np.add.at(sums, codes, cells)
    return sums
