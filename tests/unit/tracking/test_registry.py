"""The registered model: one version per experiment, a champion by validation on equal photos, plain files."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stages import predict
from tenshots.errors import DataError
from tenshots.statistics.choice import best_on_validation
from tenshots.tables import database
from tenshots.tracking import entries, registry, sessions
from tenshots.tracking.project import name as project_name
from tenshots.tracking.registry import Version
from tenshots.tracking.runs import folder_tag
from tenshots.tracking.store import open_store
from tests.drawn import model as drawn_model

FIRST = Version("baseline", 0.7, 0.9, 40.0, "photos", num_trainings=4)


@pytest.fixture
def project(store: Callable[..., list]) -> Callable[..., list]:
    """A store beside settings and a variant's folder."""
    Path("data/models/baseline").mkdir(parents=True)
    Path("data/models/baseline/model.json").write_text("{}")
    return store


def register(lr: float, version: Version, *, supersede: bool = False) -> int:
    """Registers a run of the experiment with that learning rate."""
    Path("params.yaml").write_text(f"lr: {lr}\n")
    with sessions.variant_run(version.variant, supersede=supersede) as run:
        entries.log_model(run, Path("data/models/baseline"))
    with sessions.existing_run(version.variant) as run:
        return registry.register(run, version)


def champion() -> tuple[str, str]:
    """The variant and the accuracy of the champion."""
    client, _ = open_store()
    found = client.get_model_version_by_alias(project_name(), registry.CHAMPION)
    return found.tags[sessions.VARIANT_TAG], found.tags[registry.ACCURACY_TAG]


def num_versions() -> int:
    client, _ = open_store()
    return len(client.search_model_versions(f"name = '{project_name()}'"))


@pytest.mark.usefixtures("project")
def test_the_champion_is_the_best_on_validation_whenever_it_came() -> None:
    assert register(0.1, FIRST) == 1
    assert register(0.1, FIRST) == 0
    assert champion() == ("baseline", "0.7")
    register(0.2, FIRST._replace(variant="better", val_accuracy=0.8))
    register(0.3, FIRST._replace(variant="worse", val_accuracy=0.6))
    assert champion() == ("better", "0.8")
    register(0.4, FIRST._replace(variant="surer", val_accuracy=0.8, val_log_loss=0.5))
    register(0.5, FIRST._replace(variant="late", val_accuracy=0.8, val_log_loss=0.5))
    assert champion() == ("surer", "0.8")
    register(0.6, FIRST._replace(variant="solved for", val_accuracy=0.8, num_updates=0.0))
    assert champion() == ("solved for", "0.8")
    assert num_versions() == 6


@pytest.mark.usefixtures("project")
def test_two_experiments_that_end_at_once_make_one_model_and_crown_the_better(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = []
    for lr in (0.1, 0.2):
        Path("params.yaml").write_text(f"lr: {lr}\n")
        with sessions.variant_run("baseline") as run:
            entries.log_model(run, Path("data/models/baseline"))
        runs.append(run)
    is_registered = registry._is_registered
    # Each waits, a while, until the other has seen what it has seen.
    made, seen = threading.Barrier(2), threading.Barrier(2)

    def together(barrier: threading.Barrier, found: Any) -> Any:  # noqa: ANN401
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=1)
        return found

    monkeypatch.setattr(registry, "_is_registered", lambda *args: together(made, is_registered(*args)))
    monkeypatch.setattr(
        registry, "best_on_validation", lambda rivals: together(seen, best_on_validation(rivals))
    )
    versions = [FIRST, FIRST._replace(val_accuracy=0.9)]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(registry.register, runs, versions)) == [1, 1]
    assert num_versions() == 2
    assert champion() == ("baseline", "0.9")


@pytest.mark.usefixtures("project")
def test_a_model_without_a_champion_says_so() -> None:
    register(0.1, FIRST)
    client, _ = open_store()
    client.delete_registered_model_alias(project_name(), registry.CHAMPION)
    with pytest.raises(DataError, match=r"has no champion; run .* `python -m stages\.record`"):
        registry.download(Path())


@pytest.mark.usefixtures("project")
def test_figures_on_other_validation_photos_are_no_rivals() -> None:
    register(0.1, FIRST._replace(val_accuracy=0.99))
    register(0.2, FIRST._replace(variant="new", val_accuracy=0.5, validation_set="other photos"))
    assert champion() == ("new", "0.5")


@pytest.mark.usefixtures("project")
def test_a_repeated_experiment_keeps_one_version() -> None:
    register(0.1, FIRST)
    register(0.2, FIRST._replace(val_accuracy=0.6))
    assert register(0.1, FIRST._replace(val_accuracy=0.5), supersede=True) == 1
    assert num_versions() == 2
    assert champion() == ("baseline", "0.6")


@pytest.mark.usefixtures("project")
def test_a_run_without_weights_is_not_registered() -> None:
    Path("params.yaml").write_text("lr: 0.1\n")
    with sessions.existing_run("baseline") as run:
        assert registry.register(run, FIRST) == 0
    with sessions.variant_run("baseline"):
        pass
    with sessions.existing_run("baseline") as run:
        assert registry.register(run, FIRST) == 0
    with pytest.raises(DataError, match=r"the model .* is not registered yet; run `dvc repro`"):
        registry.download(Path())


