"""What platforms, browsers and file managers make of a name, and what it says of who handed in."""

from __future__ import annotations

import pytest

from tenshots.intake.names.copies import download, family, is_platforms, originals, person, says_nothing


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ann-20241102T100037Z-001", ("ann", "20241102T100037Z")),
        ("ann-20241102T100037Z-3-002", ("ann", "20241102T100037Z")),
        ("Ann Lee -20241102T100037Z-1-010", ("Ann Lee", "20241102T100037Z")),
        ("ann-b-20241102T100037Z-001", ("ann-b", "20241102T100037Z")),
        ("ann-20241102T100037Z", ("ann", "20241102T100037Z")),
        ("ann-20241102T100037Z-002 (1)", ("ann", "20241102T100037Z")),
        ("ann-20241102T100037Z-3-002(2)", ("ann", "20241102T100037Z")),
        ("ann-20241102-001", None),
        ("20241102T100037Z-001", None),
        ("ann-001", None),
    ],
)
def test_parts_of_a_download_share_its_name_and_time(name: str, expected: tuple[str, str] | None) -> None:
    assert download(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("leeann_12345_678900_photos", "leeann_12345"),
        ("leeann_LATE_12345_678901_photos-1", "leeann_12345"),
        ("李明_12345_678901_a_b", "李明_12345"),
        ("Ann Lee_12345_assignsubmission_file_", "Ann Lee_12345_assignsubmission_file_"),
        ("Ann Lee_12345_assignsubmission_file", "Ann Lee_12345_assignsubmission_file"),
        ("Ann_Lee_12345_assignsubmission_file_photos", "Ann_Lee_12345_assignsubmission_file_"),
        # A year and a day, a course and a date: nobody's numbers.
        ("class_2024_1102_ann", ""),
        ("lab_101_20241102_ann", ""),
        ("ann_lee_photos", ""),
        ("ann", ""),
    ],
)
def test_platforms_number_people(name: str, expected: str) -> None:
    assert person(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ann - Copy (2)", ["ann - Copy", "ann"]),
        ("Kopie von ann (3)", ["ann (3)", "ann"]),
        ("ann 2 copy 3", ["ann 2", "ann"]),
        ("ann (3rd copy)", ["ann"]),
        ("ann_copy", ["ann"]),
        ("ann コピー", ["ann"]),
        ("ann-20241102T100037Z-001 (1)", ["ann-20241102T100037Z-001", "ann-20241102T100037Z", "ann"]),
        ("İnci (1)", ["İnci"]),  # its lower case has one more character
        *[
            (name, [])
            for name in ("ann", "copy", "(1)", "2", "scopy", "ann2", "ann 2024", "ann-1", "ann_1", "ann (b)")
        ],
    ],
)
def test_the_names_that_one_may_be_a_copy_of(name: str, expected: list[str]) -> None:
    assert [*originals(name)] == expected


@pytest.mark.parametrize(
    "name",
    [
        *("photos", "My Photos (2)", "Archive 3", "iCloud Photos", "Bilder - Kopie", "Assignment 3"),
        *("OneDrive_1_11-2-2024", "OneDrive_2024-11-02 (1)", "takeout-20241102T100037Z-001"),
        "drive-download-20241102T100037Z-3-001",
    ],
)
def test_some_names_are_anyones(name: str) -> None:
    assert says_nothing(name)


@pytest.mark.parametrize(
    "name", ["ann", "Ann's photos", "ann photos", "photos of ann", "OneDrive of ann", "cup"]
)
def test_most_names_are_someones(name: str) -> None:
    assert not says_nothing(name)
    assert not is_platforms(name)


def test_only_a_platforms_own_names_are_its() -> None:
    assert is_platforms("OneDrive_1_11.12.2024")
    assert not is_platforms("photos")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann 1", "Ann 2"),
        ("ann", "ann-1"),
        ("cup", "cup_2"),
        ("cup", "cup [1]"),
        ("cup", "Cup[1]"),
        ("Ann Lee_12345_assignsubmission_file_", "Ann Lee_67890_assignsubmission_file_cups"),
        ("OneDrive_1_11-2-2024", "OneDrive_2024-11-02"),
        ("ann-20241102T100037Z", "ann-20241109T081500Z-001"),
    ],
)
def test_names_that_may_be_one_persons_are_a_family(one: str, other: str) -> None:
    assert family(one) == family(other)


@pytest.mark.parametrize(
    ("one", "other"), [("ann", "anna"), ("2024-11-02", "2024-11-03"), ("ann-12 lee", "ann lee")]
)
def test_others_are_none(one: str, other: str) -> None:
    assert family(one) != family(other)
