"""How photos are divided. `check_split` says what any valid split is; tests/properties varies the photos."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tenshots.errors import DataError
from tenshots.splitting import SplitSettings, split, summary
from tests.properties.test_splitting import check_split, photos_of


def settings(folds: int = 1, test: float = 0.2, val: float = 0.2) -> SplitSettings:
    return SplitSettings(folds=folds, test=test, val=val)


def classroom(num_people: int = 12, labels: str = "abc", shots: int = 10) -> pd.DataFrame:
    """Every person took photos of every label."""
    return photos_of(
        [(label, f"person {person}") for person in range(num_people) for label in labels] * shots
    )


@pytest.mark.parametrize("folds", [1, 2, 3, 4, 12])
def test_a_class_of_twelve_divides_by_person(folds: int) -> None:
    photos = classroom()
    splits = split(photos, settings(folds), seed=20)
    check_split(photos, splits, num_folds=folds)


def test_four_folds_of_twelve_people_test_three_people_each() -> None:
    photos = classroom()
    splits = split(photos, settings(4), seed=20)
    counts = splits.merge(photos, on="photo_id").groupby(["fold", "part"])["group"].nunique().unstack()
    assert (counts["test"] == 3).all()
    assert (counts["val"] == 2).all()  # a fifth of nine is 1.8
    assert (counts["train"] == 7).all()


def test_photos_without_group_meet_the_shares_to_the_photo() -> None:
    photos = photos_of([(label, "") for label in "ab" for _ in range(100)])
    joined = split(photos, settings(1, test=0.2, val=0.25), seed=1).merge(photos, on="photo_id")
    counts = joined.groupby(["label", "part"]).size().unstack()
    assert counts["test"].tolist() == [20, 20]
    assert counts["val"].tolist() == [20, 20]  # a quarter of the 80 that are not tested


def test_rounding_of_many_small_labels_does_not_add_up() -> None:
    photos = photos_of([(f"label {label:02}", "") for label in range(20) for _ in range(7)])
    parts = split(photos, settings(1), seed=1)["part"].value_counts()
    assert parts["test"] == pytest.approx(0.2 * 140, abs=1)
    assert parts["val"] == pytest.approx(0.2 * 0.8 * 140, abs=3)


def test_another_seed_gives_another_split_and_the_same_seed_the_same() -> None:
    photos = classroom()
    first = split(photos, settings(4), seed=1)
    pd.testing.assert_frame_equal(first, split(photos, settings(4), seed=1))
    assert not first.equals(split(photos, settings(4), seed=2))


def test_large_groups_do_not_spoil_the_shares() -> None:
    """One person took a third of all photos; the others still fill test and val."""
    rows = [("a", "big"), ("b", "big")] * 30 + [
        (label, f"p{person}") for person in range(12) for label in "ab"
    ] * 5
    photos = photos_of(rows)
    joined = split(photos, settings(1), seed=3).merge(photos, on="photo_id")
    assert set(joined.loc[joined["group"] == "big", "part"]) == {"train"}
    shares = joined["part"].value_counts(normalize=True)
    assert shares["test"] == pytest.approx(0.2, abs=0.03)


def test_two_folds_leave_each_other_enough_groups_to_divide() -> None:
    """Even halves would test the large group alone, and the other fold could not train and validate."""
    rows = [(label, "large") for label in "ab"] * 60 + [
        (label, f"p{person}") for person in range(3) for label in "ab"
    ]
    photos = photos_of(rows)
    check_split(photos, split(photos, settings(2), seed=0), num_folds=2)


@pytest.mark.parametrize(("folds", "num_groups", "num_needed"), [(1, 2, 3), (2, 3, 4), (5, 4, 5)])
def test_too_few_groups_name_the_label_and_their_number(folds: int, num_groups: int, num_needed: int) -> None:
    rows = [("cup", f"p{index}") for index in range(num_groups)] + [
        ("key", f"q{index}") for index in range(9)
    ]
    message = (
        rf"label 'cup' has {num_groups} independent groups .* split.folds {folds} needs at least {num_needed}"
    )
    with pytest.raises(DataError, match=message) as caught:
        split(photos_of(rows), settings(folds), seed=0)
    assert "key" not in str(caught.value)


def test_too_many_folds_say_how_many_would_do() -> None:
    with pytest.raises(DataError, match=r"or set split.folds to 4$"):
        split(classroom(num_people=4), settings(5), seed=0)


def test_a_knot_of_shared_groups_is_an_error_not_a_wrong_split() -> None:
    """Three labels, each pair of three groups holds one: no two-part cut has each label on both sides."""
    knot = [("a", "1"), ("a", "2"), ("b", "2"), ("b", "3"), ("c", "1"), ("c", "3")]
    photos = photos_of([*knot, ("a", "4"), ("b", "4"), ("c", "4")])
    # Group 4 alone has all three, so it tests; the knot remains for train and val.
    photos["split"] = np.where(photos["group"] == "4", "test", "train")
    with pytest.raises(DataError, match="no split was found"):
        split(photos, settings(1), seed=0)


def test_a_given_split_wins_over_folds() -> None:
    photos = photos_of([(label, "") for label in "ab" for _ in range(30)])
    photos["split"] = ["train", "val", "test"] * 20
    splits = split(photos, settings(5), seed=0)
    assert set(splits["fold"]) == {0}
    assert splits.merge(photos, on="photo_id").eval("part == split").all()


def test_a_missing_val_is_cut_from_train_by_group() -> None:
    photos = classroom(num_people=10)
    photos["split"] = np.where(photos["group"] == "person 0", "test", "train")
    splits = split(photos, settings(4), seed=0)
    check_split(photos, splits, num_folds=1)
    joined = splits.merge(photos, on="photo_id")
    assert set(joined.loc[joined["part"] == "test", "group"]) == {"person 0"}
    assert joined.loc[joined["part"] == "val", "group"].nunique() == 2  # a fifth of nine people


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["train", "train"], "has no test photo"),
        (["test", "val"], "has no train photo"),
        (["train", ""], "for every photo, got ''"),
    ],
)
def test_an_incomplete_given_split_is_an_error(given: list[str], message: str) -> None:
    photos = photos_of([("a", ""), ("b", "")] * 10)
    photos["split"] = given * 10
    with pytest.raises(DataError, match=message):
        split(photos, settings(), seed=0)


def test_a_label_missing_from_a_given_part_is_an_error() -> None:
    photos = photos_of([("a", ""), ("b", "")] * 10)
    photos["split"] = [part for part in ["train", "train", "val", "val", "test"] for _ in range(4)]
    photos.loc[photos["label"] == "b", "split"] = "train"
    with pytest.raises(DataError, match="no test photo of the label 'b'"):
        split(photos, settings(), seed=0)


def test_the_summary_counts_parts_and_warns_of_divided_groups() -> None:
    photos = classroom(num_people=3)
    photos["split"] = [part for _ in range(10) for part in np.repeat(["train", "val", "test"], 3)]
    photos.loc[0, "split"] = "test"
    lines = summary(photos, split(photos, settings(), seed=0), num_folds=2)
    assert lines == [
        "fold 0: 29 train, 30 val, 31 test",
        "warning: the given split is one fold; split.folds of 2 does not count",
        "warning: the given split divides 1 groups, which flatters test results",
    ]


def test_sixty_thousand_single_photos_are_divided_evenly() -> None:
    photos = photos_of([(str(index % 10), "") for index in range(60_000)])
    splits = split(photos, settings(4), seed=0)  # 1.2 s on an idle machine of two cores
    assert (splits.groupby(["fold", "part"]).size().unstack()["test"] == 15_000).all()
