"""What helped: evaluations, inspection, features, pictures → reports/index.html, and its figures beside it.

Reads only the variants that params.yaml names, so a renamed one leaves no ghost.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from stages import run
from tenshots import files, params
from tenshots.errors import SettingsError, missing
from tenshots.labels.costly import Space, space
from tenshots.labels.settings import InspectSettings, backbone_settings
from tenshots.pages.report import corrections, page, seen, sentences, summary, views
from tenshots.pages.report.comparison import Results
from tenshots.pages.report.photos_and_mistakes import Material
from tenshots.pages.settings import ReportSettings
from tenshots.tables import csv_files, database, features, manifest, probabilities
from tenshots.tables.paths import (
    AUGMENTATION,
    CODE,
    DATABASE,
    EVALUATIONS,
    FEATURES,
    INSPECTION,
    LEAKAGE,
    MANIFEST,
    REPORTS,
    SPLITS,
    STUDIES,
    VISUALISATIONS,
)


def main(argv: Sequence[str] | None = None) -> None:
    """Compares the variants of params.yaml."""
    argparse.ArgumentParser(prog="python -m stages.compare", description=__doc__).parse_args(argv)
    values = params.read()
    settings = params.section(values, "report", ReportSettings)
    variants = values.get("variants")
    if not isinstance(variants, dict) or not variants:
        raise SettingsError(f"{params.PATH}: variants must name at least 1 variant, got {variants!r}")

    network = params.section(values, "inspect", InspectSettings).network
    results = {name: _results(name) for name in variants}
    photos = database.read_photos(DATABASE, ["photo_id", "label", "group", "path", "image"])
    splits = database.read_splits(SPLITS)
    material = Material(
        manifest=manifest.read(MANIFEST),
        leakage=_json(LEAKAGE, "split"),
        inspected=_json(INSPECTION / "inspection.json", "inspect"),
        predictions={name: result.predictions for name, result in results.items()},
        studies={name: _json(STUDIES / name / "study.json", f"study@{name}") for name in variants},
    )
    compared, who = summary.summed_up(
        results, photos, splits, material, settings, space=_space(values, network, photos), network=network
    )
    inputs = views.Inputs(
        compared=compared,
        results=results,
        photos=photos,
        manifest=material.manifest,
        manifest_bytes=MANIFEST.read_bytes(),
        code_bytes=_read(CODE / "compare.txt", "check"),
        leakage=material.leakage,
        augmentation=_read(AUGMENTATION, "augment"),
        drawn={name: seen.read(VISUALISATIONS / name) for name in variants},
        values=values,
        who=who,
    )
    text = sentences.markdown(compared) + corrections.markdown(compared)
    # Short names, as each is a column of `dvc exp show`
    metrics = {
        name: {"test": figures["test_accuracy"], "val": figures["val_accuracy"]}
        for name, figures in compared["variants"].items()
    }

    REPORTS.mkdir(exist_ok=True)
    files.write(REPORTS / "comparison.json", json.dumps(compared, indent=2, ensure_ascii=False) + "\n")
    files.write(REPORTS / "comparison.md", text)
    files.write(REPORTS / "metrics.json", json.dumps(metrics, indent=2) + "\n")
    files.write(REPORTS / "index.html", page.render(inputs, settings))
    print(text)


def _space(values: Mapping[str, Any], network: str, photos: pd.DataFrame) -> Space | None:
    """Returns where photos lie to the backbone that also judges their labels (see stages.inspect).

    None where it has random weights, to which hardly anything is alike for what it shows.
    """
    settings = backbone_settings(values, network)
    if not settings.has_learnt:
        return None
    backbone = settings.frozen()
    found = features.read(
        FEATURES / "database" / network, photo_ids=photos["photo_id"].tolist(), backbone=backbone
    )
    return space(photos, (found.rows + found.mirrored) / 2)


def _results(variant: str) -> Results:
    folder, stage = EVALUATIONS / variant, f"evaluate@{variant}"
    _read(folder / "predictions.csv", stage)
    _read(folder / "curves.csv", stage)
    predictions = database.read_predictions(folder / "predictions.csv")
    probabilities.check(predictions, folder / "predictions.csv", remedy=f"run `dvc repro --force {stage}`")
    return Results(
        predictions=predictions,
        curves=csv_files.read(folder / "curves.csv"),
        details=_json(folder / "details.json", stage),
        metrics=_json(folder / "metrics.json", stage),
    )


def _json(path: Path, stage: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(_read(path, stage))
    return values


def _read(path: Path, stage: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise missing(path, stage) from None


if __name__ == "__main__":
    run(main)
