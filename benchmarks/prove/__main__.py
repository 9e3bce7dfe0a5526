"""Proves that nothing but photos, settings and code moves a byte: `make prove`.

Runs a small pipeline 12 times, on this machine's processor and on imitated ones, with other numbers of
workers, locales, time zones, umasks, hash seeds and orders of the photos, and ends with status 1 unless all
runs leave one and the same dvc.lock. First it asks whether the imitated processors deceive: without
`portable: true` they must compute other bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.prove import processors, runs
from benchmarks.prove.processors import PROCESSORS, Imitations, Processor
from tenshots import portable
from tests.pipeline.conftest import Project

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
            update(runs.prepare(prepared), folder)
        # Two folds and two repeats are trainings for three workers.
        elif not prove(runs.prepare(prepared, repeats=2), folder):
            sys.exit(1)


def update(project: Project, folder: Path) -> None:
    """Writes hashes.json anew."""
    run = runs.plan([None])[0]
    copy = runs.clone(project, folder / "update" / "a project", run.order)
    runs.repro(copy, run, {})
    found = runs.outputs(copy.folder / "dvc.lock")
    before = json.loads(EXPECTED.read_text()) if EXPECTED.is_file() else {}
    kept = {stage: hashes for stage, hashes in found.items() if stage not in runs.SHOW_CODE}
    EXPECTED.write_text(json.dumps(kept, indent=2) + "\n")
    print(f"{EXPECTED.name}: {runs.first_difference(before, kept) or 'as it was'}")


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
    """Does the runs and compares each dvc.lock with the first."""
    planned = runs.plan() if imitations else runs.plan([None])
    columns = ("processor", "workers", "locale", "time zone", "umask", "hash seed", "photos made")
    table = Table("run", *columns, "seconds", "dvc.lock", title="portable: true")
    first, expected, wrong = b"", runs.Outputs(), []
    for number, run in enumerate(planned, start=1):
        settings = (_name(run.processor), *map(str, run[1:]))
        print(f"run {number} of {len(planned)}: {', '.join(settings)}", end="", flush=True)
        copy = runs.clone(project, folder / f"run {number}" / "a project", run.order)
        if (cores := runs.num_cores(copy, run)) != run.workers:
            print(f" (NOTE: A LIMIT OF THIS CONTAINER LEAVES {cores} WORKERS)", end="")
        began = time.monotonic()
        runs.repro(copy, run, imitations.variables(run.processor) if imitations else {})
        lock = copy.folder / "dvc.lock"
        found = runs.outputs(lock)
        if number == 1:
            first, expected = lock.read_bytes(), found
        seconds, digest = time.monotonic() - began, hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
        print(f": {digest}, {seconds:.0f} s", flush=True)
        table.add_row(str(number), *settings, f"{seconds:.0f}", digest)
        if lock.read_bytes() != first:
            where = runs.first_difference(expected, found) or "no output, but what dvc.lock says beside them"
            wrong.append(f"run {number} ({', '.join(settings)}) differs first in {where}")
        runs.remove(copy)
    _print(table)
    print("\n".join(wrong) or f"{len(planned)} runs, one dvc.lock")
    return not wrong


def _name(processor: Processor | None) -> str:
    return processor.name if processor else "this machine's"


def _print(table: Table) -> None:
    Console(width=None if sys.stdout.isatty() else 200).print(table)


if __name__ == "__main__":
    main()
