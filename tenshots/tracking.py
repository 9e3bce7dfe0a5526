"""Every run in MLflow; the only importer of mlflow.

An experiment is a run, found by a tag that hashes the settings, the split and the code; each variant is a run
below it, with folds and repeats as its metrics (`fold_0_repeat_1/val_loss`, a step an epoch), so the table of
runs has one row a variant. The experiment's own run holds all settings, the report and its figures, each
variant's predictions of test photos (`predictions/VARIANT.csv`), its final figures
(`variants/VARIANT/test_accuracy`) and what its networks see (`visualisations/VARIANT`), whether a variant was
trained for it or taken from the cache.

A tag, `tenshots.test_set`, names the test photos by a hash (`provenance.photos_hash`), so that it can be
counted how often they have been looked at.

Nothing here writes an output of a stage, and nothing raises because of the store: one that cannot be reached
costs a line of warning, never a training; `python -m stages.record` adds what is missing later.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar
from urllib.parse import quote

from tenshots import params, provenance

if TYPE_CHECKING:
    import pandas as pd

EXPERIMENT = "tenshots"
KEY_TAG = "tenshots.experiment"
VARIANT_TAG = "tenshots.variant"
FILE_TAG = "tenshots.file"  # followed by a file's name: the hash of its bytes
TEST_SET_TAG = "tenshots.test_set"
NAMES_TAG = "tenshots.names"  # JSON: all names that the experiment has had
NUM_LOOKS = "num_experiments_on_test_set"
FIGURES = "variants"  # before an experiment's figures, so that the UI draws them below those of its variants
ALL_VARIANTS = "*"  # marks the parent; no variant can be called so
CURVES = ("loss", "accuracy", "val_loss", "val_accuracy")
REPORT = ("index.html", "comparison.json", "comparison.md", "augmentation.png")  # files of the parent's run

# A server that does not answer is given up after seconds; MLflow's own 7 retries of 120 s would hold it up.
PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
# What MLflow accepts at once, and in a value. Source: mlflow/utils/validation.py.
MAX_PARAMS, MAX_METRICS, MAX_CHARACTERS, MAX_RUNS = 100, 1000, 6000, 1000

Client: TypeAlias = Any  # mlflow is untyped
Series: TypeAlias = Mapping[str, Mapping[int, float | None]]  # name -> step -> number
T = TypeVar("T")


def store_uri() -> str:
    """Returns the address of the store: `MLFLOW_TRACKING_URI`, else the project's own database.

    A relative sqlite path is anchored at the main repository, as a temporary experiment's folder is deleted.
    """
    given = os.environ.get("MLFLOW_TRACKING_URI", "")
    if re.match(r"sqlite:///[^/]", given):
        return sqlite_uri(provenance.main_repository() / given.removeprefix("sqlite:///"))
    return given or sqlite_uri(provenance.main_repository() / "mlruns" / "mlflow.db")


def sqlite_uri(path: Path) -> str:
    """Returns the address of the database file `path` (absolute), quoted as SQLAlchemy decodes it."""
    return f"sqlite:///{quote(str(path), safe='/: ')}"


def open_store() -> tuple[Client, str]:
    """Returns the client of the store and the id of our experiment in it, both created where missing.

    Raises:
        Exception: whatever MLflow or the file system says about a store that cannot be used.
    """
    for name, value in {**PATIENCE, **QUIET}.items():
        os.environ.setdefault(name, value)
    import mlflow.store.db.utils  # not at the top: it takes seconds, for which a report need not wait
    from mlflow.tracking import MlflowClient

    for logger in ("alembic", "mlflow"):
        logging.getLogger(logger).setLevel(logging.ERROR)
    # 10, MLflow's own number, would wait two minutes for a database that cannot be opened.
    mlflow.store.db.utils.MAX_RETRY_COUNT = 3
    with _lock():  # two workers may create the store at once
        client = MlflowClient(tracking_uri=store_uri())
        found = client.get_experiment_by_name(EXPERIMENT)
        if found is None:
            # Without an absolute place an experiment puts its files into the working directory, which DVC
            # deletes after a temporary experiment; a server knows its own place.
            artifacts_dir = provenance.main_repository() / "mlruns" / "artifacts"
            place = None if store_uri().startswith("http") else artifacts_dir.as_uri()
            return client, str(client.create_experiment(EXPERIMENT, artifact_location=place))
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return client, str(found.experiment_id)


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
            _warn(error)
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

    def add_artifact(self, path: Path, folder: str = "") -> int:
        """Adds those files of `path` (a file, or a folder of files) that `folder` lacks; returns how many."""
        return self.attempt(lambda client: _add_files(client, self.run_id, path, folder), 0)

    def add_bytes(self, content: bytes, name: str) -> int:
        """Adds a file called `name` if the run lacks it; returns 1 or 0."""
        return self.attempt(lambda client: _add_bytes(client, self.run_id, content, name), 0)

    def replace_files(self, files: Mapping[str, bytes], folder: str) -> int:
        """Adds those files (name: content) that `folder` lacks or has otherwise; returns how many."""
        return self.attempt(lambda client: _replace_files(client, self.run_id, files, folder), 0)

    def tag(self, name: str, value: str) -> int:
        """Sets a tag; returns 1, or 0 where it is so already."""
        return self.attempt(lambda client: _set_tag(client, self.run_id, name, value), 0)


def log_settings(run: Run, model: Mapping[str, object]) -> int:
    """Adds the settings of a variant as model.json holds them; returns how many were missing."""
    wanted = ("variant", "data", "network_name", "network", "standardise", "settings")
    return run.params({key: model[key] for key in wanted if key in model})


def log_epoch(run: Run, row: Mapping[str, Any]) -> None:
    """Adds one row of a variant's history (one epoch of one fit), as it happens."""
    run.metrics({f"{_fit(row)}/{name}": row[name] for name in CURVES}, step=int(row["epoch"]))


