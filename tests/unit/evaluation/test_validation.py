"""Validation figures of each fold, by which fold after fold can choose."""

from __future__ import annotations

import pandas as pd
import pytest

from tenshots.evaluation import validation


def test_each_fold_has_the_means_over_its_repeats() -> None:
    val = pd.DataFrame(
        {
            "photo_id": ["c", "a", "b", "a", "b"],
            "label": ["cup", "book", "cup", "book", "cup"],
            "fold": [1, 0, 0, 0, 0],
            "repeat": [0, 0, 0, 1, 1],
            "p_book": [0.5, 0.9, 0.2, 0.9, 0.8],
            "p_cup": [0.5, 0.1, 0.8, 0.1, 0.2],
        }
    )
    first, second = validation.by_fold(val, {0: 12.04, 1: 0.0})
    assert (first["fold"], first["val_accuracy"], first["num_updates"]) == (0, 0.75, 12.0)
    assert first["val_log_loss"] == pytest.approx(0.510826)  # of 0.9, 0.8, 0.9 and 0.2
    assert (second["fold"], second["val_accuracy"]) == (1, 0.0)  # of equal ones the first label is the answer
