"""The store works wherever the project lies, and is at home there alone."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from mlflow.tracking._tracking_service import utils

from tenshots.errors import DataError
from tenshots.tracking import entries, places, project, registry, sessions, store

VERSION = registry.Version("baseline", 0.7, 0.9, 40.0, "photos", num_trainings=4)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", "sqlite:////top/jürgen 1/mlruns/mlflow.db"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
        ("postgresql://me:secret@host/runs", "postgresql://me:secret@host/runs"),
        ("databricks", "databricks"),
        ("sqlite:////else/where.db", "sqlite:////else/where.db"),
        ("sqlite:////else/j%C3%BCrgen/where.db", "sqlite:////else/jürgen/where.db"),
        ("sqlite:///runs.db", "sqlite:////top/jürgen 1/runs.db"),
        ("sqlite:///my%20runs.db?timeout=5", "sqlite:////top/jürgen 1/my runs.db?timeout=5"),
        ("mlruns", "file:///top/j%C3%BCrgen%201/mlruns"),
        ("./mlruns", "file:///top/j%C3%BCrgen%201/mlruns"),
        ("file:mlruns", "file:///top/j%C3%BCrgen%201/mlruns"),
        ("file:./my%20runs", "file:///top/j%C3%BCrgen%201/my%20runs"),
        ("/else/where", "file:///else/where"),
        ("file:///else/where", "file:///else/where"),
    ],
)
def test_the_address_of_the_store(given: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_ROOT", "/top/jürgen 1")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", given)
    assert places.store_uri() == expected


@pytest.mark.parametrize("secret", ["me:pass", "me:p@ss", "token"])
def test_an_address_is_shown_without_its_password(secret: str) -> None:
    shown = places.without_password(f"the store https://{secret}@host/path cannot be used")
    assert shown == "the store https://host/path cannot be used"


def work(lr: float = 0.1) -> Path:
    """Registers a run with a file in the current project; returns the place of the file."""
    Path("params.yaml").write_text(f"lr: {lr}\n")
    Path("model").mkdir(exist_ok=True)
    Path("model/model.json").write_text("{}")
    with sessions.variant_run("baseline") as run:
        entries.log_model(run, Path("model"))
    with sessions.existing_run("baseline") as run:
        assert registry.register(run, VERSION) == 1
    (found,) = Path("mlruns/artifacts").glob(f"{run.run_id}/artifacts/model/model.json")
    return found


def begin(folder: Path, empty_database: Path) -> Path:
    (folder / "mlruns").mkdir(parents=True)
    shutil.copy(empty_database, folder / "mlruns" / "mlflow.db")
    return folder


# Only one with % or ?: the address of such is relative, and MLflow keeps stores by address in a process.
@pytest.mark.parametrize(
    "name", ["jürgen", "with space", "杯子/a#b;c", "[a] & 'b' @c:d=e", "100%25 %20?x=1#y"]
)
def test_a_project_below_any_folder_records_its_runs_there(
    name: str, tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(begin(tmp_path / name, empty_database))
    work()
    names = sorted(path.name for path in Path("mlruns").iterdir())
    beside = {"mlflow.db-shm", "mlflow.db-wal"}  # while a process has it open
    assert [name for name in names if name not in beside] == ["artifacts", "mlflow.db", "store.lock"]
    (tmp_path / "fetched").mkdir()
    fetched, version = registry.download(tmp_path / "fetched")
    assert version == "1"
    assert (fetched / "model.json").read_text() == "{}"
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {name.split("/")[0], "fetched"}, "no folder of a quoted name"


def bytes_below(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def original(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a champion."""
    folder = begin(tmp_path / "first jürgen", empty_database)
    with monkeypatch.context() as patch:
        patch.chdir(folder)
        work()
    utils._artifact_repos_cache.clear()  # of MLflow: places of runs, in a process that works in one project
    return folder


