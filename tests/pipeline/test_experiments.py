"""`dvc exp run` where git knows no one: in a row, in a temporary folder, and queued with two workers.

The variant that they add is of another family, and is all that is left in the end.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.drawn.pipeline import Project, ran

pytestmark = pytest.mark.slow

STAGE = "train@baseline"  # the quickest that leaves a run
PATIENCE_S = 600
# Has no feature maps
FLAT = {"family": "dense", "input_px": 8, "channels": 1, "units": [8, 8, 8], "dropout": 0.1}
RATES = {"as-it-is": "0.002", "faster": "0.016"}


@pytest.fixture(scope="module")
def project(untouched: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("experiments") / "a project"
    shutil.copytree(untouched.folder, folder, symlinks=True)
    project = Project(folder)
    yield project
    project.ask("queue", "stop", "--kill")


def rates_of(project: Project) -> dict[float, str]:
    """The learning rates that the store has runs of, each with the name of its experiment."""
    runs = {run.info.run_id: run for run in project.runs()}
    for run in runs.values():
        if "mlflow.parentRunId" in run.data.tags:
            experiment = runs[run.data.tags["mlflow.parentRunId"]].info.run_name
            assert run.info.run_name == f"{experiment}: {run.data.tags['tenshots.variant']}"
    return {
        float(run.data.params["lr"]): runs[run.data.tags["mlflow.parentRunId"]].info.run_name
        for run in runs.values()
        if "mlflow.parentRunId" in run.data.tags
    }


@pytest.fixture(scope="module")
def swept(project: Project) -> Project:
    """After two experiments on a commit with four variants: one trains the fourth, one runs a stage alone."""
    values = project.params()
    values["lr"] = float(RATES["as-it-is"])
    del values["variants"]["frozen"]  # four fit
    values["networks"]["flat"] = FLAT
    values["variants"]["flat"] = {"data": "database", "network": "flat", "batch_size": 4, "lr": 0.002}
    project.write_params(values)
    project.run("git", "commit", "--all", "--quiet", "--message=four variants")
    for (name, lr), targets in zip(RATES.items(), ([], [STAGE]), strict=True):
        project.ask("exp", "run", "--name", name, "--set-param", f"lr={lr}", *targets)
    return project


@pytest.fixture(scope="module")
def shown(swept: Project) -> tuple[str, str]:
    """What DVC shows of the two, as it does without being told, and as README has it."""
    show = ("exp", "show", "--only-changed", "--no-pager")
    # --keep, since an accuracy that is the same in all of them would be left out
    narrow = (
        *show,
        "--drop",
        # The commit still has the figures of the variant that was removed.
        "Created|data/|reports/|stages/|tenshots/|frozen",
        "--keep",
        "(?!split|frozen).*[.](test|val)$",
    )
    plain, short = (swept.ask(*command, COLUMNS="160") for command in (show, narrow))
    return plain, short


@pytest.fixture(scope="module")
def compared(swept: Project, shown: tuple[str, str]) -> Project:
    """After one more, which moves the fourth variant and is compared."""
    del shown  # before there is another column
    changes = ("--set-param", f"lr={RATES['as-it-is']}", "--set-param", "variants.flat.lr=0.02")
    swept.ask("exp", "run", "--name", "flat-faster", *changes)
    return swept


def test_two_in_a_row(swept: Project) -> None:
    assert rates_of(swept).items() >= {float(lr): name for name, lr in RATES.items()}.items()
    listed = swept.ask("exp", "list")
    assert all(name in listed for name in RATES)


def test_dvc_shows_experiments_with_four_variants_in_160_columns(shown: tuple[str, str]) -> None:
    plain, short = shown
    assert max(map(len, [*plain.splitlines(), *short.splitlines()])) <= 160
    assert "\N{HORIZONTAL ELLIPSIS}" not in short
    header = next(line for line in short.splitlines() if "Experiment" in line).split()
    variants = ("baseline", "augmented", "fine_tuned", "flat")
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
    both = {"as-it-is", "flat-faster"}
    shown = csv.DictReader(io.StringIO(compared.ask("exp", "show", "--csv")))
    by_name = {row["Experiment"]: row for row in shown if row["Experiment"] in both}
    compared.python("-m", "stages.history", "as-it-is", "flat-faster", "--csv", "history.csv")
    table = list(csv.DictReader((compared.folder / "history.csv").read_text().splitlines()))
    assert {row["experiment"] for row in table} == set(by_name) == both
    assert len(table) == 2 * 4
    for row in table:
        dvc = by_name[row["experiment"]]
        assert float(row["variants.flat.lr"]) == float(dvc["variants.flat.lr"])
        for part in ("test", "val"):
            shown_there = float(dvc[f"{row['variant']}.{part}"])
            assert float(row[f"{part}_accuracy"]) == pytest.approx(shown_there, abs=1e-4)
        assert (row["no_difference"] == "the reference") == (row["experiment"] == "as-it-is")
    found = {row["experiment"]: row["val_accuracy"] for row in table if row["variant"] == "flat"}
    assert found["as-it-is"] != found["flat-faster"], "else this test could not tell one from the other"
    assert "as-it-is" in (compared.folder / "reports" / "history.html").read_text()


def test_in_a_temporary_folder(swept: Project) -> None:
    swept.dvc("exp", "run", "--temp", "--name", "temporary", "--set-param", "lr=0.013", STAGE)
    assert rates_of(swept)[0.013] == "temporary"


def test_queued_with_two_workers(swept: Project) -> None:
    for lr in ("0.014", "0.015"):
        swept.ask("exp", "run", "--queue", "--name", f"rate-{lr[2:]}", "--set-param", f"lr={lr}", STAGE)
    swept.dvc("queue", "start", "--jobs", "2")
    end = time.monotonic() + PATIENCE_S
    status = ""
    while time.monotonic() < end and status.count("Success") + status.count("Failed") < 2:
        time.sleep(2)
        status = swept.ask("queue", "status")
    assert status.count("Success") == 2, status + swept.dvc("queue", "logs", "rate-014")
    rates = rates_of(swept)
    assert {rates[0.014], rates[0.015]} == {"rate-014", "rate-015"}


def test_all_of_it_lies_in_the_main_checkout(compared: Project) -> None:
    assert set(rates_of(compared)) == {0.002, 0.013, 0.014, 0.015, 0.016, 0.02}
    with closing(sqlite3.connect(compared.folder / "mlruns" / "mlflow.db")) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM experiments")}
    assert names - {"Default"} == {compared.folder.name}, "never named after a temporary folder"
    assert not list((compared.folder / ".dvc" / "tmp").rglob("mlflow.db"))
    for run in compared.runs():
        artifacts = Path(run.info.artifact_uri.removeprefix("file://").replace("%20", " "))
        assert artifacts.is_relative_to(compared.folder / "mlruns" / "artifacts")
        assert list(artifacts.rglob("*.weights.h5")) or run.data.tags["tenshots.variant"] == "*"


@pytest.fixture(scope="module")
def alone(compared: Project) -> Project:
    """After the end of the other variants; `alone.log` holds what DVC said. No run of this is asked for."""
    values = compared.params()
    values["variants"] = {"flat": values["variants"]["flat"]}
    compared.write_params(values)
    (compared.home / "alone.log").write_text(compared.ask("repro", TENSHOTS_UNTRACKED="1"))
    return compared


def test_removed_variants_leave_nothing_in_the_comparison_and_train_nothing(alone: Project) -> None:
    log = (alone.home / "alone.log").read_text()
    unwanted = {"features_of_copies@pretrained"}
    assert ran(log) == {"check", "rehearse", "visualise", "compare", "describe"} | unwanted
    assert [path.name for path in (alone.folder / "data/visualisations").iterdir()] == ["flat"]
    assert json.loads((alone.folder / "reports/comparison.json").read_text())
    for name in ("comparison.json", "comparison.md", "metrics.json"):
        text = (alone.folder / "reports" / name).read_text()
        assert "flat" in text
        assert not [variant for variant in ("baseline", "augmented", "fine_tuned") if variant in text]
    assert alone.changed() == set()


def test_a_network_without_feature_maps_goes_through_to_page_and_card(alone: Project) -> None:
    index = json.loads((alone.folder / "data/visualisations/flat/index.json").read_text())
    assert [picture["kind"] for picture in index["pictures"]] == ["structure"]
    assert index["left_out"].startswith("This network has no layers of maps")

    page = (alone.folder / "reports/index.html").read_text()
    assert index["left_out"] in page
    assert "<small>from scratch</small>" in page
    assert "<small>a network of dense layers · fold 0, repeat 0" in page
    card = (alone.folder / "reports/model_card.md").read_text()
    assert "- **Model type:** flat, a network of dense layers, " in card
    assert "- **Finetuned from model:** none, trained from scratch" in card
