"""Runs are found again, superseded, and never at the cost of the work that they report."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from tenshots import files
from tenshots.repository import code, outputs
from tenshots.tracking import (
    entries,
    experiments,
    identity,
    liveness,
    looks,
    origin,
    rebuild,
    sessions,
    store,
)
from tenshots.tracking.runs import MAX_CHARACTERS, folder_tag
from tenshots.tracking.store import open_store

HISTORY = pd.DataFrame(
    [
        {
            "fold": fold,
            "repeat": 0,
            "epoch": epoch,
            "loss": loss,
            "accuracy": 0.5,
            "val_loss": 1.0,
            "val_accuracy": 0,
        }
        for fold, losses in enumerate([[3.0, 2.0], [1.0]])
        for epoch, loss in enumerate(losses)
    ]
)


@pytest.fixture
def project(store: Callable[..., list]) -> Callable[..., list]:
    """A store beside settings and a split."""
    Path("params.yaml").write_text("lr: 0.1\n")
    Path("data/splits").mkdir(parents=True)
    Path("data/splits/splits.csv").write_text("photo_id,fold,part\n")
    return store


def names(runs: list) -> list[str]:
    return sorted(run.info.run_name for run in runs)


def statuses(runs: list) -> dict[str, str]:
    return {variant: run.info.status for variant, run in by_variant(runs).items()}


def by_variant(runs: list) -> dict:
    """The runs by the variant that each is of; `*` is the experiment's own."""
    found = {run.data.tags[sessions.VARIANT_TAG]: run for run in runs}
    assert len(found) == len(runs)
    return found


def test_a_variants_run_lies_below_the_experiments_run(project: Callable) -> None:
    with sessions.variant_run("baseline", supersede=True):
        pass
    found = by_variant(project())
    assert sorted(found) == ["*", "baseline"]
    assert found["baseline"].data.tags["mlflow.parentRunId"] == found["*"].info.run_id


@pytest.mark.parametrize("live", [True, False])
def test_an_experiments_run_is_finished_once_all_of_its_stages_are(live: bool, project: Callable) -> None:
    """As when Ctrl-C comes between two of them."""
    with sessions.variant_run("baseline", live=live):
        assert statuses(project()) == {"*": "RUNNING", "baseline": "RUNNING"}
    assert statuses(project()) == {"*": "SCHEDULED", "baseline": "FINISHED"}
    with sessions.experiment_run(live=live, whole=False):
        pass
    assert statuses(project()) == {"*": "SCHEDULED", "baseline": "FINISHED"}
    with sessions.experiment_run(live=live):
        pass
    assert statuses(project()) == {"*": "FINISHED", "baseline": "FINISHED"}


@pytest.mark.parametrize("status", ["FAILED", "KILLED", "SCHEDULED"])
def test_looking_back_at_a_part_leaves_the_experiments_run_as_it_ended(
    status: str, project: Callable
) -> None:
    with sessions.variant_run("baseline"):
        pass
    run_id = by_variant(project())["*"].info.run_id
    client, _ = open_store()
    client.set_terminated(run_id, status)
    with sessions.variant_run("baseline", live=False), sessions.variant_run("other", live=False):
        pass
    assert statuses(project()) == {"*": status, "baseline": "FINISHED", "other": "FINISHED"}
    with sessions.experiment_run(live=False):
        pass
    assert statuses(project())["*"] == "FINISHED"


