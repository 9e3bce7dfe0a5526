"""What the pipeline leaves in MLflow, and that `record` completes it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.drawn.pipeline import VARIANTS, Project, variants_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(reproduced: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy without a store."""
    folder = tmp_path_factory.mktemp("tracking") / "a project"
    shutil.copytree(reproduced.folder, folder, symlinks=True, ignore=shutil.ignore_patterns("mlruns"))
    copy = Project(folder)
    assert copy.changed() == set()
    return copy


@pytest.fixture(scope="module")
def restored(project: Project) -> str:
    """What `record` said when it made the copy's store; each test leaves the store as complete as it was."""
    return project.python("-m", "stages.record")


def test_an_experiment_is_one_run_and_one_below_it_a_variant(reproduced: Project) -> None:
    # Other tests may have compared under edited settings, which is an experiment of its own.
    first = reproduced.experiment
    of_first = [run for run in reproduced.runs() if run.data.tags["tenshots.experiment"] == first]
    assert len(of_first) == 1 + len(VARIANTS)
    runs = {run.data.tags["tenshots.variant"]: run for run in of_first}
    assert sorted(runs) == ["*", *VARIANTS]
    for variant in VARIANTS:
        data = runs[variant].data
        assert runs[variant].info.run_name == f"{runs['*'].info.run_name}: {variant}"
        assert data.tags["mlflow.parentRunId"] == runs["*"].info.run_id
        assert 0 <= data.metrics["test_accuracy"] <= 1
        assert {"fold_0_repeat_0/val_loss", "fold_1_repeat_0/val_loss", "mean/val_loss"} <= set(data.metrics)
        assert {"threads", "network_name", "recipe"} <= set(data.params)
    assert {run.info.status for run in runs.values()} == {"FINISHED"}


def test_record_restores_a_lost_store_from_the_outputs(project: Project, restored: str) -> None:
    assert restored.startswith("MLflow: added ")
    runs = project.runs()
    assert variants_of(runs) == ["*", *VARIANTS]
    for run in runs:
        artifacts = Path(run.info.artifact_uri.removeprefix("file://").replace("%20", " "))
        names = {path.name for path in artifacts.rglob("*")}
        variant = run.data.tags["tenshots.variant"]
        assert ("index.html" if variant == "*" else "fold-0_repeat-0.weights.h5") in names


@pytest.mark.usefixtures("restored")
def test_a_repeated_training_leaves_the_same_bytes_and_supersedes_its_run(project: Project) -> None:
    lock = (project.folder / "dvc.lock").read_bytes()
    former = {run.info.run_id for run in project.runs() if run.data.tags["tenshots.variant"] == "baseline"}
    project.ask("repro", "--force", "--single-item", "train@baseline")
    assert (project.folder / "dvc.lock").read_bytes() == lock
    runs = project.runs()
    assert variants_of(runs) == ["*", *VARIANTS]
    assert former.isdisjoint(run.info.run_id for run in runs)

    # As soon as it is trained, without any stage after it.
    (baseline,) = [run for run in runs if run.data.tags["tenshots.variant"] == "baseline"]
    metrics = json.loads((project.folder / "data/evaluations/baseline/metrics.json").read_text())
    assert metrics.items() <= baseline.data.metrics.items()
    assert baseline.data.tags["tenshots.test_set"]
    assert project.python("-m", "stages.record") == "MLflow: nothing to add\n"


@pytest.mark.usefixtures("restored")
def test_record_does_not_take_old_outputs_for_new_settings(project: Project) -> None:
    with project.edited("params.yaml") as values:
        project.write_params({**values, "lr": 0.5})
        answer = project.python("-m", "stages.record")
    assert "not recorded: baseline (check, train@baseline are out of date)" in answer
    assert len(project.runs()) == 1 + len(VARIANTS)
