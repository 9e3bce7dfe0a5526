"""How sure an accuracy, or a difference between two variants, is: 95 % intervals that respect groups.

Photos of one group (one person's, say) resemble each other, so 70 photos by 10 people tell less than 70
photos by 70 people. The unit is therefore the group: R = sum of right answers / sum of photos is a ratio
estimator over groups, its variance is that between groups, and Student's t with G - 1 degrees of freedom pays
for having few of them.
Source: Cochran 1977, Sampling Techniques, 3rd edition, chapter 6 (ratio estimators).

With several folds the trainings share most of their photos, which this variance does not see; such intervals
are approximate.
Source: Bengio and Grandvalet 2004, No unbiased estimator of the variance of k-fold cross-validation, JMLR 5.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from tenshots.predictions import predicted

LEVEL = 0.95
# With 4 groups t is above 3 and the variance itself rests on 3 numbers: such an interval would mislead more
# than it tells.
MIN_GROUPS = 5


class Estimate(NamedTuple):
    """A share or a difference of shares, in [-1, 1], with its 95 % interval or the reason for having none."""

    value: float
    low: float | None
    high: float | None
    reason: str | None


def ratio(amounts: np.ndarray, sizes: np.ndarray, *, lowest: float, highest: float = 1.0) -> Estimate:
    """Estimates sum(amounts) / sum(sizes) over groups.

    Args:
        amounts: float, shape (num_groups,): right answers a group, or a difference of them.
        sizes: float, shape (num_groups,), above 0: photos a group.
        lowest: of the quantity; the interval is cut there.
        highest: likewise.

    Returns:
        The ratio. Its interval is R ± t·se with se² = G / (G - 1) · Σ (amount - R·size)² / (Σ size)².
    """
    num_groups = len(amounts)
    value = float(amounts.sum() / sizes.sum())
    if num_groups < MIN_GROUPS:
        return Estimate(value, None, None, f"{_counted(num_groups)} tell too little; it takes {MIN_GROUPS}")
    residuals = amounts - value * sizes
    variance = num_groups / (num_groups - 1) * float((residuals**2).sum()) / float(sizes.sum()) ** 2
    if variance < 1e-12:  # rounding leaves about 1e-17 of equal groups
        return Estimate(
            value, None, None, "all groups agree, so that nothing shows how much another group would differ"
        )
    half = float(stdtrit(num_groups - 1, (1 + LEVEL) / 2)) * variance**0.5
    return Estimate(value, max(value - half, lowest), min(value + half, highest), None)


def accuracy(predictions: pd.DataFrame, groups: pd.Series) -> Estimate:
    """Estimates the share of right answers on photos of groups like these, in [0, 1].

    Args:
        predictions: of test photos, all folds and repeats (see tenshots.predictions).
        groups: the group of each photo, indexed by photo_id.
    """
    sums = _group_sums(shares_right(predictions), groups)
    return ratio(sums["sum"].to_numpy(), sums["size"].to_numpy(dtype=np.float64), lowest=0.0)


def difference(predictions: pd.DataFrame, reference: pd.DataFrame, groups: pd.Series) -> Estimate:
    """Estimates by how much more often `predictions` are right than `reference`, in [-1, 1].

    Both are compared on each photo (a hard photo is hard for both), which leaves less noise than comparing
    two intervals.

    Args:
        predictions: of one variant's test photos, all folds and repeats.
        reference: of another's, on the same photos.
        groups: the group of each photo, indexed by photo_id.
    """
    gains = shares_right(predictions) - shares_right(reference)
    sums = _group_sums(gains, groups)
    return ratio(sums["sum"].to_numpy(), sums["size"].to_numpy(dtype=np.float64), lowest=-1.0)


def shares_right(predictions: pd.DataFrame) -> pd.Series:
    """Returns for each photo_id the share of its predictions (over repeats) that are right, in [0, 1]."""
    right = pd.Series(predicted(predictions) == predictions["label"].to_numpy(), dtype=np.float64)
    return right.groupby(predictions["photo_id"].to_numpy()).mean()


def groups_of(photos: pd.DataFrame) -> pd.Series:
    """Returns the group of each photo, indexed by photo_id; a photo without one is its own.

    Args:
        photos: columns photo_id and group (empty text where the layout has no group).
    """
    ids = photos["photo_id"].to_numpy(dtype=object)
    given = photos["group"].to_numpy(dtype=object)
    return pd.Series(np.where(given == "", ids, given), index=ids)


def sentence(variant: str, reference: str, gain: Estimate) -> str:
    """Says in words what `gain`, the difference of `variant` to `reference`, allows one to claim."""
    if gain.low is None or gain.high is None:
        return f"no difference can be claimed between {variant} and {reference}: {gain.reason}"
    if gain.low > 0:
        return (
            f"{variant} is better than {reference} by {_points(gain.value)} points "
            f"({_points(gain.low)} to {_points(gain.high)})"
        )
    if gain.high < 0:
        return (
            f"{variant} is worse than {reference} by {_points(-gain.value)} points "
            f"({_points(-gain.high)} to {_points(-gain.low)})"
        )
    return (
        f"no difference can be claimed between {variant} and {reference}: "
        f"the interval is {signed_points(gain.low)} to {signed_points(gain.high)} points"
    )


def signed_points(share: float) -> str:
    """Writes a difference of shares in percentage points with a true plus or minus sign: 0.07 → "+7.0"."""
    text = f"{100 * share:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "\N{MINUS SIGN}")


def _points(share: float) -> str:
    return f"{100 * share:.1f}".replace("-", "\N{MINUS SIGN}")


def _counted(num_groups: int) -> str:
    return "1 group" if num_groups == 1 else f"{num_groups} groups"


def _group_sums(values: pd.Series, groups: pd.Series) -> pd.DataFrame:
    sums: pd.DataFrame = values.groupby(groups.loc[values.index].to_numpy(), sort=True).agg(["sum", "size"])
    return sums
