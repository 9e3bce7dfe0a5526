"""What training leaves in a variant's folder: weights, what is said of them, and what they answer.

The answers on validation and test photos are the training's own (`Outcome.probabilities`): whoever evaluates
them needs neither Keras nor its seconds. Read back from its file, the network gives the same answers
(tests/unit/training/test_storing.py): to the bit, or but for the last bits where a backbone lies below what
was trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tenshots import files
from tenshots.files import NOWHERE, Pieces
from tenshots.networks import building
from tenshots.runtime import keras
from tenshots.tables.predictions import table
from tenshots.tables.restored import ENDING
from tenshots.training import resuming
from tenshots.training.jobs import Epoch, Job, Outcome
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


def save(network: keras.Model, outcome: Outcome, *, folder: Path, pieces: Pieces = NOWHERE) -> Saved:
    """Writes the weights, whole or not at all. For `variants.train`, in any thread.

    Args:
        network: that was trained.
        outcome: of its training.
        folder: of the variant.
        pieces: keep it for `restored`.

    Raises:
        OSError: the disk is full, say.
    """
    weights = building.weights(network)
    saved = Saved(outcome, f"{outcome.job.name}.weights.h5", network.count_params())
    kept = [resuming.packed(outcome), str(saved.num_parameters).encode(), weights]
    if outcome.restored:
        kept.append(outcome.restored)
        files.write(folder / f"{outcome.job.name}{ENDING}", outcome.restored)
    pieces.put(outcome.job.name, files.joined(kept))
    files.write(folder / saved.weights, weights)
    return saved


def restored(job: Job, piece: bytes, *, folder: Path) -> Saved:
    """Writes the weights of a training that was done before, and returns what `save` did.

    Args:
        job: the same.
        piece: that `save` has kept.
        folder: of the variant.
    """
    outcome, num_parameters, weights, *more = files.parted(piece)
    for content in more:
        files.write(folder / f"{job.name}{ENDING}", content)
    saved = Saved(resuming.unpacked(outcome, job), f"{job.name}.weights.h5", int(num_parameters))
    files.write(folder / saved.weights, weights)
    return saved


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
        **saved.outcome.told,
    }


def history(saved: Sequence[Saved]) -> pd.DataFrame:
    """Returns a row per epoch of all trainings, in the order of `saved`, with the columns of `Epoch`.

    `val_score` is left out where no epoch has one.
    """
    rows = [row for each in saved for row in each.outcome.history]
    table = pd.DataFrame(rows, columns=Epoch._fields)
    return table if table["val_score"].notna().any() else table.drop(columns="val_score")


def predictions(saved: Sequence[Saved], photos: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """Returns what all trainings answered on photos that they did not learn (see tables.predictions).

    Args:
        saved: the trainings.
        photos: columns photo_id and label; row i is image i.
        labels: sorted.

    Returns:
        Their predictions, with a column `part`: test or val.
    """
    tables = []
    for each in saved:
        job = each.outcome.job
        rows = photos.iloc[job.held_out]
        answers = table(rows, each.outcome.probabilities, labels, fold=job.fold, repeat=job.repeat)
        tables.append(answers.assign(part=np.where(np.isin(job.held_out, job.test), "test", "val")))
    return pd.concat(tables, ignore_index=True)
