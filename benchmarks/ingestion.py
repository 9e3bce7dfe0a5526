"""How long `ingest` and `split` take over a folder of photos, and how much memory.

python -m benchmarks.ingestion FOLDER --layout "{split}/{label}/{name}" [--size-px 32] [--workers N]

The real stages run, each in a process of its own and in a temporary project, so that the peaks are theirs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

PROJECT_DIR = Path(__file__).resolve().parents[1]


class Measured(NamedTuple):
    """What a stage took.

    Attributes:
        wall_s: seconds from start to end, imports included.
        cpu_s: seconds of all its threads; unlike wall_s hardly moved by other work on the machine.
        peak_bytes: largest resident memory.
        said: its last line.
    """

    wall_s: float
    cpu_s: float
    peak_bytes: int
    said: str


def run_stage(stage: str, arguments: Sequence[str], folder: Path) -> Measured:
    """Runs one stage in `folder`, which has a params.yaml."""
    start = time.perf_counter()
    # The stage itself reports its use: what a parent learns of its children is that of all stages.
    program = (
        f"import resource, sys; from stages import run; from stages.{stage} import main; "
        f"run(lambda: main(sys.argv[1:])); used = resource.getrusage(resource.RUSAGE_SELF); "
        f"print(used.ru_utime + used.ru_stime, used.ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT_DIR)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    *_, said, used = done.stdout.splitlines()
    cpu_s, peak = used.split()
    unit_bytes = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes on macOS, KiB on Linux
    return Measured(time.perf_counter() - start, float(cpu_s), int(peak) * unit_bytes, said)


def main(argv: Sequence[str] | None = None) -> None:
    """Prints a table: stage, seconds, CPU seconds, peak memory, and what the stage said last."""
    parser = argparse.ArgumentParser(description="Times ingest and split over a folder of photos.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--layout", required=True, help="such as {group}/{label}/{name}")
    parser.add_argument("--size-px", type=int, default=96)
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    arguments = parser.parse_args(argv)
    settings = {
        "seed": 0,
        "photos": str(arguments.folder.resolve()),
        "layout": arguments.layout,
        "standardise": {"size_px": arguments.size_px, "fit": "pad", "encoding": "lossless"},
        "database": {"num_shards": 8},
        "split": {"folds": arguments.folds, "test": 0.2, "val": 0.2},
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "params.yaml").write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
        measured = {
            "ingest": run_stage("ingest", ["--workers", str(arguments.workers)], folder),
            "split": run_stage("split", [], folder),
        }
        num_bytes = sum(path.stat().st_size for path in (folder / "data").rglob("*") if path.is_file())
    print("stage    seconds  CPU seconds  peak MB  last line")
    for stage, (wall_s, cpu_s, peak_bytes, said) in measured.items():
        print(f"{stage:7} {wall_s:8.1f} {cpu_s:12.1f} {peak_bytes / 1e6:8.0f}  {said}")
    print(f"outputs  {num_bytes / 1e6:.0f} MB; {arguments.workers} workers, {os.cpu_count()} CPUs")


if __name__ == "__main__":
    main()
