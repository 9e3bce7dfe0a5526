"""By how much a random split of single photos shows more than the honest one.

The two splits test the same components, mostly the same photos, in other folds and by other trainings. Side
by side as the cells of one design, their contributions add up by component with opposite signs, so a
photo that is hard for both adds no noise, while the noise of both splits' trainings adds up.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tenshots.errors import DataError
from tenshots.statistics import intervals, measure
from tenshots.statistics.evidence import OF_DIFFERENCE, Basis, Design, Evidence, Scale
from tenshots.statistics.intervals import Estimate
from tenshots.statistics.measure import Measured
from tenshots.statistics.tallies import Key


def difference(random: pd.DataFrame, honest: pd.DataFrame, components: pd.Series) -> Estimate:
    """Estimates by how much more often answers are right on a random split, in [-1, 1].

    Args:
        random: predictions of the random split's test photos, all folds and repeats.
        honest: the same of the honest split, with as many repeats.
        components: the component of each photo, indexed by photo_id.

    Raises:
        DataError: the splits differ in their repeats.
    """
    sides = [measure.measure(each, components) for each in (random, honest)]
    if sides[0].repeats != sides[1].repeats:
        raise DataError("both splits must have the same repeats; run `dvc repro`")
    names = pd.Index(sorted({*components.loc[sides[0].photo_ids], *components.loc[sides[1].photo_ids]}))
    codes = [_codes(side, components, names) for side in sides]
    folds = [sides[0].design.folds, sides[1].design.folds + sides[0].design.folds.max() + 1]
    accuracies = [side.evidence[Key("accuracy")] for side in sides]
    evidence = Evidence(
        value=accuracies[0].value - accuracies[1].value,
        contributions=(np.concatenate([accuracies[0].contributions[0], -accuracies[1].contributions[0]]),),
        scale=Scale.DIFFERENCE,
        bases=tuple(
            Basis(np.bincount(of_side, side.design.num_photos, minlength=len(names)), which)
            for of_side, side, which in zip(
                codes, sides, (" in a random split's test", " in test"), strict=True
            )
        ),
        replicates=_replicates(accuracies, codes),
        teaching=OF_DIFFERENCE,
    )
    design = Design(
        components=np.concatenate(codes),
        folds=np.concatenate(folds),
        num_photos=np.concatenate([side.design.num_photos for side in sides]),
        num_teaching=sides[1].design.num_teaching,
    )
    return intervals.estimate(evidence, design)


def is_paired(random: pd.DataFrame, honest: pd.DataFrame) -> bool:
    """Whether both splits tested the same photos."""
    return set(random["photo_id"]) == set(honest["photo_id"])


def _codes(side: Measured, components: pd.Series, names: pd.Index) -> np.ndarray:
    """Returns the place in `names` of each cell's component."""
    own = np.unique(components.loc[side.photo_ids].to_numpy().astype(str))
    codes: np.ndarray = names.get_indexer(own)[side.design.components]
    return codes


def _replicates(accuracies: list[Evidence], codes: list[np.ndarray]) -> np.ndarray | None:
    """Returns the difference of resampled components, where both splits test all of them."""
    first, second = accuracies
    if first.replicates is None or second.replicates is None or set(codes[0]) != set(codes[1]):
        return None
    # Resamples depend on the number of components alone, so both draw the same ones.
    replicates: np.ndarray = first.replicates - second.replicates
    return replicates
