"""Whose the archives are that Drive packs in one: each a person's, one person's, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.drawn.handed_in import draw, drawn, ingested
from tests.drawn.names import DRIVE, groups, pack, told
from tests.drawn.zips import Entry, write_zip

ALL = ("cup/1.png", "cup/2.png", "key/1.png", "key/2.png")
CUPS, KEYS = ALL[:2], ALL[2:]
OUTER = f"Optics lab-{DRIVE}-001.zip"


def download(
    folder: Path,
    held: Mapping[str, Sequence[str]],
    *beside: str,
    outer: str = OUTER,
    inside: str = "Optics lab",
) -> None:
    """Writes a download from Drive of one folder, with archives of drawn photos and files in it."""
    entries = [Entry(f"{inside}/{name}".encode(), drawn(f"{outer}/{name}")) for name in beside]
    for name, paths in held.items():
        pack(folder / "packed" / outer / name, *paths)
        data = (folder / "packed" / outer / name).read_bytes()
        entries.append(Entry(f"{inside}/{name}".encode(), data))
    (folder / "in").mkdir(exist_ok=True)
    write_zip(folder / "in" / outer, *entries)


@pytest.mark.parametrize("others", [[], ["ben", "cem"]])
@pytest.mark.parametrize("inside", ["Optics lab", "Optics: lab"])
def test_a_download_of_one_folder_of_archives_is_a_classs(
    tmp_path: Path, others: list[str], inside: str
) -> None:
    download(tmp_path, {f"{name}.zip": ALL for name in ("ann", "bob")}, "report.pdf", inside=inside)
    draw(tmp_path / "in", *(f"{name}/{path}" for name in others for path in ALL))
    result = ingested(tmp_path / "in")
    assert set(groups(result)) == {"ann", "bob", *others}
    assert (
        f"in {OUTER} each archive counts as a different person's: 'ann' and 'bob'; if several are by one "
        "person, unpack it and put these into a folder with that person's name" in told(result)
    )


def test_a_class_that_numbers_itself_is_one(tmp_path: Path) -> None:
    download(tmp_path, {f"student {number}.zip": ALL for number in (1, 2)})
    assert set(groups(ingested(tmp_path / "in"))) == {"student 1", "student 2"}


@pytest.mark.parametrize(
    ("held", "beside"),
    [
        ({"cup.zip": CUPS, "key.zip": KEYS}, []),
        ({"cup.zip": ["photos/1.png"], "key.zip": ["photos/1.png"]}, []),
        ({"cup.zip": ["1.png"], "key.zip": ["1.png"]}, []),
        ({"trial 1.zip": ALL, "trial 2.zip": ALL}, []),
        ({"photos.zip": ALL, "Archive.zip": ALL}, []),
        ({"photos.zip": ALL}, []),
        ({"one.zip": ALL, "two.zip": ALL}, ["IMG_1.png"]),
    ],
)
def test_one_persons_download_never_makes_two_people(
    tmp_path: Path, held: dict[str, Sequence[str]], beside: list[str]
) -> None:
    own = f"ann-{DRIVE}-001.zip"
    download(tmp_path, held, *beside, outer=own, inside="ann")
    draw(tmp_path / "in", *(f"{name}/{path}" for name in ("ben", "cem") for path in ALL))
    assert set(groups(ingested(tmp_path / "in"))) <= {"ann", "ben", "cem"}


def test_the_remedy_for_one_person_taken_for_a_class_is_one(tmp_path: Path) -> None:
    download(tmp_path, {f"{day}.zip": ALL for day in ("monday", "tuesday")}, outer=f"ann-{DRIVE}-001.zip")
    draw(tmp_path / "in", *(f"ben/{path}" for path in ALL))
    assert "each archive counts as a different person's: 'monday' and 'tuesday'" in told(
        ingested(tmp_path / "in")
    )
    (tmp_path / "in" / f"ann-{DRIVE}-001.zip").unlink()
    for day in ("monday", "tuesday"):
        pack(tmp_path / "in/ann" / f"{day}.zip", *ALL)
    assert set(groups(ingested(tmp_path / "in"))) == {"ann", "ben"}


def test_archives_that_count_as_one_persons_though_they_may_be_several_are_told(tmp_path: Path) -> None:
    download(tmp_path, {"Ann.zip": CUPS, "Bob.zip": KEYS})
    draw(tmp_path / "in", *(f"{name}/{path}" for name in ("ben", "cem") for path in ALL))
    result = ingested(tmp_path / "in")
    assert set(groups(result)) == {"Optics lab", "ben", "cem"}
    assert (
        f"in {OUTER} the archives 'Ann' and 'Bob' count as one person's, 'Optics lab'; if they are by "
        "several people, move them into the photos folder" in told(result)
    )


@pytest.mark.parametrize("outer", [OUTER, f"Assignment 1-{DRIVE}-001.zip", ""])
@pytest.mark.parametrize("name", ["Ann Lee - {}.zip", "{} - Ann Lee.zip"])
@pytest.mark.parametrize("kinds", [("cups", "keys"), ("photos", "my Key"), ("cups (1)", "photos 2")])
def test_archives_named_after_one_person_and_what_they_hold_are_one_group(
    tmp_path: Path, outer: str, name: str, kinds: tuple[str, str]
) -> None:
    one, other = map(name.format, kinds)
    held = {one: CUPS, other: KEYS, name.format("photos").replace("Ann Lee", "Bob"): ALL}
    if outer:
        download(tmp_path, held, outer=outer)
    else:
        for archive, paths in held.items():
            pack(tmp_path / "in" / archive, *paths)
    result = ingested(tmp_path / "in")
    assert len(groups(result)) == 2
    assert "Ann Lee" in groups(result)
    (sentence,) = [each for each in result.namings if "count as one group, 'Ann Lee'" in each]
    assert one in sentence
    assert other in sentence


def test_what_may_be_one_persons_stays_two_and_is_told(tmp_path: Path) -> None:
    download(tmp_path, {"Ann Lee - one.zip": CUPS, "Ann Lee - two.zip": KEYS, "Bob Ray - x.zip": ALL})
    result = ingested(tmp_path / "in")
    assert set(groups(result)) == {"Ann Lee - one", "Ann Lee - two", "Bob Ray - x"}
    inside = f"{OUTER}/Optics lab"
    assert (
        f"{inside}/Ann Lee - one.zip and {inside}/Ann Lee - two.zip count as 2 groups; if they are "
        "by one person, unpack them into one folder" in told(result)
    )


@pytest.mark.parametrize(
    "names",
    [
        ["photos - Ann", "photos - Bob", "photos - Cem"],
        ["Optics - Ann", "Optics - Bob"],
        ["Ann - lab", "Bob - lab", "Cem - photos"],
        ["group - cups", "group - keys", "ann"],
        ["2024-11-02 - cups", "2024-11-02 - keys", "ann"],
    ],
)
def test_what_names_share_of_the_task_is_nobodys(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        pack(tmp_path / "in" / f"{name}.zip", *ALL)
    result = ingested(tmp_path / "in")
    assert set(groups(result)) == set(names)
    assert told(result) == ""
