"""What training leaves in a variant's folder: weights, and what model.json and history.csv say of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from tenshots import files
from tenshots.networks import building
from tenshots.runtime import keras
from tenshots.training.jobs import Epoch, Outcome
from tenshots.training.variants import Variant


class Saved(NamedTuple):
    """A training whose weights are in a file.

    Attributes:
        weights: name of the file.
        num_parameters: of the network.
    """

    outcome: Outcome
    weights: str
    num_parameters: int


def save(network: keras.Model, outcome: Outcome, *, folder: Path) -> Saved:
    """Writes the weights into the folder, whole or not at all; for `variants.train`, in any thread.

    Raises:
        OSError: the disk is full, say.
    """
    name = f"fold-{outcome.job.fold}_repeat-{outcome.job.repeat}.weights.h5"
    files.write(folder / name, building.weights(network))
    return Saved(outcome, name, network.count_params())


def in_order(saved: Sequence[Saved]) -> list[Saved]:
    """Returns the trainings by fold and repeat: side by side they end in any order."""
    return sorted(saved, key=lambda each: (each.outcome.job.fold, each.outcome.job.repeat))


def described(
    variant: Variant, *, labels: list[str], size_px: int, standardise: dict[str, Any]
) -> dict[str, Any]:
    """Returns what model.json says of a variant before it is trained.

    Args:
        variant: of `variants.resolve`.
        labels: sorted.
        size_px: side of the photos.
        standardise: how they were made, as plain values.
    """
    return {
        "variant": variant.name,
        "labels": labels,
        "size_px": size_px,
        "standardise": standardise,
        "network": variant.network.model_dump(mode="json"),
        "network_name": variant.network_name,
        "data": variant.data,
        "recipe": variant.recipe,
        "settings": variant.settings(),
    }


def entry(saved: Saved) -> dict[str, Any]:
    """Returns what model.json says of one training."""
    job, history = saved.outcome.job, saved.outcome.history
    return {
        "fold": job.fold,
        "repeat": job.repeat,
        "seed": job.seed,
        "weights": saved.weights,
        "num_updates": history[-1].num_updates,
        "num_images": saved.outcome.num_images,
        "kept_epoch": saved.outcome.kept_epoch,
    }


def history(saved: Sequence[Saved]) -> pd.DataFrame:
    """Returns a row per epoch of all trainings, in the order of `saved`, with the columns of `Epoch`."""
    return pd.DataFrame([row for each in saved for row in each.outcome.history], columns=Epoch._fields)
