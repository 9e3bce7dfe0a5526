"""Drawn answers of several groups."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tenshots.statistics.intervals import Estimate
from tenshots.tables import predictions

LABELS = ["book", "cup"]


def answers(right: list[bool], *, repeat: int = 0, fold: int = 0) -> pd.DataFrame:
    photos = pd.DataFrame({"photo_id": [f"{i:03d}" for i in range(len(right))], "label": "book"})
    book = np.where(right, 0.9, 0.1)
    return predictions.table(photos, np.column_stack([book, 1 - book]), LABELS, fold=fold, repeat=repeat)


def groups(sizes: list[int]) -> pd.Series:
    names = [f"group{i}" for i, size in enumerate(sizes) for _ in range(size)]
    return pd.Series(names, index=[f"{i:03d}" for i in range(len(names))])


def drawn(
    *, num_groups: int = 9, num_each: int = 8, num_repeats: int = 2, labels: str = "abc", seed: int = 0
) -> tuple[pd.DataFrame, pd.Series]:
    """Predictions of three folds, and components; some labels are missing in some groups."""
    draw = np.random.default_rng(seed)
    number = num_groups * num_each
    components = groups([num_each] * num_groups)
    fold = np.repeat(np.arange(num_groups) % 3, num_each)
    photos = pd.DataFrame({"photo_id": components.index, "label": draw.choice(list(labels), number)})
    truth = photos["label"].map({name: i for i, name in enumerate(labels)}).to_numpy()
    tables = []
    for repeat in range(num_repeats):
        logits = draw.normal(0, 1, (number, len(labels))).round(1)  # rounded, so that some are equal
        logits[np.arange(number), truth] += 0.8
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        tables += [
            predictions.table(photos[fold == f], shares[fold == f], list(labels), fold=f, repeat=repeat)
            for f in range(3)
        ]
    return pd.concat(tables).sort_values(predictions.KEYS, ignore_index=True), components


def bounds(estimate: Estimate) -> tuple[float, float]:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low, estimate.high
