"""The whole project in a temporary repository, on drawn photos and a thimble of settings."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from tests.drawn.pipeline import IMPORTED, Project, small_project, write_down_imports


@pytest.fixture(scope="session")
def fresh_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Committed and set up, but not yet run."""
    return small_project(tmp_path_factory.mktemp("pipeline") / "a project")


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `used`, whose project has run as `make repro` does it, and `kept`, with a copy of that.

    All processes of a session share it: whoever comes first makes it, which takes more than a minute.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    folder /= "first run"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        if (folder / "failed").exists():
            pytest.fail((folder / "failed").read_text())
        if not (folder / "kept").exists():
            try:
                _run_first(folder)
            except BaseException as error:
                (folder / "failed").write_text(f"the first run has failed in another process: {error}")
                raise
    return folder


def _run_first(folder: Path) -> None:
    project = small_project(folder / "used" / "a project")
    write_down_imports(project.folder, folder / IMPORTED)
    log = project.python("-m", "stages.answers")
    (next((project.folder / ".venv" / "lib").rglob("imported.pth"))).unlink()
    (project.home / "first.log").write_text(log)
    project.run("git", "add", ".")
    project.run("git", "commit", "--quiet", "--message=reproduced")
    ignore = shutil.ignore_patterns("mlruns")  # which knows its own place
    shutil.copytree(project.folder, folder / "made" / "a project", symlinks=True, ignore=ignore)
    (folder / "made").rename(folder / "kept")


@pytest.fixture(scope="session")
def reproduced(first_run: Path) -> Project:
    """The project of the first run, whose output is `first.log` in its home. A test undoes its changes.

    All tests that ask for it run in one process, one after the other.
    """
    project = Project(first_run / "used" / "a project")
    (project.experiment,) = {run.data.tags["tenshots.experiment"] for run in project.runs()}
    return project


@pytest.fixture(scope="session")
def untouched(first_run: Path) -> Project:
    """The project after the first run, without a store: to be copied, and changed by no test."""
    return Project(first_run / "kept" / "a project")
