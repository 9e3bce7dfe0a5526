"""DVC as a process of its own, of the environment that this one runs in."""

from __future__ import annotations

import signal
import subprocess
import sys


def dvc(*arguments: str) -> int:
    """Runs DVC, whose output stays visible, and returns its exit status as a shell gives it.

    Ctrl-C reaches DVC and its stage by itself, and both end in order; killed by us, DVC could leave dvc.lock
    cut short. So it is waited for.

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
        except BaseException:  # a request to end, which reached this process alone
            process.terminate()
            process.wait()
            raise
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupted:
        raise KeyboardInterrupt
    return status if status >= 0 else 128 - status
