"""Adds to MLflow what it lacks of the current outputs: after cache hits, or a store that was away or moved.

A second call adds nothing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stages import run
from tenshots import params
from tenshots.errors import DataError, SettingsError
from tenshots.evaluation import metrics
from tenshots.repository import outputs
from tenshots.tables import csv_files, database
from tenshots.tables.paths import CROISSANT, DATABASE, EVALUATIONS, MODELS, REPORTS, SPLITS, VISUALISATIONS
from tenshots.tracking import entries, figures, identity, looks, records, remedies, runs, sessions, store
from tenshots.wording import counted

CARDS = (REPORTS / "model_card.md", REPORTS / "data_card.md", CROISSANT)
# What every variant comes from; while one of these is out of date, so is whatever follows.
FIRST_STAGES = ("check", "ingest", "split", "augment")


def main(argv: Sequence[str] | None = None) -> None:
    """Records the variants of params.yaml and the report."""
    argparse.ArgumentParser(prog="python -m stages.record", description=__doc__).parse_args(argv)
    values = params.read()
    variants = values.get("variants")
    if not isinstance(variants, dict):
        raise SettingsError(f"{params.PATH}: variants must be a mapping, got {variants!r}")
    stale = outputs.stale_stages()
    _put_in_order()

    num_added, missing = 0, []
    for variant in variants:
        paths = _paths(variant)
        reason = _reason(paths, stale & {*FIRST_STAGES, f"train@{variant}", f"evaluate@{variant}"})
        if reason:
            missing.append(f"{variant} ({reason})")
            continue
        with sessions.variant_run(variant, live=False) as tracked:
            num_added += _record_variant(tracked, variant, paths)
        _check_reached(tracked)
    if not missing:
        num_added += _record_experiment(values)
    reason = _reason([REPORTS / name for name in entries.REPORT], stale)
    if reason:
        missing.append(f"the report ({reason})")
    else:
        with sessions.experiment_run(live=False) as tracked:
            num_added += entries.log_report(tracked, REPORTS) + records.log_pictures(
                tracked, {name: _pictures(name) for name in variants}
            )
        _check_reached(tracked)
        num_added += _record_cards()

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


def _paths(variant: str) -> list[Path]:
    return [
        MODELS / variant / "model.json",
        MODELS / variant / "history.csv",
        EVALUATIONS / variant / "metrics.json",
        EVALUATIONS / variant / "details.json",
        EVALUATIONS / variant / "predictions.csv",
        EVALUATIONS / variant / "curves.csv",
    ]


def _record_variant(tracked: runs.Run, variant: str, paths: Sequence[Path]) -> int:
    model, history, summary, details, predictions, _ = paths
    test = database.read_predictions(predictions)
    facts = _json(details)
    confusion = figures.confusion_png(np.array(facts["confusion"]), facts["labels"], title=variant)
    return (
        entries.log_settings(tracked, _json(model))
        + entries.log_history(tracked, csv_files.read(history))
        + entries.log_final(tracked, metrics.final(_json(summary), facts))
        + entries.log_model(tracked, MODELS / variant)
        + tracked.add_bytes(confusion, "confusion.png")
        + looks.log_test_set(tracked, identity.photos_hash(test["photo_id"], test["label"]))
    )


def _record_experiment(values: Mapping[str, Any]) -> int:
    evaluated = {name: records.read(name, EVALUATIONS) for name in values["variants"]}
    splits = database.read_splits(SPLITS)
    with sessions.experiment_run(live=False) as tracked:
        num_added = records.log_experiment(tracked, values, evaluated, splits)
    _check_reached(tracked)
    photos = database.read_photos(DATABASE, ["photo_id", "label"])
    return num_added + records.register_winner(evaluated, splits, photos)


def _record_cards() -> int:
    files = {path.name: path.read_bytes() for path in CARDS if path.is_file()}
    with sessions.experiment_run(live=False) as tracked:
        return tracked.replace_files(files, "cards")


def _pictures(variant: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((VISUALISATIONS / variant).glob("*.png"))}


def _reason(paths: Iterable[Path], stale: Iterable[str]) -> str:
    """Why the outputs at `paths` cannot be recorded; empty where they can."""
    absent = [f"{path} is missing" for path in paths if not path.is_file()]
    return ", ".join(absent or [f"{stage} is out of date" for stage in sorted(stale)])


def _json(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return values


def _check_reached(tracked: runs.Run) -> None:
    if not tracked.reached:
        raise DataError("the MLflow store was lost, as the warning says; call this again once it is there")


if __name__ == "__main__":
    run(main)
