"""One name for each label and person: what is made one and said, and what never is."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from tenshots.errors import DataError
from tenshots.intake import collection
from tenshots.intake.ingestion import Ingested
from tests.drawn.handed_in import draw, ingested
from tests.drawn.names import DRIVE, groups, pack, told
from tests.drawn.zips import Entry, write_zip

LATER = "20241109T081500Z"


def labels(result: Ingested) -> list[str]:
    return sorted(set(result.photos["label"]))


@pytest.mark.parametrize("batch", ["", "-3"])
def test_the_parts_of_a_drive_download_are_one_group(tmp_path: Path, batch: str) -> None:
    first, second = (f"ann-{DRIVE}{batch}-00{part}.zip" for part in (1, 2))
    pack(tmp_path / "in" / first, "ann/cup/1.png", "ann/key/1.png")
    pack(tmp_path / "in" / second, "ann/cup/2.png")  # its label's folder holds all, too
    pack(tmp_path / "in" / f"ben-{LATER}{batch}-001.zip", "ben/cup/1.png")
    result = ingested(tmp_path / "in")
    assert groups(result) == {"ann": [first, second], "ben": [f"ben-{LATER}{batch}-001.zip"]}
    assert labels(result) == ["cup", "key"]
    assert told(result) == f"{first} and {second} are parts of one download and are read as one, as 'ann'"


def test_a_part_that_was_fetched_twice_is_a_part_and_told_once(tmp_path: Path) -> None:
    names = [f"ann-{DRIVE}-{part}.zip" for part in ("001", "002 (1)", "002")]
    for name, label in zip(names, ("cup", "key", "key"), strict=True):
        pack(tmp_path / "in" / name, f"ann/{label}/1.png")
    draw(tmp_path / "in", "ben/cup/1.png")
    result = ingested(tmp_path / "in")
    assert groups(result) == {"ann": names, "ben": ["ben"]}
    assert told(result) == (
        f"{names[0]}, {names[1]} and {names[2]} are parts of one download and are read as one, as 'ann'"
    )


def test_a_class_folder_that_drive_splits_is_read_as_one(tmp_path: Path) -> None:
    """In the second part lies only ben, whose folder would pass for a wrapper there."""
    first, second = (f"Tenshots-{DRIVE}-00{part}.zip" for part in (1, 2))
    pack(tmp_path / "in" / first, "Tenshots/ann/cup/1.png", "Tenshots/ben/key/1.png")
    pack(tmp_path / "in" / second, "Tenshots/ben/cup/2.png")
    result = ingested(tmp_path / "in")
    assert groups(result) == {"ann": [first], "ben": [first, second]}
    assert "read as one, as 'ann' and 'ben'" in told(result)


def test_a_class_folder_lies_beside_what_single_people_hand_in(tmp_path: Path) -> None:
    shared = f"Class photos-{DRIVE}-001.zip"
    pack(tmp_path / "in" / shared, "Class photos/eve/cup/1.png", "Class photos/fay/key/1.png")
    pack(tmp_path / "in" / "ann.zip", "ann/cup/1.png", "ann/key/1.png")
    draw(tmp_path / "in", "ben/cup/1.png", "ben/key/1.png")
    result = ingested(tmp_path / "in")
    assert groups(result) == {"ann": ["ann.zip"], "ben": ["ben"], "eve": [shared], "fay": [shared]}
    assert labels(result) == ["cup", "key"]
    assert "hold a folder of one name" not in told(result)


def test_a_persons_folder_is_never_read_as_several_people(tmp_path: Path) -> None:
    """Its two trials would be two people, one to train with and one to test."""
    own = f"ann-{DRIVE}-001.zip"
    pack(tmp_path / "in" / own, "ann/trial 1/cup/1.png", "ann/trial 2/key/1.png")
    draw(tmp_path / "in", "ben/cup/1.png", "ben/key/1.png")
    result = ingested(tmp_path / "in")
    assert groups(result) == {"ben": ["ben"]}
    assert f"such as {own}/ann/trial 1/cup/1.png; move the photos" in told(result)


def test_a_missing_part_of_a_download_is_told(tmp_path: Path) -> None:
    names = [f"ann-{DRIVE}-00{part}.zip" for part in (2, 4)]
    pack(tmp_path / "in" / names[0], "ann/cup/1.png")
    pack(tmp_path / "in" / names[1], "ann/key/1.png")
    draw(tmp_path / "in", "ben/cup/1.png", "ben/key/1.png")
    assert f"{names[1]} is part 4 of a download that lacks part 1 and part 3" in told(
        ingested(tmp_path / "in")
    )


def test_files_chosen_in_drive_and_onedrive_are_the_folder_inside(tmp_path: Path) -> None:
    names = ("OneDrive_1_11-2-2024.zip", "OneDrive_2024-11-03.zip", f"drive-download-{DRIVE}-001.zip")
    for name, owner in zip(names, ("ann", "ben", "ann"), strict=True):
        pack(tmp_path / "in" / name, f"{owner}/cup/1.png", f"{owner}/key/2.png")
    assert groups(ingested(tmp_path / "in")) == {"ann": [names[0], names[2]], "ben": [names[1]]}


def test_two_archives_that_say_nothing_of_who_stay_two(tmp_path: Path) -> None:
    for name in ("OneDrive_1_11-2-2024.zip", "OneDrive_2_11-2-2024.zip", "photos.zip", "photos (1).zip"):
        pack(tmp_path / "in" / name, "My photos/cup/1.png", "My photos/key/2.png")
    result = ingested(tmp_path / "in")
    assert len(groups(result)) == 4
    assert (
        "photos and photos (1) count as 2 groups; put them into one folder if they are by one person"
        in told(result)
    )
    assert "OneDrive_1_11-2-2024 and OneDrive_2_11-2-2024 count as 2 groups" in told(result)


def test_two_downloads_of_folders_of_one_name_stay_two_and_are_told(tmp_path: Path) -> None:
    for time in (DRIVE, LATER):
        pack(
            tmp_path / "in" / f"optics-{time}-001.zip",
            "optics/cup/1.png",
            "optics/key/2.png",
        )
    draw(tmp_path / "in", "ben/cup/1.png")
    result = ingested(tmp_path / "in")
    assert set(groups(result)) == {f"optics-{DRIVE}", f"optics-{LATER}", "ben"}
    assert f"optics-{DRIVE} and optics-{LATER} count as 2 groups" in told(result)


@pytest.mark.parametrize("name", ["student", "Group", "person", "Schüler"])
def test_people_who_are_numbered_stay_apart_with_a_warning(name: str, tmp_path: Path) -> None:
    for folder in (name, f"{name} 2", f"{name} 3", f"{name} 3 - Copy"):
        draw(tmp_path / "in", f"{folder}/cup/1.png", f"{folder}/key/2.png")
    draw(tmp_path / "in", "ben/cup/1.png")
    result = ingested(tmp_path / "in")
    assert groups(result) == {
        name: [name],
        f"{name} 2": [f"{name} 2"],
        f"{name} 3": [f"{name} 3", f"{name} 3 - Copy"],  # one who says so
        "ben": ["ben"],
    }
    assert f"{name}, {name} 2 and {name} 3 count as 3 groups; put them into one folder if" in told(result)


def test_a_part_beside_the_unpacked_folder_is_its_group(tmp_path: Path) -> None:
    draw(tmp_path / "in", "ann/cup/1.png", "ben/key/1.png")
    pack(tmp_path / "in" / f"ann-{DRIVE}-002.zip", "ann/cup/2.png", "ann/key/2.png")
    result = ingested(tmp_path / "in")
    assert groups(result) == {"ann": ["ann", f"ann-{DRIVE}-002.zip"], "ben": ["ben"]}
    assert f"'ann' and ann-{DRIVE}-002.zip count as one group, 'ann'" in told(result)


def test_canvas_and_moodle_number_people(tmp_path: Path) -> None:
    canvas, moodle = tmp_path / "canvas" / "in", tmp_path / "moodle" / "in"
    again = "leeann_LATE_12345_678901_photos-1.zip"
    pack(canvas / "leeann_12345_678900_photos.zip", "cup/1.png", "key/1.png")
    pack(canvas / again, "cup/2.png", "key/2.png")
    pack(canvas / "leeann_23456_678902_photos.zip", "cup/3.png", "key/3.png")  # another Ann Lee
    result = ingested(canvas)
    assert groups(result) == {
        "leeann_12345": ["leeann_12345_678900_photos.zip", again],
        "leeann_23456_678902_photos": ["leeann_23456_678902_photos.zip"],
    }
    assert result.namings == [
        f"leeann_12345_678900_photos.zip and {again} count as one group, 'leeann_12345', because the "
        f"platform gave them one person's number"
    ]
    for name in ("Ann Lee_12345_assignsubmission_file_cups", "Ann Lee_12345_assignsubmission_file_keys"):
        pack(moodle / f"{name}.zip", "cup/1.png", "key/1.png")
    pack(moodle / "Ann Lee_67890_assignsubmission_file_more.zip", "cup/3.png", "key/3.png")
    result = ingested(moodle)
    assert {group: len(files) for group, files in groups(result).items()} == {
        "Ann Lee_12345_assignsubmission_file_": 2,
        "Ann Lee_67890_assignsubmission_file_more": 1,
    }
    first, second = groups(result)
    assert f"{first} and {second} count as 2 groups" in told(result)


def test_two_archives_in_one_persons_folder_are_theirs(tmp_path: Path) -> None:
    ann, bob = "Ann Lee_12345_assignsubmission_file_", "Bob_67890_assignsubmission_file_"
    pack(tmp_path / "in" / ann / "photos.zip", "cup/1.png", "key/1.png")
    pack(tmp_path / "in" / ann / "more.zip", "cup/2.png", "key/2.png")
    pack(tmp_path / "in" / bob / "cup.zip", "photos/1.png")
    pack(tmp_path / "in" / bob / "key.zip", "1.png")
    result = ingested(tmp_path / "in")
    assert groups(result) == {ann: [ann], bob: [bob]}
    assert labels(result) == ["cup", "key"]


@pytest.mark.parametrize(
    "copy",
    [
        *("ann (1)", "ann(1)", "ann - Copy", "ann - Copy (2)", "ann copy 2", "ann 2", "ann (another copy)"),
        *(
            "ann - Kopie",
            "ann - Copie (2)",
            "ann - Cópia",
            "ann — копия",
            "ann - 副本",
            "Copy of ann",
            "ANN (1)",
        ),
    ],
)
def test_a_copy_beside_its_original_is_one_group(tmp_path: Path, copy: str) -> None:
    pack(tmp_path / "in" / "ann.zip", "cup/1.png", "key/1.png")
    pack(tmp_path / "in" / f"{copy}.zip", "cup/2.png", "key/2.png")
    pack(tmp_path / "in" / "ben.zip", "cup/3.png", "key/3.png")
    result = ingested(tmp_path / "in")
    assert groups(result) == {"ann": sorted(["ann.zip", f"{copy}.zip"]), "ben": ["ben.zip"]}
    (sentence,) = result.namings
    assert "ann.zip" in sentence
    assert f"{copy}.zip" in sentence
    assert sentence.endswith(
        "count as one group, 'ann', because they are named like copies; rename one if they are by two people"
    )


def test_without_the_original_copies_stay_two_unless_the_folder_inside_is_it(tmp_path: Path) -> None:
    for name, inside in (("ann 1", ""), ("ann 2", ""), ("ben 1", "Ben/"), ("ben 2", "Ben/")):
        pack(tmp_path / "in" / f"{name}.zip", f"{inside}cup/1.png", f"{inside}key/2.png")
    result = ingested(tmp_path / "in")
    assert groups(result) == {
        "ann 1": ["ann 1.zip"],
        "ann 2": ["ann 2.zip"],
        "Ben": ["ben 1.zip", "ben 2.zip"],
    }
    assert "ann 1 and ann 2 count as 2 groups; put them into one folder if they are by one person" in told(
        result
    )
    assert "ben 1.zip and ben 2.zip count as one group, 'Ben'" in told(result)


def test_archives_of_other_names_with_one_folder_inside_stay_two_and_are_told(tmp_path: Path) -> None:
    for name, inside in (
        ("first", "ann"),
        ("second", "ann"),
        ("ben", "Fotos"),
        ("cem", "Fotos"),
        ("dan", "dan"),
    ):
        pack(tmp_path / "in" / f"{name}.zip", f"{inside}/cup/1.png", f"{inside}/key/2.png")
    result = ingested(tmp_path / "in")
    assert set(groups(result)) == {"first", "second", "ben", "cem", "dan"}
    assert told(result) == (
        "first.zip and second.zip each hold a folder named 'ann' and count as 2 groups; put them into one "
        "folder if they are by one person"
    )
    (tmp_path / "in" / "ann").mkdir()
    for name in ("first.zip", "second.zip"):
        (tmp_path / "in" / name).rename(tmp_path / "in" / "ann" / name)
    assert set(groups(ingested(tmp_path / "in"))) == {"ann", "ben", "cem", "dan"}


def test_a_folder_that_all_archives_hold_is_nobodys(tmp_path: Path) -> None:
    for name in ("ann", "ben", "cem"):
        pack(tmp_path / "in" / f"{name}.zip", "optics/cup/1.png", "optics/key/2.png")
    assert told(ingested(tmp_path / "in")) == ""


def test_a_numbered_class_is_left_alone(tmp_path: Path) -> None:
    """Everyone's archive has the name that the task gave, or all are numbered: no copies of one another."""
    for number in range(1, 4):
        pack(tmp_path / "a" / "in" / f"student {number}.zip", "cup/1.png", "key/2.png")
    assert len(groups(ingested(tmp_path / "a" / "in"))) == 3
    assert told(ingested(tmp_path / "a" / "in")) == ""
    for mark in ("", " (1)", " (2)"):
        pack(tmp_path / "b" / "in" / f"optics{mark}.zip", "cup/1.png", "key/2.png")
    assert len(groups(ingested(tmp_path / "b" / "in"))) == 3
    assert "optics, optics (1) and optics (2) count as 3 groups" in told(ingested(tmp_path / "b" / "in"))


