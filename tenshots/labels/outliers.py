"""Photos that are much darker, brighter, more blurred or smaller than the others of a collection.

A photo's distance from the middle is its modified z-score, 0.6745 * (value - median) / MAD, where MAD is the
median absolute deviation; 0.6745 makes it the ordinary z-score where values are normal. Median and MAD do not
move with the outliers that they are to find. Above 3.5 a value is an outlier. Where more than half of the
values are equal, the MAD is 0; the mean absolute deviation takes its place, with 0.7979 (the square root of
2 / pi) for the same reason.
Source: Iglewicz and Hoaglin 1993, How to Detect and Handle Outliers, ASQC Basic References in Quality Control
16, for the score and the limit; IBM SPSS Statistics, Modified z score, for the mean deviation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
import pandas as pd
from scipy.stats import norm

LIMIT = 3.5
OF_MEDIAN = float(norm.ppf(0.75))  # 0.6745
OF_MEAN = sqrt(2 / pi)
MIN_PHOTOS = 10  # below, the middle of the photos is hardly known
LEAST = 1e-6  # where logarithms begin; the manifest has six digits


@dataclass(frozen=True)
class Outlier:
    """A photo far from the others.

    Attributes:
        photo_id: of the photo; path, label and group likewise.
        value: in the unit of its distribution.
        z: modified z-score, of the logarithm where the distribution is logarithmic; below 0 is less.
        words: what it is, such as "darker than the others".
    """

    photo_id: str
    path: str
    label: str
    group: str
    value: float
    z: float
    words: str


@dataclass(frozen=True)
class Distribution:
    """One measure of all kept photos.

    Attributes:
        measure: brightness, sharpness or size.
        title: for people.
        unit: what the values are, in words.
        logarithmic: whether the bins are equally wide, and distances measured, on a scale of logarithms.
        median: of the values.
        low: a photo below it is an outlier; None where nothing is one, see `reason`, or all values are equal.
        high: likewise, above it.
        edges: of the bins, rising; one more than `counts`.
        counts: photos in each bin; the sum is the number of photos.
        outliers: the farthest first.
        reason: why no photo can be called an outlier; None where it can.
    """

    measure: str
    title: str
    unit: str
    logarithmic: bool
    median: float
    low: float | None
    high: float | None
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    outliers: tuple[Outlier, ...]
    reason: str | None


@dataclass(frozen=True)
class _Measure:
    name: str
    title: str
    unit: str
    logarithmic: bool
    less: str
    more: str
    values: Callable[[pd.DataFrame], pd.Series]


_MEASURES = (
    _Measure(
        "brightness",
        "Brightness",
        "mean luma; 0 is black, 1 is white",
        False,
        "darker than the others",
        "brighter than the others",
        lambda photos: photos["brightness"],
    ),
    # Blur and noise multiply the variance of the Laplacian, and it spans orders of magnitude.
    _Measure(
        "sharpness",
        "Sharpness",
        "variance of the Laplacian of the luma",
        True,
        "blurred, or with less detail than the others",
        "with more fine detail or noise than the others",
        lambda photos: photos["sharpness"],
    ),
    _Measure(
        "size",
        "Size",
        "megapixels of the file",
        True,
        "smaller than the others",
        "larger than the others",
        lambda photos: photos["width"] * photos["height"] / 1e6,
    ),
)


def distributions(manifest: pd.DataFrame, *, num_bins: int = 20) -> list[Distribution]:
    """Returns the distributions of brightness, sharpness and size, in this order, with their outliers.

    Args:
        manifest: path, status, photo_id, label, group, width, height, sharpness and brightness of every file
            found; one photo is kept at least.
        num_bins: of each histogram, at least 1; a single bin where all values are equal.
    """
    kept = manifest[manifest["status"] == "kept"].sort_values("path")
    return [_distribution(kept, measure, num_bins) for measure in _MEASURES]


def modified_z_scores(values: np.ndarray) -> np.ndarray:
    """Returns the modified z-score of each value, float64 (num_values,); all 0 where all values are equal."""
    off = np.asarray(values, dtype=np.float64) - np.median(values)
    scores: np.ndarray = off / _spread(off) if off.any() else off
    return scores


def _spread(off: np.ndarray) -> float:
    """Returns what distances from the median are divided by: above 0 unless all of them are 0."""
    median = float(np.median(np.abs(off)))
    return median / OF_MEDIAN if median > 0 else float(np.abs(off).mean()) / OF_MEAN


def _distribution(kept: pd.DataFrame, measure: _Measure, num_bins: int) -> Distribution:
    values = measure.values(kept).to_numpy(np.float64)
    scale = np.log10(np.maximum(values, LEAST)) if measure.logarithmic else values

    def back(places: np.ndarray | float) -> np.ndarray:
        return np.asarray(10.0**places if measure.logarithmic else places)

    varied = bool(np.ptp(scale) > 0)
    counts, edges = np.histogram(scale, bins=num_bins if varied else 1)
    enough = len(values) >= MIN_PHOTOS
    reason = None if enough else f"Fewer than {MIN_PHOTOS} photos do not show what is usual."
    middle, reach = float(np.median(scale)), LIMIT * _spread(scale - np.median(scale))
    limits = (float(back(middle - reach)), float(back(middle + reach))) if enough and varied else (None, None)
    scores = modified_z_scores(scale)
    far = np.flatnonzero(np.abs(scores) > LIMIT) if enough else np.empty(0, dtype=np.int64)
    found = []
    for i in far[np.argsort(-np.abs(scores[far]), kind="stable")]:
        row = kept.iloc[int(i)]
        found.append(
            Outlier(
                photo_id=str(row["photo_id"]),
                path=str(row["path"]),
                label=str(row["label"]),
                group=str(row["group"]),
                value=float(values[i]),
                z=float(scores[i]),
                words=measure.less if scores[i] < 0 else measure.more,
            )
        )
    return Distribution(
        measure=measure.name,
        title=measure.title,
        unit=measure.unit,
        logarithmic=measure.logarithmic,
        median=float(back(middle)),
        low=limits[0],
        high=limits[1],
        edges=tuple(float(edge) for edge in back(edges)),
        counts=tuple(int(count) for count in counts),
        outliers=tuple(found),
        reason=reason,
    )
