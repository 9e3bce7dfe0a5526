"""The table of predictions: one row per photo, fold and repeat, one column `p_<label>` per label.

Where photos are not all of one part, a column `part` says which each is of: val or test.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

PREFIX = "p_"
KEYS = ["fold", "repeat", "photo_id"]


def table(
    photos: pd.DataFrame, probabilities: np.ndarray, labels: Sequence[str], *, fold: int, repeat: int
) -> pd.DataFrame:
    """Returns the predictions of one training for `photos`.

    Args:
        photos: columns photo_id and label (the true one); one row per photo.
        probabilities: float, shape (num_photos, num_labels), in [0, 1]; rows in the order of `photos`.
        labels: what the columns of `probabilities` stand for.
        fold: of the training.
        repeat: of the training.
    """
    keys = photos[["photo_id", "label"]].reset_index(drop=True).assign(fold=fold, repeat=repeat)
    columns = pd.DataFrame(
        np.asarray(probabilities, dtype=np.float64), columns=[PREFIX + name for name in labels]
    )
    return pd.concat([keys, columns], axis=1)


def labels_of(predictions: pd.DataFrame) -> list[str]:
    """Returns the labels that could be chosen, in the order of their columns."""
    return [
        str(column).removeprefix(PREFIX) for column in predictions.columns if str(column).startswith(PREFIX)
    ]


def probabilities_of(predictions: pd.DataFrame) -> np.ndarray:
    """Returns float64 of shape (num_rows, num_labels), in [0, 1], columns as in `labels_of`."""
    columns = [PREFIX + name for name in labels_of(predictions)]
    return np.asarray(predictions[columns], dtype=np.float64)


def predicted(predictions: pd.DataFrame) -> np.ndarray:
    """Returns the most probable label of each row (text); ties go to the first."""
    labels = np.array(labels_of(predictions), dtype=object)
    chosen: np.ndarray = labels[probabilities_of(predictions).argmax(axis=1)]
    return chosen


def mean_over_repeats(predictions: pd.DataFrame) -> pd.DataFrame:
    """Returns one row per photo: photo_id, label and the mean probabilities, sorted by photo_id."""
    columns = [PREFIX + name for name in labels_of(predictions)]
    return predictions.groupby(["photo_id", "label"], sort=True)[columns].mean().reset_index()
