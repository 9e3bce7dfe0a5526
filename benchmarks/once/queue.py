"""Queues experiments of one small stage and counts those that are left behind.

`python -m benchmarks.once.queue`: by DVC's own workers and by `python -m stages.queue`, each for some rounds.
Done is what git has an experiment of once nothing has ended for a while; the rest is counted as DVC shows it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

TOP = Path(__file__).parents[2]
QUIET_S = 60  # DVC's workers end after 10 s without a task
STAGE = "import time; time.sleep(1); open('told.txt', 'w').write(open('params.yaml').read())\n"


def main(argv: Sequence[str] | None = None) -> None:
    """Prints a table: a row per round."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.once.queue", description=__doc__)
    parser.add_argument("--experiments", type=int, default=30, help="default: %(default)s")
    parser.add_argument("--workers", type=int, default=4, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    given = parser.parse_args(argv)
    table = Table("way", "round", "done", "still queued", "running", "failed", "then by stages.queue", "s")
    for way in ("dvc", "stages"):
        for number in range(given.rounds):
            with tempfile.TemporaryDirectory(prefix="queue-") as name:
                row = _round(Path(name) / "project", way, given.experiments, given.workers)
            name = "dvc queue start" if way == "dvc" else "python -m stages.queue"
            table.add_row(name, str(number + 1), *map(str, row))
            print(name, number + 1, *row, flush=True)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _round(folder: Path, way: str, num: int, workers: int) -> tuple[int | str, ...]:
    """Experiments done; queued, running and failed as DVC has it; done after `stages.queue`; seconds."""
    _make(folder)
    rates = ",".join(map(str, range(2, num + 2)))
    _call(folder, "dvc", "exp", "run", "--quiet", "--queue", "-S", f"lr={rates}")
    started = ended = time.monotonic()
    if way == "stages":
        _call(folder, "stages.queue", "--jobs", str(workers), check=False)
        ended = time.monotonic()
    else:
        _call(folder, "dvc", "queue", "start", "--jobs", str(workers))
        done = 0
        while done < num and time.monotonic() - ended < QUIET_S:
            time.sleep(2)
            if (now := _done(folder)) > done:
                done, ended = now, time.monotonic()
    done = _done(folder)
    status = _call(folder, "dvc", "queue", "status")
    counts = [status.count(word) for word in ("Queued", "Running", "Failed")]
    after: int | str = "-"
    if way == "dvc" and done < num:
        _call(folder, "dvc", "queue", "stop")
        time.sleep(15)
        _call(folder, "stages.queue", "--jobs", str(workers), check=False)
        after = _done(folder)
    return done, *counts, after, f"{ended - started:.0f}"


def _make(folder: Path) -> None:
    folder.mkdir()
    (folder / "stage.py").write_text(STAGE)
    (folder / "params.yaml").write_text("lr: 1\n")
    (folder / "dvc.yaml").write_text(
        f"stages:\n  tell:\n    cmd: {sys.executable} stage.py\n    params: [lr]\n"
        "    outs:\n      - told.txt:\n          cache: false\n"
    )
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    _call(folder, "dvc", "init", "--quiet")
    subprocess.run(["git", "add", "."], cwd=folder, check=True)
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *author, "commit", "--quiet", "--message=start"], cwd=folder, check=True)


def _done(folder: Path) -> int:
    command = ["git", "for-each-ref", "--format=%(refname)", "refs/exps"]
    refs = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.split()
    return sum(len(ref.split("/")) == 5 for ref in refs)


def _call(folder: Path, *words: str, check: bool = True) -> str:
    environment = {**os.environ, "PYTHONPATH": str(TOP), "DVC_NO_ANALYTICS": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    with tempfile.TemporaryFile("w+") as said:  # not a pipe, which DVC's workers would hold open
        command = [sys.executable, "-m", *words]
        done = subprocess.run(command, cwd=folder, env=environment, stdout=said, stderr=said, check=False)
        said.seek(0)
        text = said.read()
    if check and done.returncode:
        raise RuntimeError(text)
    return text


if __name__ == "__main__":
    main()
