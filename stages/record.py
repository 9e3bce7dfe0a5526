"""Adds to MLflow what it lacks: after cache hits, or a store that was away, deleted or moved.

It looks at the current outputs, at those of the last commit and at those of DVC's experiments, which lie in
DVC's cache. A second call adds nothing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from stages import progress, recording, run
from tenshots import params
from tenshots.errors import DataError, SettingsError
from tenshots.repository import checkouts, code, outputs
from tenshots.tables.paths import REPORTS
from tenshots.tracking import entries, remedies, revisions, sessions, store
from tenshots.wording import counted

T = TypeVar("T")

ADDED = "MLflow: added "  # how the line begins that says what was done
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
    stale = _stale_stages(Path(str(values.get("photos"))))
    _put_in_order()

    ready, trained, missing = [], [], []
    for variant in variants:
        of_training = stale & {*FIRST_STAGES, f"train@{variant}"}
        if reason := _reason(recording.paths_of(variant), of_training | stale & {f"evaluate@{variant}"}):
            if not _reason(recording.paths_of_training(variant), of_training):
                trained.append(variant)
                reason += "; trained, and recorded as such"
            missing.append(f"{variant} ({reason})")
        else:
            ready.append(variant)
    complete = not missing
    report = _reason([REPORTS / name for name in entries.REPORT], stale)
    if report:
        missing.append(f"the report ({report})")
    # First, so that the current experiment's run counts them among those that have looked at its test photos.
    others = _record_others(but=None if missing else sessions.current_key()) if _is_main() else []
    num_added = recording.record(
        values, variants=ready, trained=trained, with_experiment=complete, with_report=not report
    )
    if num_added is None:
        raise DataError("the MLflow store was lost, as the warning says; call this again once it is there")

    if num_named := _asked(revisions.name_runs) if _is_main() else 0:
        others.append(f"{ADDED}DVC's names to {counted(num_named, 'experiment')}")
    what = "setting, figure or file" if num_added == 1 else "settings, figures and files"
    own = [f"{ADDED}{num_added} {what}"] if num_added else []
    print(*(own + others or ["MLflow: nothing to add"]), sep="\n")
    if missing:
        print(f"not recorded: {'; '.join(missing)}; run `dvc repro` (or `dvc pull`), then this again")


def _stale_stages(photos: Path) -> set[str]:
    """Those whose outputs are out of date; that a copy holds outputs alone, and no photos, makes none so."""
    alone = set() if _is_main() or photos.exists() else {"ingest", f"{photos.as_posix()}.dvc"}
    return outputs.stale_stages() - alone


def _is_main() -> bool:
    """Whether this is the project's own folder, and not a copy that is recorded from."""
    return Path.cwd() == checkouts.main_repository()


def _record_others(*, but: str | None) -> list[str]:
    """Records what lies in DVC's cache, each in a copy; returns a line of each.

    No code of theirs runs: somebody else may have written it, where an experiment was pulled.

    Args:
        but: the key of the experiment that the workspace holds whole.
    """
    lacking = _asked(lambda: revisions.lacking(but=but))
    if not lacking:
        return []
    said, done = [], []
    with progress.shown("record", total=len(lacking)) as bar:
        for revision in lacking:
            bar.advance(0, str(revision))
            try:
                lines = _record_copy(revision)
            except DataError as error:
                said.append(f"not recorded: {revision} ({error})")
            else:
                done.append(revision)
                said += [f"{line} of {revision}" for line in lines if line.startswith(ADDED)]
            bar.advance(1, str(revision))
    if done:
        _asked(lambda: revisions.remember(done))
    return said


def _record_copy(revision: revisions.Revision) -> list[str]:
    """Records a copy of the revision; returns the lines of output.

    Raises:
        DataError: there can be no copy, or it cannot be recorded.
    """
    with revisions.copied(revision) as (folder, environment):
        answer = subprocess.run(
            [sys.executable, "-P", "-m", "stages.record"],  # -P: not what lies in the folder
            cwd=folder,
            env={**environment, "PYTHONPATH": str(code.CODE_DIR)},
            capture_output=True,
            text=True,
            check=False,
        )
    if answer.returncode:
        raise DataError(" ".join(answer.stderr.split()))
    return answer.stdout.splitlines()


def _asked(question: Callable[[], T]) -> T:
    try:
        return question()
    except Exception as error:
        raise remedies.unusable(error) from None


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
    absent = [str(path) for path in paths if not path.is_file()]
    if absent:
        return f"{_first_of(absent)} missing"
    late = sorted(stale)
    return f"{_first_of(late)} out of date" if late else ""


def _first_of(names: Sequence[str]) -> str:
    """The first two, how many more there are, and the verb."""
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return f"{', '.join(names[:2])}{more} {'is' if len(names) == 1 else 'are'}"


if __name__ == "__main__":
    run(main)