def test_names_of_labels_are_nobodys(tmp_path: Path) -> None:
    for name in ("cup", "cup (1)", "ann"):
        pack(tmp_path / "in" / f"{name}.zip", "cup/1.png", "key/2.png")
    assert len(groups(ingested(tmp_path / "in"))) == 3


@pytest.mark.parametrize(
    ("archive", "inside", "label"),
    [
        # The folder's name is a label elsewhere, or the archive's is.
        ("ann/Cup photos.zip", "cup", "cup"),
        ("ann/ann cups.zip", "cup", "cup"),
        ("ann/ann cups.zip", "Cup", "Cup"),
        ("ann/cup.zip", "mine", "cup"),
        ("ann/cup (1).zip", "cup", "cup"),
        ("ann/Archive.zip", "cup", "cup"),
        ("ann/camera.zip", "cup", "cup"),
        ("cem/key.zip", "stuff", "key"),  # alone in its folder
    ],
)
def test_the_label_of_an_archive_or_of_the_folder_in_it_is_the_one_that_others_write(
    tmp_path: Path, archive: str, inside: str, label: str
) -> None:
    draw(tmp_path / "in", "ann/pen/1.png", f"ben/{label}/1.png", "ben/pen/2.png")
    pack(tmp_path / "in" / archive, f"{inside}/1.png", f"{inside}/2.png")
    result = ingested(tmp_path / "in")
    assert labels(result) == sorted([label, "pen"])
    assert "count as" not in told(result) or "copies" in told(result)