@pytest.mark.usefixtures("project")
def test_a_champion_that_was_taught_other_labels_is_refused_before_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as that of another project in a folder of the same name, where both use one server."""
    shutil.rmtree("data/models/baseline")
    drawn = drawn_model.project(tmp_path)
    with sessions.variant_run("baseline") as run:
        entries.log_model(run, Path("data/models/baseline"))
    with sessions.existing_run("baseline") as run:
        registry.register(run, FIRST)
    other = drawn.replace({"label": {"book": "fork"}})
    database.write_photos(other, Path("data/database"), num_shards=1)
    monkeypatch.setattr(predict, "read", lambda *_: pytest.fail("it read the photos"))
    with pytest.raises(
        DataError,
        match=r"champion, version 1 of the registered model .*: it does not know fork, and knows book, which",
    ):
        predict.main(["photo.png", "--champion"])
    shutil.rmtree("data/database")
    monkeypatch.setattr(registry, "download", lambda *_: pytest.fail("it fetched the model"))
    with pytest.raises(
        DataError, match=r"^data/database is missing; run `dvc repro ingest`, or `dvc pull`.*: --champion"
    ):
        predict.main(["photo.png", "--champion"])


@pytest.mark.usefixtures("store")
def test_a_champion_under_the_name_that_every_project_had_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a store that others use, too, where nobody knows whose it is; a project's own store is renamed."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlruns/mlflow.db")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "cups"))
    Path("data/models/baseline").mkdir(parents=True)
    Path("data/models/baseline/model.json").write_text("{}")
    with monkeypatch.context() as patch:
        patch.setenv("MLFLOW_EXPERIMENT_NAME", "tenshots")
        register(0.1, FIRST)
    with pytest.raises(
        DataError, match=r"the model cups is not .*: set MLFLOW_EXPERIMENT_NAME=tenshots to use its champion"
    ):
        registry.download(tmp_path / "fetched")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "tenshots")
    assert registry.download(tmp_path / "fetched")[1] == "1"


def test_the_champion_predicts_from_weights_and_settings_alone(
    project: Callable[..., list], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data/models/baseline/model.json").unlink()
    (tmp_path / "data/models/baseline").rmdir()
    drawn = drawn_model.project(tmp_path)
    (tmp_path / "photo.png").write_bytes(drawn["image"].iloc[0])
    with sessions.variant_run("baseline") as run:
        entries.log_model(run, Path("data/models/baseline"))
    with sessions.existing_run("baseline") as run:
        assert registry.register(run, FIRST) == 1
    predict.main(["photo.png", "--variant", "baseline", "--json"])
    local = capsys.readouterr().out
    for path in (tmp_path / "data/models/baseline").iterdir():
        path.unlink()
    (tmp_path / "dvc.lock").unlink()

    predict.main(["photo.png", "--champion", "--json"])
    fetched = capsys.readouterr().out
    assert "the champion, version 1 of the registered model" in fetched
    assert fetched.split('"photos"')[1] == local.split('"photos"')[1]
    client, _ = open_store()
    found = client.get_model_version(project_name(), "1")
    assert "python -m stages.predict --champion" in found.description
    files = {Path(info.path).name for info in client.list_artifacts(found.run_id, "model")}
    assert {Path(name).suffix for name in files} == {".json", ".csv", ".h5"}  # nothing runs or is pickled
    assert "predictions.csv" not in files  # of the photos of this experiment
    assert found.source.endswith(f"{found.run_id}/artifacts/model")
    assert len(project()) == 2


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("change", ["other bytes", "one more file", "no tag"])
def test_a_champion_whose_files_are_not_those_that_were_recorded_is_refused(
    change: str, tmp_path: Path
) -> None:
    (tmp_path / "data/models/baseline/fold-0_repeat-0.weights.h5").write_bytes(b"numbers")
    register(0.1, FIRST)
    place, version = registry.download(tmp_path / "fetched")
    assert (place / "fold-0_repeat-0.weights.h5").read_bytes() == b"numbers"
    assert version == "1"
    client, _ = open_store()
    run_id = client.get_model_version(project_name(), "1").run_id
    (stored,) = (tmp_path / "mlruns").rglob("fold-0_repeat-0.weights.h5")
    if change == "other bytes":
        stored.write_bytes(b"numberz")
    elif change == "one more file":
        stored.with_name("more.h5").write_bytes(b"")
    else:
        client.delete_tag(run_id, folder_tag("model"))
    wrong = {
        True: f"the champion's run has no tag with the hash of its files in .*{run_id}/artifacts/model; ",
        False: f"champion's files in .*{run_id}/artifacts/model must have the hash .* found ",
    }
    with pytest.raises(DataError, match=wrong[change == "no tag"]):
        registry.download(tmp_path / "again")
    if change != "no tag":
        shutil.rmtree(stored.parent)
    with sessions.existing_run("baseline") as run:  # as `record` does
        entries.log_model(run, Path("data/models/baseline"))
    assert registry.download(tmp_path / "at last")[1] == "1"
