"""Proves that a `kill -9` costs nothing but time, at drawn points of a small pipeline.

Runs the pipeline once undisturbed, then each stage once more to list its events. At each drawn point it
kills the stage, the DVC above it or both, lets DVC run the stage again, and compares every file with the
undisturbed run's. At further points it kills DVC itself while it runs the whole pipeline. Ends with status 1
unless all points recover and each output is renamed to its name when it is whole.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.kills import points, projects, trials
from benchmarks.kills.points import DVC, WHOLE, Point
from benchmarks.kills.trials import Trial
from stages import at_least_1
from tests.drawn.pipeline import Project, small_project

AT_A_TIME = 2
ALL = "all stages"
Row = tuple[Point, Trial]


class Prepared:
    """The small project before its first run and after it, and copies of both."""

    def __init__(self, folder: Path) -> None:
        """Draws it and runs it in a folder: a minute and more."""
        self._folder = folder
        self.fresh = small_project(folder / "fresh" / "a project", leaking=True)  # so that studies train
        self.done = projects.copy(self.fresh, folder / "done" / "a project")
        self.dvc_events = trials.events(self.done, WHOLE, DVC, folder / "dvc.txt")
        self.done.run("git", "add", ".")
        self.done.run("git", "commit", "--quiet", "--message=reproduced")
        shutil.rmtree(self.done.folder / "mlruns")
        self.expected = projects.files(self.done)
        self.in_place: dict[str, list[str]] = {}  # of each stage

    def copy(self, name: str, stage: str) -> Project:
        """A copy in which DVC has the stage, or all of them, still to run."""
        project = projects.copy(self.done if stage else self.fresh, self._folder / name / "a project")
        if stage:
            projects.forget(project, stage)
        return project

    def events(self, stage: str) -> list[str]:
        """The events of a stage that runs to its end."""
        copy = self.copy(f"events of {stage}", stage)
        lines = trials.events(copy, stage, stage, copy.folder.parent / "events.txt")
        if wrong := projects.differences(copy, self.done, self.expected):
            sys.exit(f"error: {stage} leaves something else even if nothing is killed: {wrong[0]}")
        self.in_place[stage] = projects.in_place(lines, projects.outputs(self.done, stage))
        shutil.rmtree(copy.folder.parent)
        return lines

    def attempt(self, point: Point, name: str) -> Trial:
        """Kills at a point in a copy."""
        copy = self.copy(name, point.stage)
        trial = trials.attempt(copy, point, self.done, self.expected)
        if stale := copy.changed():
            trial.wrong.append(f"dvc status names {min(stale)}")
        shutil.rmtree(copy.folder.parent)
        return trial


def main(argv: Sequence[str] | None = None) -> None:
    """Draws points, does them, and prints a row of each and a table by stage."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="draws the points (default: 0)")
    parser.add_argument("--points", type=int, default=90, help="that run one stage (default: 90)")
    parser.add_argument("--whole", type=int, default=10, help="that run the whole pipeline (default: 10)")
    parser.add_argument("--only", action="append", metavar="STAGE", help="of these stages; may be repeated")
    parser.add_argument(
        "--jobs", type=at_least_1, default=AT_A_TIME, help=f"points at a time (default: {AT_A_TIME})"
    )
    parser.add_argument("--logs", type=Path, help="a folder for what the runs of a failed point said")
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="kills-") as name, ThreadPoolExecutor(given.jobs) as pool:
        prepared = Prepared(Path(name))
        known = projects.stages(prepared.done)
        if unknown := set(given.only or ()) - set(known):
            sys.exit(f"error: --only {min(unknown)}: no such stage; there are {', '.join(known)}")
        wanted = given.only or known
        events = dict(zip(wanted, pool.map(prepared.events, wanted), strict=True))
        generator = np.random.default_rng(given.seed)
        drawn = points.of_stages(events, given.points, generator)
        drawn += points.of_dvc(prepared.dvc_events, given.whole, generator)
        # What is known before all of it is done shall be of all stages.
        drawn = [drawn[place] for place in generator.permutation(len(drawn))]
        rows: list[Row] = []
        for trial in pool.map(prepared.attempt, drawn, map(str, range(len(drawn)))):
            rows.append((drawn[len(rows)], trial))
            print(row(len(rows), *rows[-1]), flush=True)
            if not trial.recovered and given.logs:
                given.logs.mkdir(parents=True, exist_ok=True)
                (given.logs / f"{len(rows)}.txt").write_text(trial.said, encoding="utf-8")
    _print_table(rows, events | {WHOLE: prepared.dvc_events}, prepared.in_place)
    if not all(trial.recovered for _, trial in rows) or any(prepared.in_place.values()):
        sys.exit(1)


def row(number: int, point: Point, trial: Trial) -> str:
    """Returns what is printed of a point."""
    what = "undisturbed" if not trial.event else f"killed {point.whom} at {trial.event}"
    half = [f"half-written after the kill: {name}" for name in trial.half]
    status = [f"status {trial.status}"] * bool(trial.status)
    came = "; ".join([*half, *status, *trial.wrong]) or "equal"
    again = f", {trial.trainings} trainings" * bool(trial.trainings)
    stage = point.stage or "all stages"
    return (
        f"{number}. {stage}, {point.of} event {point.at}: {what}: {came}; again {trial.seconds:.0f} s{again}"
    )


def _print_table(rows: Sequence[Row], events: points.Events, in_place: dict[str, list[str]]) -> None:
    whom = [f"kills of {kind}" for kind in points.WHOM]
    table = Table(
        "stage", "events", *whom, "recovered", "trainings again", "seconds again", "written in place"
    )
    for stage in events:
        ours = [(point, trial) for point, trial in rows if point.stage == stage]
        kinds = Counter(point.whom for point, trial in ours if trial.event)
        seconds = [trial.seconds for _, trial in ours]
        table.add_row(
            stage or ALL,
            str(len(events[stage])),
            *(str(kinds[kind]) for kind in points.WHOM),
            f"{sum(trial.recovered for _, trial in ours)} of {len(ours)}",
            str(sum(trial.trainings for _, trial in ours)),
            f"{np.mean(seconds):.0f}" if seconds else "",
            ", ".join(in_place.get(stage, [])),
        )
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    print(f"{sum(trial.recovered for _, trial in rows)} of {len(rows)} points recovered")


if __name__ == "__main__":
    main()
