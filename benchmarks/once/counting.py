"""What the store holds, compared with what it must: one FINISHED run for each variant of an experiment."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.once.rooms import Used
from tenshots.tracking import identity, sessions

WHOLE = ("*", "baseline", "frozen")  # the experiment's own run and that of each variant
# Asked of the file, not of MLflow, which keeps connections to files that are gone.
QUERY = """
SELECT runs.status, keys.value, variants.value FROM runs
JOIN tags AS keys ON keys.run_uuid = runs.run_uuid AND keys.key = ?
JOIN tags AS variants ON variants.run_uuid = runs.run_uuid AND variants.key = ?
WHERE runs.lifecycle_stage = 'active'
"""


class Trained(NamedTuple):
    """An experiment that must be found: settings that differ from the project's, and whose runs."""

    settings: Mapping[str, Any]
    variants: Sequence[str] = WHOLE


class Count(NamedTuple):
    """Runs by status, and how many of those that must be FINISHED are not there, or there more than once.

    Also how many are FINISHED of experiments that nobody ran, as if a second key had been computed of one.
    """

    running: int
    finished: int
    ended: int  # FAILED or KILLED
    missing: int
    twice: int
    strange: int


def count(project: Used, trained: Sequence[Trained], database: Path) -> Count:
    """Counts the runs of the project's experiments in a store."""
    committed = project.committed()
    wanted = {
        (_key(project, committed, each.settings), variant) for each in trained for variant in each.variants
    }
    runs: list[tuple[str, str, str]] = []
    if database.exists():
        with closing(sqlite3.connect(database)) as connection:
            runs = connection.execute(QUERY, [sessions.KEY_TAG, sessions.VARIANT_TAG]).fetchall()
    statuses = Counter(status for status, _, _ in runs)
    finished = Counter((key, variant) for status, key, variant in runs if status == "FINISHED")
    return Count(
        running=statuses["RUNNING"],
        finished=statuses["FINISHED"],
        ended=statuses["FAILED"] + statuses["KILLED"],
        missing=len(wanted - finished.keys()),
        twice=sum(number - 1 for number in finished.values()),
        strange=sum(key not in {known for known, _ in wanted} for key, _ in finished),
    )


def _key(project: Used, committed: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    splits = project.folder / "data" / "splits" / "splits.csv"
    return identity.experiment_key({**committed, **settings}, splits_path=splits, code_dir=project.folder)
