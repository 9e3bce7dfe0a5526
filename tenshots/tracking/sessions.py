"""Runs in MLflow: how they are found, opened and ended.

An experiment is a run, found by a tag that hashes the settings, the split and the code; each variant is a run
below it, so the table of runs has one row per variant. Both bear the experiment's name. A tag,
`liveness.TAG`, names the processes that work on a run, so that one which a kill left running is ended later.
The experiment's run is FINISHED once all of its stages are; where only some of them are, it is SCHEDULED.
`entries` says what a run holds, `records` what that of an experiment holds besides.

Nothing here writes an output of a stage, and nothing raises because of the store: one that cannot be reached
costs a line of warning, never a training; `python -m stages.record` adds what is missing later.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from tenshots import params
from tenshots.repository import code
from tenshots.tables import corrections
from tenshots.tables.paths import SPLITS
from tenshots.tracking import identity, liveness, origin, rebuild, sharing, store
from tenshots.tracking.runs import Run, put_files, warn
from tenshots.tracking.store import Client, search

KEY_TAG = "tenshots.experiment"
VARIANT_TAG = "tenshots.variant"
NAMES_TAG = "tenshots.names"  # JSON: all names that the experiment has had
UNTRACKED = "TENSHOTS_UNTRACKED"  # set in the environment: no run is opened, and nothing is said
ALL_VARIANTS = "*"  # marks the parent; no variant can be called so
# Statuses of MLflow's runs.
DONE, MORE_TO_COME, FAILED = "FINISHED", "SCHEDULED", "FAILED"


@contextmanager
def variant_run(variant: str, *, supersede: bool = False, live: bool = True) -> Iterator[Run]:
    """Gives the run of a variant in the current experiment, below the experiment's own run.

    Args:
        variant: its key in params.yaml.
        supersede: take the place of the run that the same experiment left before, instead of adding to it.
        live: the work happens now, so that the run ends now; False leaves the end of a finished run alone.
    """

    def enter(experiment: _Experiment) -> dict[str, str]:
        parent_id = experiment.open_parent(live=live)
        for former in experiment.find(variant) if supersede else []:
            experiment.client.delete_run(former.info.run_id)
        name = f"{experiment.client.get_run(parent_id).info.run_name}: {variant}"
        tags = {"mlflow.parentRunId": parent_id, **origin.tags()}
        run_id = experiment.open(variant, name=name, live=live, tags=tags)
        experiment.say_how(run_id, live=live, parent_id=parent_id)
        return {run_id: DONE, parent_id: MORE_TO_COME}

    with _session(enter, live=live) as run:
        yield run


@contextmanager
def existing_run(variant: str) -> Iterator[Run]:
    """Gives the run of a variant in the current experiment as it was left, or nothing where it has none."""
    with _session(
        lambda experiment: {run.info.run_id: DONE for run in experiment.find(variant)[:1]}, live=False
    ) as run:
        yield run


@contextmanager
def experiment_run(*, live: bool = True, whole: bool = True) -> Iterator[Run]:
    """Gives the run of the whole experiment, parent of its variants' runs.

    Args:
        live: as in `variant_run`.
        whole: no stage of the experiment is left to do, so that its run is finished.
    """
    status = DONE if whole else MORE_TO_COME
    with _session(lambda experiment: {experiment.open_parent(live=live): status}, live=live) as run:
        yield run


class _Experiment(NamedTuple):
    client: Client
    id: str
    key: str

    def name(self) -> str:
        """DVC's name for the experiment, or one that a part of the key tells from others."""
        return os.environ.get(origin.DVC_NAME_VARIABLE) or f"experiment {self.key[:7]}"

    def find(self, variant: str) -> list[Any]:
        """The active runs of `variant` in this experiment, the newest first."""
        wanted = f"tags.`{KEY_TAG}` = '{self.key}' and tags.`{VARIANT_TAG}` = '{variant}'"
        newest_first = ["attributes.start_time DESC"]
        return list(self.client.search_runs([self.id], filter_string=wanted, order_by=newest_first))

    def open(self, variant: str, *, name: str, live: bool, tags: Mapping[str, str]) -> str:
        """The id of the run of `variant`, found or created."""
        tags = {"mlflow.runName": name, KEY_TAG: self.key, VARIANT_TAG: variant, **tags}
        found = self.find(variant)
        if live or not found:
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
        name = self.name()
        found = self.find(ALL_VARIANTS)
        names = [*(names_of(found[0]) if found else []), name]
        tags = {**origin.tags(), NAMES_TAG: json.dumps(list(dict.fromkeys(names)))}
        run_id = self.open(ALL_VARIANTS, name=name, live=live, tags=tags)
        self.say_how(run_id, live=live, parent_id=run_id)
        return run_id

    def say_how(self, run_id: str, *, live: bool, parent_id: str) -> None:
        """Says in a tag of the run, and in its description, what makes its outputs again.

        Looking back, only where nothing was known: the rest was true at the time.
        """
        revision, tags = origin.revision(), self.client.get_run(run_id).data.tags
        known = tags.get(rebuild.TAG, rebuild.UNKNOWN)
        if revision is None or not (live or known.startswith(rebuild.UNKNOWN)):
            return
        if run_id == parent_id:
            put_files(self.client, run_id, {params.PATH.name: params.PATH.read_bytes()}, rebuild.SETTINGS)
            said = rebuild.command(revision, params.read(), run_id=parent_id)
        parent = self.client.get_run(parent_id)
        if run_id != parent_id:
            said = parent.data.tags.get(rebuild.TAG, known)
        name = tags.get(origin.NAME_TAG, "")
        ours = {"", *(rebuild.note(known, each) for each in ("", name, *names_of(parent)))}
        new = {rebuild.TAG: said}
        if tags.get(rebuild.NOTE, "") in ours:  # what a user has written there stays
            new[rebuild.NOTE] = rebuild.note(said, name)
        for tag, value in new.items():
            if tags.get(tag) != value:
                self.client.set_tag(run_id, tag, value)

    def give_up(self) -> None:
        """Ends what was opened before the store failed, as far as the store still answers.

        Runs are found by their tags, because a run may be there although its id never came back.
        """
        wanted = f"tags.`{KEY_TAG}` = '{self.key}' and attributes.status = 'RUNNING'"
        for run in search(self.client, self.id, wanted):
            if liveness.is_mine_alone(run.data.tags):
                self.client.set_terminated(run.info.run_id, FAILED)


