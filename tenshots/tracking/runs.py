"""One run in MLflow: what can be added to it, and that nothing raises because of the store."""

from __future__ import annotations

import hashlib
import re
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias, TypeVar

from tenshots import params
from tenshots.repository import outputs
from tenshots.tracking import places, remedies
from tenshots.tracking.store import Client

FILE_TAG = "tenshots.file"  # followed by a file's name: the hash of its bytes
# What MLflow accepts at once, and in a value. Source: mlflow/utils/validation.py.
MAX_PARAMS, MAX_METRICS, MAX_CHARACTERS = 100, 1000, 6000

Series: TypeAlias = Mapping[str, Mapping[int, float | None]]  # name -> step -> number
T = TypeVar("T")


class Run:
    """One MLflow run, or nothing where the store is out of reach: then every call does nothing."""

    def __init__(self, client: Client = None, run_id: str = "") -> None:
        self._client = client
        self.run_id = run_id

    @property
    def reached(self) -> bool:
        """Whether the store has answered so far."""
        return self._client is not None

    def attempt(self, action: Callable[[Client], T], otherwise: T) -> T:
        """Returns `action(client)`; the first failure of the store is said, and ends all further attempts."""
        if self._client is None:
            return otherwise
        try:
            return action(self._client)
        except Exception as error:
            self._client = None
            warn(error)
            return otherwise

    def params(self, values: Mapping[str, object]) -> int:
        """Adds the settings that the run lacks, nested mappings flattened with dots; returns their number."""
        return self.attempt(lambda client: _add_params(client, self.run_id, values), 0)

    def metrics(self, values: Mapping[str, float | None], step: int | None = None) -> None:
        """Adds numbers, at `step` if given; None is left out."""
        points = {name: {step or 0: value} for name, value in values.items()}
        self.attempt(lambda client: _log_points(client, self.run_id, points), 0)

    def add_metrics(self, series: Series) -> int:
        """Adds those points that the run lacks; returns how many."""
        return self.attempt(lambda client: _add_points(client, self.run_id, series), 0)

    def artifact(self, path: Path, folder: str = "") -> None:
        """Adds a file, or what a folder holds, below the run's `folder`; what is there is replaced."""
        self.attempt(lambda client: _upload(client, self.run_id, path, folder), None)

    def replace_folder(self, path: Path, folder: str, *, without: Collection[str] = ()) -> int:
        """Makes the run's `folder` hold the files of `path`, where it does not yet; returns how many it adds.

        Files whose names are in `without` stay out. A tag, `folder_tag(folder)`, holds the hash of the rest:
        a reader can tell that they still are so.
        """
        return self.attempt(lambda client: _replace_folder(client, self.run_id, path, folder, without), 0)

    def add_made(self, name: str, make: Callable[[], bytes]) -> int:
        """Adds a file `name` of the bytes that `make` returns, if the run lacks it; returns 1 or 0."""
        return self.attempt(lambda client: _add_made(client, self.run_id, name, make), 0)

    def replace_files(self, files: Mapping[str, bytes], folder: str) -> int:
        """Makes the run's `folder` hold those files (name: content) alone; returns how many it adds."""
        return self.attempt(lambda client: _replace_files(client, self.run_id, files, folder), 0)

    def tag(self, name: str, value: str) -> int:
        """Sets a tag; returns 1, or 0 where it is so already."""
        return self.attempt(lambda client: _set_tag(client, self.run_id, name, value), 0)


def put_files(client: Client, run_id: str, files: Mapping[str, bytes], folder: str) -> int:
    """Does what `Run.replace_files` does, and raises whatever the store says."""
    return _replace_files(client, run_id, files, folder)


def folder_tag(folder: str) -> str:
    """Returns the name of the tag with the hash (`outputs.folder_hash`) of a folder of a run's files."""
    return f"{FILE_TAG}.{folder}"


def warn(error: Exception) -> None:
    """Says in one line that the store is out of reach, and what helps."""
    reason = remedies.reason(error)
    why = reason.removesuffix(remedies.GOES_ON)
    first = "" if why == reason else "continues it here and "  # the same command: named once
    message = (
        f"warning: the MLflow store {places.store_uri()} cannot be used ({why}); "
        f"the stage continues without it, and `python -m stages.record` {first}adds the run later"
    )
    print(places.without_password(message), file=sys.stderr, flush=True)


