"""Outputs: files and folders that are written whole or not at all; and pieces of them, kept until then."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol


def write(path: Path, content: str | bytes) -> None:
    """Writes a file, text as UTF-8; if that fails or is interrupted, `path` stays as it was.

    Raises:
        OSError: it cannot be written; names the file, which the system does not do when a disk is full.
    """
    part = _aside(path)
    try:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        part.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with suppress(OSError):  # it has been renamed by now, or was never made
            part.unlink()


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Gives an empty folder that takes the place of `path` when the block has ended without an error.

    Until then, and where it fails or is interrupted, `path` stays as it was; at a kill it is whole, old or
    new, or absent. What a kill leaves of either folder beside it is hidden, and removed by the next call.

    Raises:
        OSError: a folder cannot be removed, made or renamed.
    """
    part, former = _aside(path), _aside(path.with_name(f"{path.name}.former"))
    for left in (part, former):
        if left.exists():
            shutil.rmtree(left)
    part.mkdir(parents=True)
    try:
        yield part
        if path.exists():
            path.rename(former)  # to remove it takes long, and a kill would leave a part of it
        part.rename(path)
    finally:
        if former.exists() and not path.exists():
            former.rename(path)
        for left in (part, former):  # the new one has been renamed by now, or was never finished
            shutil.rmtree(left, ignore_errors=True)


def _aside(path: Path) -> Path:
    """Where a file or folder is made; hidden, so neither DVC nor git nor a stage takes it for an output."""
    return path.with_name(f".{path.name}.part")


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Adds `path` to errors of the system that are raised in the block and name no file."""
    try:
        yield
    except OSError as error:
        if error.errno is None or (error.filename is not None and error.filename2 is None):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def file_hash(path: Path) -> str:
    """Returns the sha256 of a file's bytes, 64 hexadecimal digits, or "" if there is no such file."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


class Pieces(Protocol):
    """Where finished pieces of a stage's work are kept, so that a kill costs no more than the next one."""

    def get(self, name: str) -> bytes | None:
        """Returns the piece of that name as it was put, or None."""

    def put(self, name: str, content: bytes) -> None:
        """Keeps a piece. Many threads may put at once."""


class _Nowhere:
    def get(self, name: str) -> None:
        del name

    def put(self, name: str, content: bytes) -> None:
        del name, content


NOWHERE: Pieces = _Nowhere()


def joined(parts: Iterable[bytes]) -> bytes:
    """Returns parts as one piece; `parted` parts them again."""
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def parted(piece: bytes) -> list[bytes]:
    """Returns the parts of a piece of `joined`."""
    parts, start = [], 0
    while start < len(piece):
        end = start + 8 + int.from_bytes(piece[start : start + 8], "big")
        parts.append(piece[start + 8 : end])
        start = end
    return parts
