"""How long `ingest` and `split` take over a folder of photos, and how much memory.

python -m benchmarks.ingestion FOLDER --layout "{split}/{label}/{name}" [--size-px 32] [--workers N]

The real stages run, each in a process of its own and in a temporary project, so that the peaks are theirs.
Beside them Keras reads the same files with `image_dataset_from_directory`: it decodes and resizes, no more.
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

from tenshots import params

PROJECT_DIR = Path(__file__).resolve().parents[1]


class Measured(NamedTuple):
    """What a program took.

    Attributes:
        wall_s: seconds from start to end, imports included.
        cpu_s: seconds of all its processes; unlike wall_s hardly moved by other work on the machine.
        peak_bytes: largest resident memory of one process.
        said: its last line.
    """

    wall_s: float
    cpu_s: float
    peak_bytes: int
    said: str


# Runs in the process that is measured, as what a parent learns of its children is that of all of them.
REPORT = """
import resource
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(sum(each.ru_utime + each.ru_stime for each in used), max(each.ru_maxrss for each in used))
"""
STAGE = """
import sys
from stages import run
from stages.{stage} import main
run(lambda: main(sys.argv[1:]))
"""
# As Keras does it by itself: batches of 32, as many threads as it likes.
KERAS = """
import sys
from tenshots.runtime import keras
side = int(sys.argv[2])
images = keras.utils.image_dataset_from_directory(
    sys.argv[1], image_size=(side, side), shuffle=False, verbose=False
)
print(sum(len(labels) for _, labels in images), "images")
"""


def measure(program: str, arguments: Sequence[str], folder: Path) -> Measured:
    """Runs a program in `folder` and in a process of its own."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program + REPORT, *arguments],
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
    """Prints a table: program, seconds, CPU seconds, peak memory, and what the stage said last."""
    parser = argparse.ArgumentParser(description="Times ingest, split and Keras over a folder of photos.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--layout", required=True, help="such as {group}/{label}/{name}")
    parser.add_argument("--size-px", type=int, default=96)
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    arguments = parser.parse_args(argv)
    project = params.read(PROJECT_DIR / params.PATH)
    settings = {
        **project,
        "seed": 0,
        "photos": str(arguments.folder.resolve()),
        "layout": arguments.layout,
        "standardise": {"size_px": arguments.size_px, "fit": "pad", "encoding": "lossless"},
        "accept": {**project["accept"], "min_px": 1},
        "near_duplicates": {**project["near_duplicates"], "max_share": 1.0},
        "database": {"num_shards": 8},
        "split": {"folds": arguments.folds, "test": 0.2, "val": 0.2},
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "params.yaml").write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
        workers, side = str(arguments.workers), str(arguments.size_px)
        measured = {
            "ingest": measure(STAGE.format(stage="ingest"), ["--workers", workers], folder),
            "split": measure(STAGE.format(stage="split"), [], folder),
            "keras": measure(KERAS, [settings["photos"], side], folder),
        }
        num_bytes = sum(path.stat().st_size for path in (folder / "data").rglob("*") if path.is_file())
    print("program  seconds  CPU seconds  peak MB  last line")
    for stage, (wall_s, cpu_s, peak_bytes, said) in measured.items():
        print(f"{stage:7} {wall_s:8.1f} {cpu_s:12.1f} {peak_bytes / 1e6:8.0f}  {said}")
    print(f"outputs  {num_bytes / 1e6:.0f} MB; {arguments.workers} workers, {os.cpu_count()} CPUs")


if __name__ == "__main__":
    main()