@pytest.mark.parametrize("how", ["copied", "moved"])
def test_a_store_elsewhere_is_recognised_and_goes_on_after_one_command(
    how: str,
    original: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    here = tmp_path / "second"
    shutil.copytree(original, here)
    if how == "moved":
        shutil.rmtree(original)
    before = bytes_below(tmp_path / original)
    unchanged = bytes_below(here / "mlruns" / "artifacts")
    monkeypatch.chdir(here)

    with sessions.variant_run("baseline", supersede=True) as run:
        run.artifact(Path("model/model.json"))
    assert not run.reached
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert f"it was {how} here from {original}/mlruns); the stage continues without it" in said
    assert "`python -m stages.record` continues it here and adds the run later" in said
    assert said.count("stages.record") == 1
    with pytest.raises(
        DataError,
        match=f"^the MLflow store sqlite:.* cannot be used: it was {how} here from .*"
        "stages.record` to continue it here$",
    ):
        registry.download(tmp_path)
    assert bytes_below(here / "mlruns" / "artifacts") == unchanged

    assert store.move_in() == f"it was {how} here from {original}/mlruns"
    assert store.move_in() == ""
    (tmp_path / "fetched").mkdir()
    fetched, _ = registry.download(tmp_path / "fetched")
    assert (fetched / "model.json").read_text() == "{}"
    assert work(lr=0.2).is_relative_to("mlruns")
    with closing(sqlite3.connect("mlruns/mlflow.db")) as connection:
        dump = "\n".join(connection.iterdump())
    assert str(original.as_uri()) not in dump
    assert bytes_below(original) == before
    assert original.exists() == (how == "copied")


def test_a_database_without_its_files_does_not_go_on(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = begin(tmp_path / "second", original / "mlruns" / "mlflow.db")
    monkeypatch.chdir(here)
    with pytest.raises(
        DataError, match=r"without the files of its runs; bring .*first jürgen/mlruns/artifacts to"
    ):
        store.move_in()


def test_a_store_outside_the_project_has_moved_only_where_its_files_are_gone(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared.db"
    shutil.copy(original / "mlruns" / "mlflow.db", shared)
    (tmp_path / "second").mkdir()
    monkeypatch.chdir(tmp_path / "second")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{shared}")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "first jürgen")  # it may hold several projects
    store.open_store()
    shutil.move(original / "mlruns" / "artifacts", tmp_path / "second" / "mlruns")
    with pytest.raises(DataError, match="it was moved here"):
        store.open_store()
    assert store.move_in()
    store.open_store()


def test_a_place_for_files_that_someone_chose_stays(
    tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(begin(tmp_path / "project", empty_database))
    client = store._client(places.store_uri())
    client.create_experiment(project.name(), artifact_location=(tmp_path / "big disk").as_uri())
    assert store.move_in() == ""
    Path("params.yaml").write_text("lr: 1\n")
    with sessions.variant_run("baseline") as run:
        run.artifact(Path("params.yaml"))
    assert list((tmp_path / "big disk").rglob("params.yaml"))


@pytest.mark.usefixtures("store")
def test_a_store_of_files_is_refused_or_lies_in_the_main_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / ".dvc" / "tmp" / "exps" / "1"
    copy.mkdir(parents=True)
    (copy / "params.yaml").write_text("lr: 0.1\n")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "./runs")
    monkeypatch.chdir(copy)
    with pytest.raises(
        DataError, match="folder of files, which MLflow no longer supports; set MLFLOW_TRACKING_URI"
    ):
        store.open_store()
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    with sessions.variant_run("baseline") as run:
        run.artifact(Path("params.yaml"))
    assert run.reached
    assert list((tmp_path / "runs").rglob("meta.yaml"))
    assert list((tmp_path / "mlruns" / "artifacts").rglob("params.yaml"))
    assert [path.name for path in copy.iterdir()] == ["params.yaml"]


@pytest.mark.usefixtures("store")
def test_all_addresses_of_files_that_mlflow_keeps_are_known() -> None:
    """Else a new version of MLflow could keep one that a move does not find."""
    with closing(sqlite3.connect("mlruns/mlflow.db")) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {
            (table, row[1]) for table in tables for row in connection.execute(f"PRAGMA table_info({table})")
        }
    named = {each for each in columns if each[1].endswith(("location", "artifact_uri", "artifact_root"))}
    ours = {each for each in named if each[0] != "workspaces"}  # of servers for several teams
    assert ours | {("model_versions", "source")} == set(places.ADDRESSES)
    assert set(places.ADDRESSES) <= columns
