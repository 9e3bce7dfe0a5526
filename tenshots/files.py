"""Outputs: files that are written whole or not at all, and folders that start empty."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def write(path: Path, content: str | bytes) -> None:
    """Writes a file, text as UTF-8; if that fails or is interrupted, `path` stays as it was.

    Raises:
        OSError: it cannot be written; names the file, which the system does not do when a disk is full.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        part.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with suppress(OSError):  # it has been renamed by now, or was never made
            part.unlink()


def empty(folder: Path) -> None:
    """Makes an empty folder; whatever was there is removed.

    Raises:
        OSError: it cannot be removed or made.
    """
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


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
