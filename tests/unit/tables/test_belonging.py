"""No photo without a label reaches a training whose held-out people or scenes it shows."""

from __future__ import annotations

import pandas as pd

from tenshots.tables.belonging import components, relatives
from tenshots.tables.unlabelled import Unlabelled
from tenshots.training.jobs import Job
from tenshots.training.unlabelled import with_unlabelled

ANN, BOB, CEM = "1", "2", "3"  # a photo of each
ROWS = [
    # photo_id, status, group, cluster
    *((ANN, "kept", "ann", "1"), (BOB, "kept", "bob", "2"), (CEM, "kept", "cem", "3")),
    ("4", "rejected", "ann", "4"),  # ann's
    ("5", "rejected", "dot", "2"),  # nearly bob's photo, by dot
    ("6", "rejected", "dot", "6"),  # by dot, too
    ("7", "rejected", "eve", "7"),  # by nobody else
    ("8", "rejected", "", "8"),  # by nobody known
    ("9", "rejected", "ann", "9"),  # of ann's and cem's scene: it joins them
    ("10", "rejected", "cem", "9"),
]
WITHOUT = pd.Series([row[0] for row in ROWS if row[1] == "rejected"])


def manifest() -> pd.DataFrame:
    table = pd.DataFrame(ROWS, columns=["photo_id", "status", "group", "cluster"])
    return table.assign(reason=["" if status == "kept" else "without a label" for status in table["status"]])


def test_group_and_near_duplicates_tell_where_they_belong_also_by_way_of_each_other() -> None:
    found = relatives(manifest(), WITHOUT).groupby("photo_id")["component"].agg(set).to_dict()

    assert found == {
        "4": {ANN, CEM},
        "5": {BOB},
        "6": {BOB},
        "9": {ANN, CEM},
        "10": {ANN, CEM},
    }


def test_a_fold_sees_none_that_belongs_with_what_it_validates_or_tests_on() -> None:
    alone = components(manifest())
    parts = {0: ("train", "val", "test"), 1: ("test", "train", "val")}
    rows = [(alone[photo], fold, each[int(photo) - 1]) for fold, each in parts.items() for photo in "123"]
    splits = pd.DataFrame(rows, columns=["component", "fold", "part"])
    found = Unlabelled(pd.DataFrame({"photo_id": WITHOUT}), relatives(manifest(), WITHOUT))
    jobs = [Job(fold, 0, 1, alone.to_numpy(), alone.to_numpy(), 1) for fold in (0, 1)]

    seen = [set(WITHOUT[job.unlabelled - 50]) for job in with_unlabelled(jobs, found, splits, first_row=50)]
    assert seen == [{"7", "8"}, {"5", "6", "7", "8"}]
