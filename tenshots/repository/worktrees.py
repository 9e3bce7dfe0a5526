"""A second working folder of the repository, in which an experiment runs and leaves the first as it is.

It is a worktree of git's on the last commit, without a branch, below a folder that git ignores. It has DVC's
cache and MLflow's store to itself, and shares the environment. Beside it lie `NAME.lock`, which one call at a
time holds, and `NAME.json`, which is written once the worktree is whole.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from tenshots import files
from tenshots.errors import DataError
from tenshots.repository import running

FOLDER = Path(".presets")  # of the checkout; git ignores it, and DVC, as it is hidden
ENVIRONMENT = Path(".venv")
# What an experiment itself writes of the files that git has.
WRITTEN = ("params.yaml", "dvc.lock", "reports", "data")
LOCK = Path("dvc.lock")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Runs the block as the only call that works in this worktree.

    Raises:
        DataError: another call does, or a DVC that a killed call has left.
    """
    folder.parent.mkdir(exist_ok=True)
    lock = FileLock(folder.with_name(f"{folder.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise DataError(
            f"another call works in {folder}; wait until it ends, or stop it with Ctrl-C, then run the same "
            "again"
        ) from None
    try:
        if left := _left(folder):
            raise DataError(
                f"a call that was killed has left DVC at work in {folder}; wait until it ends, or end it "
                f"with `kill {left}`, then run the same again: it goes on where it was"
            )
        yield
    finally:
        lock.release()


def make(folder: Path, top: Path) -> bool:
    """Makes the worktree, or brings it to the last commit; returns whether it was there before.

    Outputs and dvc.lock of a former call stay, so that only what has changed runs again. What a killed call
    has left half-made is made anew.

    Args:
        folder: of the worktree.
        top: the checkout's.

    Raises:
        DataError: git cannot, or files were edited in the worktree.
    """
    commit = _git(top, "rev-parse", "HEAD")
    before = _is_whole(folder, top)
    if before:
        edited = changes(folder, without=WRITTEN)
        if edited:
            raise DataError(
                f"{folder} has changes of its own ({edited[0]}), which would be part of the result; take "
                f"them to the checkout that you work in, then run `git worktree remove --force {folder}`"
            )
        if _git(folder, "rev-parse", "HEAD") != commit:
            lock = (folder / LOCK).read_bytes() if (folder / LOCK).is_file() else None
            _git(folder, "checkout", "--quiet", "--force", "--detach", commit)
            if lock is not None:
                files.write(folder / LOCK, lock)
    else:
        state(folder).unlink(missing_ok=True)
        if folder.exists():
            shutil.rmtree(folder)
        # Twice: once for a folder that was deleted by hand, once for one that was locked while it was made.
        _git(top, "worktree", "add", "--quiet", "--force", "--force", "--detach", str(folder), commit)
        files.write(state(folder), "{}\n")
    _share_environment(folder, top)
    return before


def remove(folder: Path, top: Path) -> None:
    """Removes a worktree with all that is in it, inside `alone`.

    Raises:
        DataError: git cannot.
    """
    state(folder).unlink(missing_ok=True)
    _git(top, "worktree", "remove", "--force", str(folder))


def state(folder: Path) -> Path:
    """Returns the file beside a worktree that says it is whole, and what else its user writes there."""
    return folder.with_name(f"{folder.name}.json")


def read_state(folder: Path) -> dict[str, Any]:
    """Returns what the user of a worktree has written there; nothing where it cannot be read."""
    with suppress(OSError, json.JSONDecodeError):
        found = json.loads(state(folder).read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    return {}


def changes(folder: Path, *, without: Sequence[str] = ()) -> list[str]:
    """Returns the files that differ from the checkout's commit, or are not in it and not ignored.

    Args:
        folder: of the checkout.
        without: files and folders that are not looked at.
    """
    left_out = [f":(exclude){path}" for path in without]
    said = _git(folder, "status", "--porcelain", "--no-renames", "-z", "--", ".", *left_out)
    return [line[3:] for line in said.split("\0") if line]


def _is_whole(folder: Path, top: Path) -> bool:
    if not (state(folder).is_file() and (folder / ".git").is_file()):
        return False
    with suppress(DataError):  # after the project was moved, its worktrees have to be told
        _git(top, "worktree", "repair", str(folder))
    try:
        return Path(_git(folder, "rev-parse", "--show-toplevel")).resolve() == folder.resolve()
    except DataError:
        return False


def _share_environment(folder: Path, top: Path) -> None:
    """Links the environment, so that commands can be run in the worktree by hand."""
    link, there = folder / ENVIRONMENT, top / ENVIRONMENT
    if not there.is_dir():  # whoever calls has an environment of their own
        return
    if link.is_symlink():
        link.unlink()
    if not link.exists():
        link.symlink_to(there.resolve())


def _left(folder: Path) -> int:
    """Returns the number of a DVC at work in a folder; 0 where there is none."""
    here = folder.resolve()
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if running.is_dvc(process.cmdline()) and Path(process.cwd()) == here:
                return int(process.pid)
    return 0


def _git(folder: Path, *arguments: str) -> str:
    try:
        answer = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, errors="replace", check=False
        )
    except FileNotFoundError:
        raise DataError("git is missing; install it") from None
    if answer.returncode:
        said = " ".join(answer.stderr.split()) or "no message"
        raise DataError(f"`git {' '.join(arguments[:2])}` failed in {folder}: {said}")
    return answer.stdout.strip("\n")
