"""What several tests need: a project of drawn photos, and a store for MLflow that is quick to make."""

from __future__ import annotations

import functools
import gc
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tenshots import portable

gc.disable()  # until all tests are collected: what their imports bring stays

portable.pin()  # before the first import of a numeric package

pytest.register_assert_rewrite("tests.drawn")  # what they ask is asked as in a test

from tests.drawn.pipeline import NOT_IMITATED  # noqa: E402

# A DVC or MLflow around the tests must not lead their stages to its own store.
for name in [name for name in os.environ if name.startswith(("DVC_", "MLFLOW_"))]:
    del os.environ[name]
os.environ["DVC_NO_ANALYTICS"] = "true"


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Lets the garbage collector begin, with what comes from now on: millions of objects stay.

    Less often than is usual: each graph of TensorFlow's is tens of thousands of objects.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One process more than there are CPUs, as some tests wait for servers, locks and browsers; at most 4."""
    del config
    return min(4, (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1) + 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:  # noqa: ANN401 (xdist's own)
    """Lets one process run all tests of a file, and one process all files that change the same project."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file: str = super()._split_scope(nodeid)
            return "reproduced" if file in changing else file

    changing = _naming("reproduced", config)
    return ByFile(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Lets one process make the first run at once, and the others do what does not wait for it."""
    ranks = dict.fromkeys(_naming("untouched|first_run", config), 2)
    ranks |= dict.fromkeys(_naming("reproduced", config), 0)
    slow = {item.nodeid.split("::")[0] for item in items if item.get_closest_marker("slow")}

    def rank(item: pytest.Item) -> int:
        file = item.nodeid.split("::")[0]
        # Of what is left, what takes longest first: one process alone shall not be at it in the end.
        return ranks.get(file, (3 if file in slow else 4) if file.startswith("tests/unit/") else 1)

    items.sort(key=rank)


def _naming(fixtures: str, config: pytest.Config) -> set[str]:
    """The files of tests of the pipeline in which a fixture's name stands, anywhere.

    By their text, since the process that hands out tests collects none.
    """
    folder = config.rootpath / "tests" / "pipeline"
    return {
        path.relative_to(config.rootpath).as_posix()
        for path in folder.glob("test_*.py")
        if re.search(rf"\b({fixtures})\b", path.read_text(encoding="utf-8"))
    }


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says loudly what was not proven: a test in a process of its own cannot, as its output is captured."""
    for report in terminalreporter.stats.get("skipped", []):
        _, _, reason = report.longrepr
        if NOT_IMITATED in reason:
            terminalreporter.write_line(reason.removeprefix("Skipped: ").upper(), red=True, bold=True)


@pytest.fixture
def project(drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a copy, to work in, of what the module's own fixture `drawn` made once."""
    shutil.copytree(drawn, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def small_disk() -> Iterator[Callable[[Path, str], None]]:
    """Gives a function that mounts a disk of a size, such as "200k", over a folder, until the test ends."""
    mounted: list[Path] = []

    def mount(folder: Path, size: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("only root may mount a small file system, and not in every container")
        mounted.append(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="session")
def _migrations_are_read_once() -> Iterator[None]:
    """Whoever opens a store compares it with MLflow's migrations, dozens of files that no test changes.

    That a database is of the newest is remembered; what is said of any other is worked out each time.
    """
    from mlflow.store.db import utils

    from tenshots.tracking import store

    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((utils, "_get_latest_schema_revision"), (store, "_check_revision")):
            patch.setattr(module, name, functools.cache(getattr(module, name)))
        yield


@pytest.fixture(scope="session")
def empty_database(_migrations_are_read_once: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database with its tables and nothing in them; making one takes seconds, copying it none."""
    from tenshots.tracking.store import open_store

    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_ROOT", str(folder))
        client, experiment_id = open_store()
    engine = client._tracking_client.store.engine
    client.delete_experiment(experiment_id)
    # Gone for good, since its place for files is this folder's.
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM experiment_tags")
        connection.exec_driver_sql(f"DELETE FROM experiments WHERE experiment_id = {int(experiment_id)}")
    engine.dispose()
    return folder / "mlruns" / "mlflow.db"


@pytest.fixture
def store(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list]:
    """An empty folder as the current directory, with a store; gives a function that lists its runs."""
    from tenshots.tracking.store import open_store

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "mlruns").mkdir()
    shutil.copy(empty_database, tmp_path / "mlruns" / "mlflow.db")

    def runs(wanted: str = "") -> list:
        client, experiment_id = open_store()
        return client.search_runs([experiment_id], filter_string=wanted)

    return runs
