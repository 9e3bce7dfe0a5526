"""Files are whole or absent, and an error says which file it was."""

from __future__ import annotations

import errno
import os
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


def test_a_folder_is_made_anew_and_one_that_cannot_be_removed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a" / "b"
    for _ in range(2):
        files.empty(folder)
        assert list(folder.iterdir()) == []
        (folder / "old").touch()

    def refuse(path: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr("shutil.rmtree", refuse)
    with pytest.raises(OSError, match="Read-only"):
        files.empty(folder)


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
