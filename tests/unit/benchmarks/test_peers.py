"""What `benchmarks.peers` gives each recipe to learn from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.peers import guides, measuring
from tenshots.runtime import keras


def fold() -> tuple[pd.DataFrame, np.ndarray]:
    """Five components of three photos: one is tested, one validates; each has two cups and a book."""
    components = np.repeat(["a", "b", "c", "d", "e"], 3)
    parts = np.repeat(["test", "val", "train", "train", "train"], 3)
    return pd.DataFrame({"component": components, "part": parts}), np.array(["cup", "cup", "book"] * 5)


def test_a_thinned_fold_has_the_number_of_each_label_and_is_tested_on_all() -> None:
    rows, labels = fold()
    for seed in range(20):
        chosen = measuring.thinned(rows, labels, 3, num_val=1, seed=seed)
        given = rows["part"].to_numpy() != "test"

        assert chosen[~given].all()
        assert (labels[chosen & given] == "cup").sum() == (labels[chosen & given] == "book").sum() == 3
        assert (labels[chosen & (rows["part"] == "val").to_numpy()] == "cup").sum() == 1


def test_a_thinned_fold_takes_whole_components_while_there_is_room() -> None:
    rows, labels = fold()
    seen = set()
    for seed in range(20):
        chosen = measuring.thinned(rows, labels, 2, num_val=0, seed=seed)
        cups = rows["component"].to_numpy()[chosen & (labels == "cup") & (rows["part"] == "train").to_numpy()]
        assert len(cups) == 2
        assert len(set(cups)) == 1
        seen |= set(cups)
    assert seen == {"c", "d", "e"}  # not always the first


def test_the_first_fifth_of_each_label_is_held_back_rounded_down() -> None:
    labels = np.array([0, 1, 0, 0, 1, 0, 0, 1, 1, 0])  # six and four

    assert np.flatnonzero(guides.held_back(labels)).tolist() == [0]


def test_each_seed_is_a_repeat_whatever_the_tables_say() -> None:
    tables = [pd.DataFrame({"fold": [0, 1], "repeat": 0}), pd.DataFrame({"fold": [1, 0], "repeat": 0})]
    found = measuring.over_seeds(tables)

    assert found["repeat"].tolist() == [0, 0, 1, 1]
    assert found["fold"].tolist() == [0, 1, 1, 0]


def test_the_second_phase_trains_the_top_layers_but_no_normalisation() -> None:
    kinds = [
        keras.layers.Dense(1),
        keras.layers.Dense(1),
        keras.layers.BatchNormalization(),
        keras.layers.Dense(1),
    ]
    for layer in kinds:
        layer.trainable = True
    guides.freeze_below(kinds, num_tuned=3)

    assert [layer.trainable for layer in kinds] == [False, True, False, True]
