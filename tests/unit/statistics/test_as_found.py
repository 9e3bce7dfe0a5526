"""Cleaning the test photos lifts the corrected figures by itself, but not those on the labels as found."""

from __future__ import annotations

import pandas as pd
import pytest

from tenshots.statistics import as_found, measure
from tenshots.tables.predictions import predicted
from tests.drawn import results

LABELS = ["book", "cup"]


def collection(*, num_folds: int = 4) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Predictions, manifest and splits of 8 people with 3 photos of each label."""
    photos = results.photos(LABELS, num_groups=8, num_each=3)
    given = results.predictions(photos, LABELS, skill=0.8)
    return given, results.manifest(photos), results.splits(photos, num_folds=num_folds)


def cleaned(
    given: pd.DataFrame, table: pd.DataFrame, splits: pd.DataFrame, *, leave_out: bool
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The same where somebody has made the labels what the network answers, or left such photos out."""
    wrong = given[predicted(given) != given["label"]].drop_duplicates("photo_id")
    answers = dict(zip(wrong["photo_id"], predicted(wrong), strict=True))
    hit = table["photo_id"].isin(answers)
    table = table.assign(correction=hit.map({True: "obvious", False: ""}), corrected_by="ann")
    if leave_out:
        table.loc[hit, ["status", "reason"]] = ["rejected", "left out by ann: obvious"]
        left = ~given["photo_id"].isin(answers)
        return given[left], table, splits[~splits["photo_id"].isin(answers)]
    table.loc[hit, "label"] = table.loc[hit, "photo_id"].map(answers)
    labels = given["photo_id"].map(answers).fillna(given["label"])
    return given.assign(label=labels), table, splits


def accuracy(given: pd.DataFrame, table: pd.DataFrame, splits: pd.DataFrame) -> float:
    return measure.accuracy(*as_found.predictions(given, table, splits)).value


def test_without_corrections_it_is_the_accuracy() -> None:
    given, table, splits = collection()
    plain = measure.accuracy(given, measure.components_of(splits))
    assert measure.accuracy(*as_found.predictions(given, table, splits)) == plain


def test_labels_made_what_the_network_answers_do_not_lift_it() -> None:
    before = collection()
    after = cleaned(*before, leave_out=False)
    components = measure.components_of(before[2])
    assert measure.accuracy(after[0], components).value > 0.1 + accuracy(*before)
    assert accuracy(*after) == pytest.approx(accuracy(*before))


def test_photos_that_are_left_out_count_as_wrong() -> None:
    given, table, splits = collection()
    once_wrong = predicted(given) != given["label"]
    num_wrong = given.loc[once_wrong, "photo_id"].nunique()
    after = cleaned(given, table, splits, leave_out=True)
    total = table["photo_id"].nunique() - 1  # without the file that is no photo
    found, components = as_found.predictions(*after)
    assert found["photo_id"].nunique() == total
    assert accuracy(*after) == pytest.approx(1 - num_wrong / total)
    assert accuracy(*after) <= accuracy(given, table, splits)
    # They stay with their people: a person is still one independent set, in one fold.
    assert components.loc[found["photo_id"]].nunique() == 8
    assert found.groupby(components.loc[found["photo_id"]].to_numpy())["fold"].nunique().max() == 1


def test_a_label_of_which_no_photo_is_left_is_still_the_truth() -> None:
    given, table, splits = collection()
    only_book = given.assign(label="book").drop(columns="p_cup")
    table = table.assign(label="book", correction="all", corrected_by="ann")
    assert accuracy(only_book, table, splits) == pytest.approx(0.5)


def left_out(table: pd.DataFrame, rows: list[int]) -> pd.DataFrame:
    table = table.copy()
    table.loc[rows, ["status", "reason"]] = ["rejected", "left out by ann: dark"]
    return table


def test_what_is_looked_at_is_the_same_before_and_after() -> None:
    given, table, splits = collection()
    del given
    before = as_found.test_photos(table, splits)
    out = left_out(table, [0, 7])
    after = as_found.test_photos(out, splits[~splits["photo_id"].isin(table.loc[[0, 7], "photo_id"])])
    assert sorted(after["photo_id"]) == sorted(before["photo_id"])
    pairs = [set(zip(each["photo_id"], each["label"], strict=True)) for each in (before, after)]
    assert pairs[0] == pairs[1]


def test_with_one_fold_a_photo_of_people_in_training_was_no_test_photo() -> None:
    _, table, splits = collection()
    one = splits[splits["fold"] == 0]
    trained = table[table["photo_id"].isin(one.loc[one["part"] == "train", "photo_id"])].index[0]
    tested = table[table["photo_id"].isin(one.loc[one["part"] == "test", "photo_id"])].index[0]
    out = left_out(table, [trained, tested])
    gone = table.loc[[trained, tested], "photo_id"]
    found = as_found.left_out(out, one[~one["photo_id"].isin(gone)])
    assert found["photo_id"].tolist() == [table.loc[tested, "photo_id"]]
    given = as_found.left_out(
        out.assign(split="train", group=""), one[~one["photo_id"].isin(gone)]
    )  # its folder says so
    assert given.empty
    unknown = as_found.left_out(out.assign(group=""), one[~one["photo_id"].isin(gone)])
    assert len(unknown) == 2, "where nothing tells, it counts"
