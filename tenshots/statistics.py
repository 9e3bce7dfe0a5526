"""How sure an accuracy, or a difference between two variants, is: 95 % intervals that respect components.

Photos of one component (one person's and their near-duplicates, say; see tenshots.splitting) resemble each
other, so 70 photos by 10 people tell less than 70 photos by 70 people. The unit is therefore the component:
R = sum of right answers / sum of photos is a ratio estimator over components, its variance is that between
components, and Student's t with G - 1 degrees of freedom pays for having few of them.
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
from tenshots.wording import independent_sets

LEVEL = 0.95
# With 4 components t is above 3 and the variance itself rests on 3 numbers: such an interval would mislead
# more than it tells.
MIN_COMPONENTS = 5


class Estimate(NamedTuple):
    """A share or a difference of shares, in [-1, 1], with its 95 % interval or the reason for having none."""

    value: float
    low: float | None
    high: float | None
    reason: str | None


def ratio(amounts: np.ndarray, sizes: np.ndarray, *, lowest: float, highest: float = 1.0) -> Estimate:
    """Estimates sum(amounts) / sum(sizes) over components.

    Args:
        amounts: float, shape (num_components,): right answers a component, or a difference of them.
        sizes: float, shape (num_components,), above 0: photos a component.
        lowest: of the quantity; the interval is cut there.
        highest: likewise.

    Returns:
        The ratio. Its interval is R ± t·se with se² = G / (G - 1) · Σ (amount - R·size)² / (Σ size)².
    """
    number = len(amounts)
    value = float(amounts.sum() / sizes.sum())
    if number < MIN_COMPONENTS:
        return Estimate(
            value, None, None, f"{independent_sets(number)} tell too little; it takes {MIN_COMPONENTS}"
        )
    residuals = amounts - value * sizes
    variance = number / (number - 1) * float((residuals**2).sum()) / float(sizes.sum()) ** 2
    if variance < 1e-12:  # rounding leaves about 1e-17 of equal components
        return Estimate(
            value,
            None,
            None,
            "all independent sets of photos agree, so that nothing shows how much another would differ",
        )
    half = float(stdtrit(number - 1, (1 + LEVEL) / 2)) * variance**0.5
    return Estimate(value, max(value - half, lowest), min(value + half, highest), None)


def accuracy(predictions: pd.DataFrame, components: pd.Series) -> Estimate:
    """Estimates the share of right answers on photos of components like these, in [0, 1].

    Args:
        predictions: of test photos, all folds and repeats (see tenshots.predictions).
        components: the component of each photo, indexed by photo_id.
    """
    sums = _component_sums(shares_right(predictions), components)
    return ratio(sums["sum"].to_numpy(), sums["size"].to_numpy(dtype=np.float64), lowest=0.0)


def difference(predictions: pd.DataFrame, reference: pd.DataFrame, components: pd.Series) -> Estimate:
    """Estimates by how much more often `predictions` are right than `reference`, in [-1, 1].

    Both are compared on each photo (a hard photo is hard for both), which leaves less noise than comparing
    two intervals.

    Args:
        predictions: of one variant's test photos, all folds and repeats.
        reference: of another's, on the same photos.
        components: the component of each photo, indexed by photo_id.
    """
    gains = shares_right(predictions) - shares_right(reference)
    sums = _component_sums(gains, components)
    return ratio(sums["sum"].to_numpy(), sums["size"].to_numpy(dtype=np.float64), lowest=-1.0)


def shares_right(predictions: pd.DataFrame) -> pd.Series:
    """Returns for each photo_id the share of its predictions (over repeats) that are right, in [0, 1]."""
    right = pd.Series(predicted(predictions) == predictions["label"].to_numpy(), dtype=np.float64)
    return right.groupby(predictions["photo_id"].to_numpy()).mean()


def components_of(splits: pd.DataFrame) -> pd.Series:
    """Returns the component of each photo, indexed by photo_id.

    Args:
        splits: columns photo_id and component (see tenshots.splitting); a row for each fold of a photo.
    """
    first = splits.drop_duplicates("photo_id")
    return pd.Series(first["component"].to_numpy(), index=first["photo_id"].to_numpy())


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


def _component_sums(values: pd.Series, components: pd.Series) -> pd.DataFrame:
    keys = components.loc[values.index].to_numpy()
    sums: pd.DataFrame = values.groupby(keys, sort=True).agg(["sum", "size"])
    return sums
