"""Adds to MLflow what it lacks of the current outputs: after cache hits, or a store that was away.

A second call adds nothing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages import run
from tenshots import figures, metrics, params, provenance, tracking
from tenshots.errors import DataError, SettingsError

MODELS = Path("data/models")
EVALUATIONS = Path("data/evaluations")
METRICS = Path("reports/metrics")
REPORTS = Path("reports")
# What every variant comes from; while one of these is out of date, so is whatever follows.
FIRST_STAGES = ("ingest", "split", "augment")


def main(argv: Sequence[str] | None = None) -> None:
    """Records the variants of params.yaml and the report."""
    argparse.ArgumentParser(prog="python -m stages.record", description=__doc__).parse_args(argv)
    variants = params.read().get("variants")
    if not isinstance(variants, dict):
        raise SettingsError(f"{params.PATH}: variants must be a mapping, got {variants!r}")
    stale = provenance.stale_stages()

    num_added, missing = 0, []
    for variant in variants:
        paths = _paths(variant)
        reason = _reason(paths, stale & {*FIRST_STAGES, f"train@{variant}", f"evaluate@{variant}"})
        if reason:
            missing.append(f"{variant} ({reason})")
            continue
        with tracking.variant_run(variant, live=False) as tracked:
            num_added += _record_variant(tracked, variant, paths)
        _check_reached(tracked)
    reason = _reason([REPORTS / name for name in tracking.REPORT], stale)
    if reason:
        missing.append(f"the report ({reason})")
    else:
        with tracking.experiment_run(live=False) as tracked:
            num_added += tracking.log_report(tracked, REPORTS)
        _check_reached(tracked)

    print(f"MLflow: {f'added {num_added} settings, figures and files' if num_added else 'nothing to add'}")
    if missing:
        print(f"not recorded: {'; '.join(missing)}; run `dvc repro` (or `dvc pull`), then this again")


def _paths(variant: str) -> list[Path]:
    return [
        MODELS / variant / "model.json",
        MODELS / variant / "history.csv",
        METRICS / f"{variant}.json",
        EVALUATIONS / variant / "details.json",
    ]


def _record_variant(tracked: tracking.Run, variant: str, paths: Sequence[Path]) -> int:
    model, history, summary, details = paths
    facts = _json(details)
    confusion = figures.confusion_png(np.array(facts["confusion"]), facts["labels"], title=variant)
    return (
        tracking.log_settings(tracked, _json(model))
        + tracking.log_history(tracked, pd.read_csv(history))
        + tracking.log_final(tracked, metrics.final(_json(summary), facts))
        + tracking.log_model(tracked, MODELS / variant)
        + tracked.add_bytes(confusion, "confusion.png")
    )


def _reason(paths: Iterable[Path], stale: Iterable[str]) -> str:
    """Why the outputs at `paths` cannot be recorded; empty where they can."""
    absent = [f"{path} is missing" for path in paths if not path.is_file()]
    return ", ".join(absent or [f"{stage} is out of date" for stage in sorted(stale)])


def _json(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return values


def _check_reached(tracked: tracking.Run) -> None:
    if not tracked.reached:
        raise DataError("the MLflow store was lost, as the warning says; call this again once it is there")


if __name__ == "__main__":
    run(main)
