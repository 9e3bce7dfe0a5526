"""Which files are found, and how their paths are read."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tenshots.archives import ArchiveLimits
from tenshots.errors import DataError, RejectedPhoto, SettingsError
from tenshots.layout import NO_TEXT, FoundFile, find, photos_dir
from tenshots.pattern import Layout, PathFields
from tests.unit.test_archives import Entry, write_zip

BY_PERSON = Layout("{group}/{label}/{name}")
LIMITS = ArchiveLimits(max_files=100, max_bytes=10**6, max_ratio=100.0)


def touched(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"x")


def found_in(folder: Path, layout: Layout = BY_PERSON) -> list[FoundFile]:
    return find(folder, layout, LIMITS)[0]


def test_files_are_found_in_the_order_of_their_paths_and_clutter_is_not(tmp_path: Path) -> None:
    touched(tmp_path, "b/2.jpg", "a/1.jpg", "a-b/3.jpg")
    touched(tmp_path, ".git/x", "a/.DS_Store", "a/Thumbs.db", "desktop.ini", "raw.dvc", "dvc.yaml")
    touched(tmp_path, "__MACOSX/a/1.jpg", "a/@eaDir/1.jpg", "#recycle/1.jpg", "$RECYCLE.BIN/1.jpg")
    touched(tmp_path, "System Volume Information/x", "lost+found/x", "a/Icon\r", "b/ehthumbs.db")
    (tmp_path / "c" / "d").mkdir(parents=True)
    touched(tmp_path, "e/.hidden")
    found, empty = find(tmp_path, BY_PERSON, LIMITS)
    assert [file.path for file in found] == ["a-b/3.jpg", "a/1.jpg", "b/2.jpg"]
    assert all(file.read_as == file.path for file in found)
    assert not any(file.reason for file in found)
    assert empty == ["c", "c/d", "e"]


def test_links_are_followed_inside_only(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    touched(tmp_path, "outside/secret.jpg", "photos/cup/1.jpg")
    (photos / "same.jpg").symlink_to(photos / "cup" / "1.jpg")
    (photos / "cup2").symlink_to(photos / "cup")
    (photos / "cup" / "up").symlink_to(photos)
    (photos / "out").symlink_to(tmp_path / "outside")
    (photos / "out.jpg").symlink_to(tmp_path / "outside" / "secret.jpg")
    (photos / "gone.jpg").symlink_to(photos / "nothing")
    (photos / "circle").symlink_to(photos / "circle")
    reasons = {file.path: file.reason for file in found_in(photos)}
    assert reasons == {
        "circle": "a link that leads nowhere",
        "cup/1.jpg": "",
        "cup/up": "a link to a folder that holds it",
        "cup2/1.jpg": "",
        "cup2/up": "a link to a folder that holds it",
        "gone.jpg": "a link that leads nowhere",
        "out": "a link that leaves the photos folder; copy the file into it",
        "out.jpg": "a link that leaves the photos folder; copy the file into it",
        "same.jpg": "",
    }


def test_what_is_no_file_or_has_no_name_in_text_is_found_with_a_reason(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # reading it would wait for ever
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg")).write_bytes(b"x")
    touched(tmp_path, "two\nlines.jpg")
    reasons = {file.path: file.reason for file in found_in(tmp_path)}
    assert reasons == {
        "caf\\udce9.jpg": NO_TEXT,
        "pipe": "not a regular file",
        "two\\nlines.jpg": NO_TEXT,
    }


def test_a_folder_that_cannot_be_read_is_found_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touched(tmp_path, "locked/1.jpg")
    scandir = os.scandir

    def denied(path: Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denied)  # root, who runs CI, may read everything
    assert [(file.path, file.reason) for file in found_in(tmp_path)] == [
        ("locked", "folder cannot be read (Permission denied)")
    ]


def test_a_file_is_read_to_its_limit_and_not_beyond(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(b"photo")
    write_zip(tmp_path / "ann.zip", Entry(b"2.jpg", b"photo"))
    for file in found_in(tmp_path):
        assert file.read(5) == b"photo"
        with pytest.raises(RejectedPhoto, match=r"5 bytes are more than 4e-06 MB .*accept.max_megabytes"):
            file.read(4)
    (linked,) = [file for file in found_in(tmp_path) if file.path == "1.jpg"]
    (tmp_path / "1.jpg").unlink()
    with pytest.raises(RejectedPhoto, match="cannot be read"):
        linked.read(5)


def test_a_file_swapped_for_a_link_or_a_pipe_is_not_read_but_a_link_found_is(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    touched(tmp_path, "secret", "photos/1.jpg", "photos/2.jpg", "photos/3.jpg")
    (photos / "4.jpg").symlink_to("3.jpg")
    one, two, three, four = found_in(photos)
    (photos / "1.jpg").unlink()
    (photos / "1.jpg").symlink_to(tmp_path / "secret")
    (photos / "2.jpg").unlink()
    os.mkfifo(photos / "2.jpg")
    with pytest.raises(RejectedPhoto, match="cannot be read"):
        one.read(5)
    reasons: list[str] = []

    def read_pipe() -> None:  # which would wait for a writer for ever
        with pytest.raises(RejectedPhoto) as caught:
            two.read(5)
        reasons.append(str(caught.value))

    reader = threading.Thread(target=read_pipe, daemon=True)
    reader.start()
    reader.join(5)
    assert reasons == ["not a regular file"]
    assert three.read(5) == four.read(5) == b"x"


def zipped(path: Path, *names: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_zip(path, *(Entry(name.encode(), name.encode()) for name in names))


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
    zipped(tmp_path / archive, *names)
    touched(tmp_path, str(Path(archive).parent / "other"))
    found = [file for file in found_in(tmp_path, Layout(pattern)) if file.member is not None]
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
        (
            "bob/book.zip",
            "bob/book/book.zip",
            "101 files in one archive are more than 100 (see accept.max_zip_files in params.yaml)",
        ),
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


def test_the_photos_folder_may_lie_inside_or_be_absolute(tmp_path: Path) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    (project / "data" / "raw").mkdir(parents=True)
    elsewhere.mkdir()
    assert photos_dir("data/raw", project) == project / "data" / "raw"
    assert photos_dir("data/../data/raw", project).samefile(project / "data" / "raw")
    assert photos_dir(str(elsewhere), project) == elsewhere


def test_a_relative_path_out_of_the_repository_names_both_remedies(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (project / "link").symlink_to(tmp_path / "elsewhere")
    for photos in ("../elsewhere", "data/../../elsewhere", "link"):
        with pytest.raises(SettingsError, match=r"dvc add data/raw.*or give an absolute path"):
            photos_dir(photos, project)


def test_a_missing_photos_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the photos folder data/raw is missing"):
        photos_dir("data/raw", tmp_path)
