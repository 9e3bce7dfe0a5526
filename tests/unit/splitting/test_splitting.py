"""How photos are divided. `check_split` says what any valid split is; tests/properties varies the photos."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tenshots.errors import DataError
from tenshots.splitting import dealing
from tenshots.splitting.division import split, summary
from tenshots.splitting.settings import SplitSettings
from tenshots.tables.belonging import components
from tests.drawn.divided import check_split, photos_of


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


def test_groups_clusters_and_files_handed_in_twice_join_photos() -> None:
    """Photos 0 and 1 are ann's, 2 is bob's, 3 and 4 are cem's and dan's, 5 and 6 have no group."""
    rows = [("a", group) for group in ["ann", "ann", "bob", "cem", "dan", "", ""]]
    manifest = photos_of(rows, clusters=[0, 1, 2, 3, 3, 5, 1], twins=[(2, "eve"), (3, "eve"), (5, "")])
    ids = manifest["photo_id"].tolist()
    found = components(manifest)
    assert found[ids[0]] == found[ids[1]] == found[ids[6]] == min(ids[0], ids[1], ids[6]), "a cluster joins 6"
    assert found[ids[2]] == found[ids[3]] == found[ids[4]] == min(ids[2:5]), "eve has files of both"
    assert found[ids[5]] == ids[5]


def test_a_rejected_file_that_is_no_twin_joins_nothing() -> None:
    manifest = photos_of([("a", "ann"), ("a", "bob")])
    damaged = manifest.assign(path="damaged", status="rejected", group="ann", cluster="", photo_id=["", "ff"])
    assert components(pd.concat([manifest, damaged])).nunique() == 2


def test_people_who_share_a_photo_are_tested_in_the_same_fold() -> None:
    photos = classroom()
    ann, bob = (photos.index[photos["group"] == f"person {person}"][0] for person in (0, 1))
    photos.loc[[ann, bob], "cluster"] = min(photos.loc[[ann, bob], "photo_id"])
    splits = split(photos, settings(4), seed=20)
    check_split(photos, splits, num_folds=4)
    tested = splits[splits["part"] == "test"].merge(photos, on="photo_id")
    together = tested[tested["group"].isin(["person 0", "person 1"])]
    assert together["fold"].nunique() == 1
    assert together["component"].nunique() == 1


def test_where_a_person_takes_a_photo_again_nobody_changes_sides() -> None:
    photos = classroom()
    again = photos.copy()
    again.loc[0, ["photo_id", "cluster"]] = "0" * 64
    before, after = (split(some, settings(4), seed=20) for some in (photos, again))
    both = before.merge(after, on=["photo_id", "fold"])
    assert (both["part_x"] == both["part_y"]).all()


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
        rf"label 'cup' has {num_groups} independent sets of photos .* "
        rf"split.folds {folds} needs at least {num_needed} each"
    )
    with pytest.raises(DataError, match=message) as caught:
        split(photos_of(rows), settings(folds), seed=0)
    assert "key" not in str(caught.value)


def test_too_many_folds_say_how_many_would_do() -> None:
    with pytest.raises(DataError, match=r"or set split.folds to 4$"):
        split(classroom(num_people=4), settings(5), seed=0)


def test_people_joined_by_a_shared_photo_are_named_when_too_few_sets_are_left() -> None:
    people = [f"p{number}" for number in range(6)]
    rows = [(label, person) for person in people for label in ("cup", "key")]
    manifest = photos_of(rows, twins=[(0, person) for person in people[1:]])
    with pytest.raises(DataError) as caught:
        split(manifest, settings(4), seed=0)
    assert str(caught.value).endswith(
        "add photos from more groups; groups that share a photo or a scene count as one: p0 + p1 + p2 + p3 + "
        "p4 + p5 (such as 0000.jpg and twin 0.jpg); delete what is not theirs"
    )
    clusters = [0, 1, 0, *range(3, 12)]
    with pytest.raises(DataError, match=r"count as one: p0 \+ p1 \(such as 0000.jpg and 0002.jpg\); delete"):
        split(photos_of(rows, clusters), settings(6), seed=0)


def test_a_label_spelt_like_another_that_has_enough_is_asked_about() -> None:
    rows = [(label, f"p{number}") for number in range(6) for label in ("cup", "key")]
    with pytest.raises(DataError, match=r"label 'cups' has 1 .* from more groups; did you mean 'cup'\?$"):
        split(photos_of([*rows, ("cups", "p0")]), settings(4), seed=0)
    with pytest.raises(DataError, match=r"'jug' has 2 .* 'mug' 2 .* from more groups$"):
        split(
            photos_of([(label, f"p{number}") for number in range(2) for label in ("jug", "mug")]),
            settings(4),
            seed=0,
        )


def test_for_three_sets_three_folds_are_offered_in_place_of_two() -> None:
    """Two folds leave each other half of the sets, for train, val and test."""
    photos = classroom(num_people=3)
    with pytest.raises(DataError, match=r"or set split.folds to 3$"):
        split(photos, settings(2), seed=0)
    check_split(photos, split(photos, settings(3), seed=0), num_folds=3)


def test_a_knot_of_shared_groups_is_an_error_not_a_wrong_split() -> None:
    """Three labels, each pair of three groups holds one: no two-part cut has each label on both sides."""
    knot = [("a", "1"), ("a", "2"), ("b", "2"), ("b", "3"), ("c", "1"), ("c", "3")]
    photos = photos_of([*knot, ("a", "4"), ("b", "4"), ("c", "4")])
    # Group 4 alone has all three, so it tests; the knot remains for train and val.
    photos["split"] = np.where(photos["group"] == "4", "test", "train")
    with pytest.raises(DataError, match="no split has every label in every part"):
        split(photos, settings(1), seed=0)


def test_a_fold_that_cannot_train_and_validate_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not all ways are tried, that the rest of one draw cannot divide says nothing of other draws."""
    knot = ["ab" * 3, "bc" * 3, "ca" * 3, "abc" * 2, "abc" * 2, "abc" * 2]
    photos = photos_of([(label, str(group)) for group, labels in enumerate(knot) for label in labels])
    check_split(photos, split(photos, settings(2), seed=0), num_folds=2)
    monkeypatch.setattr(dealing, "MAX_WAYS", 16)  # the folds have 32 ways, the knot has 8
    with pytest.raises(DataError, match="no split was found that has"):
        split(photos, settings(2), seed=0)


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


