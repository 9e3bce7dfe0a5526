"""The short version of `python -m benchmarks.kills`: five chosen kills, each followed by another run."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.kills import projects, trials
from benchmarks.kills.points import DVC, Point
from tests.drawn.pipeline import Project

pytestmark = pytest.mark.slow

BASELINE = "train@baseline"
NOWHERE = "http://127.0.0.1:9"  # bytes need no store
PART = "data/models/.baseline.part"
POINTS = {  # and how many of the two trainings are done again
    Point(BASELINE, BASELINE, f"open {PART}/.fold-0_repeat-0.weights.h5.part", "stage"): 1,
    Point(BASELINE, BASELINE, f"rename {PART}/history.csv", "dvc"): 0,  # it goes on, beside the next
    Point(BASELINE, BASELINE, f"open {PART}/.model.json.part", "group"): 0,
    Point("ingest", "ingest", "rename data/manifest.csv", "stage"): 0,
    Point("split", DVC, "written dvc.lock", DVC): 0,
}


@pytest.fixture(scope="module")
def expected(untouched: Project) -> projects.Files:
    return projects.files(untouched)


@pytest.mark.parametrize("point", POINTS, ids=[f"{point.whom} at {point.at}" for point in POINTS])
def test_a_killed_stage_leaves_the_same_bytes_when_it_runs_again(
    point: Point, untouched: Project, expected: projects.Files, tmp_path: Path
) -> None:
    project = projects.copy(untouched, tmp_path / "a project")
    project.environment["MLFLOW_TRACKING_URI"] = NOWHERE
    project.environment["TENSHOTS_WORKERS"] = "1"  # one training after the other
    projects.forget(project, point.stage)
    trial = trials.attempt(project, point, untouched, expected)
    assert trial.event == point.at
    assert trial.recovered, trial
    assert ("dvc.lock was cut short" in trial.said) is (point.of == DVC)
    assert trial.trainings == POINTS[point]
    again = trial.said.partition("--- killed.said\n")[0]
    # Nor does a store that cannot be reached cost a training.
    assert again.count(f"warning: the MLflow store {NOWHERE} cannot be used") == (point.stage == BASELINE)
