"""A store that cannot be used is said in one line with the reason and the remedy, and soon."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from unittest.mock import MagicMock

import pytest
import sqlalchemy

from tenshots.errors import DataError
from tenshots.tracking import places, remedies, sessions, store

DATABASE = Path("mlruns/mlflow.db")


@pytest.fixture
def warned(capfd: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Works on a run without a store, and gives the one line that it costs."""

    def work() -> str:
        Path("params.yaml").write_text("lr: 1\n")
        capfd.readouterr()
        with sessions.variant_run("baseline") as run:
            run.metrics({"loss": 1.0})
        assert not run.reached
        output = capfd.readouterr()
        (line,) = (output.out + output.err).splitlines()
        assert line.startswith(f"warning: the MLflow store {places.without_password(places.store_uri())} ")
        assert "`python -m stages.record`" in line
        return line

    return work


@pytest.fixture
def no_rights(empty_database: Path) -> Iterator[Path]:
    """A project of another user, whose files this process may read and not write, as the current folder."""
    before = Path.cwd()
    folder = Path(tempfile.mkdtemp())  # pytest's own are closed to others
    (folder / "mlruns" / "artifacts").mkdir(parents=True)
    shutil.copy(empty_database, folder / DATABASE)
    for path, mode in ((folder, 0o777), (folder / "mlruns", 0o555), (folder / DATABASE, 0o444)):
        path.chmod(mode)
    os.chdir(folder)
    is_root = os.getuid() == 0
    if is_root:  # whom nothing is forbidden
        os.setresuid(65534, 65534, 0)
    try:
        yield folder
    finally:
        if is_root:
            os.setresuid(0, 0, 0)
        os.chdir(before)
        (folder / "mlruns").chmod(0o755)
        shutil.rmtree(folder)


@pytest.mark.parametrize("harm", ["both", "the file", "the folder"])
def test_a_read_only_store_is_named_so(harm: str, no_rights: Path, warned: Callable[[], str]) -> None:
    uid = os.getuid()
    if os.getresuid()[2] == 0:
        os.setresuid(0, 0, 0)
    if harm == "the file":
        (no_rights / "mlruns").chmod(0o777)
    if harm == "the folder":
        (no_rights / DATABASE).chmod(0o666)
    if os.getuid() != uid:
        os.setresuid(uid, uid, 0)
    named = no_rights / ("mlruns" if harm == "the folder" else DATABASE)
    line = warned()
    assert f"({named} is read-only; make it writable, or set MLFLOW_TRACKING_URI to another store)" in line


def be_damaged(_: sqlite3.Connection) -> None:
    DATABASE.write_bytes(b"no database " * 1000)


