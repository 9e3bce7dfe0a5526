"""Each trained variant has one FINISHED run: by DVC's queue, on a server, and after the store was deleted.

One experiment runs whole and one trains alone; from the run of the first, a clone makes its bytes again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient
from ruamel.yaml import YAML

from stages import ui
from tests.drawn.pipeline import Project, make_environment, ran

pytestmark = pytest.mark.slow

PATIENCE_S = 600
WHOLE, ALONE = "whole", "alone"  # experiments


class Served(Project):
    """A project whose store is MLflow's own server, with its database and files in the project's home."""

    def start(self) -> None:
        """Starts the server, with an empty store where it has none."""
        port = ui.free_port(5600)
        self.environment["MLFLOW_TRACKING_URI"] = f"http://127.0.0.1:{port}"
        self.place = self.home / "server"
        self.place.mkdir(exist_ok=True)
        store = f"sqlite:///{self.place}/mlflow.db"
        command = [".venv/bin/python", "-m", "mlflow", "server", "--backend-store-uri", store]
        command += ["--artifacts-destination", str(self.place), "--port", str(port), "--workers", "1"]
        environment = {**self.environment, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        with (self.home / "server.log").open("ab") as log:
            self.server = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        wait_for(lambda: answers(port))

    def stop(self) -> None:
        """Ends the server."""
        ui._end(self.server)

    def runs(self, wanted: str = "") -> list[Any]:
        """The active runs of the server."""
        client = MlflowClient(self.environment["MLFLOW_TRACKING_URI"])
        ours = [each.experiment_id for each in client.search_experiments() if each.name != "Default"]
        return list(client.search_runs(ours, wanted, max_results=1000)) if ours else []

    def counted(self) -> Counter[tuple[str, str, str]]:
        """How many runs there are of each experiment of DVC's, variant and status."""
        return Counter(
            (
                run.data.tags.get("tenshots.dvc_experiment", ""),
                run.data.tags["tenshots.variant"],
                run.info.status,
            )
            for run in self.runs()
        )


def answers(port: int) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
        return True
    return False


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(1)


@pytest.fixture(scope="module")
def project(untouched: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One variant alone, which is trained in a second, reproduced and committed; a server is its store."""
    folder = tmp_path_factory.mktemp("once") / "a project"
    shutil.copytree(untouched.folder, folder, symlinks=True)
    project = Served(folder)
    project.start()
    values = project.params()
    values["variants"] = {"frozen": values["variants"]["frozen"]}
    project.write_params(values)
    project.ask("repro")
    project.run("git", "add", ".")
    project.run("git", "commit", "--quiet", "--message=one variant")
    yield project
    project.ask("queue", "stop", "--kill")
    project.stop()


@pytest.fixture(scope="module")
def queued(project: Served) -> Served:
    """After DVC's own queue, with two workers."""
    project.ask("exp", "run", "--queue", "--name", WHOLE, "-S", "lr=0.013")
    project.ask("exp", "run", "--queue", "--name", ALONE, "-S", "lr=0.014", "train@frozen")
    project.dvc("queue", "start", "--jobs", "2")

    def ended() -> bool:
        status = project.ask("queue", "status")
        return status.count("Success") + status.count("Failed") == 2

    wait_for(ended)
    return project


# Of ALONE a single stage was asked for, so the experiment as a whole has more to come.
EXPECTED = Counter(
    {
        **{(name, variant, "FINISHED"): 1 for name in ("", WHOLE) for variant in ("*", "frozen")},
        **{(ALONE, "*", "SCHEDULED"): 1, (ALONE, "frozen", "FINISHED"): 1},
    }
)


def test_by_dvcs_queue_with_two_workers(queued: Served) -> None:
    assert queued.counted() == EXPECTED


def test_a_deleted_store_is_filled_again_with_dvcs_experiments_once(queued: Served) -> None:
    """Also of the one whose training alone was asked for: a rate moves no answer here, so it is whole."""
    queued.stop()
    shutil.rmtree(queued.place)
    queued.start()
    assert not queued.counted()
    said = queued.python("-m", "stages.record")
    assert f"of the experiment {WHOLE}" in said
    whole = Counter((name, variant, "FINISHED") for name in ("", WHOLE, ALONE) for variant in ("*", "frozen"))
    assert queued.counted() == whole
    assert queued.python("-m", "stages.record") == "MLflow: nothing to add\n"
    assert queued.counted() == whole


def test_from_an_experiment_to_its_runs_and_from_a_run_to_its_bytes(queued: Served, tmp_path: Path) -> None:
    runs = queued.runs(f"tags.`tenshots.dvc_experiment` = '{WHOLE}'")
    assert sorted(run.data.tags["tenshots.variant"] for run in runs) == ["*", "frozen"]
    (command,) = {run.data.tags["tenshots.rebuild"] for run in runs}
    assert all(f"```sh\n{command}\n```" in run.data.tags["mlflow.note.content"] for run in runs)
    assert "&& dvc exp run -S lr=0.013" in command

    queued.ask("remote", "add", "--local", "stick", str(tmp_path / "stick"))
    queued.ask("push", "--quiet", "--remote", "stick")
    subprocess.run(["git", "clone", "--quiet", str(queued.folder), str(tmp_path / "a clone")], check=True)
    clone = Project(tmp_path / "a clone", beside=queued)
    make_environment(clone.folder)
    clone.run("sh", "setup.sh", "requirements.txt")
    clone.ask("remote", "add", "--local", "--default", "stick", str(tmp_path / "stick"))
    clone.ask("pull", "--quiet")  # photos, and what the commit has; nothing of the experiment
    path = f"{clone.folder}/.venv/bin:{os.defpath}"
    said = clone.run("sh", "-ec", command, PATH=path, TENSHOTS_UNTRACKED="1")
    assert "train@frozen" in ran(said)
    expected = YAML(typ="safe").load(queued.run("git", "show", f"{commit_of(queued, WHOLE)}:dvc.lock"))
    assert YAML(typ="safe").load(clone.folder / "dvc.lock") == expected


def commit_of(project: Project, name: str) -> str:
    found = project.run("git", "for-each-ref", "--format=%(objectname) %(refname)", "refs/exps").split("\n")
    (commit,) = [line.split()[0] for line in found if line.endswith(f"/{name}")]
    return commit
