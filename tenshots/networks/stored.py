"""Saved variants: what training left, as networks again that predict photos.

Evaluation, pictures and the prediction of new photos all go through `probabilities`, so that what was
measured is what is used.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from tenshots.errors import DataError
from tenshots.networks import building, forward, weights_files
from tenshots.networks.settings import NetworkSettings
from tenshots.runtime import keras


class SavedTraining(BaseModel):
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
    recipe: str | None = None  # of files that were written before there were several: the usual one
    fits: list[SavedTraining] = Field(min_length=1)
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


def settings_of(saved: SavedVariant) -> NetworkSettings:
    """Returns the settings of the variant's network, which also say what it is."""
    return building.settings_from(saved.network, at=f"networks.{saved.network_name}")


def rebuild(saved: SavedVariant) -> keras.Model:
    """Returns the variant's network from code and settings, with weights that are still to be loaded."""
    settings = settings_of(saved)
    return building.build(settings, size_px=saved.size_px, num_labels=len(saved.labels))


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
    return forward.predict(model, images)


def mean_probabilities(saved: SavedVariant, folder: Path, images: np.ndarray) -> np.ndarray:
    """Returns the mean of `probabilities` over the variant's folds and repeats, shape (n, num_labels)."""
    model = rebuild(saved)
    total = np.zeros((len(images), len(saved.labels)), dtype=np.float64)
    for fit in saved.fits:
        total += probabilities(model, folder / fit.weights, images)
    return total / len(saved.fits)
