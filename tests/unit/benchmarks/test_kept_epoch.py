"""The rules that `benchmarks.kept_epoch` compares."""

from __future__ import annotations

import numpy as np

from benchmarks import kept_epoch


def test_a_lucky_epoch_wins_alone_but_not_where_its_neighbours_count() -> None:
    accuracies = np.array([0.5, 0.9, 0.5, 0.7, 0.8, 0.8, 0.7])
    kept = kept_epoch.rules(accuracies, np.ones(7))

    assert kept["the best epoch"] == 1
    assert kept["the best of means over 3 epochs"] == 4
    assert kept["the last epoch"] == 6


def test_of_equals_the_lowest_loss_wins() -> None:
    assert kept_epoch.rules(np.ones(3), np.array([0.3, 0.1, 0.2]))["the best epoch"] == 1
