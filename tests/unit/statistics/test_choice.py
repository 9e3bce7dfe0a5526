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


def test_of_equal_accuracies_the_fewest_updates_win_whatever_the_loss() -> None:
    updates = {"a": 0, "b": 0, "c": 40}  # a has fewest, but is worse
    for order in itertools.permutations(updates):
        figures = {name: {**FIGURES[name], "num_updates": updates[name]} for name in order}
        assert best_on_validation(figures) == "b"
        assert best_on_validation({**figures, "d": FIGURES["d"]}) == "b"


def test_ties_in_both_go_to_the_first() -> None:
    same = {"val_accuracy": 0.5, "val_log_loss": 1.0}
    assert best_on_validation({"x": same, "y": dict(same)}) == "x"
