"""Which files are found, and how their paths are read."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tenshots.errors import DataError, RejectedPhoto, SettingsError
from tenshots.intake.finding import find
from tenshots.intake.layout import NO_TEXT, photos_dir
from tests.drawn.layouts import BY_PERSON, LIMITS, found_in, touched
from tests.drawn.zips import Entry, write_zip


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
        with pytest.raises(
            RejectedPhoto, match=r"its size is 5e-06 MB, more than 4e-06 MB .*accept.max_megabytes"
        ):
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
