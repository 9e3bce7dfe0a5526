"""No photo without a label reaches a training whose held-out people or scenes it shows, nor moves them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tenshots.tables.belonging import components, relatives
from tenshots.tables.unlabelled import Unlabelled
from tenshots.training.jobs import Job
from tenshots.training.unlabelled import with_unlabelled

ANN, BOB, CEM = "1", "2", "3"  # a photo of each
# photo_id, group, scene
LABELLED = [(ANN, "ann", "1"), (BOB, "bob", "2"), (CEM, "cem", "3")]
WITHOUT = [
    ("4", "ann", "4"),  # ann's
    ("5", "dot", "2"),  # nearly bob's photo, by dot
    ("6", "dot", "6"),  # by dot, too
    ("7", "eve", "7"),  # by nobody else
    ("8", "", "8"),  # by nobody known
    ("9", "ann", "9"),  # of ann's and cem's scene: it joins them
    ("10", "cem", "9"),
]
IDS = pd.Series([row[0] for row in WITHOUT])


def table(*, in_split: str = "", held_out: str = "") -> pd.DataFrame:
    found = pd.DataFrame([*LABELLED, *WITHOUT], columns=["photo_id", "group", "scene"])
    is_kept = found["photo_id"].isin([ANN, BOB, CEM])
    return found.assign(
        status=np.where(is_kept, "kept", "unlabelled"),
        label=np.where(is_kept, "cup", ""),
        cluster=found["photo_id"].where(is_kept, ""),
        split=np.where(found["photo_id"] == held_out, "test", in_split),
    )


def asked(found: pd.DataFrame) -> np.ndarray:
    return (found["status"] == "unlabelled").to_numpy()


def test_group_and_near_duplicates_tell_where_they_belong_also_by_way_of_each_other() -> None:
    found = relatives(table(), asked(table()))

    assert found.of_labelled.groupby("photo_id")["component"].agg(set).to_dict() == {
        "4": {ANN, CEM},
        "5": {BOB},
        "6": {BOB},
        "9": {ANN, CEM},
        "10": {ANN, CEM},
    }
    assert not found.held_out
    assert components(table()).to_dict() == {ANN: ANN, BOB: BOB, CEM: CEM}, "but they join nobody"


@pytest.mark.parametrize(
    ("held_out", "expected"),
    [("7", {"7"}), ("8", {"8"}), ("6", {"5", "6"}), ("10", {"4", "9", "10"}), (ANN, set())],
)
def test_who_belongs_with_a_photo_without_a_label_that_lies_in_test_is_never_learnt_from(
    held_out: str, expected: set[str]
) -> None:
    """With a labelled one that does, it is not learnt from where that is tested: the splits tell."""
    given = table(in_split="train", held_out=held_out)
    assert relatives(given, asked(given)).held_out == expected


def test_a_copy_in_val_is_a_photo_in_val_and_joins_no_labelled_ones() -> None:
    given = table(in_split="train")
    copies = given.iloc[[0, 6]].assign(status="rejected", label="", split="val", cluster="", scene="")
    given = pd.concat([given, copies.assign(group=["eve", "fay"])], ignore_index=True)  # of ann's, of eve's

    assert relatives(given, asked(given)).held_out == {"7", "4", "9", "10"}
    assert components(given).to_dict() == {ANN: ANN, BOB: BOB, CEM: CEM}
    labelled = given.assign(group=given["group"].replace("eve", "bob")).assign(label="cup")
    assert components(labelled).to_dict() == {ANN: ANN, BOB: ANN, CEM: CEM}, "as a labelled one does"


def test_a_fold_sees_none_that_belongs_with_what_it_validates_or_tests_on() -> None:
    alone = components(table())
    parts = {0: ("train", "val", "test"), 1: ("test", "train", "val")}
    rows = [(alone[photo], fold, each[int(photo) - 1]) for fold, each in parts.items() for photo in "123"]
    splits = pd.DataFrame(rows, columns=["component", "fold", "part"])
    found = Unlabelled(pd.DataFrame({"photo_id": IDS}), relatives(table(), asked(table())).of_labelled)
    jobs = [Job(fold, 0, 1, alone.to_numpy(), alone.to_numpy(), 1) for fold in (0, 1)]

    seen = [set(IDS[job.unlabelled - 50]) for job in with_unlabelled(jobs, found, splits, first_row=50)]
    assert seen == [{"7", "8"}, {"5", "6", "7", "8"}]
