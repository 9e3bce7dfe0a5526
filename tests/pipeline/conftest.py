"""The whole project in a temporary repository, on drawn photos and a thimble of settings."""

from __future__ import annotations

import pytest

from tests.drawn import planted
from tests.drawn.photos import draw_photos
from tests.drawn.pipeline import Project, copy_project, make_environment, thimble


@pytest.fixture(scope="session")
def fresh_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Committed and set up by the real script, but not yet run; its photos have all kinds of metadata."""
    folder = tmp_path_factory.mktemp("pipeline") / "a project"
    folder.mkdir()
    copy_project(folder)
    draw_photos(folder / "data" / "drawn")
    planted.plant(folder / "data" / "drawn")
    project = Project(folder)
    project.write_params(thimble(project.params()))
    project.run("git", "init", "--quiet", "--initial-branch=main")
    make_environment(folder)
    project.run("sh", "setup.sh", "requirements.txt")
    project.run("git", "add", ".")
    project.run("git", "commit", "--quiet", "--message=thimble")
    return project


@pytest.fixture(scope="session")
def reproduced(fresh_project: Project) -> Project:
    """After the first `dvc repro`, whose output `first.log` holds; a test undoes its changes."""
    log = fresh_project.dvc("repro")
    (fresh_project.home / "first.log").write_text(log)
    (fresh_project.experiment,) = {run.data.tags["tenshots.experiment"] for run in fresh_project.runs()}
    fresh_project.run("git", "add", ".")
    fresh_project.run("git", "commit", "--quiet", "--message=reproduced")
    return fresh_project