def test_two_archives_of_one_label_each_keep_their_labels(tmp_path: Path) -> None:
    """So macOS names the archives of two folders."""
    pack(tmp_path / "in/ann/Archive.zip", "cup/1.png", "cup/2.png")
    pack(tmp_path / "in/ann/Archive 2.zip", "key/1.png", "key/2.png")
    result = ingested(tmp_path / "in")
    assert labels(result) == ["cup", "key"]
    assert told(result) == ""


def test_names_that_say_nothing_are_no_copies_of_one_label(tmp_path: Path) -> None:
    pack(tmp_path / "in/ann/Archive.zip", "1.png")
    pack(tmp_path / "in/ann/Archive 2.zip", "2.png")
    draw(tmp_path / "in", "ben/cup/1.png")
    result = ingested(tmp_path / "in")
    assert labels(result) == ["Archive", "Archive 2", "cup"]
    assert "Archive and Archive 2 count as 2 labels; rename a folder if they are the same" in told(result)


@pytest.mark.parametrize("others", [["cup", "key"], ["pen", "tin"]])
def test_where_either_name_may_be_the_label_it_is_said(tmp_path: Path, others: list[str]) -> None:
    draw(tmp_path / "in", *[f"ben/{label}/1.png" for label in others], "ann/pen/1.png")
    pack(tmp_path / "in/ann/cup.zip", "key/1.png")
    result = ingested(tmp_path / "in")
    assert "cup" in labels(result)
    assert "either of which may be the label: ann/cup.zip ('cup', not 'key'); rename" in told(result)


