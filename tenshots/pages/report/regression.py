"""A reference beside the variants: a logistic regression on frozen features, which trains no network.

The stage `inspect` leaves its answers in data/inspection.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tenshots.statistics import claims, intervals, measure
from tenshots.statistics.claims import SampleSize
from tenshots.statistics.intervals import NUM_DIGITS
from tenshots.statistics.measure import Measured
from tenshots.statistics.tallies import Key

NAME = "a logistic regression on frozen features"


@dataclass(frozen=True)
class Regression:
    """What the stage `inspect` left.

    Attributes:
        inspected: inspection.json.
        predictions: of the photos that it judged (see tenshots.tables.predictions).
    """

    inspected: Mapping[str, Any]
    predictions: pd.DataFrame


def compare_with(
    regression: Regression, chosen: str, measured: Measured, components: pd.Series, sample: SampleSize
) -> dict[str, Any] | None:
    """Returns how well the regression does, and what may be claimed of the chosen variant against it.

    Args:
        regression: the reference.
        chosen: the variant that is compared with it.
        measured: of that variant.
        components: of all photos, indexed by photo_id.
        sample: of the comparison of the variants; this difference is not widened for their number.

    Returns:
        The key `frozen_features` of comparison.json; None where nothing could be judged.
    """
    inspected = regression.inspected
    if not inspected["num_judged"]:
        return None
    judged = regression.predictions["photo_id"].unique()
    own = measure.measure(regression.predictions, components.loc[judged])
    accuracy = measure.every_figure(own)[Key("accuracy")]
    found: dict[str, Any] = {
        "network": inspected["network"],
        "num_photos": len(own.photo_ids),
        "accuracy": round(accuracy.value, NUM_DIGITS),
        **intervals.written(accuracy),
        "note": inspected["folds_note"],
        "difference": None,
    }
    if inspected["paired"] and set(own.photo_ids) == set(measured.photo_ids):
        gain = measure.gain(measured, own)
        found["difference"] = {
            "variant": chosen,
            "difference": round(gain.value, NUM_DIGITS),
            **intervals.written(gain),
            "claim": claims.verdict(gain),
            "sentence": claims.sentence(chosen, NAME, gain, sample._replace(num_comparisons=1)),
        }
    return found
