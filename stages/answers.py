"""The pipeline as `dvc repro` runs it, but the cheapest answer first: `make repro` calls this.

Each variant's test accuracy is printed as soon as it is there, with about how long the rest may take.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence

from stages import run
from tenshots import cores, params
from tenshots.outlook import lines, pace, work
from tenshots.repository import outputs, running
from tenshots.tables import database
from tenshots.tables.paths import EFFORTS, EVALUATIONS, SPLITS


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the pipeline in the current directory; where DVC fails, ends with its exit status."""
    argparse.ArgumentParser(prog="python -m stages.answers", description=__doc__).parse_args(argv)
    values = params.read()
    first, *others = work.in_order(values, _efforts())
    if not work.is_known(values, first, _efforts()):  # without a linear one, the networks are weighed first
        _reproduce("rehearse")
        first, *others = work.in_order(values, _efforts())
    _reproduce(f"evaluate@{first}")
    # Only now, so that the first answer does not wait for it; and by now it knows what the settings changed.
    stale = outputs.stale_stages()
    if not stale:
        for name in (first, *others):
            _print(_answer(name))
        return

    efforts = _efforts()
    others = [name for name in work.in_order(values, efforts) if name != first]
    waiting = [name for name in others if work.concerned(values, name, stale)]
    sizes = work.sizes(database.read_splits(SPLITS), num_workers=cores.num_workers(threads=values["threads"]))
    left = work.of_variants(values, waiting, stale, efforts, sizes)
    rest = work.of_the_rest(values, waiting, efforts, sizes)
    speed = pace.Pace(pace.probed(sizes.workers))

    def outlook() -> str:
        return lines.rest(list(left), speed.seconds(sum(left.values()) + rest))

    known = [_answer(name) for name in (first, *others) if name not in waiting]
    _print("\n".join([*known[:-1], f"{known[-1]}; {outlook()}"]))
    for name in waiting:
        started = time.monotonic()
        _reproduce(f"evaluate@{name}")
        speed.learn(left.pop(name), time.monotonic() - started)
        _print(f"{_answer(name)}; {outlook()}")
    _reproduce()


def _answer(name: str) -> str:
    predictions = database.read_predictions(EVALUATIONS / name / "predictions.csv")
    return lines.answer(name, predictions, database.read_splits(SPLITS))


def _print(text: str) -> None:
    print(f"\n{text}\n", flush=True)


def _efforts() -> work.Efforts:
    try:
        found: work.Efforts = json.loads(EFFORTS.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):  # before the first run, or after a kill
        return {}
    return found


def _reproduce(*targets: str) -> None:
    if status := running.dvc("repro", *targets):
        sys.exit(status)


if __name__ == "__main__":
    run(main)
