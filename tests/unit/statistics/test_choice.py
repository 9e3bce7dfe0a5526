"""The variant that is used is chosen by validation, and by nothing else."""

import itertools

from tenshots.statistics.choice import best_on_validation

FIGURES = {
    "a": {"val_accuracy": 0.7, "val_log_loss": 0.9, "test_accuracy": 0.9},
    "b": {"val_accuracy": 0.8, "val_log_loss": 0.9, "test_accuracy": 0.1},
    "c": {"val_accuracy": 0.8, "val_log_loss": 0.6, "test_accuracy": 0.2},
    "d": {"val_accuracy": 0.8},
}


def test_the_best_accuracy_wins_and_ties_go_to_the_lowest_loss_in_any_order() -> None:
    for order in itertools.permutations(FIGURES):
        assert best_on_validation({name: FIGURES[name] for name in order}) == "c"


def test_ties_in_both_go_to_the_first() -> None:
    same = {"val_accuracy": 0.5, "val_log_loss": 1.0}
    assert best_on_validation({"x": same, "y": dict(same)}) == "x"
