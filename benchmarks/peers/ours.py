"""A variant of params.yaml on one fold, through the functions that the stages call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from tenshots import params, runtime
from tenshots.augmentation import copying
from tenshots.augmentation.settings import AugmentSettings
from tenshots.networks import features
from tenshots.networks.settings import TransferSettings
from tenshots.tables import database
from tenshots.tables.features import Features
from tenshots.training import variants
from tenshots.training.linear import Known


def answers(values: Mapping[str, Any], name: str, photos: pd.DataFrame, splits: pd.DataFrame) -> np.ndarray:
    """Learns from the photos of one fold, and names its test photos.

    Args:
        values: all of params.yaml, with the seed of the experiment.
        name: of the variant.
        photos: columns photo_id, label and image (encoded); no others than those of the fold.
        splits: photo_id, component, fold and part, of one fold.

    Returns:
        Of each test photo, in the order of `photos`, the probability of each label, float.
    """
    variant = variants.resolve(values, name)
    copies = _copies(values, photos, splits) if variant.data == "augmented" else photos.iloc[:0]
    shown = pd.concat([photos, copies], ignore_index=True)
    images = database.decode(shown["image"])
    labels = np.unique(shown["label"].to_numpy(dtype=str), return_inverse=True)[1]
    known = None
    if isinstance(variant.network, TransferSettings):
        asked_ids = [*photos["photo_id"], *variants.copies_known(variant, copies)]
        found = _features(
            variant.network,
            images[: len(asked_ids)],
            num_photos=len(photos),
            threads=variant.experiment.threads,
        )
        known = Known.of(found, asked_ids, splits)

    jobs = variants.jobs_of(photos, copies, splits, seed=variant.experiment.seed, repeats=1)
    [answered] = variants.train(
        variant, jobs, images=images, labels=labels, known=known, finish=lambda _, outcome: outcome.of_test
    )
    return answered


def _copies(values: Mapping[str, Any], photos: pd.DataFrame, splits: pd.DataFrame) -> pd.DataFrame:
    augment = params.section(values, "augment", AugmentSettings)
    originals = copying.training_photos(photos, splits)
    policy = copying.Policy(augment.layers, size_px=database.decode(photos["image"].iloc[:1]).shape[1])
    made = copying.changed_copies(originals, policy, num_copies=augment.copies, seed=values["seed"])
    return pd.concat(list(made), ignore_index=True)


def _features(network: TransferSettings, images: np.ndarray, *, num_photos: int, threads: int) -> Features:
    """Computes frozen features of photos, of their mirror images, and of copies if there are some."""
    num_workers = runtime.num_workers(threads=threads)
    backbone = features.backbone(network, size_px=images.shape[1])
    mirrored = images[:num_photos, :, ::-1]
    return Features(
        *(features.outputs(backbone, each, num_workers=num_workers) for each in (images, mirrored))
    )
