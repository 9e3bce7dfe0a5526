"""Saved variants: rebuilds the network, loads the weights of each training, and predicts photos.

Evaluation and prediction of new photos both go through `probabilities`, so that what was measured is what is
used.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, Field, ValidationError

from tenshots import networks, training
from tenshots.database import decode
from tenshots.errors import DataError
from tenshots.networks import weights_files
from tenshots.predictions import KEYS, table
from tenshots.runtime import keras


class Fit(BaseModel):
    """One training, and the file that holds its weights."""

    fold: int
    repeat: int
    weights: str = Field(pattern=r"^[\w.-]+$")  # a file's name: it never leads out of the folder
    num_updates: int


class SavedVariant(BaseModel):
    """What model.json tells about a variant; keys that only people read are not checked."""

    variant: str
    labels: list[str]
    size_px: int
    standardise: dict[str, Any]
    network_name: str
    network: dict[str, Any]
    data: str
    fits: list[Fit] = Field(min_length=1)
    settings: dict[str, Any]
    num_parameters: int


def read_variant(folder: Path) -> SavedVariant:
    """Reads model.json of the variant that training left in `folder`.

    Raises:
        DataError: it is missing or no such description.
    """
    path = folder / "model.json"
    try:
        return SavedVariant.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise DataError(
            f"{path} is missing; train the variant first: dvc repro train@{folder.name}"
        ) from None
    except (ValidationError, ValueError) as error:
        problem = " ".join(str(error).split())
        raise DataError(f"{path} does not describe a trained variant: {problem}") from None


def rebuild(saved: SavedVariant) -> keras.Model:
    """Returns the variant's network from code and settings, with weights that are still to be loaded."""
    settings = networks.settings_from(saved.network, at=f"networks.{saved.network_name}")
    return networks.build(settings, size_px=saved.size_px, num_labels=len(saved.labels), load_backbone=False)


def probabilities(model: keras.Model, weights_path: Path, images: np.ndarray) -> np.ndarray:
    """Loads one training's weights into `model` and predicts `images`.

    Args:
        model: of `rebuild`; its weights are replaced.
        weights_path: what training saved.
        images: uint8, shape (n, size_px, size_px, 3), range 0 to 255: standard photos.

    Returns:
        float64, shape (n, num_labels), in [0, 1]; each row sums to 1.

    Raises:
        DataError: the file is missing, damaged or of another network.
    """
    try:
        weights_files.load(model, weights_path, of="network", remedy="run `dvc repro`")
    except FileNotFoundError:
        raise DataError(f"{weights_path} is missing; run `dvc repro` or `dvc checkout`") from None
    return training.predict(model, images)


def mean_probabilities(saved: SavedVariant, folder: Path, images: np.ndarray) -> np.ndarray:
    """Returns the mean of `probabilities` over the variant's folds and repeats, shape (n, num_labels)."""
    model = rebuild(saved)
    total = np.zeros((len(images), len(saved.labels)), dtype=np.float64)
    for fit in saved.fits:
        total += probabilities(model, folder / fit.weights, images)
    return total / len(saved.fits)


def evaluate(
    saved: SavedVariant,
    folder: Path,
    photos: pd.DataFrame,
    splits: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predicts, with each training, the test and the validation photos of its own fold.

    Args:
        saved: the variant.
        folder: its weights.
        photos: columns photo_id, label and image (encoded).
        splits: columns photo_id, fold and part.

    Returns:
        The predictions of test photos and those of validation photos (see tenshots.predictions), sorted by
        fold, repeat and photo_id.

    Raises:
        DataError: a photo or a fold is missing, or photos show a label that the variant does not know: the
            tables are not of one experiment.
    """
    model = rebuild(saved)
    tables: dict[str, list[pd.DataFrame]] = {"test": [], "val": []}
    for fold, rows, fits in _folds(saved, photos, splits):
        images = decode(rows["image"])
        for fit in fits:
            answers = table(
                rows,
                probabilities(model, folder / fit.weights, images),
                saved.labels,
                fold=fold,
                repeat=fit.repeat,
            )
            for part, wanted in tables.items():
                wanted.append(answers[(rows["part"] == part).to_numpy()])
    test, val = (pd.concat(rows).sort_values(KEYS, ignore_index=True) for rows in tables.values())
    return test, val


def _folds(
    saved: SavedVariant, photos: pd.DataFrame, splits: pd.DataFrame
) -> Iterator[tuple[int, pd.DataFrame, list[Fit]]]:
    """Yields each fold, its photos to predict (with their part), and the trainings that saw neither."""
    unknown = sorted(set(photos["label"]) - set(saved.labels))
    if unknown:
        raise DataError(f"variant {saved.variant} was never taught {', '.join(unknown)}; run `dvc repro`")
    for fold in sorted({fit.fold for fit in saved.fits}):
        parts = splits[(splits["fold"] == fold) & splits["part"].isin(["test", "val"])]
        rows = parts[["photo_id", "part"]].merge(photos, on="photo_id", how="inner", validate="one_to_one")
        if len(rows) != len(parts) or set(rows["part"]) != {"test", "val"}:
            raise DataError(
                f"data/splits and data/database do not agree on fold {fold} of {saved.variant}; "
                "run `dvc repro`"
            )
        yield fold, rows, [fit for fit in saved.fits if fit.fold == fold]
