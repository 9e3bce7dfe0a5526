"""What archives hold, and what the layout reads it as."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tenshots.intake import clutter
from tenshots.intake.finding import find
from tenshots.intake.layout import NO_TEXT, FoundFile
from tenshots.intake.names.pattern import Layout, PathFields
from tests.drawn.layouts import BY_PERSON, LIMITS, found_in, touched
from tests.drawn.zips import Entry, write_zip


def zipped(path: Path, *names: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_zip(path, *(Entry(name.encode(), name.encode()) for name in names))


def found_beside(folder: Path, pattern: str, archive: str, names: list[str]) -> list[FoundFile]:
    """What is found in an archive that is not alone in its folder."""
    zipped(folder / archive, *names)
    touched(folder, str(Path(archive).parent / "other"))
    return [file for file in found_in(folder, Layout(pattern)) if file.member is not None]


def test_an_archive_is_a_folder_of_its_name_and_lies_beside_folders(tmp_path: Path) -> None:
    zipped(tmp_path / "ann.zip", "cup/1.jpg", "cup/.DS_Store", "__MACOSX/cup/._1.jpg", "book/")
    zipped(tmp_path / "Bob.ZIP", "cup\\1.jpg")
    touched(tmp_path, "ann/cup/2.jpg", "eve.zip/cup/1.jpg", "._ann.zip")
    found, empty = find(tmp_path, BY_PERSON, LIMITS)
    assert [(file.path, file.read_as, file.reason) for file in found] == [
        ("Bob.ZIP/cup/1.jpg", "Bob/cup/1.jpg", ""),
        ("ann.zip/cup/1.jpg", "ann/cup/1.jpg", ""),
        ("ann/cup/2.jpg", "ann/cup/2.jpg", ""),
        ("eve.zip/cup/1.jpg", "eve.zip/cup/1.jpg", ""),  # a folder, whatever its name
    ]
    assert [file.read(100) for file in found[:2]] == [b"cup\\1.jpg", b"cup/1.jpg"]
    assert empty == ["ann/book"]


@pytest.mark.parametrize(
    ("pattern", "archive", "names", "read"),
    [
        # A folder zipped with itself, once and twice; the label is never taken for it.
        ("{group}/{label}/{name}", "ann.zip", ["ann/cup/1", "ann/cup/2"], ["ann/cup/1", "ann/cup/2"]),
        ("{group}/{label}/{name}", "ann.zip", ["a/b/cup/1", "a/b/book/1"], ["ann/cup/1", "ann/book/1"]),
        ("{group}/{label}/{name}", "ann.zip", ["photos/cup/1"], ["ann/cup/1"]),
        ("{group}/{label}/{name}", "ann.zip", ["cup/1", "cup/2"], ["ann/cup/1", "ann/cup/2"]),
        ("{label}/{name}", "cup.zip", ["photos/1", "photos/2"], ["cup/1", "cup/2"]),
        # A note beside the photos fits the layout by chance; the photos are more.
        (
            "{group}/{label}/{name}",
            "ann.zip",
            ["ann/read.me", "ann/cup/1", "ann/cup/2"],
            ["ann/read.me", "ann/cup/1", "ann/cup/2"],
        ),
        # Nothing fits, so nothing is left out.
        ("{label}/{name}", "ann.zip", ["a/b/c/d/1"], ["ann/a/b/c/d/1"]),
        # Two folders: neither holds all.
        ("{label}/{name}", "ann.zip", ["cup/1", "book/1"], ["ann/cup/1", "ann/book/1"]),
        # A folder of hand-ins.
        ("hand-ins/{group}/{label}/{name}", "hand-ins/ann.zip", ["cup/1"], ["hand-ins/ann/cup/1"]),
        ("hand-ins/{group}/{label}/{name}", "hand-ins/ann.zip", ["me/cup/1"], ["hand-ins/ann/cup/1"]),
        ("{group}/{label}/{name}", "ann/cup.zip", ["1", "2"], ["ann/cup/1", "ann/cup/2"]),
    ],
)
def test_an_archive_is_read_as_the_layout_fits_without_folders_around_all_its_files(
    tmp_path: Path, pattern: str, archive: str, names: list[str], read: list[str]
) -> None:
    found = found_beside(tmp_path, pattern, archive, names)
    assert sorted(file.read_as for file in found) == sorted(read)
    assert sorted(file.path for file in found) == sorted(f"{archive}/{name}" for name in names)


def test_empty_folders_in_an_archive_are_read_as_its_files_are(tmp_path: Path) -> None:
    zipped(tmp_path / "ann.zip", "photos/cup/1.jpg", "photos/key/", "book/")
    (tmp_path / "eve").mkdir()
    assert find(tmp_path, BY_PERSON, LIMITS)[1] == ["ann/book", "ann/key", "eve"]


def test_what_learning_platforms_hand_out_is_read_by_the_plain_layout(tmp_path: Path) -> None:
    moodle, canvas = tmp_path / "moodle", tmp_path / "canvas"
    ann, bob = "Ann Lee_12345_assignsubmission_file_", "Bob_67890_assignsubmission_file_"
    zipped(moodle / ann / "photos.zip", "cup/1", "book/1")
    touched(moodle, f"{ann}/.DS_Store")
    zipped(moodle / bob / "Archive.zip", "my photos/cup/1")  # one label: the folder of it is no wrapper
    zipped(canvas / "leeann_12345_67890_photos.zip", "cup/1", "book/1")
    zipped(canvas / "bob_LATE_12346_67891_cups.zip", "cup/1")
    assert [file.read_as for file in found_in(moodle)] == [f"{ann}/book/1", f"{ann}/cup/1", f"{bob}/cup/1"]
    short = Layout("{group}_assignsubmission_file_/{label}/{name}")
    fields = [short.match(file.read_as) for file in found_in(moodle, short)]
    assert [field.group for field in fields if field is not None] == ["Ann Lee_12345"] * 2 + ["Bob_67890"]
    assert [file.read_as for file in found_in(canvas)] == [
        "bob_LATE_12346_67891_cups/cup/1",
        "leeann_12345_67890_photos/book/1",
        "leeann_12345_67890_photos/cup/1",
    ]


def test_an_archive_that_cannot_be_used_is_one_file_and_its_folder_is_empty(tmp_path: Path) -> None:
    touched(tmp_path, "ann.zip", "bob/cup.zip")
    zipped(tmp_path / "bob" / "book.zip", *(f"{number}.jpg" for number in range(101)))
    found, empty = find(tmp_path, BY_PERSON, LIMITS)
    assert [(file.path, file.read_as, file.reason.partition(",")[0]) for file in found] == [
        ("ann.zip", "ann/ann.zip", "not a .zip archive"),
        ("bob/book.zip", "bob/book/book.zip", "it holds 101 files"),
        ("bob/cup.zip", "bob/cup/cup.zip", "not a .zip archive"),
    ]
    assert empty == ["ann", "bob/book", "bob/cup"]
    assert BY_PERSON.match(found[0].read_as) is None
    assert BY_PERSON.match(found[2].read_as) == PathFields("cup", "bob", "", "cup.zip")


def test_documents_are_no_archives(tmp_path: Path) -> None:
    zipped(tmp_path / "ann" / "cup" / "report.docx", "word/media/1.jpg")
    assert [(file.path, file.member) for file in found_in(tmp_path)] == [("ann/cup/report.docx", None)]


def test_a_path_that_leads_out_of_an_archive_says_nothing_of_label_and_group(tmp_path: Path) -> None:
    write_zip(
        tmp_path / "ann.zip", Entry(b"../1.jpg"), Entry(b"two\nlines/1.jpg"), Entry(b"cup/1.jpg", flags=1)
    )
    (tmp_path / "other").mkdir()
    assert [(file.path, file.read_as, file.reason) for file in found_in(tmp_path)] == [
        ("ann.zip/../1.jpg", "", "a path with .. in an archive"),
        ("ann.zip/cup/1.jpg", "ann/cup/1.jpg", "needs a password; zip it without one"),
        (
            "ann.zip/two\\nlines/1.jpg",
            "ann/two\\nlines/1.jpg",
            NO_TEXT,
        ),
    ]


@pytest.mark.parametrize(
    ("pattern", "archive", "names", "read"),
    [
        # Its name is that of a platform or of anyone, so it is the first to be left out.
        ("{group}/{label}/{name}", "OneDrive_1_11-2-2024.zip", ["ann/cup/1"], ["ann/cup/1"]),
        ("{group}/{label}/{name}", "Archive (1).zip", ["ann/cup/1", "bob/cup/1"], ["ann/cup/1", "bob/cup/1"]),
        ("{group}/{label}/{name}", "photos.zip", ["cup/1", "key/1"], ["photos/cup/1", "photos/key/1"]),
        # But not for a folder that says no more, and not where it would be the label.
        (
            "{group}/{label}/{name}",
            "OneDrive_1_11-2-2024.zip",
            ["Fotos/cup/1"],
            ["OneDrive_1_11-2-2024/cup/1"],
        ),
        ("{group}/{label}/{name}", "ann/camera.zip", ["mine/1"], ["ann/camera/1"]),
        ("{label}/{name}", "camera.zip", ["mine/1"], ["camera/1"]),
        # The folder says whose it is.
        ("{group}/{label}/{name}", "ann/more.zip", ["cup/1", "key/1"], ["ann/cup/1", "ann/key/1"]),
        ("{group}/{label}/{name}", "ann/OneDrive_2024-11-02.zip", ["cup/1"], ["ann/cup/1"]),
        ("{label}/{name}", "ann/more.zip", ["cup/1", "key/1"], ["ann/more/cup/1", "ann/more/key/1"]),
        # The name of a download is that of the folder, and the part's number none of it.
        (
            "{group}/{label}/{name}",
            "ann-20241102T100037Z-001.zip",
            ["ann/cup/1"],
            ["ann-20241102T100037Z/cup/1"],
        ),
    ],
)
def test_a_name_that_says_nothing_of_who_is_left_out_first(
    tmp_path: Path, pattern: str, archive: str, names: list[str], read: list[str]
) -> None:
    found = found_beside(tmp_path, pattern, archive, names)
    assert sorted(file.read_as for file in found) == sorted(read)


def test_a_damaged_part_of_a_download_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    first, second = (f"ann-20241102T100037Z-00{part}.zip" for part in (1, 2))
    zipped(tmp_path / first, "ann/cup/1.jpg", "ann/key/")
    touched(tmp_path, second, "bob/cup/1.jpg")
    found, empty = find(tmp_path, BY_PERSON, LIMITS)
    assert [(file.path, file.read_as, file.reason.partition(",")[0]) for file in found] == [
        (f"{first}/ann/cup/1.jpg", "ann-20241102T100037Z/cup/1.jpg", ""),
        (second, f"ann-20241102T100037Z/{second}", "not a .zip archive"),
        ("bob/cup/1.jpg", "bob/cup/1.jpg", ""),
    ]
    assert empty == ["ann-20241102T100037Z", "ann-20241102T100037Z/key"]


def test_a_folder_that_is_empty_in_one_part_alone_is_not_empty(tmp_path: Path) -> None:
    zipped(tmp_path / "ann-20241102T100037Z-001.zip", "ann/cup/1.jpg", "ann/key/")
    zipped(tmp_path / "ann-20241102T100037Z-002.zip", "ann/key/2.jpg")
    assert find(tmp_path, BY_PERSON, LIMITS)[1] == []


def packed(*names: str) -> bytes:
    """A .zip of files, each of which holds its name."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, name)
    return data.getvalue()


