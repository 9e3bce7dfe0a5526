"""Opens the store of runs, and the project's experiment in it; looks first whether it can be used.

With `runs` the only importer of mlflow.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import sqlite3
import ssl
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any, TypeAlias
from urllib.error import HTTPError, URLError
from urllib.parse import quote

from tenshots.errors import DataError
from tenshots.tracking import journal, places, project
from tenshots.tracking.remedies import ELSEWHERE, GOES_ON

ANSWER_S = 10  # a server that is silent for so long is not waited for
SILENCE_S = 300  # nor asked again by a stage within that time, because each stage is its own process
MAX_RUNS = 1000  # that MLflow lists at once
LOCK_S = 20  # another process may hold a database; MLflow itself waits as long for one

# A server that falls silent later is given up after a minute; MLflow's own 7 retries of 120 s would hold on.
PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # two lines at the end of each run on a server
}

Client: TypeAlias = Any  # mlflow is untyped


def open_store() -> tuple[Client, str]:
    """Returns the client of the store and the id of the project's experiment, both created where missing.

    Raises:
        Exception: whatever MLflow or the file system says about a store that cannot be used.
    """
    uri = places.store_uri()
    client, experiment = _experiment(uri)
    former = places.moved_from(str(experiment.artifact_location), uri)
    if former is not None:
        raise DataError(f"{_came(former)}{GOES_ON}")
    if experiment.lifecycle_stage == "deleted":
        client.restore_experiment(experiment.experiment_id)
    return client, str(experiment.experiment_id)


def move_in() -> str:
    """Lets a store that was moved or copied here go on here; returns where it came from, if it did.

    Raises:
        Exception: as `open_store`.
    """
    uri = places.store_uri()
    client, experiment = _experiment(uri)
    former = places.moved_from(str(experiment.artifact_location), uri)
    if former is None:
        return ""
    path = places.database(uri)
    if path is None:
        raise DataError(
            f"{_came(former)}, and only a SQLite database can be continued elsewhere; move it back"
        )
    if not places.files_dir().is_dir():
        raise DataError(
            f"{_came(former)} without the files of its runs; bring {former / 'artifacts'} to "
            f"{places.files_dir()}, or move the database away, and a new one takes its place"
        )
    with lock():
        _rename(client, experiment)  # first: by its new name it is found even if a kill comes between
        places.adopt(path, former)
    return _came(former)


def open_for_stage() -> tuple[Client, str]:
    """Does what `open_store` does, but leaves alone a store that kept another stage waiting a moment ago.

    Raises:
        Exception: as `open_store`.
    """
    uri = places.store_uri()
    silent = _silence()
    key = hashlib.sha256(uri.encode()).hexdigest()  # an address may hold a password
    with suppress(OSError):
        since = silent.stat().st_mtime
        if 0 <= time.time() - since < SILENCE_S and silent.read_text(encoding="utf-8") == key:
            again = time.strftime("%H:%M", time.localtime(since + SILENCE_S))
            raise DataError(f"it did not answer an earlier stage, and will not be asked again before {again}")
    started = time.monotonic()
    try:
        return open_store()
    except Exception:
        if places.database(uri) is None and time.monotonic() - started > ANSWER_S / 2:
            with suppress(OSError):
                silent.parent.mkdir(parents=True, exist_ok=True)
                silent.write_text(key, encoding="utf-8")
        raise


@contextmanager
def lock() -> Iterator[None]:
    """Lets one process of this project at a time into the block."""
    from filelock import FileLock

    folder = places.files_dir().parent
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "store.lock", timeout=60):
        yield


def settle() -> None:
    """Makes the file of the project's own database complete without those beside it (see `journal`)."""
    uri = places.store_uri()
    path = places.database(uri)
    if path is not None and places.is_own(uri) and path.exists():
        journal.settle(path)


def search(client: Client, experiment_id: str, wanted: str, *, with_deleted: bool = False) -> list[Any]:
    """Returns all runs that fit `wanted` (MLflow's filter syntax), the oldest first."""
    from mlflow.entities import ViewType

    view = ViewType.ALL if with_deleted else ViewType.ACTIVE_ONLY
    runs: list[Any] = []
    token: str | None = None
    while True:
        page = client.search_runs(
            [experiment_id],
            filter_string=wanted,
            run_view_type=view,
            max_results=MAX_RUNS,
            order_by=["attributes.start_time ASC"],
            page_token=token,
        )
        runs += page
        token = page.token
        if not token:
            return runs


def _came(former: Path) -> str:
    return f"it was {'copied' if (former / 'artifacts').exists() else 'moved'} here from {former}"


