"""A variant's answer in a line, and what is still to come."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from tenshots.outlook.pace import about
from tenshots.statistics import intervals, measure
from tenshots.statistics.phrases import interval_text, percent
from tenshots.wording import counted, joined


def answer(name: str, predictions: pd.DataFrame, splits: pd.DataFrame) -> str:
    """Returns a variant's test accuracy with the 95 % interval that the page gives, or why there is none.

    Args:
        name: of the variant.
        predictions: of test photos, all folds and repeats (see tenshots.tables.predictions).
        splits: columns photo_id and component.
    """
    found = measure.accuracy(predictions, measure.components_of(splits))
    interval = intervals.ends(found)
    ends = interval_text(interval) if interval else f"(no interval: {found.reason})"
    photos = counted(predictions["photo_id"].nunique(), "test photo")
    return f"{name}: {percent(found.value)} of {photos} right {ends}"


def rest(names: Sequence[str], seconds: float) -> str:
    """Returns what is still to come, and about how long it may take.

    Args:
        names: of variants without an answer.
        seconds: that they and the report may take.
    """
    return f"{joined([*names, 'the report'])} may take {about(seconds)}"
