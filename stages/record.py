"""Adds to MLflow what it lacks of the current outputs: after cache hits, or a store that was away or moved.

A second call adds nothing.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from stages import recording, run
from tenshots import params
from tenshots.errors import DataError, SettingsError
from tenshots.repository import outputs
from tenshots.tables.paths import REPORTS
from tenshots.tracking import entries, remedies, sessions, store
from tenshots.wording import counted

# What every variant comes from; while one of these is out of date, so is whatever follows.
FIRST_STAGES = ("check", "ingest", "split", "augment")


def main(argv: Sequence[str] | None = None) -> None:
    """Records the variants of params.yaml and the report."""
    argparse.ArgumentParser(prog="python -m stages.record", description=__doc__).parse_args(argv)
    values = params.read()
    variants = values.get("variants")
    if not isinstance(variants, dict):
        raise SettingsError(f"{params.PATH}: variants must be a mapping, got {variants!r}")
    if os.environ.get(sessions.UNTRACKED):
        raise SettingsError(f"{sessions.UNTRACKED} is set, which keeps MLflow out; unset it")
    stale = outputs.stale_stages()
    _put_in_order()

    ready, missing = [], []
    for variant in variants:
        outdated = stale & {*FIRST_STAGES, f"train@{variant}", f"evaluate@{variant}"}
        if reason := _reason(recording.paths_of(variant), outdated):
            missing.append(f"{variant} ({reason})")
        else:
            ready.append(variant)
    complete = not missing
    report = _reason([REPORTS / name for name in entries.REPORT], stale)
    if report:
        missing.append(f"the report ({report})")
    num_added = recording.record(values, variants=ready, with_experiment=complete, with_report=not report)
    if num_added is None:
        raise DataError("the MLflow store was lost, as the warning says; call this again once it is there")

    print(f"MLflow: {f'added {num_added} settings, figures and files' if num_added else 'nothing to add'}")
    if missing:
        print(f"not recorded: {'; '.join(missing)}; run `dvc repro` (or `dvc pull`), then this again")


def _put_in_order() -> None:
    """Lets a store that has moved go on here, and ends the runs that a kill left running."""
    try:
        came = store.move_in()
        num_ended = sessions.end_abandoned()
    except Exception as error:
        raise remedies.unusable(error) from None
    if came:
        print(f"MLflow: {came}; it continues here, with the files of its runs")
    if num_ended:
        print(f"MLflow: ended {counted(num_ended, 'run')} that a killed process had left running")


def _reason(paths: Iterable[Path], stale: Iterable[str]) -> str:
    """Why the outputs at `paths` cannot be recorded; empty where they can."""
    absent = [f"{path} is missing" for path in paths if not path.is_file()]
    return ", ".join(absent or [f"{stage} is out of date" for stage in sorted(stale)])


if __name__ == "__main__":
    run(main)
