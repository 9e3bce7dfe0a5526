"""A fourth reference: a logistic regression on features that no photo of ours has moved (data/inspection)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tenshots.statistics import claims, measure
from tenshots.statistics.claims import Setting
from tenshots.statistics.measure import Measured
from tenshots.statistics.tallies import Key

NAME = "a logistic regression on frozen features"
NUM_DIGITS = 6


@dataclass(frozen=True)
class Frozen:
    """What the stage `inspect` left.

    Attributes:
        inspected: inspection.json.
        predictions: of the photos that it judged (see tenshots.tables.predictions).
    """

    inspected: Mapping[str, Any]
    predictions: pd.DataFrame


def frozen_features(
    frozen: Frozen, chosen: str, measured: Measured, components: pd.Series, setting: Setting
) -> dict[str, Any] | None:
    """Returns how well the reference does, and what may be claimed of the chosen variant against it.

    Args:
        frozen: the reference.
        chosen: the variant that is compared with it.
        measured: of that variant.
        components: of all photos, indexed by photo_id.
        setting: of the comparison; the difference stands for itself, uncorrected.

    Returns:
        The key `frozen_features` of comparison.json; None where nothing could be judged.
    """
    inspected = frozen.inspected
    if not inspected["num_judged"]:
        return None
    own = measure.measure(frozen.predictions, components.loc[frozen.predictions["photo_id"].unique()])
    accuracy = measure.every_figure(own)[Key("accuracy")]
    found: dict[str, Any] = {
        "network": inspected["network"],
        "num_photos": len(own.photo_ids),
        "accuracy": round(accuracy.value, NUM_DIGITS),
        "interval": _ends(accuracy.low, accuracy.high),
        "no_interval": accuracy.reason,
        "note": inspected["folds_note"],
        "difference": None,
    }
    if inspected["paired"] and set(own.photo_ids) == set(measured.photo_ids):
        gain = measure.gain(measured, own)
        found["difference"] = {
            "variant": chosen,
            "difference": round(gain.value, NUM_DIGITS),
            "interval": _ends(gain.low, gain.high),
            "no_interval": gain.reason,
            "claim": claims.verdict(gain),
            "sentence": claims.sentence(chosen, NAME, gain, setting._replace(num_comparisons=1)),
        }
    return found


def _ends(low: float | None, high: float | None) -> list[float] | None:
    ends = [end for end in (low, high) if end is not None]
    return [round(end, NUM_DIGITS) for end in ends] or None
