"""Arbitrary groups and labels: a valid split, or the error and no split exists."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tenshots.errors import DataError
from tenshots.splitting import SplitSettings, split

PARTS = ("train", "val", "test")


def photos_of(rows: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Returns one photo for each (label, group), without a split of their own."""
    ids = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(len(rows))]
    labels, groups = zip(*rows, strict=True)
    return pd.DataFrame({"photo_id": ids, "label": labels, "group": groups, "split": ""})


def check_split(photos: pd.DataFrame, splits: pd.DataFrame, *, num_folds: int) -> None:
    """Asserts what any valid split is."""
    assert list(splits.columns) == ["photo_id", "fold", "part"]
    keys = splits[["fold", "photo_id"]]
    pd.testing.assert_frame_equal(keys, keys.sort_values(["fold", "photo_id"], ignore_index=True))
    joined = splits.merge(photos, on="photo_id", validate="many_to_one")
    for fold in range(num_folds):
        rows = joined[joined["fold"] == fold]
        assert sorted(rows["photo_id"]) == sorted(photos["photo_id"])
        present = set(zip(rows["label"], rows["part"], strict=True))
        assert present == set(itertools.product(set(photos["label"]), PARTS)), "every label is in every part"
        grouped = rows[rows["group"] != ""]
        assert (grouped.groupby("group")["part"].nunique() == 1).all(), "no group is divided"
    assert len(splits) == num_folds * len(photos)
    if num_folds > 1:
        tested = splits.loc[splits["part"] == "test", "photo_id"]
        assert sorted(tested) == sorted(photos["photo_id"]), "every photo is tested once"


def can_be_split(photos: pd.DataFrame) -> bool:
    """Tries every way to give the groups to three parts."""
    held = photos.groupby("group")["label"].agg(set).tolist()
    labels = set(photos["label"])
    return any(
        all(
            set().union(*(group for group, part in zip(held, parts, strict=True) if part == wanted)) == labels
            for wanted in range(3)
        )
        for parts in itertools.product(range(3), repeat=len(held))
    )


rows = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["", *"123456789"])), min_size=1, max_size=80
)


@settings(deadline=None, max_examples=60)
@given(rows, st.integers(1, 5), st.floats(0.05, 0.6), st.floats(0.05, 0.6), st.integers(0, 2**32 - 1))
def test_any_photos_give_a_valid_split_or_the_error(
    rows: list[tuple[str, str]], folds: int, test: float, val: float, seed: int
) -> None:
    photos = photos_of(rows)
    try:
        splits = split(photos, SplitSettings(folds=folds, test=test, val=val), seed=seed)
    except DataError as error:
        assert "independent groups" in str(error)  # noqa: PT017 (either outcome is right)
        return
    check_split(photos, splits, num_folds=folds)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("1234567")), min_size=9, max_size=21))
def test_where_any_split_exists_one_is_found(rows: list[tuple[str, str]]) -> None:
    photos = photos_of(rows)
    assume(can_be_split(photos))
    check_split(photos, split(photos, SplitSettings(folds=1, test=0.2, val=0.2), seed=0), num_folds=1)


@settings(deadline=None, max_examples=30)
@given(rows, st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_the_order_of_the_rows_moves_nothing(rows: list[tuple[str, str]], folds: int, seed: int) -> None:
    photos = photos_of(rows)
    shuffled = photos.iloc[np.random.default_rng(seed).permutation(len(photos))]
    wanted = SplitSettings(folds=folds, test=0.3, val=0.3)
    assert outcome(photos, wanted, seed) == outcome(shuffled, wanted, seed)


def outcome(photos: pd.DataFrame, wanted: SplitSettings, seed: int) -> str:
    """The whole table, or the message of the error."""
    try:
        return str(split(photos, wanted, seed=seed).to_csv())
    except DataError as error:
        return str(error)
