"""How right a variant is on the validation photos of each fold, by which fold after fold can choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tenshots.evaluation import metrics


def by_fold(val: pd.DataFrame, num_updates: Mapping[int, float]) -> list[dict[str, Any]]:
    """Returns of each fold, sorted: fold, val_accuracy, val_log_loss and num_updates, means over its repeats.

    Args:
        val: predictions of validation photos (see tenshots.tables.predictions), all folds and repeats.
        num_updates: of a training of each fold, the mean.
    """
    return [
        {
            "fold": int(fold),
            "val_accuracy": metrics.over_repeats(rows, metrics.accuracy),
            "val_log_loss": metrics.over_repeats(rows, metrics.mean_log_loss),
            "num_updates": round(num_updates[int(fold)], 1),
        }
        for fold, rows in val.groupby("fold", sort=True)
    ]