def holding(path: Path, archives_in_it: dict[str, Sequence[str]], *names: str) -> None:
    """Writes an archive that holds files, and archives of files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, name)
        for name, held in archives_in_it.items():
            archive.writestr(name, packed(*held))


ANN, BOB = "Ann Lee_12345_assignsubmission_file_", "Bob_67890_assignsubmission_file_"
CLASS = "leeann_12345_67890_photos.zip", "bob_LATE_12346_67891_cups.zip"
ON_DRIVE = "Assignment 1-20241102T100037Z-001.zip"


@pytest.mark.parametrize(
    ("archive", "inner", "read"),
    [
        # Moodle, Canvas and Classroom pack a class; everyone's archives may hold one label alone.
        (
            "OPT101-Optics-4711.zip",
            {f"{ANN}/photos.zip": ["cup/1", "key/1"], f"{BOB}/photos.zip": ["me/cup/1", "me/key/1"]},
            [f"{ANN}/cup/1", f"{ANN}/key/1", f"{BOB}/cup/1", f"{BOB}/key/1"],
        ),
        (
            "OPT101-Optics-4711.zip",
            {f"{ANN}/photos.zip": ["cup/1"], f"{BOB}/photos.zip": ["key/1"]},
            [f"{ANN}/cup/1", f"{BOB}/key/1"],
        ),
        ("OPT101-Optics-4711.zip", {f"{ANN}/photos.zip": ["cup/1"]}, [f"{ANN}/cup/1"]),
        (
            "DL26-Assignment 1-48213.zip",
            {f"{ANN[:-1]}/ann.zip": ["cup/1", "key/1"], f"{BOB[:-1]}/bob.zip": ["cup/1"]},
            [f"{ANN[:-1]}/cup/1", f"{ANN[:-1]}/key/1", f"{BOB[:-1]}/cup/1"],
        ),
        (
            "submissions.zip",
            {CLASS[0]: ["cup/1", "key/1"], CLASS[1]: ["cup/1"]},
            [
                "bob_LATE_12346_67891_cups/cup/1",
                *(f"leeann_12345_67890_photos/{each}/1" for each in ("cup", "key")),
            ],
        ),
        (
            ON_DRIVE,
            {
                "Assignment 1/Ann Lee - photos.zip": ["cup/1"],
                "Assignment 1/Bob - cups.zip": ["cup/1", "key/1"],
            },
            ["Ann Lee - photos/cup/1", "Bob - cups/cup/1", "Bob - cups/key/1"],
        ),
        (ON_DRIVE, {"Assignment 1/Ann Lee - photos.zip": ["cup/1"]}, ["Ann Lee - photos/cup/1"]),
        (
            "OneDrive_1_11-2-2024.zip",
            {
                "Submitted files/Ann/Optics/Version 2/photos.zip": ["cup/1"],
                "Submitted files/Bob/Optics/x.zip": ["key/1"],
            },
            ["Ann/cup/1", "Bob/key/1"],
        ),
        # One person's
        ("ann.zip", {"cup.zip": ["1", "2"], "key.zip": ["key/1"]}, ["ann/cup/1", "ann/cup/2", "ann/key/1"]),
        ("ann.zip", {"photos.zip": ["cup/1", "key/1"]}, ["ann/cup/1", "ann/key/1"]),
        ("ann.zip", {"ann/photos.zip": ["me/cup/1", "me/key/1"]}, ["ann/cup/1", "ann/key/1"]),
    ],
)
def test_archives_in_an_archive_are_read_as_in_its_folder(
    tmp_path: Path, archive: str, inner: dict[str, Sequence[str]], read: list[str]
) -> None:
    holding(tmp_path / archive, inner)
    touched(tmp_path, "other")
    found = [file for file in found_in(tmp_path) if file.member is not None]
    assert sorted(file.read_as for file in found) == sorted(read)
    expected = {f"{archive}/{outer}/{name}": name for outer, names in inner.items() for name in names}
    assert {file.path: file.read(100).decode() for file in found} == expected


def test_archives_in_one_persons_archive_are_never_taken_for_people(tmp_path: Path) -> None:
    """Nor are they all taken for one person's where their names may be those of people."""
    names = ["cup/1", "key/1"]
    holding(tmp_path / "Optics.zip", {"Ann Lee - photos.zip": names, "Bob - photos.zip": names})
    touched(tmp_path, "other")
    assert not any(BY_PERSON.match(file.read_as) for file in found_in(tmp_path))


