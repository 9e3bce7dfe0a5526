"""Saved variants: what training left, as networks again that predict photos.

What was measured is what is used: evaluation reads what the same network answered after its training
(tenshots.training.storing), and a network that answers differently is not drawn.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tenshots.errors import missing
from tenshots.networks import building, forward, weights_files
from tenshots.networks.model_json import SavedVariant, settings_of
from tenshots.runtime import keras


def rebuild(saved: SavedVariant) -> keras.Model:
    """Returns the variant's network from code and settings, with weights that are still to be loaded."""
    settings = settings_of(saved)
    return building.build(settings, size_px=saved.size_px, num_labels=len(saved.labels))


def load(model: keras.Model, weights_path: Path) -> None:
    """Gives `model`, of `rebuild`, the weights that training saved.

    Raises:
        DataError: the file is missing, damaged or of another network.
    """
    try:
        weights_files.load(model, weights_path, of="network", remedy="run `dvc repro`")
    except FileNotFoundError:
        raise missing(weights_path) from None


def probabilities(
    model: keras.Model, weights_path: Path, images: np.ndarray, *, flips: bool = False
) -> np.ndarray:
    """Loads one training's weights into `model` and predicts `images`.

    Args:
        model: of `rebuild`; its weights are replaced.
        weights_path: what training saved.
        images: uint8, shape (n, size_px, size_px, 3), range 0 to 255: standard photos.
        flips: whether an answer is the mean of those on the photo and on its mirror image.

    Returns:
        float64, shape (n, num_labels), in [0, 1]; each row sums to 1.

    Raises:
        DataError: the file is missing, damaged or of another network.
    """
    load(model, weights_path)
    return forward.predict(model, images, flips=flips)


def mean_probabilities(saved: SavedVariant, folder: Path, images: np.ndarray) -> np.ndarray:
    """Returns the mean of `probabilities` over the variant's folds and repeats, shape (n, num_labels)."""
    model = rebuild(saved)
    total = np.zeros((len(images), len(saved.labels)), dtype=np.float64)
    for fit in saved.fits:
        total += probabilities(model, folder / fit.weights, images, flips=saved.flips_at_test)
    return total / len(saved.fits)
