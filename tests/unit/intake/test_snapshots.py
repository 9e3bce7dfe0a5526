"""A photo replaced while it is read is noticed, so that no manifest names bytes that nobody keeps."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tenshots.errors import DataError
from tenshots.intake import snapshots
from tests.drawn.handed_in import draw


def replaced(folder: Path) -> None:
    (folder / "new.png").write_bytes((folder / "ann/cup/1.png").read_bytes())
    (folder / "new.png").rename(folder / "ann/cup/1.png")  # the same size


def swapped(folder: Path) -> None:
    """By a file of the same size and time, as `cp -p` and a sync tool leave it."""
    file = folder / "ann/cup/1.png"
    before = file.stat()
    (folder / "new.png").write_bytes(bytes(before.st_size))
    os.utime(folder / "new.png", ns=(before.st_atime_ns, before.st_mtime_ns))
    (folder / "new.png").rename(file)


def rewritten(folder: Path) -> None:
    file = folder / "ann/cup/1.png"
    before = file.stat()
    file.write_bytes(bytes(before.st_size))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))


def appended(folder: Path) -> None:
    file = folder / "ann/cup/1.png"
    before = file.stat()
    with file.open("ab") as opened:
        opened.write(b"x")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (replaced, "ann/cup/1.png"),
        (swapped, "ann/cup/1.png"),
        (rewritten, "ann/cup/1.png"),
        (appended, "ann/cup/1.png"),
        (lambda folder: (folder / "ann/cup/1.png").unlink(), "ann/cup/1.png"),
        (lambda folder: draw(folder, "bob/cup/2.png"), "bob/cup/2.png"),
        (lambda folder: (folder / "target.png").write_bytes(b"another"), "ann/link.png, target.png"),
        (lambda folder: zipfile.ZipFile(folder / "cem.zip", "a").writestr("key/2.png", "x"), "cem.zip"),
    ],
    ids=[
        "replaced",
        "swapped",
        "rewritten",
        "appended",
        "vanished",
        "appeared",
        "target of a link",
        "archive",
    ],
)
def test_every_change_is_named(tmp_path: Path, change: Callable[[Path], object], path: str) -> None:
    draw(tmp_path, "ann/cup/1.png", "ann/key/1.png", "target.png")
    (tmp_path / "ann/link.png").symlink_to(tmp_path / "target.png")
    with zipfile.ZipFile(tmp_path / "cem.zip", "w") as archive:
        archive.writestr("key/1.png", "x")
    before = snapshots.snapshot(tmp_path)
    snapshots.check_unchanged(tmp_path, before)
    change(tmp_path)
    number = path.count(",") + 1
    with pytest.raises(DataError) as refused:
        snapshots.check_unchanged(tmp_path, before)
    assert str(refused.value).startswith(f"{number} file")
    assert f" changed in the photos folder {tmp_path} while it was read: {path}; run again" in str(
        refused.value
    )


def test_what_is_left_out_by_rule_may_change(tmp_path: Path) -> None:
    draw(tmp_path, "ann/cup/1.png")
    before = snapshots.snapshot(tmp_path)
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "ann" / "Thumbs.db").write_bytes(b"x")
    snapshots.check_unchanged(tmp_path, before)


def test_many_changes_are_counted(tmp_path: Path) -> None:
    draw(tmp_path, "ann/cup/0.png")
    before = snapshots.snapshot(tmp_path)
    draw(tmp_path, *[f"ann/cup/{number}.png" for number in range(1, 9)])
    with pytest.raises(DataError, match=r"^8 files changed .*cup/5\.png, 3 more; run again"):
        snapshots.check_unchanged(tmp_path, before)