def test_a_person_whose_archive_in_an_archive_is_damaged_is_named(tmp_path: Path) -> None:
    pack(tmp_path / "whole.zip", "cup/1.png", "key/1.png")
    (tmp_path / "in").mkdir()
    whole = (tmp_path / "whole.zip").read_bytes()
    write_zip(tmp_path / "in/submissions.zip", Entry(b"ann.zip", whole), Entry(b"ben.zip", whole[:-9]))
    draw(tmp_path / "in", "cem/cup/1.png")
    result = ingested(tmp_path / "in")
    assert set(groups(result)) == {"ann", "cem"}
    assert "there is no photo of ben" in told(result)


def test_the_name_of_who_handed_in_is_no_label(tmp_path: Path) -> None:
    pack(tmp_path / "in/ann.zip", "cup/1.png", "cup/2.png")
    draw(tmp_path / "in", "ben/ann/1.png", "ben/key/1.png")  # a portrait
    result = ingested(tmp_path / "in")
    assert labels(result) == ["ann", "cup", "key"]
    assert told(result) == ""


def test_parts_that_hold_archives_are_told_and_each_tells_its_code_page(tmp_path: Path) -> None:
    first, third = (f"Assignment 1-{DRIVE}-00{part}.zip" for part in (1, 3))
    pack(tmp_path / "inner.zip", "książka/1.png", "cup/1.png", code_page="cp852")
    for archive, person in ((first, "ann"), (third, "ben")):
        entry = Entry(f"Assignment 1/{person}.zip".encode(), (tmp_path / "inner.zip").read_bytes())
        (tmp_path / "in").mkdir(exist_ok=True)
        write_zip(tmp_path / "in" / archive, entry)
    draw(tmp_path / "in", "cem/książka/1.png", "cem/key/1.png")
    result = ingested(tmp_path / "in")
    assert labels(result) == ["cup", "key", "książka"]
    assert set(groups(result)) == {"ann", "cem"}  # ben's are the same photos
    assert f"{first} and {third} are parts of one download and are read as one" in told(result)
    assert f"{third} is part 3 of a download that lacks part 2" in told(result)
    assert f"{first}/Assignment 1/ann.zip and {third}/Assignment 1/ben.zip" not in told(result)
    assert f"{first}/Assignment 1/ann.zip does not say how its names are encoded" in told(result)


