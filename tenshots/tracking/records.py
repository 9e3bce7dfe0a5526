"""What the run of a whole experiment holds in MLflow, so that experiments can be compared later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tenshots.statistics import measure
from tenshots.statistics.choice import best_on_validation
from tenshots.tables import csv_files, database
from tenshots.tracking import entries, figures, identity, looks, registry, sessions
from tenshots.tracking.runs import Run


@dataclass(frozen=True)
class Evaluated:
    """What evaluation left of one variant.

    Attributes:
        predictions: the file's bytes (see tenshots.tables.predictions).
        test: photo_id and label of the test photos, a row each.
        curves: epoch, accuracy, val_accuracy, loss, val_loss.
        confusion: counts, shape (num_labels, num_labels).
        labels: of the rows and columns of `confusion`.
        metrics: what metrics.json holds (see tenshots.evaluation.metrics.summary).
        num_trainings: folds times repeats.
        has_epochs: whether it was trained step by step, so that `curves` tell something.
    """

    predictions: bytes
    test: pd.DataFrame
    curves: pd.DataFrame
    confusion: np.ndarray
    labels: list[str]
    metrics: Mapping[str, float]
    num_trainings: int
    has_epochs: bool


def read(variant: str, evaluations_dir: Path) -> Evaluated:
    """Returns what evaluation left of `variant`.

    Raises:
        OSError: a file is missing.
    """
    folder = evaluations_dir / variant
    predictions = folder / "predictions.csv"
    details: dict[str, Any] = json.loads((folder / "details.json").read_text(encoding="utf-8"))
    return Evaluated(
        predictions=predictions.read_bytes(),
        test=database.read_predictions(predictions)[["photo_id", "label"]].drop_duplicates(),
        curves=csv_files.read(folder / "curves.csv"),
        confusion=np.array(details["confusion"]),
        labels=list(details["labels"]),
        metrics=json.loads((folder / "metrics.json").read_text(encoding="utf-8")),
        num_trainings=details["num_folds"] * details["num_repeats"],
        has_epochs=details["num_updates"] > 0,
    )


def log_experiment(
    run: Run,
    settings: Mapping[str, Any],
    evaluated: Mapping[str, Evaluated],
    splits: pd.DataFrame,
    found: pd.DataFrame,
) -> int:
    """Adds to the run of an experiment what it lacks; returns how much that was.

    Settings, the figures and the predictions of each variant, the test photos with the independent set that
    each belongs to, how many sets there are in all (the others taught, which intervals depend on), pictures
    of curves and confusion, and how many experiments have looked at these photos.

    Args:
        run: of the experiment.
        settings: all of params.yaml.
        evaluated: of each variant, all on the same photos.
        splits: photo_id and component.
        found: photo_id and label of the test photos, both as found (see tenshots.statistics.as_found).
    """
    photos = next(iter(evaluated.values())).test
    components = measure.components_of(splits)
    table = photos.assign(component=components.reindex(photos["photo_id"]).to_numpy())
    test_set = identity.photos_hash(photos["photo_id"], photos["label"])
    pictures = {
        f"confusion_{name}.png": figures.confusion_png(each.confusion, each.labels, title=name)
        for name, each in evaluated.items()
    }
    curves = {name: each.curves for name, each in evaluated.items() if each.has_epochs}
    if curves:
        pictures["curves.png"] = figures.curves_png(curves)
    num_added = (
        run.params({key: settings[key] for key in settings if key not in identity.UNCOUNTED_SETTINGS})
        + run.add_metrics(
            {
                f"{entries.FIGURES}/{name}/{figure}": {0: value}
                for name, each in evaluated.items()
                for figure, value in each.metrics.items()
            }
            | {entries.NUM_SETS: {0: float(components.nunique())}}
        )
        + run.replace_files(
            {f"{name}.csv": each.predictions for name, each in evaluated.items()}, "predictions"
        )
        + run.replace_files({"photos.csv": csv_files.text(table.sort_values("photo_id")).encode()}, "test")
        + run.replace_files(pictures, "figures")
        + looks.log_test_set(run, test_set)
        + looks.log_test_photos(run, found)
    )
    num_looks = looks.num_looks(run, found)
    # The count is its own step: the last point is the newest count, and the same count is no new point.
    return num_added + (run.add_metrics({looks.NUM_LOOKS: {num_looks: num_looks}}) if num_looks else 0)


def log_pictures(run: Run, pictures: Mapping[str, Mapping[str, bytes]]) -> int:
    """Adds to the run of an experiment what its networks see, once; returns how many files it lacked.

    Args:
        run: of the experiment.
        pictures: of each variant, the files of data/visualisations by name.
    """
    found = {name: files for name, files in pictures.items() if files}
    return sum(run.replace_files(files, f"visualisations/{name}") for name, files in found.items())


def register_winner(evaluated: Mapping[str, Evaluated], splits: pd.DataFrame, photos: pd.DataFrame) -> int:
    """Registers the variant that is best on validation, if its run holds its weights; returns 1 if it is new.

    Args:
        evaluated: of each variant.
        splits: photo_id and part.
        photos: photo_id and label, of the whole database.
    """
    winner = best_on_validation({name: each.metrics for name, each in evaluated.items()})
    validated = photos[photos["photo_id"].isin(splits.loc[splits["part"] == "val", "photo_id"])]
    version = registry.Version(
        variant=winner,
        val_accuracy=evaluated[winner].metrics["val_accuracy"],
        val_log_loss=evaluated[winner].metrics["val_log_loss"],
        num_updates=evaluated[winner].metrics["num_updates"],
        validation_set=identity.photos_hash(validated["photo_id"], validated["label"]),
        num_trainings=evaluated[winner].num_trainings,
    )
    with sessions.existing_run(winner) as run:
        return registry.register(run, version)
