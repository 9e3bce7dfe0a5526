"""Counts what a process changes in the project's folder, and kills at a chosen place.

Python imports this file when it starts, as `sitecustomize`, where PYTHONPATH names its folder. It does
nothing unless KILLS_OF is set, and imports nothing of the project, whose packages are not pinned yet.

Variables:
    KILLS_OF: whose events count: a stage as DVC names it (DVC_STAGE), or `dvc`. Only its first Python process
        counts, also after it has started itself again; none that it starts.
    KILLS_AT: where to kill: the number of an event, from 1, or its line, such as `rename data/manifest.csv`.
    KILLS_WHOM: `stage`: the process itself; `dvc`: the DVC above it, or itself, if it is that; `group`: both
        and whatever else is of their process group.
    KILLS_LIST: a file. Without KILLS_AT each event's line is added to it; with it, that of the kill alone.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

# Of each event of the interpreter: what it is called here, and which of its arguments are the path and the
# folder that a relative path starts from.
CHANGES = {
    "open": ("open", 0, None),
    "os.rename": ("rename", 1, 3),  # os.replace, too
    "os.link": ("link", 1, 3),
    "os.symlink": ("link", 1, 2),
    "os.remove": ("remove", 0, 1),  # os.unlink, too
    "os.mkdir": ("mkdir", 0, 2),
    "os.rmdir": ("rmdir", 0, 1),
    "os.truncate": ("truncate", 0, None),
    "os.chmod": ("chmod", 0, 2),
    "shutil.rmtree": ("rmtree", 0, 1),
    "shutil.copyfile": ("copyfile", 1, None),
    "shutil.copytree": ("copytree", 1, None),
    "shutil.move": ("move", 1, None),
}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
ANEW = os.O_TRUNC | os.O_EXCL  # as Python's modes w and x have it, and tempfile
# For so many calls and returns a file is watched that stays empty, because each takes longer then; the first
# 8 KiB of a dvc.lock take 400,000.
MOST_CALLS = 1_000_000
# What Python compiles, and what git and set-up keep: no stage's outputs, nor DVC's.
LEFT_OUT = ("__pycache__", ".git", ".venv")


def change(event: str, arguments: tuple[Any, ...], top: str) -> tuple[str, str] | None:
    """Returns what an event changes, as a word and a path relative to `top`; None where it does not count.

    Args:
        event: of the interpreter's, as `sys.addaudithook` hands it over.
        arguments: likewise.
        top: the project's folder.
    """
    if event not in CHANGES:
        return None
    word, place, base = CHANGES[event]
    path = arguments[place]
    if isinstance(path, int) or path is None or (event == "open" and not arguments[2] & WRITING):
        return None
    name = os.fsdecode(path)
    start = arguments[base] if base is not None and len(arguments) > base else -1
    if isinstance(start, int) and start >= 0 and not os.path.isabs(name):
        name = os.path.join(os.readlink(f"/proc/self/fd/{start}"), name)
    relative = os.path.relpath(name, top)
    parts = relative.split(os.sep)
    if parts[0] == os.pardir or not set(LEFT_OUT).isdisjoint(parts):
        return None
    return word, relative


class Counter:
    """Hears of each change, and is the end of the process at one of them.

    A file that is written anew counts up to three times: before it is opened, when it is there and empty, and
    when its first bytes are on the disk: a buffer's, so that a longer file is cut.
    """

    def __init__(self, top: str, variables: dict[str, str]) -> None:
        self._top = top
        self._pid = os.getpid()
        self._numbers = itertools.count(1)  # next() is one step for threads
        self._at = variables.get("KILLS_AT", "")
        self._whom = variables.get("KILLS_WHOM", "stage")
        path = variables.get("KILLS_LIST", os.devnull)
        self._list = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Is the hook."""
        if os.getpid() != self._pid or (changed := change(event, arguments, self._top)) is None:
            return
        word, path = changed
        self._happens(f"{word} {path}")
        if word == "open" and arguments[1] and arguments[2] & ANEW:  # os.open has no mode: it makes locks
            sys.setprofile(self._follow(path))

    def _follow(self, path: str) -> Callable[[FrameType, str, Any], None]:
        """Watches a file while the thread that opens it goes on, until its first bytes are on the disk."""
        full = os.path.join(self._top, path)
        before = _size(full)
        made = False
        calls = 0

        def profile(frame: FrameType, what: str, argument: Any) -> None:  # noqa: ANN401 (any value)
            nonlocal made, calls
            del frame, what, argument
            now = _size(full)
            if now == 0 and before != 0 and not made:
                made = True
                self._happens(f"made {path}")
            calls += 1
            written = now and (made or now != before)
            if written or calls > MOST_CALLS:
                sys.setprofile(None)
            if written:
                self._happens(f"written {path}")

        return profile

    def _happens(self, line: str) -> None:
        number = next(self._numbers)
        if not self._at:
            os.write(self._list, f"{line}\n".encode())
        elif self._at in (str(number), line):
            self._at = "nowhere"  # an orphan goes on
            os.write(self._list, f"{line}\n".encode())
            kill(self._whom)


def kill(whom: str) -> None:
    """Kills this process, the DVC above it or the group, at once."""
    if whom == "group":
        os.killpg(0, signal.SIGKILL)
    os.kill(_dvc() if whom == "dvc" else os.getpid(), signal.SIGKILL)


def _dvc() -> int:
    """The process that runs DVC: this one, or the next above it."""
    import psutil

    process = psutil.Process()
    while not runs_dvc(process.cmdline()):
        process = process.parent()
    number: int = process.pid
    return number


def runs_dvc(words: list[str]) -> bool:
    """Whether a command line is DVC's: `dvc`, `…/python …/dvc` or `python -m dvc`."""
    return "dvc" in [word.rpartition(os.sep)[2] for word in words[:3]]


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size
    except OSError:
        return None


def _is_meant(of: str) -> bool:
    if main := os.environ.get("KILLS_MAIN"):
        return main == str(os.getpid())
    stage = os.environ.get("DVC_STAGE")
    return stage is None and runs_dvc(sys.orig_argv) if of == "dvc" else stage == of


if (_of := os.environ.get("KILLS_OF")) and _is_meant(_of):
    os.environ["KILLS_MAIN"] = str(os.getpid())  # for those that it starts, and for itself started again
    sys.addaudithook(Counter(os.getcwd(), dict(os.environ)).hear)
