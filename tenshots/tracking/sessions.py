"""Every run in MLflow: which there are, and when each begins and ends.

An experiment is a run, found by a tag that hashes the settings, the split and the code; each variant is a run
below it, with folds and repeats as its metrics (`fold_0_repeat_1/val_loss`, a step an epoch), so the table of
runs has one row a variant. The experiment's own run holds all settings, the report and its figures, each
variant's predictions of test photos (`predictions/VARIANT.csv`), its final figures
(`variants/VARIANT/test_accuracy`) and what its networks see (`visualisations/VARIANT`), whether a variant was
trained for it or taken from the cache.

A tag, `tenshots.test_set`, names the test photos by a hash (`provenance.photos_hash`), so that it can be
counted how often they have been looked at. Another, `liveness.TAG`, names the processes that work on a run,
so that one which a kill left running is ended later.

Nothing here writes an output of a stage, and nothing raises because of the store: one that cannot be reached
costs a line of warning, never a training; `python -m stages.record` adds what is missing later.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tenshots import params
from tenshots.tables.paths import SPLITS
from tenshots.tracking import liveness, provenance, store
from tenshots.tracking.runs import Run, warn
from tenshots.tracking.store import EXPERIMENT, Client, search

if TYPE_CHECKING:
    import pandas as pd

KEY_TAG = "tenshots.experiment"
VARIANT_TAG = "tenshots.variant"
TEST_SET_TAG = "tenshots.test_set"
NAMES_TAG = "tenshots.names"  # JSON: all names that the experiment has had
NUM_LOOKS = "num_experiments_on_test_set"
FIGURES = "variants"  # before an experiment's figures, so that the UI draws them below those of its variants
ALL_VARIANTS = "*"  # marks the parent; no variant can be called so
MODEL = "model"  # the folder of a run's files that holds what training left
CURVES = ("loss", "accuracy", "val_loss", "val_accuracy")
REPORT = ("index.html", "comparison.json", "comparison.md", "augmentation.png")  # files of the parent's run


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
    """Adds the files of a variant's model folder that the run lacks or has otherwise; returns how many."""
    return run.replace_folder(model_dir, MODEL)


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
        if live:
            is_running = bool(found) and found[0].info.status == "RUNNING"
            tags[liveness.TAG] = liveness.joined(liveness.of(found[0].data.tags) if is_running else [])
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
        key = provenance.experiment_key(params.read(), splits_path=SPLITS, code_dir=provenance.CODE_DIR)
        experiment = _Experiment(*store.open_for_stage(), key)
        with store.lock():  # two workers may open the same run at once
            _end_abandoned(experiment.client, experiment.id)
            run_ids = enter(experiment)
        run = Run(experiment.client, run_ids[0]) if run_ids else Run()
    except Exception as error:
        warn(error)
    status = "FAILED"
    try:
        yield run
        status = "FINISHED"
    finally:
        for run_id in run_ids:
            run.attempt(partial(_end, run_id=run_id, status=status, live=live), None)


def _end(client: Client, *, run_id: str, status: str, live: bool) -> None:
    run = None if live else client.get_run(run_id)
    if run is None or not (run.info.status == "FINISHED" or _is_worked_on(run)):
        client.set_terminated(run_id, status)


def end_abandoned() -> int:
    """Ends the runs that a kill left running, and says how many; `store.open_store` says what it raises.

    A run is ended only if each process that worked on it is surely gone (see tenshots.tracking.liveness).
    """
    client, experiment_id = store.open_store()
    with store.lock():
        return _end_abandoned(client, experiment_id)


def _end_abandoned(client: Client, experiment_id: str) -> int:
    running = search(client, experiment_id, "attributes.status = 'RUNNING'")
    abandoned = [run for run in running if liveness.is_abandoned(run.data.tags)]
    for run in abandoned:
        client.set_terminated(run.info.run_id, "KILLED")
    return len(abandoned)


def _is_worked_on(run: Any) -> bool:  # noqa: ANN401 (a run of mlflow)
    tags = run.data.tags
    return run.info.status == "RUNNING" and liveness.TAG in tags and not liveness.is_abandoned(tags)


def _fit(row: Mapping[str, Any]) -> str:
    return f"fold_{int(row['fold'])}_repeat_{int(row['repeat'])}"
