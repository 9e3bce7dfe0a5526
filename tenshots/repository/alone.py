"""One process at a time for a stage: none goes on without its DVC, and none beside its successor.

A stage of which DVC alone was killed goes on. It would write what nobody waits for, and write it into the
outputs of the same stage, begun again. So it ends once its DVC is gone, and whoever begins the stage again
waits for that, and makes sure. A stage that a person runs by hand is no orphan: it is left alone, and the
same stage refuses to begin beside it.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from tenshots.errors import DataError
from tenshots.repository import running

FOLDER = Path(".dvc/tmp/tenshots/running")  # of the checkout that the stage works in
LOOK_S = 0.25  # between two looks at DVC
PATIENCE_S = 5  # for a process to end in order
BY_DVC, BY_HAND = "dvc", "hand"  # who has started the process that is at a stage


@contextmanager
def only(stage: str, *, dvc: psutil.Process | None) -> Iterator[None]:
    """Runs the block as the only process of this stage in this checkout, as long as the DVC above lives.

    Args:
        stage: as DVC names it: `split`, `train@baseline`; empty where there is none: then nothing is done.
        dvc: that runs it, as `above` found it when this process began; None where a person does.

    Raises:
        DataError: another process is at this stage, and cannot be ended, or was started by hand.
    """
    if not stage or not FOLDER.parents[2].is_dir():  # .dvc
        yield
        return
    if dvc is not None and not _lives(dvc):  # its successor may be at work already, and shall not be ended
        sys.exit(128 + signal.SIGTERM)
    FOLDER.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(stage.encode()).hexdigest()[:16]  # a variant's name may hold any character
    holder = FOLDER / f"{name}.pid"
    lock = FileLock(FOLDER / f"{name}.lock")
    _take(lock, holder, stage, may_end=dvc is not None)
    try:
        holder.write_text(f"{os.getpid()} {BY_DVC if dvc else BY_HAND}")
        if dvc:
            threading.Thread(target=_end_with, args=(dvc,), daemon=True).start()
        yield
    finally:
        lock.release()


def above() -> psutil.Process:
    """Returns the DVC that runs this process, or what has started it: there may be a shell between."""
    found = psutil.Process().parents()
    for process in found:
        with suppress(psutil.Error):
            if running.is_dvc(process.cmdline()):
                return process
    return found[0] if found else psutil.Process()


def _take(lock: FileLock, holder: Path, stage: str, *, may_end: bool) -> None:
    """Takes the lock; who has it is asked to end, then made to, if DVC had started it and this one."""
    for request in (None, signal.SIGTERM, signal.SIGKILL) if may_end else (None,):
        with suppress(Timeout):
            if request is not None:
                _ask(_former(holder), request, stage)
            lock.acquire(timeout=PATIENCE_S if request else 0)
            return
    raise DataError(
        f"another process is at the stage {stage} in this folder, and could not be ended; end it, then run "
        "the same again"
        if may_end
        else f"another process is at the stage {stage} in this folder; wait for it, or end it, then run the "
        "same again"
    )


def _former(holder: Path) -> psutil.Process | None:
    """The process that a DVC has left at the stage, if it can be seen from here and surely is one of ours."""
    with suppress(OSError, ValueError, psutil.Error):
        pid, by = holder.read_text().split()
        process = psutil.Process(int(pid))
        if by != BY_DVC or any(running.is_dvc(each.cmdline()) for each in process.parents()):
            return None  # a person runs it, or a DVC that lives
        is_ours = any(part.startswith("stages.") for part in process.cmdline())
        if is_ours and Path(process.cwd()) == Path.cwd():
            return process
    return None


def _ask(process: psutil.Process | None, request: signal.Signals, stage: str) -> None:
    if process is None:  # it may have just begun, or just ended
        return
    with suppress(psutil.Error):
        process.send_signal(request)
        if request == signal.SIGTERM:
            print(
                f"note: process {process.pid}, which a killed DVC had left at the stage {stage}, is ended",
                file=sys.stderr,
                flush=True,
            )


def _lives(dvc: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return bool(dvc.is_running() and dvc.status() != psutil.STATUS_ZOMBIE)
    return False


def _end_with(dvc: psutil.Process) -> None:
    while _lives(dvc):
        time.sleep(LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE_S)
    os._exit(128 + signal.SIGTERM)
