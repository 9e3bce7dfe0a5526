"""DVC as a process: started in the environment that this one runs in, or found among others."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

ROUND_S = 0.5  # after which what has not ended is asked again
PATIENCE = 6  # rounds


def is_dvc(command: Sequence[str]) -> bool:
    """Returns whether a process with this command line is a DVC, or runs DVC within itself.

    That is `dvc`, `.../python .../dvc`, `python -m dvc` or `python -m stages.queue`.
    """
    return not {"dvc", "stages.queue"}.isdisjoint(Path(word).name for word in command[:3])


def dvc(*arguments: str) -> int:
    """Runs DVC, whose output stays visible, and returns its exit status as a shell gives it.

    Ctrl-C reaches DVC and its stage by itself, and both end in order; killed by us, DVC could leave dvc.lock
    cut short, and its stage would go on without it. So a request to end, which reaches this process alone, is
    handed on to the stage; DVC ends when its stage has failed, and is waited for.

    Args:
        arguments: the command, such as "repro".

    Raises:
        KeyboardInterrupt: Ctrl-C came, and DVC has ended since.
    """
    interrupted: list[bool] = []
    # A function, not SIG_IGN, which DVC and its stages would inherit.
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.append(True))
    try:
        # A request to end that comes while DVC starts waits for it, or DVC would be left behind.
        asked: list[bool] = []
        ends = signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
        process = subprocess.Popen([sys.executable, "-m", "dvc", *arguments])
        try:
            signal.signal(signal.SIGTERM, ends)
            if asked:
                signal.raise_signal(signal.SIGTERM)
            status = process.wait()
        except BaseException:
            _end(process)
            raise
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupted:
        raise KeyboardInterrupt
    return status if status >= 0 else 128 - status


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the stage that DVC runs, upon which DVC ends; DVC itself only where no stage runs for a while."""
    parent = psutil.Process(process.pid)
    idle = 0  # rounds without a stage: DVC may be writing dvc.lock
    while process.poll() is None:
        with suppress(psutil.NoSuchProcess):
            stages = parent.children(recursive=True)
            idle = 0 if stages else idle + 1
            for each in [parent] if idle > PATIENCE else stages:
                each.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(ROUND_S)