def current_key() -> str:
    """Returns what tells the experiment of the current folder from others (`identity.experiment_key`).

    The folder's code counts, which is not the code that runs where `record` looks at a copy.
    """
    own = Path.cwd()
    code_dir = own if (own / "tenshots").is_dir() else code.CODE_DIR
    corrected = corrections.effects(corrections.CORRECTIONS)
    return identity.experiment_key(params.read(), splits_path=SPLITS, code_dir=code_dir, corrected=corrected)


def names_of(run: Any) -> list[str]:  # noqa: ANN401 (a run of mlflow)
    """Returns all names of an experiment, such as DVC's for runs that differ in pictures alone."""
    names: list[str] = json.loads(run.data.tags.get(NAMES_TAG, "[]"))
    return names or [run.info.run_name]


@contextmanager
def _session(enter: Callable[[_Experiment], dict[str, str]], *, live: bool) -> Iterator[Run]:
    """Gives the first of the runs that `enter` opens; as the block ends, each gets the status beside it."""
    run, statuses = Run(), dict[str, str]()
    if os.environ.get(UNTRACKED):
        yield run
        return
    try:
        experiment = _Experiment(*store.open_for_stage(), current_key())
        sharing.say_once(experiment.client, experiment.id)
        with store.lock():  # two workers may open the same run at once
            _end_abandoned(experiment.client, experiment.id)
            statuses = _entered(experiment, enter)
        run = Run(experiment.client, next(iter(statuses))) if statuses else Run()
    except Exception as error:
        warn(error)
    failed = True
    try:
        yield run
        failed = False
    finally:
        for run_id, status in statuses.items():
            end = partial(_end, run_id=run_id, status=FAILED if failed else status, live=live)
            run.attempt(end, None)
        store.settle()


def _entered(experiment: _Experiment, enter: Callable[[_Experiment], dict[str, str]]) -> dict[str, str]:
    """The runs that `enter` opens: all of them, or none is left running; a signal to stop counts, too."""
    try:
        return enter(experiment)
    except BaseException:
        with suppress(Exception):  # what stopped it is said, or raised
            experiment.give_up()
        raise


def _end(client: Client, *, run_id: str, status: str, live: bool) -> None:
    """Ends a run, unless another process works on it, which ends it then.

    Looking back, a run that had ended stays as it was: what is whole now is all that is learnt.
    """
    with store.lock():
        run = client.get_run(run_id)
        is_running = run.info.status == "RUNNING"
        if is_running and (others := liveness.others(run.data.tags)):
            client.set_tag(run_id, liveness.TAG, json.dumps(others))
        elif live or is_running or status == DONE != run.info.status:
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
