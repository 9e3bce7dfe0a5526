"""What DVC cannot read in the photos' folder is named, with the remedy, and nothing is opened for it."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from tenshots.checks import folder
from tenshots.errors import DataError, SettingsError
from tenshots.intake import layout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "photos" / "ann" / "cup").mkdir(parents=True)
    (tmp_path / "photos" / "ann" / "cup" / "IMG_1.jpg").write_bytes(b"a photo")
    return tmp_path


def look(project: Path) -> None:
    folder.check("photos", project, may_be_absent=False)


def message(project: Path) -> str:
    with pytest.raises(DataError) as caught:
        look(project)
    return str(caught.value)


def test_files_folders_and_links_to_files_are_fine(project: Path) -> None:
    cup = project / "photos" / "ann" / "cup"
    (cup / "IMG_2.jpg").symlink_to("IMG_1.jpg")
    (cup / ".hidden").write_bytes(b"")
    look(project)


def test_a_named_pipe_which_dvc_would_wait_for_is_named(project: Path) -> None:
    os.mkfifo(project / "photos" / "ann" / "cup" / "pipe.jpg")
    said = message(project)
    assert said.startswith("the photos folder photos holds what cannot or must not be read:\n")
    assert "'ann/cup/pipe.jpg' is a named pipe and not a file; remove it" in said


def test_a_link_to_a_named_pipe_is_named(project: Path) -> None:
    os.mkfifo(project / "pipe")
    (project / "photos" / "ann" / "IMG_3.jpg").symlink_to(project / "pipe")
    assert "'ann/IMG_3.jpg' is a named pipe" in message(project)


def test_a_socket_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "photos")  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as each:
        each.bind("socket")
        assert "'socket' is a socket and not a file; remove it" in message(project)


@pytest.mark.parametrize(("target", "where"), [("nowhere.jpg", "nowhere"), ("IMG_9.jpg", "back to itself")])
def test_a_link_that_leads_nowhere_or_to_itself_is_named(target: str, where: str, project: Path) -> None:
    (project / "photos" / "IMG_9.jpg").symlink_to(target)
    assert f"'IMG_9.jpg' is a link to '{target}', which leads {where}; remove it" in message(project)


def test_a_link_out_of_the_folder_is_named_as_a_push_would_send_what_it_leads_to(project: Path) -> None:
    (project / "secret").write_bytes(b"a key")
    (project / "photos" / "ann" / "cup" / "IMG_2.jpg").symlink_to("../../../secret")
    said = message(project)
    assert "'ann/cup/IMG_2.jpg' is a link to '../../../secret', which leaves the folder: `dvc add`" in said


@pytest.mark.parametrize("target", ["..", "../../..", "../../../elsewhere"])
def test_a_link_to_a_folder_is_named_as_clones_would_lack_it(target: str, project: Path) -> None:
    (project / "elsewhere").mkdir()
    (project / "photos" / "ann" / "cup" / "more").symlink_to(target)
    assert "'ann/cup/more' is a link to a folder, which DVC leaves out; put" in message(project)


def test_a_folder_that_is_itself_reached_by_a_link_holds_its_files(project: Path) -> None:
    (project / "photos" / "ann" / "cup" / "IMG_2.jpg").symlink_to("IMG_1.jpg")
    (project / "photos").rename(project / "elsewhere")
    (project / "photos").symlink_to("elsewhere")
    look(project)


def test_a_link_that_may_not_be_followed_or_read_is_named(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = project / "photos" / "exe"
    link.symlink_to("x" * 300)  # too long a name: an error that does not say that there is nothing
    said = message(project)
    assert f"'exe' is a link to '{'x' * 300}', which cannot be followed (File name too long); remove" in said

    def forbidden(_: Path) -> Path:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "readlink", forbidden)  # as of another user's process in /proc
    assert "'exe' is a link, which cannot be followed (File name too long); remove it" in message(project)
    files, _ = layout.scan(project / "photos")
    assert [file.reason for file in files if file.path == "exe"] == ["a link that leads nowhere"]


def test_a_name_that_is_not_utf_8_is_shown_escaped(project: Path) -> None:
    path = os.fsencode(project / "photos" / "ann") + b"/caf\xe9.jpg"
    try:
        Path(os.fsdecode(path)).write_bytes(b"")
    except OSError:
        pytest.skip("this file system holds UTF-8 names alone")
    said = message(project)
    assert r"'ann/caf\udce9.jpg' has a name that is not UTF-8 text; rename it" in said
    said.encode()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize(("name", "words"), [("ann/cup/IMG_1.jpg", "chmod u+r"), ("ann/cup", "chmod u+rx")])
def test_what_must_not_be_read_is_named(name: str, words: str, project: Path) -> None:
    path = project / "photos" / name
    path.chmod(0)
    try:
        said = message(project)
    finally:
        path.chmod(0o700)
    assert f"'{name}' " in said
    assert words in said


def test_without_the_right_to_read_is_told_from_what_the_system_says(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    said = message(project)
    assert "'ann/cup/IMG_1.jpg' cannot be read (Permission denied); allow it with chmod u+r" in said


def test_the_first_few_are_named_and_the_others_counted(project: Path) -> None:
    for number in range(8):
        (project / "photos" / f"{number}.jpg").symlink_to("nowhere")
    lines = message(project).splitlines()
    assert [line.split()[0] for line in lines[1:6]] == [f"'{number}.jpg'" for number in range(5)]
    assert lines[6:] == ["and 3 more"]


def test_a_huge_folder_is_looked_through_in_part(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "photos" / "z.jpg").symlink_to("nowhere")
    monkeypatch.setattr(folder, "MAX_LOOKED_AT", 1)
    look(project)


def test_a_relative_folder_outside_of_the_project_is_refused(project: Path) -> None:
    with pytest.raises(SettingsError, match="must not leave the repository"):
        folder.check("../../ann", project / "photos" / "ann" / "cup", may_be_absent=False)
