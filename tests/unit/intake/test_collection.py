"""What makes files a data set, and how a manifest is summed up."""

from __future__ import annotations

import pandas as pd
import pytest

from tenshots.errors import DataError
from tenshots.intake.collection import (
    check,
    copied_groups,
    copied_labels,
    doubts,
    folders_outside,
    labels_alike,
    reject_twins,
    summary,
    table,
)
from tenshots.tables.manifest import counted_reasons


def manifest(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    """Rows of group, label, status and reason, each photo in a cluster of its own."""
    result = pd.DataFrame(rows, columns=["group", "label", "status", "reason"])
    return result.assign(cluster=[f"{number}" for number in range(len(rows))], note="")


def test_the_summary_counts_reasons_from_the_most_frequent() -> None:
    rows = manifest(
        ("ann", "cup", "kept", ""),
        ("ann", "cup", "rejected", "small"),
        ("ann", "key", "rejected", "large"),
        ("ann", "cup", "rejected", "small"),
    )
    assert summary(rows) == "1 photo kept; 3 files rejected: small (2), large (1)"
    assert summary(rows[:1]) == "1 photo kept; 0 files rejected"


def test_the_summary_tells_of_near_duplicates_notes_and_twins() -> None:
    rows = manifest(*[("ann", "cup", "kept", "")] * 5, ("bob", "cup", "rejected", "same bytes as ann/1.jpg"))
    rows["cluster"] = ["a", "a", "b", "b", "c", ""]
    rows.loc[[0, 4], "note"] = "first of 3 frames"
    assert summary(rows) == (
        "5 photos kept; 4 of them in 2 clusters of near-duplicates; noted: first of 3 frames (2); "
        "1 file rejected: same bytes as another file (1)"
    )


def test_the_table_counts_by_group_and_label() -> None:
    rows = manifest(
        ("bob", "key", "kept", ""),
        ("ann", "cup", "kept", ""),
        ("ann", "cup", "kept", ""),
        ("ann", "cup", "rejected", "small"),
        ("", "", "rejected", "path does not fit"),
        ("cem", "rejected", "rejected", "small"),
    )
    assert table(rows).splitlines() == [
        "group       cup  key  (not used)",
        "(no group)    0    0           1",
        "ann           2    0           1",
        "bob           0    1           0",
        "cem           0    0           1",
    ]


def test_without_groups_the_table_has_one_row() -> None:
    rows = manifest(("", "cup", "kept", ""), ("", "key", "kept", ""), ("", "", "rejected", "small"))
    assert [line.split() for line in table(rows).splitlines()] == [
        ["group", "cup", "key", "(not", "used)"],
        ["all", "1", "1", "1"],
    ]


def test_above_forty_groups_the_rest_is_one_row_and_no_photo_is_missing() -> None:
    lines = table(
        manifest(*[(f"person {number:03}", "cup", "kept", "") for number in range(100)])
    ).splitlines()
    assert len(lines) == 41
    assert lines[-1].split() == ["61", "more", "groups", "61", "0"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_of_equal_files_the_smallest_path_is_kept_whatever_the_order(order: tuple[int, ...]) -> None:
    rows = pd.DataFrame([("a", "x"), ("b", "x"), ("c", "y")], columns=["path", "photo_id"]).assign(
        label="cup", status="kept", reason=""
    )
    result = reject_twins(rows.iloc[list(order)]).set_index("path")
    assert result["status"].to_dict() == {"a": "kept", "b": "rejected", "c": "kept"}
    assert result["reason"]["b"] == "same bytes as a"


def test_reasons_that_differ_in_detail_alone_are_counted_together() -> None:
    reasons = [
        *("too small: 9 x 8 px, but the shorter side", "too small: 7 x 8 px, but the shorter side"),
        *("damaged, incomplete or unusual PNG image (x)", "damaged, incomplete or unusual PNG image (y)"),
        *("same bytes as a.jpg", "same bytes as b.jpg", "same bytes as c.jpg"),
    ]
    rows = manifest(*[("ann", "cup", "rejected", reason) for reason in reasons])
    assert counted_reasons(rows) == (
        "same bytes as another file (3), damaged, incomplete or unusual PNG image (2), too small (2)"
    )


@pytest.mark.parametrize(
    ("reasons", "common"),
    [
        (
            [
                f"its first frame fills {side} x 1 of 14000 x {side} px, less than a sixteenth; save it"
                for side in (1, 2)
            ],
            "its first frame fills less than a sixteenth; save it",
        ),
        (
            [f"it unpacks to {number:,} MB, more than 4,000 MB (see x)" for number in (5000, 6000)],
            "it unpacks to more than 4,000 MB",
        ),
        (
            [f"it holds {number:,} files, more than 2,000 (see x)" for number in (2001, 3000)],
            "it holds more files than 2,000",
        ),
        (
            [f"it unpacks to {number} times its size, more than 100 (see x)" for number in (101, 900)],
            "it unpacks to more times its size than 100",
        ),
        (
            [f"its list of files takes {number} bytes, more than 20 files need (see x)" for number in (8, 9)],
            "its list of files takes more bytes than 20 files need",
        ),
        (
            [f"it holds {number} files named 'a ({number}).jpg'; rename them" for number in (2, 3)],
            "it holds several files of one name; rename them",
        ),
        (
            [
                f"its files '{name}' and 'z (1).jpg' share bytes; zip them again"
                for name in ("a", "b (2).jpg")
            ],
            "two of its files share bytes; zip them again",
        ),
    ],
)
def test_numbers_and_names_in_reasons_do_not_tell_them_apart(reasons: list[str], common: str) -> None:
    rows = manifest(*[("ann", "cup", "rejected", reason) for reason in reasons])
    assert counted_reasons(rows) == f"{common} (2)"


@pytest.mark.parametrize(
    "copy",
    [
        "ben (1)",
        "ben(2)",
        "ben_(1)",
        "ben - Copy",
        "ben_copy",
        "ben copy 2",
        "Copy of ben",
        "Kopie von ben (3)",
    ],
)
def test_a_second_copy_of_a_group_is_told(copy: str) -> None:
    assert copied_groups(["ann", "ben", copy, "", "scopy", "s", "ben", "copy", "(1)"]) == [
        sorted(["ben", copy])
    ]


def test_copies_are_told_without_their_original() -> None:
    assert copied_groups(["ben (1)", "ben (2)", "ben 3"]) == [["ben (1)", "ben (2)", "ben 3"]]
    assert copied_groups(["ann", "ben 1", "ben 2"]) == [["ben 1", "ben 2"]]


@pytest.mark.parametrize("names", [["student 1", "student 2"], ["p-1", "p-2"]])
def test_a_number_for_each_is_no_copy(names: list[str]) -> None:
    assert copied_groups(names) == []
    assert copied_groups([*names, names[0][:-2]]) != []


def test_labels_that_are_copies_of_one_that_is_there_are_told() -> None:
    for copy in ("cup-1", "cup_2", "cup [1]", "cup[1]"):
        assert copied_labels(["cup", copy, "gear 1", "gear 2", "key"]) == [sorted(["cup", copy])]
    assert copied_labels(["gear_1", "gear_2", "key"]) == []
    assert copied_labels(["type", "type 2"]) == [["type", "type 2"]]
    assert copied_labels(["gear 1", "gear 2", "key"]) == []


def test_folders_in_which_nothing_fits_the_layout_are_told() -> None:
    paths = [
        "ann/cup/1.jpg",
        "ann/notes.txt",
        "class/bob/cup/1.jpg",
        "class/bob/key/1.jpg",
        "cleo.zip/a/b/c/1.jpg",
    ]
    rows = pd.DataFrame({"path": [*paths, "readme.txt"], "label": ["cup", "", "", "", "", ""]})
    assert folders_outside(rows) == ["class/bob/cup/1.jpg", "cleo.zip/a/b/c/1.jpg"]
    assert folders_outside(rows[:2]) == []


def test_labels_that_are_nearly_one_word_are_told() -> None:
    assert labels_alike(["cup", "cups", "jug", "mug", "book", "cup", ""]) == [("cup", "cups")]


@pytest.mark.parametrize("pair", [("cup", "cups"), ("keyboard", "keyboard 2"), ("type", "type 2")])
def test_a_pair_of_labels_is_told_once_and_in_the_same_words(pair: tuple[str, str]) -> None:
    rows = manifest(*[("ann", label, "kept", "") for label in pair])
    rows["path"] = "ann/" + rows["label"] + "/1.jpg"
    assert doubts(rows, []) == [
        f"{pair[0]} and {pair[1]} count as 2 labels; rename a folder if they are the same"
    ]


def test_a_label_that_is_bare_because_of_its_archive_names_that() -> None:
    rows = manifest(
        ("ann", "cup", "kept", ""),
        ("ann", "key", "kept", ""),
        ("bob", "pen", "rejected", "damaged or incomplete .zip archive"),
    ).assign(path=["ann/cup/1.jpg", "ann/key/1.jpg", "bob/pen.zip"], split="")
    with pytest.raises(
        DataError, match=r"'pen': a label .* pack bob/pen\.zip again, or unpack it, or remove"
    ):
        check(rows)
    with pytest.raises(DataError, match=r"'pen': a label .* add photos, or remove its folder"):
        check(rows.assign(path=["ann/cup/1.jpg", "ann/key/1.jpg", "bob/pen/1.jpg"]))
