"""What stages and `record` tell MLflow of outputs: one way for whoever has just made them, and for later.

MLflow takes seconds to import, so of the stages only `train` and the last one, `describe`, call this.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tenshots.errors import DataError, missing
from tenshots.evaluation import metrics
from tenshots.evaluation.variant import evaluate
from tenshots.statistics import as_found
from tenshots.tables import csv_files, database, manifest
from tenshots.tables.paths import (
    CROISSANT,
    DATABASE,
    EVALUATIONS,
    MANIFEST,
    MODELS,
    REPORTS,
    SPLITS,
    VISUALISATIONS,
)
from tenshots.tracking import entries, figures, identity, looks, records, sessions
from tenshots.tracking.runs import Run

CARDS = (REPORTS / "model_card.md", REPORTS / "data_card.md", CROISSANT)


def add_evaluation(run: Run, variant: str, photos: pd.DataFrame, splits: pd.DataFrame) -> None:
    """Adds to the run of a variant, as soon as it is trained, how right it is.

    What goes wrong is said and ends nothing: the training is done, and `evaluate` will meet it again.

    Args:
        run: of the variant.
        variant: whose outputs of training are there.
        photos: columns photo_id and label.
        splits: columns photo_id, component, fold and part.
    """
    if not run.reached:
        return
    try:
        _, summary, details = evaluate(MODELS / variant, photos, splits)
        looks.log_test_photos(run, _found(splits, photos))  # before anyone can see the figures
        _add_figures(run, variant, summary, details)
    except Exception as error:
        print(
            f"warning: MLflow is not told how right {variant} is, since that cannot be computed ({error}); "
            f"the stage continues, and `dvc repro evaluate@{variant}` may say more",
            file=sys.stderr,
            flush=True,
        )


def paths_of(variant: str) -> list[Path]:
    """Returns the files that the run of a variant is made of, beside its weights."""
    model, history, _ = paths_of_training(variant)
    return [
        model,
        history,
        EVALUATIONS / variant / "metrics.json",
        EVALUATIONS / variant / "details.json",
        EVALUATIONS / variant / "predictions.csv",
        EVALUATIONS / variant / "curves.csv",
    ]


def paths_of_training(variant: str) -> list[Path]:
    """Returns the files that training leaves of a variant, beside its weights."""
    return [MODELS / variant / name for name in ("model.json", "history.csv", "predictions.csv")]


def record(
    settings: Mapping[str, Any],
    *,
    variants: Collection[str],
    trained: Collection[str] = (),
    with_experiment: bool = True,
    with_report: bool = True,
    live: bool = False,
) -> int | None:
    """Adds what the runs of variants and that of the experiment lack; a second call adds nothing.

    Args:
        settings: all of params.yaml.
        variants: those whose outputs are there and belong to the settings.
        trained: those of which this is true of training alone, as after a kill before their evaluation.
        with_experiment: whether those of all variants of the settings do.
        with_report: whether the report and the cards do.
        live: whether the experiment is just being made, and ends with this (see `sessions`).

    Returns:
        How many settings, figures and files were added; None where the store was lost on the way, as one
        warning has said, or where none is wanted (`sessions.UNTRACKED`).

    Raises:
        DataError: an output is missing.
    """
    for variant in variants:
        for path in paths_of(variant):
            if not path.is_file():
                raise missing(path, f"{_stage(path)}@{variant}")
    num_added = 0
    for variant in (*variants, *trained):
        add = _add_variant if variant in variants else _add_trained
        with sessions.variant_run(variant, live=False) as run:
            num_added += add(run, variant)
        if not run.reached:
            return None
    if not with_experiment and not with_report:
        return num_added
    with sessions.experiment_run(live=live, whole=with_experiment) as run:
        if with_experiment:
            evaluated = {name: records.read(name, EVALUATIONS) for name in settings["variants"]}
            splits = database.read_splits(SPLITS)
            photos = database.read_photos(DATABASE, ["photo_id", "label"])
            found = _found(splits, photos)
            num_added += records.log_experiment(run, settings, evaluated, splits, found)
        if with_report:
            num_added += _add_report(run, settings["variants"])
    if with_experiment and run.reached:  # or the second attempt would warn once more
        num_added += records.register_winner(evaluated, splits, photos)
    return num_added if run.reached else None


def _stage(path: Path) -> str:
    return "train" if path.is_relative_to(MODELS) else "evaluate"


def _add_variant(run: Run, variant: str) -> int:
    if not run.reached:
        return 0
    model, history, summary, details, predictions, _ = paths_of(variant)
    test = database.read_predictions(predictions)
    return (
        entries.log_settings(run, _json(model))
        + entries.log_history(run, csv_files.read(history))
        + _add_figures(run, variant, _json(summary), _json(details))
        + entries.log_model(run, MODELS / variant)
        + looks.log_test_set(run, identity.photos_hash(test["photo_id"], test["label"]))
        + looks.log_test_photos(
            run, _found(database.read_splits(SPLITS), database.read_photos(DATABASE, ["photo_id", "label"]))
        )
    )


def _add_trained(run: Run, variant: str) -> int:
    """What `train` adds itself, where it reaches the store."""
    if not run.reached:
        return 0
    model, history, predictions = paths_of_training(variant)
    photos = database.read_photos(DATABASE, ["photo_id", "label"])
    splits = database.read_splits(SPLITS)
    _, summary, details = evaluate(MODELS / variant, photos, splits)
    answers = database.read_predictions(predictions)
    test = answers[answers["part"] == "test"]
    return (
        entries.log_settings(run, _json(model))
        + entries.log_history(run, csv_files.read(history))
        + _add_figures(run, variant, summary, details)
        + entries.log_model(run, MODELS / variant)
        + looks.log_test_set(run, identity.photos_hash(test["photo_id"], test["label"]))
        + looks.log_test_photos(run, _found(splits, photos))
    )


def _found(splits: pd.DataFrame, photos: pd.DataFrame) -> pd.DataFrame:
    """Returns photo_id and label of the test photos as found.

    Outputs may be older than corrections, and those of training be there alone: then these are as they are.
    """
    try:
        return as_found.test_photos(manifest.read(MANIFEST), splits)
    except DataError:
        tested = splits.loc[splits["part"] == "test", "photo_id"]
        return photos.loc[photos["photo_id"].isin(tested), ["photo_id", "label"]]


def _add_figures(run: Run, variant: str, summary: Mapping[str, float], details: Mapping[str, Any]) -> int:
    counts, labels = np.array(details["confusion"]), details["labels"]
    drawn = partial(figures.confusion_png, counts, labels, title=variant)
    return entries.log_final(run, metrics.final(summary, details)) + run.add_made("confusion.png", drawn)


def _add_report(run: Run, variants: Collection[str]) -> int:
    cards = {path.name: path.read_bytes() for path in CARDS if path.is_file()}
    return (
        entries.log_report(run, REPORTS)
        + records.log_pictures(run, {name: _pictures(name) for name in variants})
        + run.replace_files(cards, "cards")
    )


def _pictures(variant: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((VISUALISATIONS / variant).glob("*.png"))}


def _json(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return values
