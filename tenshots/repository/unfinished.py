"""Finished pieces of a stage's work, kept until DVC has its outputs: what a kill need not cost.

A training, a batch of copies or of decoded photos is kept as soon as it is done, in a folder that git and DVC
ignore, below a hash of all that it depends on: settings, the stage's code, its inputs, the packages. The same
stage, begun again, takes from there what it finds, and makes the rest. So a piece is never taken for that of
another seed, photo or version, and each is compared with the hash that it was written with.

The folder is the project's own, also for temporary and queued experiments: their copies of it end with them.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tenshots import files, portable
from tenshots.files import file_hash
from tenshots.repository import checkouts, code, outputs

FOLDER = Path(".dvc/tmp/tenshots/unfinished")
ENDED = ".ended"  # in a stage's folder, once its outputs are written: where, and their hashes
MAX_AGE_S = 14 * 24 * 3600  # since a piece was added
MAX_BYTES = 4 * 10**9  # of all stages
TRIES = 3  # at putting a piece; without it no more is lost than a kill would cost
DIGITS = 64  # of a hash, in front of a piece


class Unfinished:
    """The pieces of one stage, as `files.Pieces`. Processes and threads may share them."""

    def __init__(self, folder: Path) -> None:
        """Makes nothing yet.

        Args:
            folder: of the stage with its settings, code and inputs; outside of DVC's own nothing is kept.
        """
        self._folder = folder
        self._keeps = folder.parents[len(FOLDER.parts) - 1].is_dir()  # .dvc

    def get(self, name: str) -> bytes | None:
        """Returns the piece of that name; None where there is none, or it is not as it was put."""
        try:
            content = (self._folder / name).read_bytes()
        except OSError:
            return None
        digest, piece = content[:DIGITS], content[DIGITS:]
        return piece if digest == _digest(piece) else None

    def put(self, name: str, content: bytes) -> None:
        """Keeps a piece, whole or not at all.

        Raises:
            OSError: the disk is full.
        """
        if not self._keeps:
            return
        path = self._folder / name
        for _ in range(TRIES):
            # Another experiment of the same settings may have ended, and `forget_old` removed the folder.
            with suppress(FileNotFoundError), files.naming(path):
                self._put(path, content)
                return

    def _put(self, path: Path, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_digest(content))
                file.write(content)
            Path(part).replace(path)
        finally:
            Path(part).unlink(missing_ok=True)

    def end(self, *made: Path) -> None:
        """Says that the stage has written its outputs; once DVC has them too, the pieces are forgotten.

        Args:
            made: folders that the stage has written, as dvc.yaml names them.
        """
        if "DVC_STAGE" not in os.environ:  # nobody else is to take them
            shutil.rmtree(self._folder, ignore_errors=True)
        elif self._folder.is_dir():
            hashes = {folder.as_posix(): outputs.folder_hash(folder) for folder in made}
            files.write(self._folder / ENDED, json.dumps({"in": str(Path.cwd()), "made": hashes}))


def pieces(stage: str, *, settings: Mapping[str, Any], inputs: Iterable[Path]) -> Unfinished:
    """Returns the pieces of a stage that depend on exactly these settings, inputs, code and packages.

    Args:
        stage: its name in dvc.yaml, such as train.
        settings: all that moves its outputs, as plain values.
        inputs: files, and folders with all their files.
    """
    digest = hashlib.sha256()
    for part in (
        json.dumps([stage, settings, _surroundings()], sort_keys=True, default=str),
        code.text([*code.stage_files(stage), *_builders(stage)]),
        *(f"{path}  {file_hash(path)}" for path in _each(inputs)),
    ):
        digest.update(part.encode() + b"\0")
    return Unfinished(checkouts.main_repository() / FOLDER / digest.hexdigest())


def forget_old() -> None:
    """Removes pieces of stages whose outputs DVC has recorded, old ones, and the oldest if all are many."""
    folder = checkouts.main_repository() / FOLDER
    with suppress(OSError):  # another stage is removing the same
        left = []
        for each in folder.iterdir() if folder.is_dir() else ():
            if _is_recorded(each) or time.time() - each.stat().st_mtime > MAX_AGE_S:
                shutil.rmtree(each, ignore_errors=True)
            else:
                left.append(each)
        left.sort(key=lambda each: each.stat().st_mtime, reverse=True)
        num_bytes = 0
        for each in left:
            num_bytes += sum(path.stat().st_size for path in each.iterdir())
            if num_bytes > MAX_BYTES and each != left[0]:
                shutil.rmtree(each, ignore_errors=True)


def _is_recorded(folder: Path) -> bool:
    """Whether the outputs made of these pieces are in dvc.lock, or what they were made for is gone."""
    try:
        ended = json.loads((folder / ENDED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if not Path(ended["in"]).is_dir():  # a temporary experiment that has ended
        return True
    made: dict[str, str] = ended["made"]
    return made.items() <= outputs.recorded(Path(ended["in"]) / outputs.LOCK).items()


def _surroundings() -> dict[str, Any]:
    """What computes, beside our code: a folder's name says which version of a package it holds."""
    installed = {path.name for folder in sys.path for path in Path(folder).glob("*.dist-info")}
    return {
        "packages": sorted(installed),
        "python": sys.version,
        "machine": platform.machine(),
        "portable": portable.pinned,
        "backend": os.environ.get("KERAS_BACKEND", ""),
        "processor": "" if portable.pinned else _processor(),
    }


def _processor() -> list[str]:
    """What else computes and moves bytes, where the libraries choose their own code."""
    with suppress(OSError):
        lines = portable.CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
        about = {line for line in lines if line.startswith(("model", "flags", "cache size"))}
        return sorted(about) + sorted(map(str, Path("/dev").glob("nvidia[0-9]*")))
    return [platform.processor()]


def _builders(stage: str) -> list[Path]:
    """The code of all families of networks, where the stage builds any."""
    folder = code.CODE_DIR / "tenshots" / "networks"
    return sorted(folder.rglob("*.py")) if stage in code.BUILDERS else []


def _each(inputs: Iterable[Path]) -> Iterator[Path]:
    for path in inputs:
        below = (each for each in path.rglob("[!.]*") if each.is_file())  # hidden: not yet whole, nor DVC's
        yield from sorted(below) if path.is_dir() else [path]


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()