def test_the_last_of_two_processes_ends_the_experiments_run(
    project: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `train` of two variants at the same time, where the first to end lives on for a moment."""
    here = liveness.me()
    parent = {**here, "pid": os.getppid(), "started": liveness._started(os.getppid())}
    with sessions.variant_run("a"):
        with monkeypatch.context() as patch:
            patch.setattr(liveness, "me", lambda: parent)
            with sessions.variant_run("b"):
                pass
        assert statuses(project()) == {"*": "RUNNING", "a": "RUNNING", "b": "FINISHED"}
    assert statuses(project()) == {"*": "SCHEDULED", "a": "FINISHED", "b": "FINISHED"}


def test_repeating_an_experiment_leaves_one_run_a_variant(project: Callable) -> None:
    for loss in (1.0, 2.0):
        for variant in ("a", "b", "c"):
            with sessions.variant_run(variant, supersede=True) as run:
                run.metrics({f"loss_of_round_{loss:.0f}": loss})
            with sessions.variant_run(variant) as run:
                run.metrics({"test_accuracy": loss})
        with sessions.experiment_run():
            pass
    runs = project()
    found = by_variant(runs)
    assert sorted(found) == ["*", "a", "b", "c"]
    assert found["a"].data.metrics == {"loss_of_round_2": 2.0, "test_accuracy": 2.0}


def test_an_experiment_that_runs_again_under_another_name_is_found_by_both(
    project: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("addle-thaw", "pricy-seer", "pricy-seer"):
        monkeypatch.setenv("DVC_EXP_NAME", name)
        with sessions.experiment_run():
            pass
    [run] = project()
    assert run.info.run_name == "pricy-seer"
    assert sessions.names_of(run) == ["addle-thaw", "pricy-seer"]
    assert run.data.tags["tenshots.dvc_experiment"] == "pricy-seer"
    found = experiments.table()
    for name in ("addle-thaw", "pricy-seer"):
        assert experiments.choose(found, [name])["run_id"].tolist() == [run.info.run_id]
    other = found.assign(run_id="other", name="addle-thaw", names=[["addle-thaw"]])
    both = pd.concat([other, found], ignore_index=True)
    assert experiments.choose(both, ["addle-thaw"])["run_id"].tolist() == ["other"], "its name now"


def test_other_settings_or_another_split_are_another_experiment(project: Callable) -> None:
    with sessions.variant_run("baseline", supersede=True):
        pass
    Path("params.yaml").write_text("lr: 0.2\n")
    with sessions.variant_run("baseline", supersede=True):
        pass
    Path("data/splits/splits.csv").write_text("photo_id,fold,part\n1,0,train\n")
    with sessions.variant_run("baseline", supersede=True):
        pass
    assert len(project()) == 3 * 2


def test_the_key_depends_on_code_and_settings_but_not_on_the_order_of_keys(tmp_path: Path) -> None:
    def key(settings: dict) -> str:
        return identity.experiment_key(settings, splits_path=tmp_path / "splits.csv", code_dir=tmp_path)

    (tmp_path / "stages").mkdir()
    before = key({"a": 1, "b": {"c": 2, "d": 3}})
    assert before == key({"b": {"d": 3, "c": 2}, "a": 1})
    assert before != key({"a": 1, "b": {"c": 2, "d": 4}})
    (tmp_path / "stages" / "train.py").write_text("pass\n")
    assert before != key({"a": 1, "b": {"c": 2, "d": 3}})


def test_an_error_of_the_work_passes_through_and_the_runs_have_failed(project: Callable) -> None:
    with pytest.raises(ZeroDivisionError), sessions.variant_run("baseline", supersede=True):
        1 / 0  # noqa: B018 (the error is the point)
    assert {run.info.status for run in project()} == {"FAILED"}
    with sessions.variant_run("baseline"):
        pass
    assert statuses(project()) == {"*": "SCHEDULED", "baseline": "FINISHED"}


def test_looking_back_leaves_a_finished_run_alone(project: Callable) -> None:
    with sessions.variant_run("baseline"):
        pass
    with sessions.experiment_run():
        pass
    before = sorted((run.info.run_id, run.info.end_time) for run in project())
    with sessions.variant_run("baseline", live=False) as run, sessions.experiment_run(live=False):
        assert [run.info.status for run in project()] == ["FINISHED"] * 2
        run.params({"lr": 1})
    assert sorted((run.info.run_id, run.info.end_time) for run in project()) == before


@pytest.mark.parametrize("answers", ["not at all", "too late"])
@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("live", [True, False])
def test_a_run_whose_opening_fails_is_ended(
    live: bool,
    step: int,
    answers: str,
    project: Callable,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The store fails as it creates the first run or the second, which may be there all the same."""
    create_run, calls = MlflowClient.create_run, []

    def fail(*given: object, **named: object) -> object:
        calls.append(named)
        made = create_run(*given, **named) if answers == "too late" or len(calls) < step else None
        if len(calls) == step:
            raise ConnectionError("the server went away")
        return made

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "create_run", fail)
        with sessions.variant_run("baseline", live=live) as run:
            assert not run.reached
    assert capsys.readouterr().err.count("warning: the MLflow store") == 1
    num_made = step if answers == "too late" else step - 1
    assert [each.info.status for each in project()] == ["FAILED"] * num_made
    with sessions.variant_run("baseline", live=live), sessions.experiment_run(live=live):
        pass
    assert statuses(project())["baseline"] == "FINISHED"
    assert "RUNNING" not in statuses(project()).values()


