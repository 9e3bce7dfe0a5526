"""The variant that is used is chosen by validation, and by nothing else."""

import itertools

import pandas as pd

from tenshots.statistics.choice import answers_of_choice, best_by_fold, best_on_validation

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


def test_each_fold_chooses_by_its_own_validation_photos() -> None:
    validation = {
        "a": [{"fold": 1, "val_accuracy": 0.9}, {"fold": 0, "val_accuracy": 0.5}],
        "b": [{"fold": 0, "val_accuracy": 0.6}, {"fold": 1, "val_accuracy": 0.2}],
    }
    assert list(best_by_fold(validation).items()) == [(0, "b"), (1, "a")]
    tied = {name: [{**found, "val_accuracy": 0.5} for found in validation[name]] for name in ("b", "a")}
    assert best_by_fold(tied) == {0: "b", 1: "b"}


def answers(*, folds: int, repeats: list[int], shift: float) -> pd.DataFrame:
    """Two photos per fold; what is answered tells the training."""
    rows = [
        {"photo_id": f"{fold}{number}", "label": "cup", "fold": fold, "repeat": repeat}
        | {"p_book": 1 - (fold + repeat / 10 + shift) / 10, "p_cup": (fold + repeat / 10 + shift) / 10}
        for repeat in repeats
        for fold in range(folds)
        for number in range(2)
    ]
    return pd.DataFrame(rows)


def test_the_choice_answers_each_fold_with_its_own_variant() -> None:
    seeded, solved = (
        answers(folds=3, repeats=[0, 1], shift=0),
        answers(folds=3, repeats=[0], shift=0.05),
    )
    found = answers_of_choice({"seeded": seeded, "solved": solved}, {0: "solved", 1: "seeded", 2: "solved"})
    assert len(found) == len(seeded)
    keys = ["fold", "repeat", "photo_id"]
    assert not found.duplicated(keys).any()
    assert sorted(found[keys].itertuples(index=False)) == sorted(seeded[keys].itertuples(index=False))
    for (fold, repeat), rows in found.groupby(["fold", "repeat"]):
        of = seeded[seeded["repeat"] == repeat] if fold == 1 else solved  # a single training counts twice
        assert rows["p_cup"].tolist() == of.loc[of["fold"] == fold, "p_cup"].tolist()
    assert set(answers_of_choice({"solved": solved}, dict.fromkeys(range(3), "solved"))["repeat"]) == {0}
