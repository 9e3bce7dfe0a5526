"""How right is what answers new photos: the mean prediction of several trainings.

A single training's accuracy is the headline, because it is what one more training of this kind would reach.
The mean of several is usually right more often, the more they differ.
"""

from __future__ import annotations

import pandas as pd

from tenshots.evaluation import averaging
from tenshots.statistics import measure
from tenshots.statistics.intervals import Estimate


def accuracy_of_mean(predictions: pd.DataFrame, components: pd.Series) -> Estimate | None:
    """Estimates the share of right answers of the mean prediction of each fold's trainings, in [0, 1].

    There is one mean per fold, so nothing shows how much the mean of other trainings would differ, and the
    interval leaves that out.

    Args:
        predictions: of test photos, all folds and repeats (see tenshots.tables.predictions).
        components: the component of each photo, indexed by photo_id.

    Returns:
        None where each fold has one training.
    """
    mean = averaging.mean_of_repeats(predictions)
    return None if mean is None else measure.accuracy(mean, components)
