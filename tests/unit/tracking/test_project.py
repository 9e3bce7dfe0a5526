"""What a project is called in MLflow: as its folder, in a way that MLflow takes, and found after a change."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow.utils.validation import _validate_experiment_name, _validate_model_name

from tenshots.errors import DataError, SettingsError
from tenshots.repository import checkouts
from tenshots.tracking import entries, origin, places, project, registry, sessions, store

VERSION = registry.Version("baseline", 0.7, 0.9, 40.0, "photos", num_trainings=4)


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("cups", "cups"),
        ("Ada's cups", "Ada_s cups"),
        ("a:b#c;d=e", "a_b_c_d_e"),
        ("ju\u0308rgen", "j\u00fcrgen"),
        ("\u676f\u5b50 (2)", "\u676f\u5b50 (2)"),
        ("bad \udcff byte", "bad _ byte"),
        (" .cups. ", "cups"),
        ("x" * 255, "x" * 200),
        ("Default", "tenshots"),
        ("...", "tenshots"),
        ("", "tenshots"),
    ],
)
def test_the_folders_name_is_one_that_mlflow_takes(folder: str, expected: str) -> None:
    name = project.name_of(Path("/", folder))
    assert name == expected
    _validate_experiment_name(name)
    _validate_model_name(name)


def test_the_folder_is_that_of_the_main_checkout_never_of_a_temporary_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "cups" / ".dvc" / "tmp" / "exps" / "tmpabc" / "below"
    copy.mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "cups")
    assert project.name() == "cups"
    monkeypatch.chdir(copy)
    assert checkouts.main_repository() == tmp_path / "cups"
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "books"))
    assert project.name() == "books"


@pytest.mark.parametrize("given", ["a/b", "it's", "Default", " a", "x" * 201])
def test_a_chosen_name_that_mlflow_would_refuse_or_change_is_refused(
    given: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    store: Callable[..., list],
) -> None:
    Path("params.yaml").write_text("lr: 1\n")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", given)
    with pytest.raises(SettingsError, match=r"^MLFLOW_EXPERIMENT_NAME must be .*, got "):
        project.name()
    with sessions.variant_run("baseline") as run:
        assert not run.reached, "a stage goes on without"
    assert "cannot be used (MLFLOW_EXPERIMENT_NAME must be" in capsys.readouterr().err
    with pytest.raises(DataError, match="cannot be used: MLFLOW_EXPERIMENT_NAME must be"):
        registry.download(Path())
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "")
    assert store() == []


@pytest.mark.usefixtures("store")
def test_the_name_does_not_tell_experiments_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a folder that is renamed would count as another look at the test photos."""
    keys = [work().data.tags[sessions.KEY_TAG]]
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "another")
    keys.append(work().data.tags[sessions.KEY_TAG])
    assert keys[0] == keys[1]


def work():  # noqa: ANN201 (a run of mlflow)
    """Registers a run of the present project; returns it."""
    Path("params.yaml").write_text("lr: 0.1\n")
    Path("model").mkdir(exist_ok=True)
    Path("model/model.json").write_text("{}")
    with sessions.variant_run("baseline") as run:
        entries.log_model(run, Path("model"))
    with sessions.existing_run("baseline") as run:
        registry.register(run, VERSION)
    return store.open_store()[0].get_run(run.run_id)


def names_in_store() -> tuple[set[str], set[str]]:
    client = store.open_store()[0]
    experiments = {each.name for each in client.search_experiments()} - {"Default"}
    return experiments, {each.name for each in client.search_registered_models()}


@pytest.fixture
def begun_as_tenshots(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in the folder `cups` whose store was begun when all projects were called tenshots."""
    folder = tmp_path / "cups"
    (folder / "mlruns").mkdir(parents=True)
    shutil.copy(empty_database, folder / "mlruns" / "mlflow.db")
    monkeypatch.chdir(folder)
    with monkeypatch.context() as patch:
        patch.setenv("MLFLOW_EXPERIMENT_NAME", "tenshots")
        work()
    return folder


@pytest.mark.parametrize("deleted", [False, True])
@pytest.mark.usefixtures("begun_as_tenshots")
def test_a_store_of_its_own_goes_on_under_the_projects_name_with_its_champion(
    deleted: bool, tmp_path: Path
) -> None:
    client = store._client(places.store_uri())
    if deleted:
        client.delete_experiment(client.get_experiment_by_name("tenshots").experiment_id)
    (tmp_path / "fetched").mkdir()
    assert registry.download(tmp_path / "fetched")[1] == "1"
    assert names_in_store() == ({"cups"}, {"cups"})
    client, experiment_id = store.open_store()
    assert {run.data.tags[sessions.VARIANT_TAG] for run in client.search_runs([experiment_id])} == {
        "*",
        "baseline",
    }


def test_a_renamed_folder_goes_on_under_its_new_name_after_record(
    begun_as_tenshots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = work().info.run_id
    begun_as_tenshots.rename(tmp_path / "mugs")
    monkeypatch.chdir(tmp_path / "mugs")
    with pytest.raises(DataError, match=r"it was moved here from .*/cups/mlruns"):
        store.open_store()
    assert store.move_in()
    assert names_in_store() == ({"mugs"}, {"mugs"})
    assert work().info.run_id == run_id
    assert store.move_in() == ""


@pytest.mark.usefixtures("begun_as_tenshots")
def test_a_name_that_was_chosen_renames_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    work()
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "spring")
    work()
    assert names_in_store() == ({"cups", "spring"}, {"cups", "spring"})


@pytest.mark.usefixtures("begun_as_tenshots")
def test_in_a_store_for_several_projects_nothing_is_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/cups/mlruns/mlflow.db")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "books"))
    work()
    assert names_in_store() == ({"tenshots", "books"}, {"tenshots", "books"})


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("given", ["sunny-hill", ""])
def test_a_variants_run_bears_the_name_of_its_experiment(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(origin.DVC_NAME_VARIABLE, given)
    run = work()
    experiment = given or f"experiment {run.data.tags[sessions.KEY_TAG][:7]}"
    assert run.info.run_name == f"{experiment}: baseline"
    monkeypatch.delenv(origin.DVC_NAME_VARIABLE)
    with sessions.variant_run("late", live=False) as late:  # as `record` adds it, outside of DVC's experiment
        pass
    client, _ = store.open_store()
    assert client.get_run(late.run_id).info.run_name == f"{experiment}: late"
