"""What paths say, and which files are found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tenshots.errors import DataError, SettingsError
from tenshots.layout import Layout, PathFields, find, photos_dir


@pytest.mark.parametrize(
    ("pattern", "path", "fields"),
    [
        ("{group}/{label}/{name}", "ann/cup/1.jpg", PathFields("cup", "ann", "", "1.jpg")),
        ("{label}/{group}_{name}", "cup/ann_lee_07.jpg", PathFields("cup", "ann_lee", "", "07.jpg")),
        ("{split}/{label}/{name}", "train/cup/a b.png", PathFields("cup", "", "train", "a b.png")),
        ("{label}/{name}", "cup (old)/x", PathFields("cup (old)", "", "", "x")),
        ("raw.v1/{label}-{name}", "raw.v1/a-b-c.jpg", PathFields("a-b", "", "", "c.jpg")),
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
    ],
)
def test_a_path_of_another_shape_does_not_fit(pattern: str, path: str) -> None:
    assert Layout(pattern).match(path) is None


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{group}/{name}", r"must name \{label\}"),
        ("{label}", r"must name \{name\}"),
        ("{labl}/{name}", r"unknown field \{labl\}.*did you mean \{label\}"),
        ("{}/{label}/{name}", "unknown field"),
        ("{label}/{label}/{name}", r"\{label\} at most once"),
        ("{label}{group}/{name}", "text between two fields"),
        ("{label/{name}", "must name"),
        ("{label}/x}/{name}", "a brace that belongs to no field"),
        ("{name}/{label}", r"must end with \{name\}"),
        ("/{label}/{name}", "must be relative"),
        ("../{label}/{name}", "must be relative"),
    ],
)
def test_a_wrong_pattern_is_an_error_that_says_why(pattern: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Layout(pattern)


def touched(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"x")


def test_files_are_found_in_the_order_of_their_paths_and_clutter_is_not(tmp_path: Path) -> None:
    touched(
        tmp_path, "b/2.jpg", "a/1.jpg", "a-b/3.jpg", ".git/x", "a/.DS_Store", "a/Thumbs.db", "desktop.ini"
    )
    touched(tmp_path, "raw.dvc", "dvc.yaml")
    (tmp_path / "c" / "d").mkdir(parents=True)
    touched(tmp_path, "e/.hidden")
    found, empty = find(tmp_path)
    assert [file.path for file in found] == ["a-b/3.jpg", "a/1.jpg", "b/2.jpg"]
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
    reasons = {file.path: file.reason for file in find(photos)[0]}
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
    reasons = {file.path: file.reason for file in find(tmp_path)[0]}
    assert reasons == {
        "caf\\udce9.jpg": "its name is not plain UTF-8 text; rename it",
        "pipe": "not a regular file",
        "two\\nlines.jpg": "its name is not plain UTF-8 text; rename it",
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
    found, _ = find(tmp_path)
    assert [(file.path, file.reason) for file in found] == [
        ("locked", "folder cannot be read (Permission denied)")
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
