"""What variants answer of each photo: means over their repeats, so that each photo has one answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import entr

from tenshots.tables.predictions import PREFIX, labels_of, mean_over_repeats, predicted, probabilities_of


@dataclass(frozen=True)
class Answer:
    """What a variant answers: the label, its probability, that of the true label (both in [0, 1])."""

    variant: str
    predicted: str
    confidence: float
    p_label: float
    right: bool


def answered_by(predictions: pd.DataFrame) -> pd.DataFrame:
    """Returns label, predicted, confidence and p_label of each photo, indexed by photo_id, sorted."""
    means, names = mean_over_repeats(predictions), labels_of(predictions)
    shares = probabilities_of(means)
    true = pd.Index(names).get_indexer(means["label"])
    return pd.DataFrame(
        {
            "label": means["label"].to_numpy(),
            "predicted": predicted(means),
            "confidence": shares.max(axis=1),
            "p_label": shares[np.arange(len(means)), true],
        },
        index=pd.Index(means["photo_id"], name="photo_id"),
    )


def answer_of(variant: str, row: pd.Series) -> Answer:
    """Returns one row of `answered_by` as an answer of `variant`."""
    return Answer(
        variant=variant,
        predicted=str(row["predicted"]),
        confidence=float(row["confidence"]),
        p_label=float(row["p_label"]),
        right=bool(row["predicted"] == row["label"]),
    )


def shares_of(predictions: pd.DataFrame, names: list[str], photos: list[str]) -> np.ndarray:
    """Returns the probabilities of `names` for `photos`: float64, shape (num_photos, num_names)."""
    means = mean_over_repeats(predictions).set_index("photo_id")
    columns = means.reindex(columns=[PREFIX + name for name in names], fill_value=0.0)
    return np.asarray(columns.loc[photos], dtype=np.float64)


def entropies(shares: np.ndarray) -> np.ndarray:
    """Returns the entropies (nats) of distributions that lie along the last axis."""
    found: np.ndarray = entr(shares).sum(axis=-1)
    return found
