"""Kills a run at a point, runs again without, and says what came of it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks.kills import projects
from benchmarks.kills.points import DVC, Point
from tests.drawn.pipeline import Project

HOOK = Path(__file__).with_name("hook")
PATIENCE_S = 300  # for an orphan to end
TRAINED = re.compile(r"^(?:train|study) .*\bfold \d+, repeat \d+ \(\d+ of \d+\)", re.MULTILINE)


class Trial(NamedTuple):
    """What came of a kill.

    Attributes:
        event: at which the kill came; empty: it never came.
        half: outputs that were there by their names and not whole, after the kill.
        status: exit status of the run after it.
        wrong: what is not as an undisturbed run leaves it, a line each.
        seconds: that the run after it took.
        trainings: that it did.
        said: by both runs.
    """

    event: str
    half: list[str]
    status: int
    wrong: list[str]
    seconds: float
    trainings: int
    said: str

    @property
    def recovered(self) -> bool:
        """Whether the kill has cost nothing but time."""
        return bool(self.event) and not (self.half or self.status or self.wrong)


def events(project: Project, stage: str, of: str, log: Path) -> list[str]:
    """Runs a stage, or all of them, to its end; returns the events of the stage, or of DVC, a line each."""
    _start(project, stage, log.with_suffix(".said"), KILLS_OF=of, KILLS_LIST=str(log)).wait()
    return log.read_text(encoding="utf-8").splitlines() if log.is_file() else []


def attempt(project: Project, point: Point, reference: Project, expected: projects.Files) -> Trial:
    """Kills at a point and runs again.

    Args:
        project: a copy, in which DVC has the stage still to run; what is said is kept beside it.
        point: where to kill.
        reference: in which everything has run.
        expected: its `projects.files`.
    """
    folder = project.folder.parent
    log = folder / "kill.txt"
    first = _start(
        project,
        point.stage,
        folder / "killed.said",
        **{"KILLS_OF": point.of, "KILLS_AT": point.at, "KILLS_WHOM": point.whom, "KILLS_LIST": str(log)},
    )
    first.wait()
    session = first.pid
    is_orphan = point.whom == DVC and point.of != DVC
    folders = (
        projects.outputs(reference, point.stage) if point.of != DVC else []
    )  # DVC's own come file by file
    half = [] if is_orphan else projects.half_written(projects.files(project), expected, folders)
    started = time.monotonic()
    if point.of == DVC:  # as `make repro` begins; it may have been writing dvc.lock
        _said(project, folder / "mended.said", ".venv/bin/python", "-m", "stages.mend")
    status = _start(project, point.stage, folder / "again.said").wait()
    seconds = time.monotonic() - started
    wrong = [f"still runs: {name}" for name in _wait(session)]
    wrong += projects.differences(project, reference, expected)
    said = {path.name: path.read_text(errors="replace") for path in sorted(folder.glob("*.said"))}
    return Trial(
        event=log.read_text(encoding="utf-8").strip() if log.is_file() else "",
        half=half,
        status=status,
        wrong=wrong,
        seconds=seconds,
        trainings=num_trainings(said.get("again.said", "")),
        said="\n".join(f"--- {name}\n{text}" for name, text in said.items()),
    )


def num_trainings(said: str) -> int:
    """How many networks a run has trained, by what it said; those that it took over are in one other line."""
    return len(TRAINED.findall(said))


def _start(project: Project, stage: str, said: Path, **variables: str) -> subprocess.Popen[bytes]:
    """Starts `dvc repro` in a session of its own, which is also a group of processes."""
    hook = {"PYTHONPATH": str(HOOK), **variables} if variables else {}
    command = [".venv/bin/dvc", "repro", *filter(None, [stage])]
    return _popen(project, command, said, hook)


def _said(project: Project, said: Path, *command: str) -> None:
    _popen(project, list(command), said, {}).wait()


def _popen(
    project: Project, command: list[str], said: Path, variables: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    with said.open("wb") as file:  # no pipe: an orphan would hold it open
        return subprocess.Popen(
            command,
            cwd=project.folder,
            env={**project.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait(session: int) -> list[str]:
    """Waits for what a killed run has left running; kills what does not end, and returns its names."""
    until = time.monotonic() + PATIENCE_S
    while (left := _running(session)) and time.monotonic() < until:
        time.sleep(0.1)
    names = [" ".join(process.cmdline()) for process in left]
    for process in left:
        process.kill()
    return names


def _running(session: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found
