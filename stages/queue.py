"""Runs what is queued (`dvc exp run --queue`), several at once: `python -m stages.queue --jobs 2`.

Each experiment runs in a folder of its own, as by `dvc exp run --temp`, and gets its part of the machine's
cores and memory. It leaves the queue once it is done: after Ctrl-C or a kill, a second call goes on. What
DVC's own workers (`dvc queue start`) have lost is run, too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from stages import STARTED_BY, run
from tenshots.errors import DataError, SettingsError
from tenshots.repository import alone, queue
from tenshots.repository.queue import Waiting
from tenshots.wording import counted

ROUND_S = 0.2


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the queue of the current directory until nothing waits."""
    parser = argparse.ArgumentParser(prog="python -m stages.queue", description=__doc__)
    parser.add_argument("-j", "--jobs", type=int, default=1, help="at once (default: %(default)s)")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)  # what stands in standard input
    given = parser.parse_args(argv)
    if given.one:
        one = Waiting(**json.load(sys.stdin))
        # Whom a kill of this command has left behind ends.
        with alone.only(f"queue of {one.entry['stash_rev']}", dvc=STARTED_BY):
            queue.run(one)
        return
    num_jobs: int = given.jobs
    if not 1 <= num_jobs <= 64:
        raise SettingsError(f"--jobs must be from 1 to 64, got {num_jobs}")
    logs = queue.logs_dir()
    try:
        with FileLock(logs.with_name("queue.lock"), timeout=0):
            failed = _run_all(num_jobs, logs)
    except Timeout:
        raise DataError("another `python -m stages.queue` runs this queue") from None
    if failed:
        raise DataError(f"{counted(len(failed), 'experiment')} failed and stay queued: {', '.join(failed)}")


def _run_all(num_jobs: int, logs: Path) -> list[str]:
    """Runs all that waits, and what is queued meanwhile; returns the names of those that failed."""
    seen: set[str] = set()
    failed: list[str] = []
    while todo := [one for one in queue.waiting() if one.entry["stash_rev"] not in seen]:
        seen |= {one.entry["stash_rev"] for one in todo}
        print(f"{counted(len(todo), 'experiment')} queued; {num_jobs} at a time", flush=True)
        failed += _run_some(todo, num_jobs, logs)
    if not seen:
        print("nothing is queued")
    return failed


def _run_some(todo: Sequence[Waiting], num_jobs: int, logs: Path) -> list[str]:
    left, failed = list(todo), []
    running: dict[subprocess.Popen[str], Waiting] = {}
    try:
        while left or running:
            while left and len(running) < num_jobs:
                one = left.pop(0)
                running[_start(one, num_jobs, logs)] = one
                print(f"{one.name}: begun; {_log(one, logs)} shows how far it is", flush=True)
            time.sleep(ROUND_S)
            for process in [each for each in running if each.poll() is not None]:
                one = running.pop(process)
                if process.returncode:
                    failed.append(one.name)
                    said = f"failed; {_log(one, logs)} says why"
                else:
                    queue.forget(one)
                    said = "done"
                num_ended = len(todo) - len(left) - len(running)
                print(f"{one.name}: {said} ({num_ended} of {len(todo)})", flush=True)
    finally:
        for process in running:
            _end(process)
    return failed


def _log(one: Waiting, logs: Path) -> Path:
    return Path(os.path.relpath(logs / f"{one.name}.log"))


def _start(one: Waiting, num_jobs: int, logs: Path) -> subprocess.Popen[str]:
    # DVC hands the environment down to the stages.
    environment = {**os.environ, "TENSHOTS_EXPERIMENTS": str(num_jobs)}
    command = [sys.executable, "-m", "stages.queue", "--one"]
    with _log(one, logs).open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log, text=True
        )
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin as pipe:  # it has ended; its status says how
        json.dump(one._asdict(), pipe)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    """Ends an experiment and the stage that it runs; after Ctrl-C they end by themselves."""
    with suppress(psutil.NoSuchProcess):
        for each in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                each.terminate()
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)


if __name__ == "__main__":
    run(main, judge=False)  # each experiment has settings of its own, which its stages judge
