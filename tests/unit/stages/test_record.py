"""`record` adds what MLflow lacks of the outputs, once, and says what it could not find."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow.tracking._tracking_service import utils

from stages import record, recording
from tenshots.errors import DataError, SettingsError
from tenshots.repository import outputs
from tenshots.tables import database, paths
from tenshots.tracking import entries, figures, liveness, looks, registry, revisions, runs, sessions
from tenshots.tracking.project import name as project_name
from tenshots.tracking.store import open_store
from tests.drawn import results as drawn_results

HISTORY = "fold,repeat,phase,epoch,num_updates,lr,loss,accuracy,val_loss,val_accuracy\n"
SUMMARY = {"val_accuracy": 0.75, "val_log_loss": 0.9, "test_accuracy": 0.5, "num_updates": 1.0}
DETAILS = {
    "labels": ["a", "b"],
    "confusion": [[1, 2], [3, 4]],
    "test_log_loss": 0.7,
    "test_roc_auc": None,
    "test_brier_loss": 0.4,
    "calibration": {"ece": 0.1},
    "num_folds": 2,
    "num_repeats": 1,
    "num_updates": 1.0,
}
PHOTOS = drawn_results.photos(["a", "b"], num_groups=6, num_each=1)


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


def by_variant(runs: list) -> dict:
    return {run.data.tags[sessions.VARIANT_TAG]: run for run in runs}


def write_outputs(variant: str) -> None:
    model = {"variant": variant, "network_name": "lecture", "settings": {"lr": 0.1}, "fits": []}
    write(f"data/models/{variant}/model.json", json.dumps(model))
    write(f"data/models/{variant}/history.csv", HISTORY + "0,0,scratch,0,1,0.1,1,0.5,1,0.5\n")
    write(f"data/models/{variant}/fold-0_repeat-0.weights.h5", "weights")
    write(f"data/evaluations/{variant}/metrics.json", json.dumps(SUMMARY))
    folder = Path("data/evaluations") / variant
    write(f"{folder}/details.json", json.dumps(DETAILS))
    test = drawn_results.predictions(PHOTOS, ["a", "b"], skill=1, num_folds=2, num_repeats=1)
    database.write_predictions(test, folder / "predictions.csv")
    write(f"{folder}/curves.csv", "epoch,accuracy,val_accuracy,loss,val_loss\n0,0.5,0.5,1,1\n")
    write(f"data/visualisations/{variant}/00-structure.png", f"picture of {variant}")


DRAWN: dict[str, bytes] = {}  # pictures, by what was drawn


def drawn_once(draw: Callable[..., bytes]) -> Callable[..., bytes]:
    """The same function, which looks up what it has drawn before: half of the time went there."""

    def lookup(*figures: object, **words: object) -> bytes:
        key = repr((draw.__name__, figures, words))
        return DRAWN[key] if key in DRAWN else DRAWN.setdefault(key, draw(*figures, **words))

    return lookup


@pytest.fixture
def project(store: Callable[..., list], monkeypatch: pytest.MonkeyPatch) -> Callable[..., list]:
    """The outputs of two variants and a report, which DVC finds up to date."""
    monkeypatch.setattr(outputs, "stale_stages", set)
    for name in ("confusion_png", "curves_png"):
        monkeypatch.setattr(figures, name, drawn_once(getattr(figures, name)))
    write("params.yaml", "variants: {one: {}, two: {}}\n")
    write_outputs("one")
    write_outputs("two")
    database.write_photos(PHOTOS, paths.DATABASE, num_shards=1)
    parts = drawn_results.splits(PHOTOS, num_folds=2)
    database.write_splits(parts.replace({"part": {"train": "val"}}), paths.SPLITS)
    for path in (paths.REPORTS / name for name in entries.REPORT):
        write(str(path), path.name)
    return store


def test_of_what_was_solved_for_no_learning_curve_is_drawn(
    project: Callable[..., list], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[list[str]] = []
    monkeypatch.setattr(figures, "curves_png", lambda curves: drawn.append(list(curves)) or b"picture")
    path = Path("data/evaluations/one/details.json")
    path.write_text(json.dumps({**DETAILS, "num_updates": 0.0}))
    record.main([])
    assert drawn == [["two"]]
    assert "fold_0_repeat_0/val_loss" in by_variant(project())["one"].data.metrics


def test_everything_is_added_once(project: Callable[..., list], capsys: pytest.CaptureFixture[str]) -> None:
    record.main([])
    assert capsys.readouterr().out.startswith("MLflow: added ")
    runs = by_variant(project())
    assert sorted(runs) == ["*", "one", "two"]
    assert runs["one"].data.params["lr"] == "0.1"
    assert runs["one"].data.metrics["test_accuracy"] == 0.5
    assert runs["one"].data.metrics["fold_0_repeat_0/val_loss"] == 1.0
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    files = {path.name for path in Path("mlruns/artifacts").rglob("*") if path.is_file()}
    assert {"fold-0_repeat-0.weights.h5", "model.json", "confusion.png", "index.html"} <= files
    assert {"one.csv", "two.csv", "photos.csv", "curves.png", "confusion_one.png"} <= files
    seen = {
        path.parent.name: path.read_text()
        for path in Path("mlruns/artifacts").rglob("visualisations/*/*.png")
    }
    assert seen == {"one": "picture of one", "two": "picture of two"}
    parent = runs["*"]
    assert parent.data.params["variants.one"] == "{}"
    assert parent.data.metrics["variants/two/test_accuracy"] == 0.5
    assert parent.data.metrics[looks.NUM_LOOKS] == 1
    assert len({run.data.tags[looks.TEST_SET_TAG] for run in runs.values()}) == 1

    before = sorted((run.info.run_id, run.info.end_time, len(run.data.metrics)) for run in runs.values())
    record.main([])
    assert capsys.readouterr().out == "MLflow: nothing to add\n"
    after = sorted((run.info.run_id, run.info.end_time, len(run.data.metrics)) for run in project())
    assert after == before
    assert len(project()) == 1 + 2


@pytest.mark.usefixtures("project")
def test_the_winner_on_validation_is_registered_and_of_equals_that_with_less_loss() -> None:
    better = {**SUMMARY, "val_log_loss": 0.8, "test_accuracy": 0.1}
    write("data/evaluations/two/metrics.json", json.dumps(better))
    record.main([])
    client, _ = open_store()
    champion = client.get_model_version_by_alias(project_name(), registry.CHAMPION)
    assert champion.tags[sessions.VARIANT_TAG] == "two"


def test_names_that_dvc_gave_are_added_and_said(
    project: Callable[..., list], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variant in ("a", "b"):
        write_outputs(variant)
    record.main([])
    capsys.readouterr()
    monkeypatch.setattr(revisions, "name_runs", lambda: 2)
    record.main([])
    assert capsys.readouterr().out.startswith("MLflow: added DVC's names to 2 experiments\n")
    del project


def test_only_what_is_missing_is_added(
    project: Callable[..., list], capsys: pytest.CaptureFixture[str]
) -> None:
    record.main([])
    capsys.readouterr()
    next(Path("mlruns/artifacts").rglob("index.html")).unlink()
    record.main([])
    assert capsys.readouterr().out == "MLflow: added 1 setting, figure or file\n"
    assert len(project()) == 3


def test_another_page_takes_the_place_of_the_former_and_the_other_files_stay(
    project: Callable[..., list], capsys: pytest.CaptureFixture[str]
) -> None:
    record.main([])
    capsys.readouterr()
    write("reports/index.html", "another page")
    record.main([])
    assert capsys.readouterr().out == "MLflow: added 1 setting, figure or file\n"
    (page,) = Path("mlruns/artifacts").rglob("index.html")
    assert page.read_text() == "another page"
    assert len(project()) == 3


def test_missing_outputs_are_named_and_the_rest_is_recorded(
    project: Callable[..., list], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("data/models/one/history.csv").unlink()
    Path("reports/index.html").unlink()
    record.main([])
    output = capsys.readouterr().out
    assert "one (data/models/one/history.csv is missing)" in output
    assert "the report (reports/index.html is missing)" in output
    assert "run `dvc repro`" in output
    assert sorted(by_variant(project())) == ["*", "two"]


@pytest.mark.parametrize(
    ("stale", "recorded"),
    [
        ("train@one", ["two"]),
        ("evaluate@two", ["one"]),
        ("split", []),
        ("check", []),
        ("compare", ["one", "two"]),
    ],
)
def test_outputs_that_do_not_belong_to_the_settings_are_not_recorded(
    stale: str, recorded: list[str], project: Callable[..., list], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "stale_stages", lambda: {stale})
    record.main([])
    assert [name for name in ("one", "two") if name in by_variant(project())] == recorded
    assert not list(Path("mlruns").rglob("index.html"))


@pytest.mark.usefixtures("project")
def test_a_store_out_of_reach_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(DataError, match=r"the MLflow store http://127\.0\.0\.1:9 cannot be used: .*refused"):
        record.main([])
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("project")
def test_where_mlflow_is_kept_out_by_the_environment_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sessions.UNTRACKED, "1")
    with pytest.raises(SettingsError, match="TENSHOTS_UNTRACKED is set, which keeps MLflow out; unset it"):
        record.main([])


@pytest.mark.usefixtures("project")
def test_a_store_that_is_lost_on_the_way_is_an_error_after_one_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runs, "_add_params", lambda *_: 1 / 0)
    with pytest.raises(DataError, match="the MLflow store was lost"):
        record.main([])
    assert capsys.readouterr().err.count("warning:") == 1


def test_a_copied_project_records_beside_the_original(
    project: Callable[..., list],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    record.main([])
    capsys.readouterr()
    before = {path: path.read_bytes() for path in Path("mlruns").rglob("*") if path.is_file()}
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path, copy, ignore=shutil.ignore_patterns("copy"))
    utils._artifact_repos_cache.clear()  # of MLflow: places of runs, in a process that works in one project
    with monkeypatch.context() as patch:
        patch.chdir(copy)
        write("reports/index.html", "another page")
        record.main([])
        said = capsys.readouterr().out
        assert said.startswith(f"MLflow: it was copied here from {tmp_path}/mlruns; it continues here")
        assert said.endswith("MLflow: added 1 setting, figure or file\n")
        record.main([])
        assert capsys.readouterr().out == "MLflow: nothing to add\n"
    assert {path: path.read_bytes() for path in Path("mlruns").rglob("*") if path.is_file()} == before
    del project


def test_runs_that_a_kill_left_running_are_ended(
    project: Callable[..., list], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = {**liveness.me(), "started": 1.0}
    with monkeypatch.context() as patch:
        patch.setattr(liveness, "me", lambda: gone)
        patch.setattr(sessions, "_end", lambda *_, **__: None)
        with sessions.variant_run("gone"):
            pass
    record.main([])
    assert "MLflow: ended 2 runs that a killed process had left running\n" in capsys.readouterr().out
    assert {run.info.status for run in project("tags.`tenshots.variant` = 'gone'")} == {"KILLED"}


@pytest.mark.usefixtures("project")
def test_settings_without_variants_are_an_error() -> None:
    write("params.yaml", "variants: 3\n")
    with pytest.raises(SettingsError, match=r"params\.yaml: variants must be a mapping, got 3"):
        record.main([])


def test_dvc_tells_what_is_out_of_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="`dvc status` must tell"):  # no repository
        outputs.stale_stages()
    write("dvc.yaml", "stages: {one: {cmd: 'true', deps: [a]}, two: {cmd: 'true', deps: [a]}}\n")
    write("dvc.lock", "schema: '2.0'\nstages: {}\n")
    write(".dvc/config", "[core]\n    no_scm = true\n")
    assert outputs.stale_stages() == {"one", "two"}


def test_what_networks_see_is_added_to_the_experiments_run_once(
    project: Callable[..., list], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replace_files, calls = runs._replace_files, []

    def replace(client: object, run_id: str, files: dict[str, bytes], folder: str) -> int:
        calls.append((run_id, folder))
        return replace_files(client, run_id, files, folder)

    monkeypatch.setattr(runs, "_replace_files", replace)
    path = paths.VISUALISATIONS / "one" / "00-structure.png"
    write(str(path), "picture")
    record.main([])
    parent = next(run for run in project() if run.data.tags[sessions.VARIANT_TAG] == sessions.ALL_VARIANTS)
    client, _ = open_store()
    files = client.list_artifacts(parent.info.run_id, "visualisations/one")
    assert [Path(file.path).name for file in files] == [path.name]
    pictures = [call for call in calls if call[1].startswith("visualisations")]
    assert pictures == [(parent.info.run_id, f"visualisations/{name}") for name in ("one", "two")]
    capsys.readouterr()
    record.main([])
    assert "nothing to add" in capsys.readouterr().out

    path.with_name("01-maps.png").write_text("another")
    path.unlink()  # such as where fewer are asked for
    record.main([])
    files = client.list_artifacts(parent.info.run_id, "visualisations/one")
    assert [Path(file.path).name for file in files] == ["01-maps.png"]


def test_what_was_trained_and_not_evaluated_is_recorded_as_that_once(
    project: Callable[..., list], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As after a kill between the two, while the store was away."""
    monkeypatch.setattr(outputs, "stale_stages", lambda: {"evaluate@one", "compare"})
    monkeypatch.setattr(recording, "evaluate", lambda *_: (None, SUMMARY, DETAILS))
    answers = database.read_predictions(Path("data/evaluations/one/predictions.csv"))
    database.write_predictions(answers.assign(part="test"), Path("data/models/one/predictions.csv"))
    record.main([])
    assert "one (evaluate@one is out of date; trained, and recorded as such)" in capsys.readouterr().out
    runs = by_variant(project())
    assert sorted(runs) == ["*", "one", "two"]
    assert {name: run.info.status for name, run in runs.items()} == {
        "*": "SCHEDULED",
        "one": "FINISHED",
        "two": "FINISHED",
    }
    assert runs["one"].data.metrics["test_accuracy"] == 0.5
    assert runs["one"].data.tags[looks.TEST_SET_TAG] == runs["two"].data.tags[looks.TEST_SET_TAG]
    record.main([])
    assert capsys.readouterr().out.startswith("MLflow: nothing to add\n")
    assert len(project()) == 1 + 2
