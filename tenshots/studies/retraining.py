"""The trainings that a study asks for: on a share of the photos, or on a random split.

What is held fixed on a share of the photos is the number of updates, not that of passes over the photos: an
epoch has as many images as one of all photos has, and a photo is seen more often in it. The learning rate's
course and the patience, which count epochs, are then the same, too. With the same number of passes a tenth of
the photos would be given a tenth of the updates, and what is lost by stopping early would be taken for a lack
of photos.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from tenshots.errors import SettingsError
from tenshots.files import NOWHERE, Pieces
from tenshots.params import PATH
from tenshots.seeds import derived_seed
from tenshots.splitting import leakage
from tenshots.studies.settings import StudySettings
from tenshots.tables import database, predictions
from tenshots.tables.predictions import KEYS
from tenshots.training import resuming, variants
from tenshots.training.jobs import Epoch, Job, Outcome
from tenshots.training.linear import Known
from tenshots.training.variants import Variant

if TYPE_CHECKING:
    from tenshots.augmentation.settings import AugmentSettings
    from tenshots.runtime import keras

LEAKING = "leaking"


@dataclass(frozen=True)
class Task:
    """Trainings of one study, all folds and repeats, and what each of them is tested on.

    Attributes:
        name: share-0.1, or leaking.
        share: of the training photos, in (0, 1]; 1 of the random split.
        jobs: the trainings.
        splits: photo_id, fold and part.
    """

    name: str
    share: float
    jobs: list[Job]
    splits: pd.DataFrame


def tasks(
    settings: StudySettings,
    photos: pd.DataFrame,
    copies: pd.DataFrame,
    splits: pd.DataFrame,
    *,
    seed: int,
    repeats: int,
) -> list[Task]:
    """Returns what is to be trained, the smallest share first and the random split last.

    Args:
        settings: which studies.
        photos: columns photo_id and label; row i is image i.
        copies: columns photo_id and label, of all that any of these trainings needs (see `with_copies`); row
            i is image len(photos) + i.
        splits: photo_id, component, fold and part.
        seed: the experiment's.
        repeats: trainings per fold, at least 1.

    Raises:
        SettingsError: a share leaves a fold no photo of some label to learn from.
        DataError: see `variants.jobs_of`.
    """
    image_ids = np.concatenate([photos["photo_id"].to_numpy(), copies["photo_id"].to_numpy()])
    whole = variants.jobs_of(photos, copies, splits, seed=seed, repeats=repeats) if settings.shares else []
    found = [
        Task(
            share_name(share),
            share,
            [_thinned(job, share, photos=photos, image_ids=image_ids, seed=seed) for job in whole],
            splits,
        )
        for share in settings.shares
    ]
    if settings.leaking:
        dealt = leakage.random_splits(photos, splits, seed=seed)
        jobs = variants.jobs_of(photos, copies, dealt, seed=seed, repeats=repeats)
        found.append(Task(LEAKING, 1.0, [job._replace(task=LEAKING) for job in jobs], dealt))
    return found


def with_copies(
    photos: pd.DataFrame, copies: pd.DataFrame, splits: pd.DataFrame, augment: AugmentSettings, *, seed: int
) -> pd.DataFrame:
    """Returns `copies` and those that a random split needs beside them, made as `augment` makes them.

    That stage makes copies of photos that train in some fold of the honest split. A random split trains on
    others too, and a photo without copies would be seen a tenth as often as one with ten.

    Args:
        photos: columns photo_id, label and image (encoded), the whole database.
        copies: columns photo_id, label and image.
        splits: the honest split; photo_id, component, fold and part.
        augment: what the copies were made with.
        seed: the experiment's.
    """
    dealt = leakage.random_splits(photos, splits, seed=seed)
    trained = set(dealt.loc[dealt["part"] == "train", "photo_id"]) - set(copies["photo_id"])
    if not trained:
        return copies
    from tenshots.augmentation import (
        copying,  # it needs TensorFlow, where training may run on another backend
    )

    originals = photos[photos["photo_id"].isin(trained)]
    size_px = database.decode(originals["image"].iloc[:1]).shape[1]
    policy = copying.Policy(augment.layers, size_px=size_px, tried=True)
    made = copying.changed_copies(originals, policy, num_copies=augment.copies, seed=seed)
    return pd.concat([copies, *made], ignore_index=True)[list(copies.columns)]


class _Tested(NamedTuple):
    outcome: Outcome
    predictions: pd.DataFrame


def run(
    variant: Variant,
    todo: Sequence[Task],
    *,
    photos: pd.DataFrame,
    images: np.ndarray,
    labels: np.ndarray,
    known: Known | None = None,
    num_workers: int = 1,
    report: Callable[[Epoch], None] = lambda _: None,
    done: Callable[[Outcome], None] = lambda _: None,
    pieces: Pieces = NOWHERE,
    resumed: Callable[[int], None] = lambda _: None,
) -> dict[str, pd.DataFrame]:
    """Trains, and predicts the test photos of each training.

    Args:
        variant: of `variants.resolve`.
        todo: of `tasks`.
        photos: columns photo_id and label; row i is image i.
        images: uint8 (num_images, size_px, size_px, 3), photos and copies; for a linear variant the first
            alone is enough, since only its size is needed.
        labels: int (num_images,), the places of the labels in their sorted list.
        known: of `variants.known`, where the network has a backbone.
        num_workers: trainings at a time, at most.
        report: is told of each epoch when it ends.
        done: is told of each training when it ends.
        pieces: keep each training, and have those that were done before with all the same.
        resumed: is told how many these are.

    Returns:
        Of each task, by name, its predictions of test photos (see tables.predictions), sorted by fold,
        repeat and photo_id.
    """
    names = sorted(set(photos["label"].to_numpy().astype(str).tolist()))

    def tested(outcome: Outcome) -> _Tested:
        job = outcome.job
        rows = photos.iloc[np.sort(job.test)]
        table = predictions.table(rows, outcome.of_test, names, fold=job.fold, repeat=job.repeat)
        return _Tested(outcome, table)

    def test(_: keras.Model, outcome: Outcome) -> _Tested:
        pieces.put(outcome.job.name, resuming.packed(outcome))
        return tested(outcome)

    jobs = [job for task in todo for job in task.jobs]
    before, left = resuming.divided(jobs, pieces, lambda job, piece: tested(resuming.unpacked(piece, job)))
    resumed(len(before))
    # One call for all: what a pretrained backbone's lower layers put out is computed once.
    found = before + variants.train(
        variant,
        left,
        images=images,
        labels=labels,
        known=known,
        finish=test,
        num_workers=num_workers,
        report=report,
        done=lambda each: done(each.outcome),
    )
    return {
        task.name: pd.concat(
            [each.predictions for each in found if each.outcome.job.task == task.name]
        ).sort_values(KEYS, ignore_index=True)
        for task in todo
    }


def num_updates(job: Job, variant: Variant) -> int:
    """Returns the updates of a training that no patience ends; 0 where weights are solved for."""
    if variant.is_linear:
        return 0
    return variants.max_epochs(variant) * -(-job.num_originals // variant.train.batch_size)


def num_photos(todo: Sequence[Task], photos: pd.DataFrame, splits: pd.DataFrame) -> dict[float, float]:
    """Returns how many photos a training learns from, the mean, at each share and at 1."""
    found = {
        task.share: float(np.mean([np.count_nonzero(job.train < len(photos)) for job in task.jobs]))
        for task in todo
        if task.share < 1
    }
    return {**found, 1.0: float((splits["part"] == "train").sum() / splits["fold"].nunique())}


def share_name(share: float) -> str:
    """Returns the name of the task of a share: 0.1 → "share-0.1"."""
    return f"share-{share:g}"


def subset(labels: np.ndarray, share: float, *, seed: int) -> np.ndarray:
    """Chooses a share of each label.

    With the same seed the choice of a smaller share lies within that of a larger one.

    Args:
        labels: shape (n,).
        share: in (0, 1).
        seed: of the order in which photos are chosen.

    Returns:
        bool, shape (n,): of each label share * its number, rounded (halves up), which may be 0.
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        of_label = order[labels[order] == label]
        chosen[of_label[: int(np.floor(share * len(of_label) + 0.5 + 1e-9))]] = True
    return chosen


def _thinned(job: Job, share: float, *, photos: pd.DataFrame, image_ids: np.ndarray, seed: int) -> Job:
    """Returns the job with a share of its photos and their copies; an epoch stays as long as it was.

    Each repeat leaves out other photos, so that how much repeats differ tells what the choice of photos does.
    """
    originals = job.train[job.train < len(photos)]
    labels = photos["label"].to_numpy().astype(str)[originals]
    chosen = subset(labels, share, seed=derived_seed(seed, "study", job.fold, job.repeat))
    bare = sorted(set(labels) - set(labels[chosen]))
    if bare:
        fewest = int((labels == bare[0]).sum())
        raise SettingsError(
            f"{PATH}: study.shares must leave every fold a photo of each label to learn from, but {share:g} "
            f"leaves fold {job.fold} none of the {fewest} of {bare[0]}; "
            f"take at least {_rounded_up(0.5 / fewest)}"
        )
    kept = np.isin(image_ids[job.train], image_ids[originals[chosen]])
    return job._replace(train=job.train[kept], task=share_name(share))


def _rounded_up(share: float) -> str:
    return f"{np.ceil(share * 1000 - 1e-9) / 1000:g}"
