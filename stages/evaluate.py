"""What the networks answered on photos that none of them saw: data/models/VARIANT → data/evaluations/VARIANT.

Training leaves these answers beside the weights, so this stage starts without Keras.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from stages import run
from tenshots import files
from tenshots.errors import missing
from tenshots.evaluation import metrics
from tenshots.evaluation.variant import evaluate
from tenshots.tables import csv_files, database
from tenshots.tables.paths import DATABASE, EVALUATIONS, MODELS, SPLITS
from tenshots.tables.predictions import predicted, probabilities_of


def main(argv: Sequence[str] | None = None) -> None:
    """Evaluates one variant."""
    parser = argparse.ArgumentParser(prog="python -m stages.evaluate", description=__doc__)
    parser.add_argument("variant", help="its key below variants in params.yaml")
    variant: str = parser.parse_args(argv).variant

    photos = database.read_photos(DATABASE, ["photo_id", "label"])
    splits = database.read_splits(SPLITS)
    test, summary, details = evaluate(MODELS / variant, photos, splits)
    history = _history(MODELS / variant / "history.csv")
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
