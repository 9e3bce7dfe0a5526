"""Whether a row of predictions is one: its probabilities are numbers, none below 0, and add up to 1.

From a row that holds no number every figure would be computed all the same: NumPy takes "no number" for the
most probable.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tenshots.errors import DataError
from tenshots.tables.predictions import PREFIX, labels_of
from tenshots.wording import counted

# Ours add up to 1 within 1e-6; a table from elsewhere may be rounded to 4 digits, for 20 labels.
TOLERANCE = 1e-3
RULE = "must be numbers, none below 0, that add up to 1"


def check(predictions: pd.DataFrame, source: object, *, remedy: str = "run `dvc repro`") -> None:
    """Refuses predictions of which a row holds no probabilities.

    Args:
        predictions: see tenshots.tables.predictions.
        source: what the message calls them: a file, or whose they are.
        remedy: what helps.

    Raises:
        DataError: a row holds something else than numbers, an infinite or a negative one, or its sum is
            further than TOLERANCE from 1; the message names the first.
    """
    columns = [PREFIX + name for name in labels_of(predictions)]
    numbers = predictions[columns].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    # "No number" compares as false, so it is odd, too.
    usual = (numbers >= 0).all(axis=1) & (np.abs(numbers.sum(axis=1) - 1) <= TOLERANCE)
    odd = np.flatnonzero(~usual)
    if not len(odd):
        return
    row = predictions.iloc[odd[0]]
    found = ", ".join(f"{name} = {row[name]}" for name in columns)
    more = f" (and of {counted(len(odd) - 1, 'more row')})" if len(odd) > 1 else ""
    raise DataError(
        f"{source}: the probabilities of photo {row['photo_id']} in fold {row['fold']}, repeat "
        f"{row['repeat']} {RULE}, got {found}{more}; {remedy}"
    )
