"""What the networks answered on photos that none of them saw: data/models/VARIANT → data/evaluations/VARIANT.

Training leaves these answers beside the weights, so this stage starts without Keras.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages import run
from tenshots import files
from tenshots.errors import missing
from tenshots.evaluation import held_out, metrics
from tenshots.networks import model_json
from tenshots.tables import csv_files, database
from tenshots.tables.paths import DATABASE, EVALUATIONS, MODELS, SPLITS
from tenshots.tables.predictions import predicted, probabilities_of


def main(argv: Sequence[str] | None = None) -> None:
    """Evaluates one variant."""
    parser = argparse.ArgumentParser(prog="python -m stages.evaluate", description=__doc__)
    parser.add_argument("variant", help="its key below variants in params.yaml")
    variant: str = parser.parse_args(argv).variant

    saved = model_json.read_variant(MODELS / variant)
    network = model_json.settings_of(saved)
    recipe = saved.recipe or network.recipes[0]
    answers = database.read_predictions(MODELS / variant / "predictions.csv")
    photos = database.read_photos(DATABASE, ["photo_id", "label"])
    splits = database.read_splits(SPLITS)
    test, val = held_out.parts(saved, answers, photos, splits)
    history = _history(MODELS / variant / "history.csv")

    num_updates = round(float(np.mean([fit.num_updates for fit in saved.fits])), 1)
    summary = metrics.summary(test, val, num_updates=num_updates)
    tested = splits["photo_id"].isin(test["photo_id"])
    details = {
        "variant": variant,
        "data": saved.data,
        "recipe": recipe,
        "network_name": saved.network_name,
        "network_title": network.titled(recipe),
        "taught": network.taught_by(recipe),
        **metrics.details(test),
        "num_test_components": int(splits.loc[tested, "component"].nunique()),
        "num_updates": num_updates,
        "num_parameters": saved.num_parameters,
        "settings": saved.settings,
        "network": network.used_by(recipe),
    }
    _write(variant, test, history, details, summary)
    print(f"{variant}: test accuracy {summary['test_accuracy']:.3f} on {details['num_test_photos']} photos")


def _write(
    variant: str,
    test: pd.DataFrame,
    history: pd.DataFrame,
    details: Mapping[str, Any],
    summary: Mapping[str, float],
) -> None:
    folder = EVALUATIONS / variant
    database.write_predictions(test, folder / "predictions.csv")
    csv_files.write(metrics.curves(history), folder / "curves.csv", float_format="%.6g")
    answers = predicted(test)
    csv_files.write(test[["label"]].assign(predicted=answers), folder / "confusion.csv")
    right = pd.DataFrame(
        {
            "probability": probabilities_of(test).max(axis=1),
            "right": (answers == test["label"].to_numpy()).astype(int),
        }
    )
    csv_files.write(right, folder / "answers.csv", float_format="%.6g")
    _write_json(details, folder / "details.json")
    _write_json(summary, folder / "metrics.json")


def _write_json(values: Mapping[str, Any], path: Path) -> None:
    files.write(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def _history(path: Path) -> pd.DataFrame:
    try:
        return csv_files.read(path)
    except FileNotFoundError:
        raise missing(path, f"train@{path.parent.name}") from None


if __name__ == "__main__":
    run(main)
