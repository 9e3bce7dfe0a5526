"""Two checkouts in folders of one name share an experiment of one store: that is said, once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tenshots.tracking import places, sessions, sharing


@pytest.fixture
def server(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for checkouts, with the database that they all use."""
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    return tmp_path


@pytest.fixture
def work(
    server: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], str]:
    """Gives a function that opens a run in a checkout below the server's folder, and returns what it says."""

    def open_run(folder: str) -> str:
        (server / folder / places.FILES).mkdir(parents=True, exist_ok=True)
        monkeypatch.chdir(server / folder)
        Path("params.yaml").write_text("lr: 1\n")
        with sessions.variant_run("baseline") as run:
            assert run.reached
        return capsys.readouterr().err

    return open_run


def test_the_second_checkout_says_once_that_it_shares_the_experiment(
    work: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert work("ann/cups") == ""
    said = work("bob/cups")
    assert said.startswith("note: the experiment cups of the MLflow store sqlite:///")
    assert "was made by another checkout" in said
    assert "set MLFLOW_EXPERIMENT_NAME to a name of your own" in said
    assert len(said.splitlines()) == 1
    assert work("bob/cups") == work("ann/cups") == ""
    assert work("bob/mugs") == "", "another name"
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "cups")
    assert work("eve/books") == "", "a name that was chosen"


def test_a_checkout_is_known_by_its_machine_and_its_folder(
    work: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    work("ann/cups")
    mark = sharing.mark()
    assert "ann" not in mark
    monkeypatch.setattr("platform.node", lambda: "another")
    assert sharing.mark() != mark
    assert "made by another checkout" in work("ann/cups")


@pytest.mark.usefixtures("store")
def test_a_store_inside_the_project_is_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("params.yaml").write_text("lr: 1\n")
    for machine in ("one", "another"):
        monkeypatch.setattr("platform.node", lambda machine=machine: machine)
        with sessions.variant_run("baseline") as run:
            assert run.reached
    assert capsys.readouterr().err == ""