def test_a_request_to_stop_while_a_run_is_opened_leaves_none_running(
    project: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sessions._Experiment, "find", lambda *_: [])
        patch.setattr(MlflowClient, "get_run", lambda *_: sys.exit(143))
        with pytest.raises(SystemExit), sessions.variant_run("baseline"):
            pytest.fail("the work began")
    assert [each.info.status for each in project()] == ["FAILED"]


def test_an_opening_that_fails_ends_no_run_that_another_process_works_on(
    project: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = liveness.me()
    leave_running({**here, "pid": os.getppid(), "started": liveness._started(os.getppid())}, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "create_run", lambda *_, **__: 1 / 0)
        with sessions.variant_run("other") as run:
            assert not run.reached
    assert {each.info.status for each in project()} == {"RUNNING"}


def test_settings_are_flattened_and_an_existing_one_stays(project: Callable) -> None:
    with sessions.variant_run("baseline") as run:
        assert run.params({"network": {"filters": [32, 64], "dense": 512}, "lr": 0.1}) == 3
        assert run.params({"lr": 0.2, "odd<name>": "x" * 10_000}) == 1
    [found] = project("tags.`tenshots.variant` = 'baseline'")
    assert found.data.params["network.filters"] == "[32, 64]"
    assert found.data.params["lr"] == "0.1"
    assert len(found.data.params["odd_name_"]) == MAX_CHARACTERS


@pytest.mark.usefixtures("project")
def test_more_settings_than_mlflow_takes_at_once_arrive() -> None:
    with sessions.variant_run("baseline") as run:
        assert run.params({f"setting{number}": number for number in range(250)}) == 250


@pytest.mark.usefixtures("project")
def test_a_history_is_added_once_with_the_mean_over_the_fits_that_reached_an_epoch() -> None:
    with sessions.variant_run("baseline") as run:
        entries.log_epoch(run, HISTORY.to_dict("records")[0])  # live
        assert entries.log_history(run, HISTORY) == 4 * (3 + 2) - 4
        assert entries.log_history(run, HISTORY) == 0
        client, _ = open_store()
        curve = [(point.step, point.value) for point in client.get_metric_history(run.run_id, "mean/loss")]
        assert curve == [(0, 2.0), (1, 2.0)]
        steps = [point.step for point in client.get_metric_history(run.run_id, "fold_0_repeat_0/loss")]
        assert steps == [0, 1]


def test_the_final_metrics_stand_in_the_table_without_those_that_do_not_exist(project: Callable) -> None:
    with sessions.variant_run("baseline") as run:
        run.metrics({"seconds": 2.5, "unknown": None})
        assert entries.log_final(run, {"test_accuracy": 0.5, "test_roc_auc": None}) == 1
        assert entries.log_final(run, {"test_accuracy": 0.5}) == 0
    [found] = project("tags.`tenshots.variant` = 'baseline'")
    assert found.data.metrics == {"seconds": 2.5, "test_accuracy": 0.5}


def run_tags(run_id: str) -> dict[str, str]:
    client, _ = open_store()
    tags: dict[str, str] = client.get_run(run_id).data.tags
    return tags


@pytest.mark.usefixtures("project")
def test_files_are_added_once_and_lie_below_the_main_repository(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights.h5").write_bytes(b"1")
    (tmp_path / "page.html").write_text("page")
    with sessions.variant_run("baseline") as run:
        run.artifact(tmp_path / "page.html")
        assert entries.log_model(run, tmp_path / "model") == 1
        assert entries.log_model(run, tmp_path / "model") == 0
        (tmp_path / "model" / "weights.h5").write_bytes(b"2")
        assert entries.log_model(run, tmp_path / "model") == 1
    tag = run_tags(run.run_id)[folder_tag("model")]
    assert tag == outputs.folder_hash(tmp_path / "model")
    (weights,) = (tmp_path / "mlruns" / "artifacts").rglob("weights.h5")
    assert weights.read_bytes() == b"2"
    files = (tmp_path / "mlruns" / "artifacts" / run.run_id / "artifacts").rglob("*.h*")
    assert sorted(file.name for file in files) == ["page.html", "weights.h5"]


def test_the_run_says_where_it_comes_from(project: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_EXP_NAME", "sunny-hill")
    monkeypatch.setenv("DVC_EXP_BASELINE_REV", "f" * 40)
    Path("data/manifest.csv").write_text("path\n")
    with sessions.variant_run("baseline"):
        pass
    runs = project()
    assert names(runs) == ["sunny-hill", "sunny-hill: baseline"]
    for run in runs:
        assert run.data.tags["tenshots.dvc_experiment"] == "sunny-hill"
        assert run.data.tags["mlflow.source.git.commit"] == "f" * 40
        assert run.data.tags["tenshots.data"] == files.file_hash(Path("data/manifest.csv"))


def test_names_tags_and_descriptions_of_an_experiment_that_is_trained_again_agree(
    project: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "command", lambda revision, *_, **__: f"git checkout {revision}")
    for name, revision in (("", "a"), ("one", "b"), ("two", "c")):
        if name:
            monkeypatch.setenv("DVC_EXP_NAME", name)
        monkeypatch.setenv("DVC_EXP_BASELINE_REV", revision * 40)
        with sessions.variant_run("baseline", supersede=True):
            pass
    runs = project()
    assert sorted(names(runs)) == ["two", "two: baseline"]
    for run in runs:
        tags = run.data.tags
        assert tags["tenshots.dvc_experiment"] == "two"
        assert tags["tenshots.rebuild"] == f"git checkout {'c' * 40}"
        assert tags["mlflow.note.content"] == rebuild.note(tags["tenshots.rebuild"], "two")


def test_the_tags_tell_whether_code_or_settings_differ_from_the_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert origin.tags() == {}
    Path("params.yaml").write_text("lr: 1\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], check=True)
    Path("notes.txt").write_text("no code\n")
    assert origin.tags()["tenshots.git_dirty"] == "false"
    Path("params.yaml").write_text("lr: 2\n")
    assert origin.tags()["tenshots.git_dirty"] == "true"
    assert len(origin.tags()["mlflow.source.git.commit"]) == 40


def test_without_git_the_tags_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    assert origin.tags() == {}


@pytest.mark.usefixtures("project")
def test_a_temporary_experiment_writes_to_the_main_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / ".dvc" / "tmp" / "exps" / "1"
    copy.mkdir(parents=True)
    (copy / "params.yaml").write_text("lr: 0.1\n")
    (copy / "weights.h5").write_bytes(b"1")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.chdir(copy)
    with sessions.variant_run("baseline") as run:
        run.artifact(Path("weights.h5"))
    assert not (copy / "mlruns").exists()
    assert list((tmp_path / "mlruns" / "artifacts").rglob("weights.h5"))


def use_a_closed_port(_: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("MLFLOW_TRACKING_URI", "http://user:secret@127.0.0.1:9")


def break_the_database(_: Path, __: pytest.MonkeyPatch) -> None:
    Path("mlruns/mlflow.db").write_bytes(b"no database " * 1000)


def put_a_file_in_the_way(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "mlruns").rename(folder / "elsewhere")
    (folder / "mlruns").write_text("not a folder")


def forget_the_settings(folder: Path, _: pytest.MonkeyPatch) -> None:
    (folder / "params.yaml").unlink()


@pytest.mark.parametrize(
    "harm", [use_a_closed_port, break_the_database, put_a_file_in_the_way, forget_the_settings]
)
@pytest.mark.usefixtures("project")
def test_a_store_out_of_reach_costs_one_line_and_no_work(
    harm: Callable[[Path, pytest.MonkeyPatch], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    harm(tmp_path, monkeypatch)
    with sessions.variant_run("baseline", supersede=True) as run:
        assert run.params({"lr": 1}) == 0
        run.metrics({"loss": 1.0}, step=1)
        run.artifact(tmp_path / "absent")
        assert entries.log_history(run, HISTORY) == 0
    assert not run.reached
    output = capfd.readouterr()
    assert output.err.count("warning:") == 1
    assert len(output.err.splitlines()) == 1
    assert "python -m stages.record" in output.err
    assert "secret" not in output.err


@pytest.mark.usefixtures("project")
def test_a_store_that_fails_in_the_middle_costs_one_line_and_no_work(
    capfd: pytest.CaptureFixture[str],
) -> None:
    done = []
    with sessions.variant_run("baseline") as run:
        run.artifact(Path("does not exist"))
        run.metrics({"loss": 1.0})
        done.append("the work")
    assert done
    assert capfd.readouterr().err.count("warning:") == 1


@pytest.mark.slow
def test_two_workers_create_one_store_and_one_parent(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("lr: 0.1\n")
    script = (
        "import sys; from tenshots.tracking import sessions\n"
        "with sessions.variant_run(sys.argv[1]) as run: print(run.reached)"
    )
    environment = {**os.environ, "PYTHONPATH": str(code.CODE_DIR)}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", script, variant],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for variant in ("a", "b")
    ]
    assert [worker.communicate()[0].strip() for worker in workers] == ["True", "True"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        client, experiment_id = open_store()
        runs = client.search_runs([experiment_id])
    assert len(runs) == 1 + 2


def test_importing_the_module_does_not_import_mlflow() -> None:
    code = "import sys, tenshots.tracking.sessions; print('mlflow' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "False\n"


def test_a_deleted_experiment_is_restored(project: Callable) -> None:
    client, experiment_id = open_store()
    client.delete_experiment(experiment_id)
    with sessions.variant_run("baseline") as run:
        assert run.reached
    assert len(project()) == 2


def test_page_and_pictures_are_no_part_of_what_tells_experiments_apart(tmp_path: Path) -> None:
    def key(settings: dict[str, object]) -> str:
        return identity.experiment_key(settings, splits_path=tmp_path / "splits.csv", code_dir=tmp_path)

    for name, text in (
        ("stages/ui.py", ""),
        ("stages/compare.py", "from tenshots.pages.report import page\n"),
        ("stages/train.py", "from tenshots.training import loop\n"),
        ("tenshots/pages/report/page.py", ""),
        ("tenshots/training/loop.py", ""),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    first = key({"lr": 1, "report": {"num_samples": 1}, "visualise": {"dream": False}})
    assert key({"lr": 1, "report": {"num_samples": 2}, "visualise": {"dream": True}}) == first
    assert key({"lr": 1, "study": {"shares": [0.5]}, "inspect": {"network": "other"}}) == first
    (tmp_path / "stages/ui.py").write_text("edited")
    (tmp_path / "tenshots/pages/report/page.py").write_text("edited")
    assert key({"lr": 1}) == first
    (tmp_path / "tenshots/training/loop.py").write_text("edited")
    assert key({"lr": 1}) != first


@pytest.mark.usefixtures("project")
def test_looks_at_a_test_set_are_counted_by_experiment_also_after_deletion() -> None:
    def look(lr: float, photo: str) -> int | None:
        Path("params.yaml").write_text(f"lr: {lr}\n")
        with sessions.variant_run("baseline", supersede=True) as run:
            found = pd.DataFrame({"photo_id": [photo], "label": ["cup"]})
            looks.log_test_photos(run, found)
            return looks.num_looks(run, found)

    assert [look(0.1, "a"), look(0.1, "a"), look(0.2, "a"), look(0.3, "b")] == [1, 1, 2, 1]
    client, experiment_id = open_store()
    for run in client.search_runs([experiment_id]):
        client.delete_run(run.info.run_id)
    assert look(0.4, "a") == 3


@pytest.mark.usefixtures("project")
def test_corrected_labels_do_not_reset_the_looks_at_their_photos() -> None:
    """Nor does a photo that is left out, which is one of those found; and older runs have one tag alone."""
    found = pd.DataFrame({"photo_id": ["1", "2"], "label": ["cup", "book"]})
    with sessions.variant_run("baseline") as run:  # by a version that knew no corrections
        looks.log_test_set(run, identity.photos_hash(found["photo_id"], found["label"]))
    row = f"{'1' * 64},cup,it is one,ann\n"
    for number, rows in enumerate(("", row)):
        Path("data/corrections.csv").write_text(f"photo_id,label,reason,who\n{rows}")
        with sessions.variant_run("baseline") as run:
            looks.log_test_set(run, f"labels and photos that are left, {number}")
            looks.log_test_photos(run, found)
            # The header alone is the experiment that was there before, with other labels it is another.
            assert looks.num_looks(run, found) == 1 + number
    moved = found.assign(label="book")  # by hand, from folder to folder
    assert looks.num_looks(run, moved) == 2


def test_a_test_set_is_its_photos_and_labels_whatever_their_order_and_folds() -> None:
    first = identity.photos_hash(["1", "2", "1"], ["cup", "book", "cup"])
    assert identity.photos_hash(["2", "1"], ["book", "cup"]) == first
    assert identity.photos_hash(["2", "1"], ["cup", "cup"]) != first
    assert identity.photos_hash(["2"], ["book"]) != first


@pytest.mark.usefixtures("project")
def test_more_runs_than_a_page_of_the_store_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_RUNS", 2)
    for variant in ("a", "b", "c", "d"):
        with sessions.variant_run(variant):
            pass
    client, experiment_id = open_store()
    assert len(store.search(client, experiment_id, "")) == 1 + 4


WORKS = """
import sys; from pathlib import Path; from tenshots.tracking import sessions
with sessions.variant_run("baseline"):
    print("at work", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Starts a process that works on an experiment of its own in the project's store."""
    started: list[subprocess.Popen[str]] = []

    def start(lr: str) -> subprocess.Popen[str]:
        folder = tmp_path / f"copy {lr}"
        folder.mkdir()
        (folder / "params.yaml").write_text(f"lr: {lr}\n")
        environment = {**os.environ, "PYTHONPATH": str(code.CODE_DIR), "DVC_ROOT": str(tmp_path)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen([sys.executable, "-c", WORKS], cwd=folder, env=environment, **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("ends", ["the next run", "record"])
def test_runs_that_a_kill_left_are_ended_and_those_of_a_live_process_go_on(
    ends: str, project: Callable, workers: Callable
) -> None:
    killed, alive = workers("0.2"), workers("0.3")
    for worker in (killed, alive):
        assert worker.stdout.readline() == "at work\n"
    by_pid = {
        process["pid"]: run.data.tags[sessions.KEY_TAG]
        for run in project()
        for process in liveness.of(run.data.tags)
    }
    killed.kill()
    killed.wait()

    def ended(worker: subprocess.Popen[str]) -> list[str]:
        return [run.info.status for run in project() if run.data.tags[sessions.KEY_TAG] == by_pid[worker.pid]]

    assert ended(killed) == ["RUNNING"] * 2
    if ends == "record":
        assert sessions.end_abandoned() == 2
    else:
        with sessions.variant_run("baseline"):
            pass
    assert ended(killed) == ["KILLED"] * 2
    assert ended(alive) == ["RUNNING"] * 2
    alive.communicate("end\n")
    assert sorted(ended(alive)) == ["FINISHED", "SCHEDULED"]


def leave_running(process: liveness.Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opens the runs of this experiment as if by that process, which never ends them."""
    with monkeypatch.context() as patch:
        patch.setattr(liveness, "me", lambda: process)
        patch.setattr(liveness, "is_gone", lambda _: False)
        patch.setattr(sessions, "_end", lambda *_, **__: None)
        with sessions.variant_run("baseline"):
            pass


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"started": 1.0}, "KILLED"),  # its id is in use again
        ({"started": 1.0, "host": "other"}, "RUNNING"),
        ({"started": 1.0, "machine": "other"}, "RUNNING"),
        ({"started": 1.0, "namespace": "other"}, "RUNNING"),
        ({}, "RUNNING"),
    ],
)
def test_a_run_is_ended_only_where_its_process_is_surely_gone(
    change: dict, status: str, project: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_running({**liveness.me(), **change}, monkeypatch)
    sessions.end_abandoned()
    assert {run.info.status for run in project()} == {status}


def test_an_experiments_run_goes_on_while_one_of_two_processes_does(
    project: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = liveness.me()
    leave_running({**here, "pid": os.getppid(), "started": liveness._started(os.getppid())}, monkeypatch)
    leave_running({**here, "started": 1.0}, monkeypatch)
    sessions.end_abandoned()
    assert {run.info.status for run in project()} == {"RUNNING"}
    with sessions.variant_run("other", live=False):
        pass
    found = by_variant(project())
    assert found["baseline"].info.status == "RUNNING"
    assert found["*"].info.status == "RUNNING", "looking back ends no run at work"


def test_who_works_on_a_run_is_no_part_of_what_it_is(project: Callable) -> None:
    with sessions.variant_run("baseline"):
        pass
    before = {run.info.run_id: run.data.tags[sessions.KEY_TAG] for run in project()}
    assert all(liveness.TAG in run.data.tags for run in project())
    assert liveness.TAG not in origin.tags()
    with sessions.variant_run("baseline"):
        pass
    assert {run.info.run_id: run.data.tags[sessions.KEY_TAG] for run in project()} == before


def test_where_no_run_is_wanted_none_is_opened_and_nothing_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(sessions.UNTRACKED, "1")
    with sessions.variant_run("baseline") as variant, sessions.experiment_run() as experiment:
        assert not variant.reached
        assert not experiment.reached
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")