def be_cut(_: sqlite3.Connection) -> None:
    DATABASE.write_bytes(DATABASE.read_bytes()[: DATABASE.stat().st_size // 2])


def be_newer(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE alembic_version SET version_num = 'fffffffffff1'")


def be_older(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (be_damaged, "file is not a database: it is damaged; move it away, and a new one takes its place"),
        (be_cut, "database disk image is malformed: it is damaged; move it away"),
        (be_newer, "a newer MLflow than 3."),
        (
            be_older,
            "it was written by an older MLflow; copy its folder, then run `python -m mlflow db upgrade 'sqlite:////",
        ),
    ],
)
def test_a_database_that_cannot_be_used_is_said_with_a_remedy(
    harm: Callable[[sqlite3.Connection], None], reason: str, warned: Callable[[], str]
) -> None:
    with closing(sqlite3.connect(DATABASE)) as connection, connection:
        harm(connection)
    before = DATABASE.read_bytes()
    assert reason in warned()
    assert DATABASE.read_bytes() == before, "nothing is upgraded or written unasked"


@pytest.mark.slow
def test_an_older_database_goes_on_after_the_command_that_is_named(
    tmp_path: Path, warned: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow.store.db.utils as of_mlflow
    from alembic import command
    from alembic.script import ScriptDirectory
    from mlflow.store.tracking.dbmodels.initial_models import Base

    monkeypatch.chdir(tmp_path)
    DATABASE.parent.mkdir()
    engine = of_mlflow.create_sqlalchemy_engine(places.store_uri())
    Base.metadata.create_all(engine)
    config = of_mlflow._get_alembic_config(places.store_uri())
    scripts = ScriptDirectory.from_config(config)
    newest = scripts.get_revision(scripts.get_current_head())
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, newest.down_revision)
    engine.dispose()
    found = re.search("`(python -m mlflow db upgrade .*?)`", warned())
    assert found
    words = shlex.split(found[1])
    subprocess.run([sys.executable, *words[1:]], check=True, capture_output=True)
    with sessions.variant_run("baseline") as run:
        pass
    assert run.reached


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("kind", ["EXCLUSIVE", "IMMEDIATE"])
def test_a_database_that_another_process_holds_is_said(
    kind: str, warned: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LOCK_S", 0.1)
    write = sqlalchemy.sql.text  # MLflow tells SQLite to wait 20 s, which nothing but its text can change
    monkeypatch.setattr(sqlalchemy.sql, "text", lambda words: write(words.replace("= 20000", "= 200")))
    store.open_store()
    with closing(sqlite3.connect(DATABASE, isolation_level=None)) as connection:
        connection.execute(f"BEGIN {kind}")
        assert "(database is locked: another process holds it; wait for that or end it)" in warned()
        connection.execute("ROLLBACK")
    with sessions.variant_run("baseline") as run:
        pass
    assert run.reached


@pytest.fixture
def silent_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Takes connections and never answers; named as the store, with a password."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(store, "ANSWER_S", 0.5)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:secret@127.0.0.1:{server.getsockname()[1]}")
        yield server


def num_connections(server: socket.socket) -> int:
    server.setblocking(False)
    num = 0
    while True:
        try:
            server.accept()[0].close()
        except BlockingIOError:
            return num
        num += 1


def test_a_server_that_does_not_answer_is_asked_once_and_again_after_a_while(
    silent_server: socket.socket, warned: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    started = time.monotonic()
    assert "(no answer within 0.5 s)" in warned()
    assert num_connections(silent_server) == 1
    for _ in range(3):
        assert "will not be asked again before " in warned()
    assert num_connections(silent_server) == 0
    assert time.monotonic() - started < 3
    assert not [path for path in Path("mlruns").iterdir() if b"secret" in path.read_bytes()]

    with pytest.raises(DataError, match="no answer"):  # record, ui and history ask at once
        store.open_store()
    assert num_connections(silent_server) == 1
    monkeypatch.setattr(store, "SILENCE_S", 0)
    assert "(no answer within 0.5 s)" in warned()
    monkeypatch.setattr(store, "SILENCE_S", 300)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert "refused" in warned(), "another store is another matter"
    assert "refused" in warned(), "and what answers at once is asked at once"


@pytest.mark.usefixtures("store")
def test_a_store_that_answers_is_no_longer_remembered_as_silent(
    silent_server: socket.socket, warned: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one that `record` finds again: what it then adds goes the way of the stages."""
    assert "no answer" in warned()
    monkeypatch.setattr(store, "_check_answer", lambda _: None)
    monkeypatch.setattr(store, "_client", lambda _: MagicMock())
    with pytest.raises(DataError, match="did not answer an earlier stage"):
        store.open_for_stage()
    store.open_store()
    store.open_for_stage()
    del silent_server


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, "(failed with error code 404: what answers there is not MLflow; correct MLFLOW_TRACKING_URI"),
        (None, "(Max retries exceeded: it answers with errors; restart it, or set"),
    ],
)
def test_a_server_that_is_well_and_cannot_be_used_is_said_with_a_remedy(
    status: int | None,
    reason: str,
    tmp_path: Path,
    warned: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/health":
                self.send_response(200)
                self.end_headers()
            elif status is not None:
                self.send_error(status)
            else:
                time.sleep(2)

        def log_message(self, *_: object) -> None:
            """Keeps the test's output to what is judged."""

    monkeypatch.chdir(tmp_path)
    for name in store.PATIENCE:
        monkeypatch.setenv(name, "1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            assert reason in warned()
        finally:
            server.shutdown()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "(autoflush)\n(sqlite3.OperationalError) attempt to write a readonly database\n[SQL: INSERT]",
            "attempt to write a readonly database: make it and its folder writable, "
            "or set MLFLOW_TRACKING_URI to another store",
        ),
        (
            "(sqlite3.OperationalError) disk I/O error\n[SQL: INSERT]\n(Background on this error at: https://a)",
            "the disk could not be read or written: check that it works and is not full",
        ),
        (
            "(sqlite3.OperationalError) database or disk is full\n[SQL: INSERT]",
            "the disk is full: free some space (`dvc gc --workspace` removes what DVC keeps of past "
            "experiments)",
        ),
        ("\n\nfirst\nsecond", "first"),
        ("at http://me:secret@host/", "at http://host/"),
        ("", "ValueError"),
    ],
)
def test_a_reason_is_one_line_without_a_password(said: str, shown: str) -> None:
    assert remedies.reason(ValueError(said)) == shown
