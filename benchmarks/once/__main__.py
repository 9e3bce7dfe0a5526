"""Goes through the cells and prints a table, a row per cell, of runs before and after `stages.record`.

Ends with status 1 unless, after one call of `record`, each variant that was trained has one FINISHED run, no
run is RUNNING, and a second call does nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.once import rooms
from benchmarks.once.cells import CELLS, Cell
from benchmarks.once.counting import Count, count

NOTHING = "MLflow: nothing to add"


def main(argv: Sequence[str] | None = None) -> None:
    """Prepares the project, does the cells that are asked for, and prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.once", description=__doc__)
    parser.add_argument("cells", nargs="*", metavar="CELL", help=f"all by default: {'; '.join(CELLS)}")
    parser.add_argument("--folder", type=Path, help="keep the prepared project there, for another call")
    given = parser.parse_args(argv)
    if unknown := set(given.cells) - CELLS.keys():
        parser.error(f"no such cell: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="once-") as name:
        folder = given.folder or Path(name)
        if not (folder / "kept").exists():
            rooms.prepare(folder)
        table = Table("what happened", "before `record`", "after", "first said", "second said", "s")
        wrong = [cell for cell in given.cells or CELLS if not _do(cell, CELLS[cell], folder, table)]
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    print("running / finished / failed or killed / missing / twice / of no experiment that was run")
    if wrong:
        sys.exit(f"not as promised: {'; '.join(wrong)}")


def _do(name: str, cell: Cell, folder: Path, table: Table) -> bool:
    """Does one cell; returns whether all is as promised."""
    started = time.monotonic()
    project = rooms.fresh(folder)
    try:
        with ExitStack() as stack:
            trained, environment = cell(project, stack)
            database = project.home / "server" / "mlflow.db" if environment else project.database
            before = count(project, trained, database)
            first, second = (project.python("-m", "stages.record", **environment) for _ in range(2))
            after = count(project, trained, database)
    except Exception as error:  # the other cells tell more than a traceback
        print(f"{name}: {error}", flush=True)
        table.add_row(name, "", "", f"{type(error).__name__}", "", "")
        return False
    took = f"{time.monotonic() - started:.0f}"
    said = (
        "; ".join(line for line in each.splitlines() if line.startswith("MLflow:"))
        for each in (first, second)
    )
    row = (name, _shown(before), _shown(after), *said, took)
    table.add_row(*row)
    print(" | ".join(row), flush=True)
    says_nothing = second.splitlines()[0] == NOTHING
    return says_nothing and (after.running, *after[3:]) == (0, 0, 0, 0)


def _shown(found: Count) -> str:
    return " / ".join(map(str, found))


if __name__ == "__main__":
    main()
