"""What `predict` and the registered model answer with: the mean of several trainings' probabilities.

They average all trainings of a variant. Of these only the repeats of the fold that tests a photo have not
learnt from its person, so only their mean can be tested on it.
"""

from __future__ import annotations

import pandas as pd

from tenshots.tables.predictions import PREFIX, labels_of


def mean_of_repeats(predictions: pd.DataFrame) -> pd.DataFrame | None:
    """Returns the mean probabilities over the repeats of each fold, as predictions of a single repeat, 0.

    Args:
        predictions: of a variant's test photos (see tenshots.tables.predictions).

    Returns:
        A row per fold and photo; None where there is one repeat, which is its own mean.
    """
    if predictions["repeat"].nunique() < 2:
        return None
    columns = [PREFIX + name for name in labels_of(predictions)]
    means = predictions.groupby(["fold", "photo_id", "label"], sort=True)[columns].mean().reset_index()
    return means.assign(repeat=0)