@pytest.mark.parametrize("part", ["train", "val"])
def test_a_given_split_wins_over_clusters_that_cross_it(part: str) -> None:
    """Photo 0 tests and its sibling, photo 1, stays where it was given."""
    photos = photos_of([("a", ""), ("b", "")] * 15)
    photos["split"] = ["test", "train", "val"] * 10
    photos.loc[[0, 1], "split"] = ["test", part]
    photos.loc[[0, 1], "cluster"] = min(photos.loc[[0, 1], "photo_id"])
    splits = split(photos, settings(1), seed=0).merge(photos, on="photo_id")
    assert (splits["part"] == splits["split"]).all()


def test_where_val_is_cut_from_train_what_a_crossing_component_has_there_stays_together() -> None:
    photos = photos_of([("a", ""), ("b", "")] * 20, clusters=[number // 4 for number in range(40)])
    photos["split"] = np.where(np.arange(40) % 4 == 0, "test", "train")
    photos.loc[2, "split"] = "test"  # else no photo of label a would do more than test
    photos.loc[np.arange(40) % 8 == 4, "label"] = "b"
    splits = split(photos, settings(1), seed=0).merge(photos, on="photo_id")
    assert (splits["part"].eq("test") == splits["split"].eq("test")).all()
    learnt = splits[splits["part"] != "test"]
    assert (learnt.groupby("cluster")["part"].nunique() == 1).all()
    assert set(learnt["part"]) == {"train", "val"}


@pytest.mark.parametrize(
    ("folds", "parts", "line"),
    [
        (2, ["train", "val", "test"], "split.folds of 2 and split.val of 0.2 do not count"),
        (1, ["train", "val", "test"], "split.test of 0.2 and split.val of 0.2 do not count"),
        (1, ["train", "train", "test"], "split.test of 0.2 does not count"),
    ],
)
def test_the_summary_counts_parts_and_says_what_a_given_split_overrides(
    folds: int, parts: list[str], line: str
) -> None:
    photos = classroom(num_people=12)
    photos["split"] = [part for _ in range(10) for part in np.repeat(parts, 12)]
    splits = split(photos, settings(folds), seed=0)
    counts = splits["part"].value_counts()
    assert summary(photos, splits, settings(folds)) == [
        f"fold 0: {counts['train']} train, {counts['val']} val, {counts['test']} test",
        f"warning: the photos come with a split of their own; {line}",
    ]


def test_sixty_thousand_single_photos_are_divided_evenly() -> None:
    photos = photos_of([(str(index % 10), "") for index in range(60_000)])
    splits = split(photos, settings(4), seed=0)  # 1.4 s on a machine of two cores
    assert (splits.groupby(["fold", "part"]).size().unstack()["test"] == 15_000).all()