def log_history(run: Run, history: pd.DataFrame) -> int:
    """Adds what the run lacks of a variant's history: each fit's curves, and their means as `mean/val_loss`.

    The mean of an epoch is taken over the fits that reached it. Returns the number of points added.
    """
    series: dict[str, dict[int, float | None]] = {}
    for row in history.to_dict("records"):
        for name in CURVES:
            series.setdefault(f"{_fit(row)}/{name}", {})[int(row["epoch"])] = row[name]
    for name in CURVES:
        series[f"mean/{name}"] = {
            int(step): mean for step, mean in history.groupby("epoch")[name].mean().items()
        }
    return run.add_metrics(series)


def log_final(run: Run, metrics: Mapping[str, float | None]) -> int:
    """Adds those of a variant's final metrics that the run lacks; returns how many."""
    return run.add_metrics({name: {0: value} for name, value in metrics.items()})


def log_model(run: Run, model_dir: Path) -> int:
    """Adds the files of a variant's model folder that the run lacks, as `model`; returns how many."""
    return run.add_artifact(model_dir, "model")


def log_report(run: Run, reports_dir: Path) -> int:
    """Adds those files of the report, as `report`, that the run lacks or has otherwise; returns how many.

    A page of other settings belongs to the same experiment and takes the place of the former.
    """
    return run.replace_files({name: (reports_dir / name).read_bytes() for name in REPORT}, "report")


def log_test_set(run: Run, test_set: str) -> int:
    """Says which test photos (`provenance.photos_hash`) the run has looked at; returns 1 if that is new."""
    return run.tag(TEST_SET_TAG, test_set)


def num_looks(run: Run, test_set: str) -> int | None:
    """Returns how many experiments were evaluated on these test photos; None where the store cannot tell.

    An experiment that was run again counts once. One whose runs were deleted counts too: its result was seen.
    """

    def count(client: Client) -> int:
        return count_looks(client, client.get_experiment_by_name(EXPERIMENT).experiment_id, test_set)

    return run.attempt(count, None)


def count_looks(client: Client, experiment_id: str, test_set: str) -> int:
    """Returns what `num_looks` does, and raises whatever the store says."""
    runs = search(client, experiment_id, f"tags.`{TEST_SET_TAG}` = '{test_set}'", with_deleted=True)
    return len({each.data.tags[KEY_TAG] for each in runs})


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


@contextmanager
def variant_run(variant: str, *, supersede: bool = False, live: bool = True) -> Iterator[Run]:
    """Gives the run of a variant in the current experiment, below the experiment's own run.

    Args:
        variant: its key in params.yaml.
        supersede: take the place of the run that the same experiment left before, instead of adding to it.
        live: the work happens now, so that the run ends now; False leaves the end of a finished run alone.
    """

    def enter(experiment: _Experiment) -> list[str]:
        parent_id = experiment.open_parent(live=live)
        for former in experiment.find(variant) if supersede else []:
            experiment.client.delete_run(former.info.run_id)
        tags = {"mlflow.parentRunId": parent_id, **provenance.tags()}
        return [experiment.open(variant, name=variant, live=live, tags=tags), parent_id]

    with _session(enter, live=live) as run:
        yield run


@contextmanager
def existing_run(variant: str) -> Iterator[Run]:
    """Gives the run of a variant in the current experiment as it was left, or nothing where it has none."""
    with _session(
        lambda experiment: [run.info.run_id for run in experiment.find(variant)[:1]], live=False
    ) as run:
        yield run


@contextmanager
def experiment_run(*, live: bool = True) -> Iterator[Run]:
    """Gives the run of the whole experiment, parent of its variants' runs; `live` as in `variant_run`."""
    with _session(lambda experiment: [experiment.open_parent(live=live)], live=live) as run:
        yield run


