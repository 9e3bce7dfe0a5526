"""`dvc exp run` where git knows no one: in a row, in a temporary folder, and queued with two workers."""

from __future__ import annotations

import csv
import io
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.drawn.pipeline import Project

pytestmark = pytest.mark.slow

STAGE = "train@baseline"  # the quickest that leaves a run
PATIENCE_S = 600
RATES = {"as-it-is": "0.002", "faster": "0.016", "slower": "0.004"}


@pytest.fixture(scope="module")
def project(reproduced: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("experiments") / "a project"
    shutil.copytree(reproduced.folder, folder, symlinks=True, ignore=shutil.ignore_patterns("mlruns"))
    project = Project(folder)
    yield project
    project.dvc("queue", "stop", "--kill")


def rates_of(project: Project) -> dict[float, str]:
    """The learning rates that the store has runs of, each with the name of its experiment."""
    runs = {run.info.run_id: run for run in project.runs()}
    for run in runs.values():
        if "mlflow.parentRunId" in run.data.tags:
            experiment = runs[run.data.tags["mlflow.parentRunId"]].info.run_name
            assert run.info.run_name == f"{experiment}: {run.data.tags['tenshots.variant']}"
    return {
        float(run.data.params["settings.lr"]): runs[run.data.tags["mlflow.parentRunId"]].info.run_name
        for run in runs.values()
        if "mlflow.parentRunId" in run.data.tags
    }


def test_two_in_a_row(project: Project) -> None:
    for lr in ("0.011", "0.012"):
        project.dvc("exp", "run", "--name", f"rate-{lr[2:]}", "--set-param", f"lr={lr}", STAGE)
    assert rates_of(project) == {0.011: "rate-011", 0.012: "rate-012"}
    assert "rate-011" in project.dvc("exp", "list")


def test_in_a_temporary_folder(project: Project) -> None:
    project.dvc("exp", "run", "--temp", "--name", "temporary", "--set-param", "lr=0.013", STAGE)
    assert rates_of(project)[0.013] == "temporary"


def test_queued_with_two_workers(project: Project) -> None:
    for lr in ("0.014", "0.015"):
        project.dvc("exp", "run", "--queue", "--name", f"rate-{lr[2:]}", "--set-param", f"lr={lr}", STAGE)
    project.dvc("queue", "start", "--jobs", "2")
    end = time.monotonic() + PATIENCE_S
    status = ""
    while time.monotonic() < end and status.count("Success") + status.count("Failed") < 2:
        time.sleep(2)
        status = project.dvc("queue", "status")
    assert status.count("Success") == 2, status + project.dvc("queue", "logs", "rate-014")
    rates = rates_of(project)
    assert {rates[0.014], rates[0.015]} == {"rate-014", "rate-015"}


def test_all_of_it_lies_in_the_main_checkout(project: Project) -> None:
    assert len(rates_of(project)) == 5
    with closing(sqlite3.connect(project.folder / "mlruns" / "mlflow.db")) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM experiments")}
    assert names - {"Default"} == {project.folder.name}, "never named after a temporary folder"
    assert not list((project.folder / ".dvc" / "tmp").rglob("mlflow.db"))
    for run in project.runs():
        artifacts = Path(run.info.artifact_uri.removeprefix("file://").replace("%20", " "))
        assert artifacts.is_relative_to(project.folder / "mlruns" / "artifacts")
        assert list(artifacts.rglob("*.weights.h5")) or run.data.tags["tenshots.variant"] == "*"


@pytest.fixture(scope="module")
def compared(project: Project) -> Project:
    """After three experiments on one commit, with four variants, of which the first trains one of them."""
    values = project.params()
    values["lr"] = float(RATES["as-it-is"])
    del values["variants"]["frozen"]  # four fit
    values["variants"]["wide"] = {"data": "database", "network": "lecture", "batch_size": 4}
    project.write_params(values)
    project.run("git", "commit", "--all", "--quiet", "--message=four variants")
    for name, lr in RATES.items():
        project.dvc("exp", "run", "--name", name, "--set-param", f"lr={lr}")
    return project


def test_dvc_shows_experiments_with_four_variants_in_160_columns(compared: Project) -> None:
    show = ("exp", "show", "--only-changed", "--no-pager")
    # As the README has it; --keep, since an accuracy that is the same in all of them would be left out
    narrow = (
        *show,
        "--drop",
        "Created|data/|reports/|stages/|tenshots/",
        "--keep",
        "(?!split).*[.](test|val)$",
    )
    plain, short = (compared.dvc(*command, COLUMNS="160") for command in (show, narrow))
    assert max(map(len, [*plain.splitlines(), *short.splitlines()])) <= 160
    assert "\N{HORIZONTAL ELLIPSIS}" not in short
    header = next(line for line in short.splitlines() if "Experiment" in line).split()
    variants = ("baseline", "augmented", "fine_tuned", "wide")
    assert header == [
        "Experiment",
        *(f"{name}.{part}" for name in variants for part in ("test", "val")),
        "lr",
    ]
    for name, lr in RATES.items():
        (row,) = (line.split() for line in short.splitlines() if f"[{name}]" in line)
        assert row[-1] == lr
        assert all(0 <= float(share) <= 1 for share in row[-9:-1])


def test_history_and_dvc_agree_on_experiments(compared: Project) -> None:
    project = compared
    shown = csv.DictReader(io.StringIO(project.dvc("exp", "show", "--csv")))
    by_name = {row["Experiment"]: row for row in shown if row["Experiment"] in {"as-it-is", "faster"}}
    project.python("-m", "stages.history", "as-it-is", "faster", "--csv", "history.csv")
    table = list(csv.DictReader((project.folder / "history.csv").read_text().splitlines()))
    assert {row["experiment"] for row in table} == set(by_name) == {"as-it-is", "faster"}
    assert len(table) == 2 * 4
    for row in table:
        dvc = by_name[row["experiment"]]
        assert float(row["lr"]) == float(dvc["lr"])
        for part in ("test", "val"):
            shown_there = float(dvc[f"{row['variant']}.{part}"])
            assert float(row[f"{part}_accuracy"]) == pytest.approx(shown_there, abs=1e-4)
        assert (row["no_difference"] == "the reference") == (row["experiment"] == "as-it-is")
    assert "as-it-is" in (project.folder / "reports" / "history.html").read_text()