@pytest.mark.parametrize("copy", ["cup (1)", "cup - Copy", "cup 2", "cup - Kopie", "copie de cup"])
def test_a_copy_of_a_label_is_the_label_wherever_it_is(tmp_path: Path, copy: str) -> None:
    draw(
        tmp_path / "in",
        "ann/cup/1.png",
        "ann/gear 1/1.png",
        f"ann/{copy}/2.png",
        f"ben/{copy}/3.png",
        "cem/gear 2/1.png",
    )
    (tmp_path / "in" / "dan" / copy).mkdir(parents=True)
    result = ingested(tmp_path / "in")
    assert labels(result) == ["cup", "gear 1", "gear 2"]
    (sentence,) = result.namings
    assert repr(copy) in sentence
    assert "count as one label, 'cup', because they are named like copies" in sentence
    assert result.bare_groups == ["dan"]


def test_copies_in_other_spellings_are_copies(tmp_path: Path) -> None:
    draw(tmp_path / "in", "ann/cup/1.png", "ann/Cup (1)/2.png", "ben/cup (1)/3.png", "ben/key/3.png")
    assert labels(ingested(tmp_path / "in")) == ["cup", "key"]


def test_the_same_photo_in_a_copied_label_is_a_twin(tmp_path: Path) -> None:
    draw(tmp_path / "in", "ann/cup/1.png", "ann/key/1.png")
    (tmp_path / "in/ann/cup (1)").mkdir()
    (tmp_path / "in/ann/cup (1)/1.png").write_bytes((tmp_path / "in/ann/cup/1.png").read_bytes())
    result = ingested(tmp_path / "in")
    reasons = result.manifest.set_index("path")["reason"]
    assert reasons["ann/cup/1.png"] == "same bytes as ann/cup (1)/1.png"