class _Experiment(NamedTuple):
    client: Client
    id: str
    key: str

    def find(self, variant: str) -> list[Any]:
        """The active runs of `variant` in this experiment, the newest first."""
        wanted = f"tags.`{KEY_TAG}` = '{self.key}' and tags.`{VARIANT_TAG}` = '{variant}'"
        newest_first = ["attributes.start_time DESC"]
        return list(self.client.search_runs([self.id], filter_string=wanted, order_by=newest_first))

    def open(self, variant: str, *, name: str, live: bool, tags: Mapping[str, str]) -> str:
        """The id of the run of `variant`, found or created."""
        tags = {"mlflow.runName": name, KEY_TAG: self.key, VARIANT_TAG: variant, **tags}
        found = self.find(variant)
        if not found:
            return str(self.client.create_run(self.id, run_name=name, tags=tags).info.run_id)
        run = found[0]
        for tag, value in tags.items():
            # Looking back, only the way to the parent may need mending: the rest was true at the time.
            if run.data.tags.get(tag) != value and (live or tag == "mlflow.parentRunId"):
                self.client.set_tag(run.info.run_id, tag, value)
        if live:
            self.client.update_run(run.info.run_id, status="RUNNING")
        return str(run.info.run_id)

    def open_parent(self, *, live: bool) -> str:
        name = os.environ.get("DVC_EXP_NAME") or f"experiment {self.key[:7]}"
        found = self.find(ALL_VARIANTS)
        names = [*(names_of(found[0]) if found else []), name]
        tags = {**provenance.tags(), NAMES_TAG: json.dumps(list(dict.fromkeys(names)))}
        return self.open(ALL_VARIANTS, name=name, live=live, tags=tags)


def names_of(run: Any) -> list[str]:  # noqa: ANN401 (a run of mlflow)
    """Returns all names of an experiment, such as DVC's for runs that differ in pictures alone."""
    names: list[str] = json.loads(run.data.tags.get(NAMES_TAG, "[]"))
    return names or [run.info.run_name]


@contextmanager
def _session(enter: Callable[[_Experiment], list[str]], *, live: bool) -> Iterator[Run]:
    """Gives the first of the runs that `enter` opens; all of them end as the block ends."""
    run, run_ids = Run(), []
    try:
        key = provenance.experiment_key(
            params.read(), splits_path=provenance.SPLITS_PATH, code_dir=provenance.CODE_DIR
        )
        experiment = _Experiment(*open_store(), key)
        with _lock():  # two workers may open the same run at once
            run_ids = enter(experiment)
        run = Run(experiment.client, run_ids[0]) if run_ids else Run()
    except Exception as error:
        _warn(error)
    status = "FAILED"
    try:
        yield run
        status = "FINISHED"
    finally:
        for run_id in run_ids:
            run.attempt(partial(_end, run_id=run_id, status=status, live=live), None)


def _end(client: Client, *, run_id: str, status: str, live: bool) -> None:
    if live or client.get_run(run_id).info.status != "FINISHED":
        client.set_terminated(run_id, status)


@contextmanager
def _lock() -> Iterator[None]:
    from filelock import FileLock

    folder = provenance.main_repository() / "mlruns"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "store.lock", timeout=60):
        yield


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


def _add_files(client: Client, run_id: str, path: Path, folder: str) -> int:
    there = {Path(info.path).name for info in client.list_artifacts(run_id, folder or None)}
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    missing = [file for file in files if file.name not in there]
    for file in missing:
        _upload(client, run_id, file, folder)
    return len(missing)


def _replace_files(client: Client, run_id: str, files: Mapping[str, bytes], folder: str) -> int:
    tags = client.get_run(run_id).data.tags
    there = {Path(info.path).name for info in client.list_artifacts(run_id, folder)}
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
    return num_added


def _set_tag(client: Client, run_id: str, name: str, value: str) -> int:
    if client.get_run(run_id).data.tags.get(name) == value:
        return 0
    client.set_tag(run_id, name, value)
    return 1


def _add_bytes(client: Client, run_id: str, content: bytes, name: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return _add_files(client, run_id, path, "")


def _fit(row: Mapping[str, Any]) -> str:
    return f"fold_{int(row['fold'])}_repeat_{int(row['repeat'])}"


def _name(name: str) -> str:
    return re.sub(r"[^\w\-. /]", "_", name)  # what MLflow refuses in a name


def _warn(error: Exception) -> None:
    reason = next((line for line in str(error).splitlines() if line.strip()), "") or type(error).__name__
    message = (
        f"warning: the MLflow store {store_uri()} cannot be used ({reason}); this goes on without it, "
        "and `python -m stages.record` adds the run later"
    )
    print(without_password(message), file=sys.stderr, flush=True)


def without_password(text: str) -> str:
    """Returns `text` without the name and password of any address in it (a `/` in them stands as %2F)."""
    return re.sub(r"//[^\s/?#]*@", "//", text)
