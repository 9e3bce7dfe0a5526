"""The mean prediction of each fold's trainings: as near as a test comes to what answers new photos."""

from __future__ import annotations

import pandas as pd
import pytest

from tenshots.evaluation import averaging, metrics

TEST = pd.DataFrame(
    {
        "photo_id": ["a", "a", "a", "b", "b", "b"],
        "label": ["book"] * 3 + ["cup"] * 3,
        "fold": [0, 0, 0, 1, 1, 1],
        "repeat": [0, 1, 2] * 2,
        "p_book": [0.4, 0.4, 0.9, 0.1, 0.6, 0.6],
        "p_cup": [0.6, 0.6, 0.1, 0.9, 0.4, 0.4],
    }
)


def test_one_sure_training_outvotes_two_that_waver() -> None:
    mean = averaging.mean_of_repeats(TEST)
    assert mean is not None
    assert mean[["photo_id", "fold", "repeat"]].to_numpy().tolist() == [["a", 0, 0], ["b", 1, 0]]
    assert mean["p_book"].tolist() == pytest.approx([1.7 / 3, 1.3 / 3])
    assert metrics.accuracy(TEST) == pytest.approx(1 / 3)
    assert metrics.details(TEST)["test_accuracy_of_mean"] == 1.0


def test_a_single_training_is_its_own_mean() -> None:
    once = TEST[TEST["repeat"] == 0]
    assert averaging.mean_of_repeats(once) is None
    details = metrics.details(once)
    assert details["test_accuracy_of_mean"] is None
    assert "test_accuracy_of_mean" not in metrics.final({}, details)
    assert metrics.final({}, metrics.details(TEST))["test_accuracy_of_mean"] == 1.0


def test_a_photo_of_several_folds_has_a_mean_in_each() -> None:
    both = pd.concat([TEST, TEST.assign(fold=TEST["fold"] + 2, p_book=1.0, p_cup=0.0)])
    mean = averaging.mean_of_repeats(both)
    assert mean is not None
    assert mean["fold"].tolist() == [0, 1, 2, 3]
    assert mean["p_book"].tolist() == pytest.approx([1.7 / 3, 1.3 / 3, 1, 1])
