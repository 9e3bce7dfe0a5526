"""Finished pieces of a stage's work, kept until DVC has its outputs: what a kill need not cost.

A training, a batch of copies or of decoded photos is kept as soon as it is done, in a folder that git and DVC
ignore, below a hash of all that it depends on: settings, the stage's code, its inputs, the packages. The same
stage, begun again, takes from there what it finds, and makes the rest. So a piece is never taken for that of
another seed, photo or version, and each is compared with the hash that it was written with. To keep pieces is
a convenience: where that fails, as on a full disk, the stage says so and goes on without.

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
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tenshots import portable
from tenshots.files import file_hash
from tenshots.repository import checkouts, code, outputs

FOLDER = Path(".dvc/tmp/tenshots/unfinished")
ENDED = ".ended"  # in a stage's folder, once its outputs are written: where, and their hashes
MAX_AGE_S = 14 * 24 * 3600  # since a piece was added
MAX_BYTES = 4 * 10**9  # of all stages, and of one
_PUTTING = threading.Lock()  # of the module, as an instance is sent to other processes
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
        self._num_bytes: int | None = None  # that lie there, once anything was put
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
        """Keeps a piece, whole or not at all; where there is no room for it, none from there on."""
        with _PUTTING:
            if not self._keeps:
                return
            try:
                self._num_bytes = self._num_bytes or _num_bytes(self._folder)
                if self._num_bytes + len(content) > MAX_BYTES:
                    raise OSError(f"there are {MAX_BYTES // 10**9} GB of it already")
                self._put_anyhow(name, content)
                self._num_bytes += DIGITS + len(content)
            except OSError as error:
                self._keeps = False
                print(
                    f"note: what this stage finishes is not kept in {self._folder} from here on "
                    f"({error.strerror or error}); were it stopped, it would do that again",
                    file=sys.stderr,
                    flush=True,
                )

    def _put_anyhow(self, name: str, content: bytes) -> None:
        """Tries again where another experiment of the same settings has ended, and its folder was removed."""
        for _ in range(TRIES):
            # The second comes where the folder goes while `mkdir` looks at it.
            with suppress(FileNotFoundError, FileExistsError):
                self._put(self._folder / name, content)
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
            with suppress(OSError):  # then the pieces go with age
                self._put_anyhow(ENDED, json.dumps({"in": str(Path.cwd()), "made": hashes}).encode())


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
    left = []
    for folder in (checkouts.main_repository() / FOLDER).glob("*"):
        with suppress(OSError):  # another stage is removing the same
            modified = folder.stat().st_mtime
            if _is_recorded(folder) or time.time() - modified > MAX_AGE_S:
                shutil.rmtree(folder, ignore_errors=True)
            else:
                left.append((modified, folder))
    num_bytes = 0
    for _, folder in sorted(left, reverse=True):
        num_bytes += _num_bytes(folder)
        if num_bytes > MAX_BYTES and folder != max(left)[1]:  # the newest may be wanted now
            shutil.rmtree(folder, ignore_errors=True)


def _num_bytes(folder: Path) -> int:
    """The size of a stage's pieces, of which some may go meanwhile."""
    num = 0
    for path in folder.glob("*"):
        with suppress(FileNotFoundError):
            num += path.stat().st_size
    return num


def _is_recorded(folder: Path) -> bool:
    """Whether the outputs made of these pieces are in dvc.lock, or what they were made for is gone."""
    content = Unfinished(folder).get(ENDED)
    if content is None:
        return False
    ended = json.loads(content)
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
