"""One variant evaluated: from what training left, beside photos and splits, to all its figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tenshots.evaluation import held_out, metrics, validation
from tenshots.networks import model_json, reuse
from tenshots.tables import database


class Evaluation(NamedTuple):
    """What a variant's networks answered on photos that none of them saw, and how right that is.

    Attributes:
        test: predictions of test photos (see tenshots.tables.predictions), of all folds and repeats.
        summary: see `metrics.summary`.
        details: see `metrics.details`; what the variant is; and validation, its figures on the validation
            photos of each fold (see `validation.by_fold`); and labels_known, those that a network which is
            reused had learnt before, if there are any.
    """

    test: pd.DataFrame
    summary: dict[str, float]
    details: dict[str, Any]


def evaluate(folder: Path, photos: pd.DataFrame, splits: pd.DataFrame) -> Evaluation:
    """Evaluates a variant.

    Args:
        folder: what training left of it.
        photos: columns photo_id and label.
        splits: columns photo_id, component, fold and part.

    Raises:
        DataError: a file is missing, or the tables are not of one experiment.
    """
    saved = model_json.read_variant(folder)
    network = model_json.settings_of(saved)
    recipe = saved.recipe or network.recipes[0]
    answers = database.read_predictions(folder / "predictions.csv")
    test, val = held_out.parts(saved, answers, photos, splits)
    num_updates = round(float(np.mean([fit.num_updates for fit in saved.fits])), 1)
    fits = pd.DataFrame([fit.model_dump() for fit in saved.fits])
    updates = fits.groupby("fold")["num_updates"].mean().to_dict()
    known = reuse.known(network, saved.labels)
    tested = splits["photo_id"].isin(test["photo_id"])
    details = {
        "variant": saved.variant,
        "data": saved.data,
        "recipe": recipe,
        "network_name": saved.network_name,
        "network_title": network.titled(recipe),
        "taught": network.taught_by(recipe),
        **({"labels_known": known} if known else {}),
        **metrics.details(test),
        "validation": validation.by_fold(val, updates),
        "num_test_components": int(splits.loc[tested, "component"].nunique()),
        "num_updates": num_updates,
        "num_parameters": saved.num_parameters,
        "settings": saved.settings,
        "network": network.used_by(recipe),
    }
    return Evaluation(test, metrics.summary(test, val, num_updates=num_updates), details)
