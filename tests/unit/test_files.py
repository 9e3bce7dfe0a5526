"""Files are whole or absent, and an error says which file it was."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tenshots import files


def full(*_: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # the system names no file where a write fails


def test_a_file_is_written_and_nothing_beside_it(tmp_path: Path) -> None:
    files.write(tmp_path / "a.txt", "größer\n")
    files.write(tmp_path / "a.txt", b"b")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_bytes() == b"b"


def test_what_was_there_stays_where_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    files.write(path, "before")

    def half(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:3])
        return full()

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(OSError, match="No space left") as caught:
        files.write(path, "after")
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "before"


def test_a_folder_appears_when_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "a" / "b"
    for content in ("one", "two"):
        with files.whole_folder(folder) as part:
            assert list(part.iterdir()) == []
            assert part.name.startswith(".")  # for DVC and git it is not there
            (part / content).touch()
            assert not (folder / content).exists()
        assert [path.name for path in folder.iterdir()] == [content]
    assert [path.name for path in folder.parent.iterdir()] == ["b"]

    def refuse(path: object, **_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr("shutil.rmtree", refuse)
    with pytest.raises(OSError, match="Read-only"), files.whole_folder(folder):
        pass


KILLED = """
import os, pathlib, shutil, sys
from tenshots import files

folder, moment = pathlib.Path(sys.argv[1]), sys.argv[2]
rename, rmtree, done = pathlib.Path.rename, shutil.rmtree, []

def renamed(path, target):
    moments = {folder: "renamed aside", folder.with_name(".b.part"): "renamed"}
    rename(path, target)
    if moments[path] == moment:
        os._exit(9)

def removed(path, **options):
    for child in path.iterdir() if path.exists() else ():  # it dies in the middle
        rmtree(child)
        if moment == "removed":
            os._exit(9)
    rmtree(path, **options)

pathlib.Path.rename, shutil.rmtree = renamed, removed
with files.whole_folder(folder) as part:
    if moment == "begin":
        os._exit(9)
    (part / "new").touch()
    if moment == "made":
        os._exit(9)
"""


def test_a_folder_stays_as_it_was_where_the_next_is_not_finished(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    with files.whole_folder(folder) as part:
        (part / "one").touch()
    with suppress(KeyboardInterrupt), files.whole_folder(folder) as part:
        (part / "two").touch()
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.rglob("*")] == ["b", "one"]
    with suppress(OSError), files.whole_folder(folder) as part:
        part.rmdir()  # so it cannot take the place of the old one, which has been put aside by then
    assert [path.name for path in tmp_path.rglob("*")] == ["b", "one"]

    part.mkdir()  # as a kill leaves it
    (part / "half").touch()
    with files.whole_folder(folder) as part:
        (part / "three").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["b", "three"]


@pytest.mark.parametrize("moment", ["begin", "made", "renamed aside", "renamed", "removed"])
def test_a_folder_is_whole_or_absent_at_every_moment_it_could_be_killed(moment: str, tmp_path: Path) -> None:
    """A process that ends without tidying up, and the next that makes the folder."""
    folder = tmp_path / "b"
    for name in ("one", "two"):
        (folder / "old" / name).mkdir(parents=True)
    assert subprocess.run([sys.executable, "-c", KILLED, str(folder), moment], check=False).returncode == 9
    before = {"old", "old/one", "old/two"}
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert found == {"begin": before, "made": before, "renamed aside": set()}.get(moment, {"new"})
    with files.whole_folder(folder) as part:
        (part / "three").touch()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["b", "three"]


@pytest.mark.parametrize("parts", [[], [b""], [b"", b"abc", b"\0" * 300]])
def test_parts_are_joined_and_parted(parts: list[bytes]) -> None:
    assert files.parted(files.joined(parts)) == parts


def test_only_an_error_without_a_file_or_with_two_is_given_one(tmp_path: Path) -> None:
    for error, name in (
        (OSError(errno.ENOSPC, "full"), str(tmp_path)),
        (OSError(errno.ENOSPC, "full", "from", None, "to"), str(tmp_path)),
        (FileNotFoundError(errno.ENOENT, "missing", "other"), "other"),
        (OSError("of a library"), None),
    ):
        with pytest.raises(OSError) as caught, files.naming(tmp_path):  # noqa: PT011 (any)
            raise error
        assert caught.value.filename == name
