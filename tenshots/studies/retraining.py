"""The trainings that a study asks for: on a share of the people or photos, or on a random split.

What is held fixed on a share is the number of updates, not that of passes over the photos: an
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

from tenshots.files import NOWHERE, Pieces
from tenshots.seeds import derived_seed
from tenshots.splitting import at_random
from tenshots.studies.axes import Axis
from tenshots.studies.settings import StudySettings
from tenshots.studies.thinning import MIN_PEOPLE
from tenshots.tables import database, predictions
from tenshots.tables.predictions import KEYS
from tenshots.training import resuming, variants
from tenshots.training.feeding import OnTheFly
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
        name: people-0.5, photos-0.5, or leaking.
        axis: what there is less of: the name of an Axis; empty of the random split.
        share: that is left of it, in (0, 1]; 1 of the random split.
        number: of people or photos that a training learns from, the mean; 0 of the random split.
        jobs: the trainings.
        splits: photo_id, fold and part.
    """

    name: str
    axis: str
    share: float
    number: float
    jobs: list[Job]
    splits: pd.DataFrame


class Planned(NamedTuple):
    """What is to be trained, and in sentences which shares are not, and why."""

    tasks: list[Task]
    omitted: list[str]


def tasks(
    settings: StudySettings,
    measured: Sequence[Axis],
    photos: pd.DataFrame,
    copies: pd.DataFrame,
    splits: pd.DataFrame,
    *,
    seed: int,
    repeats: int,
    draws: int,
) -> Planned:
    """Returns what is to be trained, the smallest share first and the random split last.

    Args:
        settings: which studies.
        measured: of `axes.axes`: what there is to be less of.
        photos: columns photo_id and label; row i is image i.
        copies: columns photo_id and label, of all that any of these trainings needs (see `with_copies`); row
            i is image len(photos) + i.
        splits: photo_id, component, fold and part.
        seed: the experiment's.
        repeats: trainings per fold of the random split, at least 1.
        draws: trainings per fold and share, each with others left out, at least 1.

    Raises:
        DataError: see `variants.jobs_of`.
    """
    found: list[Task] = []
    omitted: list[str] = []
    whole = variants.jobs_of(photos, copies, splits, seed=seed, repeats=draws) if measured else []
    images = _Images.of(photos, copies, splits)
    for axis in measured:
        number = 0.0
        for share in settings.shares:
            left = f"a share of {share:g} is left out, because it leaves"
            thinned = [_thinned(job, axis, share, images, seed=seed) for job in whole]
            jobs = [job for job in thinned if job]
            if len(jobs) < len(whole):
                fewest = f"fewer than {MIN_PEOPLE} people, or " * (axis.name == "people")
                omitted.append(f"{left} a fold {fewest}not every label")
            elif _number(axis, jobs, images) <= number:
                omitted.append(f"{left} as many {axis.unit} as a smaller one")
            else:
                number = _number(axis, jobs, images)
                found.append(Task(share_name(axis, share), axis.name, share, number, jobs, splits))
    if settings.leaking:
        dealt = at_random.random_splits(photos, splits, seed=seed)
        random = variants.jobs_of(photos, copies, dealt, seed=seed, repeats=repeats)
        found.append(Task(LEAKING, "", 1.0, 0.0, [job._replace(task=LEAKING) for job in random], dealt))
    return Planned(found, omitted)


def numbers(measured: Sequence[Axis], splits: pd.DataFrame) -> dict[str, float]:
    """Returns how many people or photos a training learns from where none is left out, the mean.

    Args:
        measured: of `axes.axes`.
        splits: photo_id, component, fold and part.

    Returns:
        Of each axis, by name.
    """
    trained = splits[splits["part"] == "train"].groupby("fold")["component"]
    return {
        axis.name: float(np.mean([axis.number(components.to_numpy()) for _, components in trained]))
        for axis in measured
    }


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
    dealt = at_random.random_splits(photos, splits, seed=seed)
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
    on_the_fly: OnTheFly | None = None,
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
        on_the_fly: what fresh copies are drawn with, where the variant's data are.
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
        on_the_fly=on_the_fly,
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
    batch_size = variant.train.images_at_once(job.num_originals)
    return variants.max_epochs(variant) * -(-job.num_originals // batch_size)


def share_name(axis: Axis, share: float) -> str:
    """Returns the name of the task of a share: people, 0.1 → "people-0.1"."""
    return f"{axis.name}-{share:g}"


class _Images(NamedTuple):
    """Of photos and then of copies: the photo that an image is of, and its label and component."""

    ids: np.ndarray
    labels: np.ndarray
    components: np.ndarray
    num_photos: int

    @classmethod
    def of(cls, photos: pd.DataFrame, copies: pd.DataFrame, splits: pd.DataFrame) -> _Images:
        both = pd.concat([photos[["photo_id", "label"]], copies[["photo_id", "label"]]])
        component = splits.drop_duplicates("photo_id").set_index("photo_id")["component"]
        of_each = component.reindex(both["photo_id"])  # none of a photo that no fold uses
        return cls(
            both["photo_id"].to_numpy().astype(str),
            both["label"].to_numpy().astype(str),
            of_each.to_numpy().astype(str),
            len(photos),
        )


def _number(axis: Axis, jobs: Sequence[Job], images: _Images) -> float:
    """Returns how many people or photos these trainings learn from, the mean."""
    photos = [images.components[job.train[job.train < images.num_photos]] for job in jobs]
    return float(np.mean([axis.number(components) for components in photos]))


def _thinned(job: Job, axis: Axis, share: float, images: _Images, *, seed: int) -> Job | None:
    """Returns the job with a share of its photos and their copies; an epoch stays as long as it was.

    Each repeat leaves out others, so that how much repeats differ tells what the choice does. None where the
    share leaves too few.
    """
    originals = job.train[job.train < images.num_photos]
    chosen = axis.chosen(
        images.labels[originals],
        images.components[originals],
        share,
        seed=derived_seed(seed, "study", axis.name, job.fold, job.repeat),
    )
    if chosen is None:
        return None
    kept = np.isin(images.ids[job.train], images.ids[originals[chosen]])
    return job._replace(train=job.train[kept], task=share_name(axis, share))
