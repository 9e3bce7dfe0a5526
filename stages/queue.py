"""Runs queued experiments (`dvc exp run --queue`), several at once: `python -m stages.queue --jobs 2`.

They share this machine: each gets its part of the cores and of the memory. Returns at once; DVC's workers end
by themselves when the queue is empty. `dvc queue status` shows how far they are.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

from stages import run
from tenshots.errors import SettingsError


def main(argv: Sequence[str] | None = None) -> None:
    """Starts DVC's queue workers in the current directory."""
    parser = argparse.ArgumentParser(prog="python -m stages.queue", description=__doc__)
    parser.add_argument("-j", "--jobs", type=int, default=1, help="at once (default: %(default)s)")
    num_jobs: int = parser.parse_args(argv).jobs
    if not 1 <= num_jobs <= 64:
        raise SettingsError(f"--jobs must be from 1 to 64, got {num_jobs}")
    # DVC hands the environment down to its workers, and these to the stages.
    environment = {**os.environ, "TENSHOTS_EXPERIMENTS": str(num_jobs)}
    command = [sys.executable, "-m", "dvc", "queue", "start", "--jobs", str(num_jobs)]
    sys.exit(subprocess.run(command, env=environment, check=False).returncode)


if __name__ == "__main__":
    run(main, judge=False)  # each experiment has settings of its own, which its stages judge