def test_an_archive_in_an_archive_that_cannot_be_used_is_one_file_and_the_others_are_read(
    tmp_path: Path,
) -> None:
    with zipfile.ZipFile(tmp_path / "submissions.zip", "w") as archive:
        archive.writestr(f"{ANN}/photos.zip", packed("cup/1", "cup/2", "deep.zip", "key/"))
        archive.writestr(f"{BOB}/photos.zip", "no archive")
        archive.writestr(f"{BOB}/IMG.jpg.part", "half")
    touched(tmp_path, "other")
    found, empty = find(tmp_path, BY_PERSON, LIMITS)
    assert [(file.path, file.read_as, file.reason) for file in found if file.archive] == [
        *((f"submissions.zip/{ANN}/photos.zip/cup/{number}", f"{ANN}/cup/{number}", "") for number in (1, 2)),
        (
            f"submissions.zip/{ANN}/photos.zip/deep.zip",
            f"{ANN}/deep.zip",
            "an archive in an archive in an archive; unpack the outer one",
        ),
        (f"submissions.zip/{BOB}/IMG.jpg.part", f"{BOB}/IMG.jpg", clutter.UNFINISHED),
        (
            f"submissions.zip/{BOB}/photos.zip",
            f"{BOB}/photos/photos.zip",
            "not a .zip archive, though its name says so",
        ),
    ]
    assert empty == [f"{ANN}/key", f"{BOB}/photos"]


