"""Ctrl-C in stages that a person runs: one word, soon, with no process and no half-written output left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from benchmarks.kills import projects
from tenshots.repository import unfinished
from tests.drawn.pipeline import Project

pytestmark = pytest.mark.slow

PATIENCE_S = 60
# In the background a shell lets Ctrl-C be ignored, and what is started inherits that.
HEEDING = "import os, signal, sys; signal.signal(2, signal.SIG_DFL); os.execv(sys.executable, sys.argv[1:])"


@pytest.fixture
def project(untouched: Project, tmp_path: Path) -> Project:
    return projects.copy(untouched, tmp_path / "a project")


def stopped(project: Project, *command: str, when: Callable[[], bool]) -> str:
    """Runs `python -m command`, gives its group Ctrl-C as a terminal does `when` it is time; what it said."""
    python = str(project.folder / ".venv/bin/python")
    stage = subprocess.Popen(
        [python, "-c", HEEDING, python, "-m", *command],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    until = time.monotonic() + PATIENCE_S
    while not when():
        assert stage.poll() is None, stage.communicate()[0]
        assert time.monotonic() < until
        time.sleep(0.01)
    running = psutil.Process(stage.pid).children(recursive=True)
    os.killpg(stage.pid, signal.SIGINT)
    said = stage.communicate(timeout=PATIENCE_S / 3)[0]
    assert stage.returncode == 128 + signal.SIGINT
    assert not psutil.wait_procs(running, timeout=PATIENCE_S / 3)[1]
    return said


@contextmanager
def silent_server() -> Iterator[tuple[str, Callable[[], bool]]]:
    """The address of a server that takes requests and answers none, and whether one has come."""
    asked: list[socket.socket] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                asked.append(listener.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", lambda: bool(asked)
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for each in asked:
                each.close()


def test_while_copies_are_made(project: Project) -> None:
    values = project.params()
    values["augment"]["copies"] = 200
    project.write_params(values)
    kept = project.folder / unfinished.FOLDER
    assert not list(kept.rglob("*"))
    assert stopped(project, "stages.augment", when=lambda: any(kept.glob("*/*"))) == "stopped\n"
    assert not [path for path in (project.folder / "data").iterdir() if path.name.endswith(".part")]


@pytest.mark.parametrize("stage", [("train", "frozen"), ("record",)])
def test_while_the_store_is_silent(stage: tuple[str, ...], project: Project) -> None:
    name, *arguments = stage
    before = projects.files(project)
    with silent_server() as (uri, asked):
        project.environment["MLFLOW_TRACKING_URI"] = uri
        assert stopped(project, f"stages.{name}", *arguments, when=asked) == "stopped\n"
    assert projects.files(project) == before