def test_labels_that_would_all_be_one_stay_as_they_are(tmp_path: Path) -> None:
    draw(tmp_path / "in", "ann/type/1.png", "ann/type 2/1.png")
    result = ingested(tmp_path / "in")
    assert labels(result) == ["type", "type 2"]
    assert told(result) == "type and type 2 count as 2 labels; rename a folder if they are the same"


def test_unicode_forms_are_one_label_and_one_group(tmp_path: Path) -> None:
    apart = unicodedata.normalize("NFD", "clé")
    pack(tmp_path / "in" / f"{unicodedata.normalize('NFD', 'zoé')}.zip", f"{apart}/1.png", "cup/1.png")
    draw(tmp_path / "in", "zoé/clé/2.png", "ben/clé/2.png")
    result = ingested(tmp_path / "in")
    assert labels(result) == ["clé", "cup"]
    assert set(groups(result)) == {"ben", "zoé"}
    assert f"zoe\u0301.zip/{apart}/1.png" in set(result.photos["path"])
    assert result.namings == [
        f"the {field} {name!r} is written in two Unicode forms, as macOS and other systems do; they count as "
        f"one"
        for field, name in (("group", "zoé"), ("label", "clé"))
    ]


def test_one_form_alone_is_composed_without_a_word(tmp_path: Path) -> None:
    draw(tmp_path / "in", unicodedata.normalize("NFD", "ann/clé/1.png"), "ann/cup/1.png")
    result = ingested(tmp_path / "in", unicodedata.normalize("NFD", "{group}/{label}/{name}"))
    assert labels(result) == ["clé", "cup"]
    assert result.namings == []


@pytest.mark.parametrize(
    "unseen",
    [*"\u200b\u200c\u200d\ufeff\u00ad\u200e\u202a\u2066\u3164\u2800\u034f\u115f"],
)
def test_what_cannot_be_seen_counts_like_a_blank_and_is_shown_escaped(tmp_path: Path, unseen: str) -> None:
    draw(tmp_path / "in", "ann/cup/1.png", f"ann/cup{unseen}/2.png", "ann/key/3.png")
    escaped = f"cup{unseen}".encode("unicode_escape").decode()
    with pytest.raises(DataError) as caught:
        ingested(tmp_path / "in")
    assert f"'cup' (in ann/cup) and '{escaped}' (in ann/{escaped})" in str(caught.value)
    assert unseen not in str(caught.value)


def test_names_of_another_width_are_one_and_told_apart_by_number(tmp_path: Path) -> None:
    draw(tmp_path / "in", "ann/cup/1.png", "ben/\uff43\uff55\uff50/2.png", "ann/key/3.png")
    with pytest.raises(DataError, match=r"'cup' \(in ann/cup\) and '\\uff43\\uff55\\uff50' \(in ben/"):
        ingested(tmp_path / "in")


