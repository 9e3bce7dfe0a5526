"""What paths say by a layout."""

from __future__ import annotations

import pytest

from tenshots.errors import SettingsError
from tenshots.intake.names.pattern import Layout, PathFields


@pytest.mark.parametrize(
    ("pattern", "path", "fields"),
    [
        ("{group}/{label}/{name}", "ann/cup/1.jpg", PathFields("cup", "ann", "", "1.jpg")),
        ("{label}/{group}_{name}", "cup/ann_lee_07.jpg", PathFields("cup", "ann_lee", "", "07.jpg")),
        ("{split}/{label}/{name}", "train/cup/a b.png", PathFields("cup", "", "train", "a b.png")),
        ("{label}/{name}", "cup (old)/x", PathFields("cup (old)", "", "", "x")),
        ("raw.v1/{label}-{name}", "raw.v1/a-b-c.jpg", PathFields("a-b", "", "", "c.jpg")),
        # Where a field follows the name, the extension stays with the name.
        (
            "{label}/{name} - {group}",
            "cup/IMG_1000 - Ann Lee.jpg",
            PathFields("cup", "Ann Lee", "", "IMG_1000.jpg"),
        ),
        (
            "{label} (File responses)/{name} - {group}",
            "cup (File responses)/IMG - 2 - Ann Lee.HEIC",
            PathFields("cup", "Ann Lee", "", "IMG - 2.HEIC"),
        ),
        ("{label}/{name} - {group}", "cup/1 - Dr. Lee.jpg", PathFields("cup", "Dr. Lee", "", "1.jpg")),
        ("{label}/{name} - {group}", "cup/1 - Dr. Lee", PathFields("cup", "Dr. Lee", "", "1")),
        ("{group}/{name}_{label}", "ann/IMG_1_cup.tar.gz", PathFields("cup.tar", "ann", "", "IMG_1.gz")),
        ("{label}/{group}_{name}_{split}", "cup/ann_1_val.png", PathFields("cup", "ann", "val", "1.png")),
    ],
)
def test_a_path_that_fits_is_read(pattern: str, path: str, fields: PathFields) -> None:
    assert Layout(pattern).match(path) == fields


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("{group}/{label}/{name}", "cup/1.jpg"),
        ("{group}/{label}/{name}", "a/b/cup/1.jpg"),
        ("{label}/{group}_{name}", "cup/1.jpg"),
        ("raw.v1/{label}/{name}", "rawxv1/cup/1.jpg"),
        ("{label}/{name} - {group}", "cup/IMG_1000.jpg"),
        ("{label}/{name} - {group}", "cup/IMG_1000 - .jpg"),
    ],
)
def test_a_path_of_another_shape_does_not_fit(pattern: str, path: str) -> None:
    assert Layout(pattern).match(path) is None


@pytest.mark.parametrize(
    ("pattern", "path", "fields"),
    [
        ("{group}/{label}/{name}", "ann", PathFields("", "ann", "", "")),
        ("{group}/{label}/{name}", "ann/cup", PathFields("cup", "ann", "", "")),
        ("{group}/{label}/{name}", "ann/cup/old", None),
        ("raw/{label}/{group}_{name}", "raw/cup", PathFields("cup", "", "", "")),
        ("raw/{label}/{group}_{name}", "other/cup", None),
        ("{label}_{name}", "cup", None),
    ],
)
def test_a_folder_says_the_fields_of_its_level(pattern: str, path: str, fields: PathFields | None) -> None:
    assert Layout(pattern).match_folder(path) == fields


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{group}/{name}", r"must name \{label\}"),
        ("{label}", r"must name \{name\}"),
        ("{labl}/{name}", r"unknown field \{labl\}.*did you mean 'label'"),
        ("{}/{label}/{name}", "unknown field"),
        ("{label}/{label}/{name}", r"\{label\} at most once"),
        ("{label}{group}/{name}", "text between two fields"),
        ("{label/{name}", "must name"),
        ("{label}/x}/{name}", "a brace that belongs to no field"),
        ("{name}/{label}", r"must have \{name\} in its last part"),
        ("{label}/{name}/{group}", r"must have \{name\} in its last part"),
        ("{label}/{name}.jpg", "end with a field; the extension belongs to {name} and is left out"),
        ("{label}/{name} - {group}.jpg", "end with a field"),
        ("/{label}/{name}", "must be relative"),
        ("../{label}/{name}", "must be relative"),
    ],
)
def test_a_wrong_pattern_is_an_error_that_says_why(pattern: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Layout(pattern)


def test_a_name_that_could_be_split_elsewhere_is_told_with_how_it_is_read() -> None:
    """Android's names: one group per day of each person."""
    layout = Layout("{label}/{group}_{name}")
    assert layout.doubts(["cup/ada_1.jpg", "readme_of_all.txt", "cup/bo_2.jpg"]) == []
    assert layout.doubts(["cup/ada_1.jpg", "cup/ada_20241102_1.jpg"]) == [
        "the layout splits cup/ada_20241102_1.jpg at the last possible place, into label 'cup', group "
        "'ada_20241102', name '1.jpg'; if that is wrong, use folders such as {group}/{label}/{name}"
    ]
    for pattern, path in (
        ("{group}/{label}/{name}", "a_b_c/cup/IMG_2_3.jpg"),
        ("{label}_{group}_{name}", "cup_ada_1.jpg"),
        ("{label}/photo_{group}_{name}", "cup/photo_ada_1.jpg"),
        ("{label}-{group}_{name}", "cup-ada_a-b.jpg"),
        ("{label}/{name} - {group}", "cup/IMG_1 - Ann Lee.jpg"),
    ):
        assert Layout(pattern).match(path)
        assert Layout(pattern).doubts([path]) == []