def _add_params(client: Client, run_id: str, values: Mapping[str, object]) -> int:
    from mlflow.entities import Param

    there = client.get_run(run_id).data.params
    flat = {_name(key): text[:MAX_CHARACTERS] for key, text in params.flattened(values).items()}
    missing = [Param(key, value) for key, value in flat.items() if key not in there]
    for start in range(0, len(missing), MAX_PARAMS):
        client.log_batch(run_id, params=missing[start : start + MAX_PARAMS])
    return len(missing)


def _add_points(client: Client, run_id: str, series: Series) -> int:
    missing: dict[str, dict[int, float | None]] = {}
    for name, points in series.items():
        there = {point.step for point in client.get_metric_history(run_id, _name(name))}
        missing[name] = {step: value for step, value in points.items() if step not in there}
    return _log_points(client, run_id, missing)


def _log_points(client: Client, run_id: str, series: Series) -> int:
    from mlflow.entities import Metric

    now_ms = int(time.time() * 1000)
    points = [
        Metric(_name(name), float(value), now_ms, step)
        for name, values in series.items()
        for step, value in values.items()
        if value is not None
    ]
    for start in range(0, len(points), MAX_METRICS):
        client.log_batch(run_id, metrics=points[start : start + MAX_METRICS])
    return len(points)


def _upload(client: Client, run_id: str, path: Path, folder: str) -> None:
    upload = client.log_artifacts if path.is_dir() else client.log_artifact
    upload(run_id, str(path), folder or None)


def _replace_folder(client: Client, run_id: str, path: Path, folder: str, without: Collection[str]) -> int:
    tag, digest = folder_tag(folder), outputs.folder_hash(path, without=without)
    there = {Path(info.path).name for info in client.list_artifacts(run_id, folder)}
    if client.get_run(run_id).data.tags.get(tag) != digest:
        client.set_tag(run_id, tag, "")  # so that a broken upload is seen as one
        there = set()
    missing = [file for file in sorted(path.iterdir()) if file.name not in {*there, *without}]
    for file in missing:
        _upload(client, run_id, file, folder)
    _set_tag(client, run_id, tag, digest)
    return len(missing)


def _replace_files(client: Client, run_id: str, files: Mapping[str, bytes], folder: str) -> int:
    tags = client.get_run(run_id).data.tags
    there = {Path(info.path).name for info in client.list_artifacts(run_id, folder) if not info.is_dir}
    num_added = 0
    for name, content in files.items():
        tag, digest = _name(f"{FILE_TAG}.{folder}/{name}"), hashlib.sha256(content).hexdigest()
        if name in there and tags.get(tag) == digest:
            continue
        client.set_tag(run_id, tag, "")  # so that a broken upload is seen as one
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary) / name
            path.write_bytes(content)
            _upload(client, run_id, path, folder)
        client.set_tag(run_id, tag, digest)
        num_added += 1
    for name in sorted(there - files.keys()):
        _remove(client, run_id, f"{folder}/{name}")
    return num_added


def _remove(client: Client, run_id: str, name: str) -> None:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    place = client.get_run(run_id).info.artifact_uri
    with suppress(Exception):  # a store may forbid it: then an old file stays, which costs no more than that
        get_artifact_repository(place, tracking_uri=places.store_uri()).delete_artifacts(name)


def _set_tag(client: Client, run_id: str, name: str, value: str) -> int:
    if client.get_run(run_id).data.tags.get(name) == value:
        return 0
    client.set_tag(run_id, name, value)
    return 1


def _add_made(client: Client, run_id: str, name: str, make: Callable[[], bytes]) -> int:
    if any(info.path == name for info in client.list_artifacts(run_id)):
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(make())
        _upload(client, run_id, path, "")
    return 1


def _name(name: str) -> str:
    return re.sub(r"[^\w\-. /]", "_", name)  # what MLflow refuses in a name
