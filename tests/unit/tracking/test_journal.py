"""The project's own database is written ahead on a local disk: writers, readers and kills lose nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from tenshots.tracking import journal, places, store

DATABASE = Path("mlruns/mlflow.db")
# Opens the store as a stage does, says so, and writes until it is told to stop or killed.
WRITES = """
import sys
from tenshots.tracking import store
client, experiment_id = store.open_store()
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[1])):
    client.create_run(experiment_id, run_name=f"{sys.argv[2]} {number}")
print("written", flush=True)
sys.stdin.readline()
"""


def mode(path: Path = DATABASE) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def write(number: int, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITES, str(number), name]
    environment = {**os.environ, "PYTHONPATH": str(Path(journal.__file__).parents[2])}
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )


def say(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.slow
def test_two_processes_write_at_once_a_reader_does_not_wait_and_a_kill_loses_nothing(
    store: Callable[..., list],
) -> None:
    with write(6, "one") as one, write(6, "other") as other:
        assert heard(one) == heard(other) == "ready"
        assert mode() == "wal"
        with closing(sqlite3.connect(DATABASE, isolation_level=None, timeout=0)) as reader:
            reader.execute("BEGIN")  # and holds what it sees for as long as they write
            before = reader.execute("SELECT count(*) FROM runs").fetchone()
            say(one)
            say(other)
            assert heard(one) == heard(other) == "written"
            assert reader.execute("SELECT count(*) FROM runs").fetchone() == before == (0,)
        one.kill()
        other.kill()
    beside = DATABASE.with_name("mlflow.db-wal")
    assert beside.stat().st_size > 0, "else the kill came too late to leave anything beside the file"
    assert len(store()) == 12
    with closing(sqlite3.connect(DATABASE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_what_is_settled_is_whole_in_the_file_alone(tmp_path: Path) -> None:
    path, copy = tmp_path / "a.db", tmp_path / "copy.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=wal")
        with connection:
            connection.execute("CREATE TABLE t AS SELECT 1 AS number")
        shutil.copy(path, copy)
        with closing(sqlite3.connect(copy)) as copied, pytest.raises(sqlite3.OperationalError):
            copied.execute("SELECT * FROM t")
        journal.settle(path)
        shutil.copy(path, copy)
        with closing(sqlite3.connect(copy)) as copied:
            assert copied.execute("SELECT * FROM t").fetchone() == (1,)


@pytest.mark.parametrize(("kind", "expected"), [("ext4", "wal"), ("nfs4", "delete"), ("", "delete")])
@pytest.mark.parametrize("former", ["wal", "delete"])
def test_only_on_a_disk_of_this_machine(
    former: str, kind: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that was moved to a server leaves the mode, which is not safe there."""
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode={former}")
        connection.execute("CREATE TABLE t (number)")
    monkeypatch.setattr(journal, "file_system", lambda _: kind)
    journal.keep_in_mode(path)
    assert mode(path) == expected


def test_a_database_that_another_process_holds_keeps_its_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "WAIT_S", 0.1)
    monkeypatch.setattr(journal, "file_system", lambda _: "ext4")
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (number)")
        connection.execute("BEGIN IMMEDIATE")
        journal.keep_in_mode(path)
        connection.execute("ROLLBACK")
    assert mode(path) == "delete"


def test_the_innermost_and_last_mounted_file_system_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted = [("/", "ext4"), (str(tmp_path), "tmpfs"), (str(tmp_path), "nfs4"), (f"{tmp_path}x", "xfs")]
    listed = [SimpleNamespace(mountpoint=point, fstype=kind) for point, kind in mounted]
    monkeypatch.setattr(journal.psutil, "disk_partitions", lambda **_: listed)
    assert journal.file_system(tmp_path / "a.db") == "nfs4"
    assert journal.file_system(tmp_path.parent) == "ext4"


@pytest.mark.usefixtures("store")
def test_a_database_that_somebody_else_has_named_keeps_its_mode(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path_factory.mktemp("shared") / "mlflow.db"
    shutil.copy(DATABASE, shared)
    before = mode(shared)
    assert before == "wal", "as the fixture's was made"
    with closing(sqlite3.connect(shared)) as connection:
        connection.execute("PRAGMA journal_mode=delete")
    monkeypatch.setenv(places.VARIABLE, f"sqlite:///{shared}")
    store.open_store()
    assert mode(shared) == "delete"
    assert tmp_path == Path.cwd()
