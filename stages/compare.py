"""What helped: data/evaluations → reports/comparison.json, comparison.md and the page index.html.

Reads only the variants that params.yaml names, so that a renamed one leaves no ghost.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from stages import run
from tenshots import database, params, records, tracking
from tenshots.errors import DataError, SettingsError
from tenshots.report import ReportSettings, comparison, page
from tenshots.report.comparison import Results

DATABASE = Path("data/database")
MANIFEST = Path("data/manifest.csv")
SPLITS = Path("data/splits/splits.csv")
EVALUATIONS = Path("data/evaluations")
METRICS = Path("reports/metrics")
AUGMENTATION = Path("reports/augmentation.png")
REPORTS = Path("reports")


def main(argv: Sequence[str] | None = None) -> None:
    """Compares the variants of params.yaml."""
    argparse.ArgumentParser(prog="python -m stages.compare", description=__doc__).parse_args(argv)
    values = params.read()
    settings = params.section(values, "report", ReportSettings)
    variants = values.get("variants")
    if not isinstance(variants, dict) or not variants:
        raise SettingsError(f"{params.PATH}: variants must name at least one variant, got {variants!r}")

    results = {name: _results(name) for name in variants}
    photos = database.read_photos(DATABASE, ["photo_id", "label", "group", "path", "image"])
    splits = database.read_splits(SPLITS)
    compared = comparison.compare(results, photos, splits)
    inputs = page.Inputs(
        compared=compared,
        results=results,
        photos=photos,
        manifest=database.read_manifest(MANIFEST),
        manifest_bytes=MANIFEST.read_bytes(),
        augmentation=_read(AUGMENTATION, "augment"),
        values=values,
    )
    text = comparison.markdown(compared)

    REPORTS.mkdir(exist_ok=True)
    (REPORTS / "comparison.json").write_text(
        json.dumps(compared, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (REPORTS / "comparison.md").write_text(text, encoding="utf-8")
    (REPORTS / "index.html").write_text(page.render(inputs, settings), encoding="utf-8")
    with tracking.experiment_run() as tracked:
        evaluated = {name: records.read(name, EVALUATIONS, METRICS) for name in variants}
        tracking.log_report(tracked, REPORTS)
        records.log_experiment(tracked, values, evaluated, splits)
    if tracked.reached:  # or the second attempt would warn once more
        records.register_winner(evaluated, splits, photos)
    print(text)


def _results(variant: str) -> Results:
    folder, stage = EVALUATIONS / variant, f"evaluate@{variant}"
    _read(folder / "predictions.csv", stage)
    _read(folder / "curves.csv", stage)
    return Results(
        predictions=database.read_predictions(folder / "predictions.csv"),
        curves=pd.read_csv(folder / "curves.csv"),
        details=_json(folder / "details.json", stage),
        metrics=_json(METRICS / f"{variant}.json", stage),
    )


def _json(path: Path, stage: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(_read(path, stage))
    return values


def _read(path: Path, stage: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path} is missing; run `dvc repro {stage}`, or `dvc pull` to fetch it") from None


if __name__ == "__main__":
    run(main)