def _experiment(uri: str) -> tuple[Client, Any]:
    """A client, and the project's experiment as the store has it, created where missing."""
    path = places.database(uri)
    if uri.startswith("http"):
        _check_answer(uri)
    elif places.is_folder(uri):
        _check_folder_allowed()
    elif path is not None and path.exists():
        _check_writable(path)
    with lock():  # two workers may create the store at once
        if path is not None and path.exists():
            _check_database(path)
        client = _client(uri)
        found = client.get_experiment_by_name(project.name()) or _under_former_name(client, uri)
        if found is None:
            # Without an absolute place an experiment puts its files into the working directory, which DVC
            # deletes after a temporary experiment; a server knows its own place.
            place = None if uri.startswith("http") else places.files_dir().as_uri()
            client.create_experiment(project.name(), artifact_location=place)
        elif places.moved_from(str(found.artifact_location), uri) is None:
            _rename(client, found)
        # Where it has moved, it keeps the former name until `move_in`.
        found = client.get_experiment_by_name(project.name()) or found
        if path is not None and places.is_own(uri):
            journal.keep_in_mode(path)
    _silence().unlink(missing_ok=True)
    return client, found


def _under_former_name(client: Client, uri: str) -> Any:  # noqa: ANN401 (an experiment of mlflow)
    """The project's experiment under the name of the folder that it lay in, or of all projects once, or None.

    Only in the project's own store: another may hold projects of others under those names.
    """
    from mlflow.entities import ViewType

    if project.given_name() is not None or not places.is_own(uri):
        return None
    for each in client.search_experiments(view_type=ViewType.ALL):
        folder = places.project_of(str(each.artifact_location))
        if folder is not None and each.name == project.name_of(folder):
            return each
    return client.get_experiment_by_name(project.FORMER_NAME)


def _rename(client: Client, experiment: Any) -> None:  # noqa: ANN401 (an experiment of mlflow)
    """Gives the experiment, and the registered model of its name, the project's name where it has another."""
    former, name = experiment.name, project.name()
    if former == name:
        return
    # The model first: as long as the experiment has the former name, the next call ends what a kill cut off.
    models = {model.name for model in client.search_registered_models()}
    if former in models and name not in models:
        client.rename_registered_model(former, name)
    if experiment.lifecycle_stage == "deleted":
        client.restore_experiment(experiment.experiment_id)
    client.rename_experiment(experiment.experiment_id, name)


def _silence() -> Path:
    """The file whose date says when a store, named by a hash in it, kept a stage waiting for nothing."""
    return places.files_dir().with_name("silent_store")


def _client(uri: str) -> Client:
    for name, value in {**PATIENCE, **QUIET}.items():
        os.environ.setdefault(name, value)
    import mlflow.store.db.utils  # not at the top: it takes seconds, for which a report need not wait
    from mlflow.tracking import MlflowClient

    for logger in ("alembic", "mlflow"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)  # errors are raised, too: once is enough
    # 10, MLflow's own number, would wait two minutes for a database that cannot be opened.
    mlflow.store.db.utils.MAX_RETRY_COUNT = 3
    return MlflowClient(tracking_uri=uri)


def _check_answer(uri: str) -> None:
    """Raises where no server answers at all; what it answers is left to MLflow."""
    address = places.without_password(uri).rstrip("/")
    try:
        urllib.request.urlopen(f"{address}/health", timeout=ANSWER_S).close()
    except (HTTPError, HTTPException):
        return
    except (URLError, OSError) as error:
        cause = error.reason if isinstance(error, URLError) else error
        if isinstance(cause, ssl.SSLError):  # MLflow has settings of its own for certificates
            return
        text = f"no answer within {ANSWER_S} s" if isinstance(cause, TimeoutError) else str(cause)
        raise DataError(text) from None


def _check_folder_allowed() -> None:
    if os.environ.get("MLFLOW_ALLOW_FILE_STORE", "").lower() not in {"true", "1"}:
        raise DataError(
            f"it is a folder of files, which MLflow no longer supports; set {places.VARIABLE} to a database, "
            "such as sqlite:///mlruns/mlflow.db, and `mlflow migrate-filestore` brings the runs over"
        )


def _check_writable(path: Path) -> None:
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        raise DataError(f"{path} lies on a read-only file system; {ELSEWHERE.removeprefix('or ')}")
    for needed in (path, path.parent):
        if not os.access(needed, os.W_OK):
            raise DataError(f"{needed} is read-only; make it writable, {ELSEWHERE}")


def _check_database(path: Path) -> None:
    """Raises where the file is locked, damaged, or of another version of MLflow."""
    address = f"file:{quote(str(path))}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=LOCK_S)) as connection:
            revisions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return  # MLflow has yet to make its tables
    if revisions:
        _check_revision(str(revisions[0][0]))


def _check_revision(found: str) -> None:
    import alembic.util
    import mlflow

    migrations = _migrations(str(Path(mlflow.__file__).parent / "store" / "db_migrations"))
    try:
        if migrations.get_revision(found) == migrations.get_revision("head"):
            return
    except alembic.util.CommandError:
        newer = f"it was written by a newer MLflow than {mlflow.__version__}"
        raise DataError(f"{newer}; install that version, {ELSEWHERE}") from None
    upgrade = f"python -m mlflow db upgrade '{places.store_uri()}'"
    raise DataError(f"it was written by an older MLflow; copy its folder, then run `{upgrade}`")


@functools.cache  # it imports some 70 modules, and each run opens the store
def _migrations(folder: str) -> Any:  # noqa: ANN401 (of alembic, imported where it is needed)
    import alembic.script

    return alembic.script.ScriptDirectory(folder)
