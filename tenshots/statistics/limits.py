"""The ends of an interval, from a figure, its standard deviation and a quantile (see `intervals`)."""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv, expit, logit, ndtr

from tenshots.statistics.evidence import Scale

MAX_QUANTILE = 2.5  # standard deviations; beyond, too few replicates lie, and the last distance is stretched


def percentiles(replicates: np.ndarray, value: float, reach: float) -> tuple[float, float]:
    """Returns the quantiles of `replicates` that lie `reach` standard deviations out if they are normal."""
    within = min(reach, MAX_QUANTILE)
    low, high = np.quantile(replicates, [float(ndtr(-within)), float(ndtr(within))])
    stretch = reach / within
    return value - stretch * (value - float(low)), value + stretch * (float(high) - value)


def student(value: float, half: float, scale: Scale) -> tuple[float, float]:
    """Returns value ± half, of a share on the logit, turned back."""
    if scale is Scale.SHARE and 0 < value < 1:
        middle, side = float(logit(value)), half / (value * (1 - value))
        return float(expit(middle - side)), float(expit(middle + side))
    return value - half, value + half


def of_loss(value: float, quantile: float, deviation: float, skewness: float) -> tuple[float, float]:
    """Returns Student's t on the logarithm, turned back; both ends lie higher where that is skew.

    Few photos make most of a loss, so a mean that lacks them is small and looks sure at once: to first order
    t must lie higher by skewness · (2t² + 1) / 6. The logarithm itself lifts both ends by share · t² / 2.
    Source: Johnson 1978, Journal of the American Statistical Association 73(363), the modified t.

    Args:
        value: above 0.
        quantile: of t.
        deviation: of the value.
        skewness: of the value: that of its components, over the root of their number.
    """
    if value <= 0:
        return 0.0, deviation * quantile
    share = deviation / value
    shift = skewness * (2 * quantile**2 + 1) / 6 - share * quantile**2 / 2
    shift = min(max(shift, 0.0), quantile)
    low, high = (float(np.log(value)) + share * (sign * quantile + shift) for sign in (-1, 1))
    return float(np.exp(low)), float(np.exp(min(high, 700.0)))


def clopper_pearson(value: float, number: float, tail: float) -> tuple[float, float]:
    """Returns Clopper and Pearson's interval of a share of so many answers, which may be a fraction."""
    hits, misses = number * value, number * (1 - value)
    low = float(betaincinv(hits, misses + 1, tail)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1, misses, 1 - tail)) if misses > 0 else 1.0
    return low, high
