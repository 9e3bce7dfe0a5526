"""What trainings side by side bring, against threads for each operation: `python -m benchmarks.workers`.

Trains the lecture's network on random pixels with one thread, with one thread per core for each operation,
and with one training per core of one thread each; every way in a process of its own, in turn, some rounds.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence

import joblib
import numpy as np
from rich.console import Console
from rich.table import Table

NUM_EPOCHS = 12
NUM_IMAGES = 160  # an epoch: ten updates, as on the demo photos
BATCH_SIZE = 16


def main(argv: Sequence[str] | None = None) -> None:
    """Prints a table: threads, trainings at a time, images per second, the ratio, peak memory."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.workers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--one", type=int, nargs=2, metavar=("THREADS", "WORKERS"), help="one way, as JSON")
    given = parser.parse_args(argv)
    if given.one:
        print(json.dumps(measured(threads=given.one[0], num_workers=given.one[1])))
        return

    cores = int(joblib.cpu_count())
    ways = [(1, 1), (cores, 1), (1, cores)]
    found: dict[tuple[int, int], list[tuple[float, float]]] = {way: [] for way in ways}
    for _ in range(given.rounds):
        for way in ways:
            command = [sys.executable, "-m", "benchmarks.workers", "--one", *map(str, way)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found[way].append(json.loads(done.stdout))
    table = Table()
    for column in ("threads", "trainings at a time", "images/s", "ratio", "peak MB"):
        table.add_column(column, justify="right")
    rates = {way: np.array([rate for rate, _ in each]) for way, each in found.items()}
    for way in ways:
        ratio = np.median(rates[way] / rates[ways[0]])  # of a round, since machines change their speed
        megabytes = max(peak for _, peak in found[way])
        table.add_row(*map(str, way), f"{np.median(rates[way]):,.0f}", f"{ratio:.2f}", f"{megabytes:,.0f}")
    Console().print(table)


def measured(*, threads: int, num_workers: int) -> tuple[float, float]:
    """Returns images per second once all is compiled, and the process' peak memory in millions of bytes."""
    from benchmarks import training as drawing
    from tenshots import params, runtime
    from tenshots.training import variants

    runtime.configure(threads=threads)
    baseline = variants.resolve({**params.read(), "threads": threads}, "baseline")
    settings = baseline.train._replace(batch_size=BATCH_SIZE, epochs=NUM_EPOCHS)
    job, images, labels = drawing.drawn(NUM_IMAGES, copies=0, size_px=96)
    jobs = [job._replace(repeat=repeat) for repeat in range(num_workers)]
    seen: list[tuple[int, float]] = []
    variants.train(
        baseline._replace(train=settings),
        jobs,
        images=images,
        labels=labels,
        finish=lambda *_: None,
        num_workers=num_workers,
        report=lambda epoch: seen.append((epoch.epoch, time.perf_counter())),
    )
    compiled = max(at for epoch, at in seen if epoch == 0)
    timed = [at for _, at in seen if at > compiled]
    rate = len(timed) * NUM_IMAGES / (max(timed) - compiled)
    return rate, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    main()