def test_a_name_that_mixes_scripts_is_told(tmp_path: Path) -> None:
    draw(tmp_path / "in", "ann/cup/1.png", "ben/\u0441up/2.png", "b\u0435n/cup/3.png")
    text = told(ingested(tmp_path / "in"))
    assert (
        "in the label '\u0441up' '\u0441' is CYRILLIC SMALL LETTER ES, so it is not the same label as" in text
    )
    assert "in the group 'b\u0435n' '\u0435' is CYRILLIC SMALL LETTER IE" in text


def test_a_joiner_that_means_something_is_kept(tmp_path: Path) -> None:
    persian, emoji = "\u0645\u06cc\u200c\u0631\u0648\u0645", "\U0001f469\u200d\U0001f3a8"
    draw(tmp_path / "in", f"ann/{persian}/1.png", f"ann/{emoji}/2.png")
    result = ingested(tmp_path / "in")
    assert labels(result) == sorted([persian, emoji])
    assert "\\u200d" in collection.table(result.manifest)


def test_a_name_in_its_own_field_is_read_there(tmp_path: Path) -> None:
    pack(tmp_path / "in" / "ann.zip", "książka/1.png", "cup/1.png", code_page="cp852", field=True)
    result = ingested(tmp_path / "in")
    assert labels(result) == ["cup", "książka"]
    assert told(result) == ""


@pytest.mark.parametrize("code_page", ["cp852", "cp1250"])
def test_a_name_in_an_unknown_code_page_is_read_as_others_write_it_and_told(
    tmp_path: Path, code_page: str
) -> None:
    """Its other names are in that code page, too."""
    pack(tmp_path / "in" / "ann.zip", "książka/1.png", "cup/1.png", "miś/1.png", code_page=code_page)
    draw(tmp_path / "in", "ben/książka/1.png", "ben/cup/2.png")
    result = ingested(tmp_path / "in")
    assert labels(result) == ["cup", "książka", "miś"]
    misread = "książka".encode(code_page).decode("cp437")
    assert "ann.zip does not say how its names are encoded" in told(result)
    assert f"{misread!r} as 'książka'" in told(result)
    assert f"ann.zip/{misread}/1.png" in set(result.photos["path"])


def test_a_japanese_name_is_read_whole(tmp_path: Path) -> None:
    """The second byte of its letter is that of a backslash."""
    pack(tmp_path / "in" / "ann.zip", "\u8868/1.png", "cup/1.png", code_page="cp932")
    draw(tmp_path / "in", "ben/\u8868/1.png", "ben/cup/2.png")
    assert labels(ingested(tmp_path / "in")) == ["cup", "\u8868"]


def test_a_name_in_an_unknown_code_page_that_nothing_tells_is_said(tmp_path: Path) -> None:
    pack(tmp_path / "in" / "ann.zip", "książka/zdjęcie.png", "cup/1.png", code_page="cp852")
    result = ingested(tmp_path / "in")
    assert labels(result) == ["cup", "ksiÑ╛ka"]
    assert result.namings == [
        "the code page of the names in ann.zip ('ksiÑ╛ka') is unknown, so some may be misread; if one is, "
        "unpack the archive, correct the name, and put the folder in the archive's place"
    ]


def test_the_name_of_an_archive_is_certain_whatever_its_files_are(tmp_path: Path) -> None:
    """Neither letter is in code page 437, or the same one in code page 852."""
    for name in ("Łukasz", "Núria"):
        pack(tmp_path / "in" / f"{name}.zip", "książka/1.png", "cup/1.png", code_page="cp852")
    draw(tmp_path / "in", "ben/książka/1.png", "ben/cup/2.png")
    result = ingested(tmp_path / "in")
    assert set(groups(result)) == {"Núria", "ben", "Łukasz"}
    assert labels(result) == ["cup", "książka"]
    assert "unknown" not in told(result)


def test_a_name_that_others_write_as_it_is_read_is_certain(tmp_path: Path) -> None:
    pack(tmp_path / "in" / "ann.zip", "grün/1.png", "cup/Küche.png", code_page="cp850")
    draw(tmp_path / "in", "ben/grün/1.png")
    result = ingested(tmp_path / "in")
    assert labels(result) == ["cup", "grün"]
    assert result.namings == []