TEAMS = [
    f"Submitted files/{person}/Optics/Version {number}" for person in ("Ann", "Bob") for number in (1, 2)
]


def test_what_teams_keeps_of_each_version_is_the_students(tmp_path: Path) -> None:
    touched(tmp_path, *(f"{version}/cup/1.jpg" for version in TEAMS), "Working files/Ann/Optics/cup/2.jpg")
    zipped(tmp_path / TEAMS[0] / "photos.zip", "key/1.jpg", "cup/3.jpg")
    zipped(tmp_path / "Student Work.zip", *(f"{version}/cup/4.jpg" for version in TEAMS))
    assert {file.read_as for file in found_in(tmp_path)} == {
        *("Ann/cup/1.jpg", "Ann/cup/2.jpg", "Ann/cup/3.jpg", "Ann/cup/4.jpg", "Ann/key/1.jpg"),
        *("Bob/cup/1.jpg", "Bob/cup/4.jpg"),
    }
    own = Layout("Submitted files/{group}/Optics/Version 1/{label}/{name}")
    assert len([file for file in found_in(tmp_path, own) if own.match(file.read_as)]) == 6


@pytest.mark.parametrize(
    ("pattern", "archive", "names", "read"),
    [
        # macOS names archives of several things so.
        ("{group}/{label}/{name}", "ann/Archive 2.zip", ["book/1"], ["ann/book/1"]),
        ("{group}/{label}/{name}", "ann/photos (1).zip", ["cup/9"], ["ann/cup/9"]),
        ("{group}/{label}/{name}", "ann/IMG.zip", ["cup/9"], ["ann/cup/9"]),
        ("{label}/{name}", "Archive 2.zip", ["book/1"], ["book/1"]),
        ("{group}/{label}/{name}", "ann/photos.zip", ["1"], ["ann/photos/1"]),
    ],
)
def test_a_name_that_says_nothing_is_no_label_where_a_folder_inside_is(
    tmp_path: Path, pattern: str, archive: str, names: list[str], read: list[str]
) -> None:
    found = found_beside(tmp_path, pattern, archive, names)
    assert sorted(file.read_as for file in found) == sorted(read)
