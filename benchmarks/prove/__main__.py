"""Proves that nothing but photos, settings and code moves a byte: `make prove`.

Runs a small pipeline 12 times, on this machine's processor and on imitated ones, with other numbers of
workers, locales, time zones, umasks, hash seeds and orders of the photos, and ends with status 1 unless all
runs leave one and the same dvc.lock; the order of its stages, which DVC takes from a set, does not count.
First it asks whether the imitated processors deceive: without `portable: true` they must compute other bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
from rich.console import Console
from rich.table import Table

from benchmarks.prove import processors, runs
from benchmarks.prove.processors import PROCESSORS, Imitations, Processor
from benchmarks.prove.runs import Run
from tenshots import portable
from tests.drawn.pipeline import Project, small_project

EXPECTED = Path(__file__).with_name("hashes.json")


def main(argv: Sequence[str] | None = None) -> None:
    """Probes the processors, does the runs, and prints a table of each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prove", description=__doc__)
    parser.add_argument(
        "--update", action="store_true", help="one run as it is here; its hashes become those of hashes.json"
    )
    given = parser.parse_args(argv)
    if not portable.has_avx2():
        sys.exit("error: this is no x86-64 processor with AVX2 and FMA under Linux: nothing is promised here")
    with tempfile.TemporaryDirectory(prefix="prove-") as name:
        folder = Path(name)
        prepared = folder / "prepared" / "a project"
        if given.update:
            update(small_project(prepared), folder)
        # Two folds and two repeats are trainings for three workers.
        elif not prove(small_project(prepared, repeats=2), folder):
            sys.exit(1)


def update(project: Project, folder: Path) -> None:
    """Writes hashes.json anew."""
    run = runs.plan([None])[0]
    copy = runs.clone(project, folder / "run 0" / "a project", run.order)
    runs.repro(copy, run, {})
    found = runs.outputs(copy.folder / "dvc.lock")
    before = json.loads(EXPECTED.read_text()) if EXPECTED.is_file() else {}
    kept = {stage: hashes for stage, hashes in found.items() if stage not in runs.SHOW_CODE}
    EXPECTED.write_text(json.dumps(kept, indent=2) + "\n")
    change = "as it was" if kept == before else runs.first_difference(before, kept) or "more outputs"
    print(f"{EXPECTED.name}: {change}")


def prove(project: Project, folder: Path) -> bool:
    """Prints both tables; returns whether all is as promised."""
    imitations = None
    if reason := processors.obstacle():
        print(f"NOTE: NO OTHER PROCESSOR IS IMITATED, as {reason}; only the other settings vary", flush=True)
    else:
        (folder / "imitations").mkdir()
        imitations = Imitations(folder / "imitations")
        if not probe(project, folder, imitations):
            return False
    return do_runs(project, folder, imitations)


def probe(project: Project, folder: Path, imitations: Imitations) -> bool:
    """Shows what libraries see and compute on each processor with `portable: false`; whether they differ."""
    copy = runs.clone(project, folder / "probe" / "a project", runs.ORDERS[0])
    copy.write_params({**copy.params(), "portable": False})
    table = Table("processor", "NumPy sees", "OpenBLAS", "oneDNN", "bytes", title="portable: false")
    found = set()
    for processor in (None, *PROCESSORS):
        said = copy.python("-m", "benchmarks.prove.probe", **imitations.variables(processor))
        seen = json.loads(said.splitlines()[-1])
        found.add(seen["bytes"])
        features, core = " ".join(seen["NumPy"]), " ".join(seen["OpenBLAS"])
        table.add_row(_name(processor), features, core, seen["oneDNN"] or "off", seen["bytes"])
    _print(table)
    if len(found) == 1:
        print("error: the imitation is blind: all processors give the same bytes with portable: false, too")
    return len(found) > 1


def do_runs(project: Project, folder: Path, imitations: Imitations | None) -> bool:
    """Does the runs, as many side by side as there are cores, and compares each dvc.lock with the first."""
    planned = runs.plan() if imitations else runs.plan([None])
    columns = ("processor", "workers", "locale", "time zone", "umask", "hash seed", "photos made")
    table = Table("run", *columns, "dvc.lock", title="portable: true")
    locks: list[str] = []
    wrong = []

    def done(run: Run) -> Path:
        copy = runs.clone(project, folder / f"run {planned.index(run) + 1}" / "a project", run.order)
        if (cores := runs.num_cores(copy, run)) != run.workers:
            print(f"NOTE: A LIMIT OF THIS CONTAINER LEAVES {cores} WORKERS OF {run.workers}", flush=True)
        runs.repro(copy, run, imitations.variables(run.processor) if imitations else {})
        return copy.folder / "dvc.lock"

    with ThreadPoolExecutor(joblib.cpu_count()) as pool:
        for run, lock in zip(planned, pool.map(done, planned), strict=True):
            locks.append(runs.content(lock))
            row = (str(len(locks)), _name(run.processor), *map(str, run[1:]))
            digest = hashlib.sha256(locks[-1].encode()).hexdigest()[:12]
            print(f"run {row[0]} of {len(planned)}: {', '.join(row[1:])}: {digest}", flush=True)
            table.add_row(*row, digest)
            if len(locks) == 1:
                expected = runs.outputs(lock)
            if locks[-1] != locks[0]:
                where = runs.first_difference(expected, runs.outputs(lock))
                where = where or "no output, but what dvc.lock says beside them"
                wrong.append(f"run {row[0]} ({', '.join(row[1:])}) differs first in {where}")
            shutil.rmtree(lock.parent)  # some 30 MB
    _print(table)
    print("\n".join(wrong) or f"{len(planned)} runs, one dvc.lock")
    return not wrong


def _name(processor: Processor | None) -> str:
    return processor.name if processor else "this machine's"


def _print(table: Table) -> None:
    Console(width=None if sys.stdout.isatty() else 200).print(table)


if __name__ == "__main__":
    main()
