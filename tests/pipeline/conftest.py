"""The whole project in a temporary repository, on drawn photos and a thimble of settings."""

from __future__ import annotations

import pytest

from tests.drawn.pipeline import Project, small_project


@pytest.fixture(scope="session")
def fresh_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Committed and set up, but not yet run."""
    return small_project(tmp_path_factory.mktemp("pipeline") / "a project")


@pytest.fixture(scope="session")
def reproduced(fresh_project: Project) -> Project:
    """After the first run, as `make repro` does it; `first.log` is its output. A test undoes its changes."""
    log = fresh_project.python("-m", "stages.answers")
    (fresh_project.home / "first.log").write_text(log)
    (fresh_project.experiment,) = {run.data.tags["tenshots.experiment"] for run in fresh_project.runs()}
    fresh_project.run("git", "add", ".")
    fresh_project.run("git", "commit", "--quiet", "--message=reproduced")
    return fresh_project
