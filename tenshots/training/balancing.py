"""Labels of which there are more photos than of others: each can count, or be shown, equally often.

class_weights: balanced   an image's loss counts the more, the rarer its label is: num_images / (num_labels *
                          num_images_of_the_label), so that all labels count alike and an image counts 1 on
                          average. Source: King and Zeng 2001, Political Analysis 9, 137-163 (scikit-learn's
                          `balanced`).
drawing: balanced         each label is shown equally often in an epoch, which stays as long as it is; images
                          of a rare label come several times. Source: Shen et al. 2016, arXiv:1512.05830
                          (class-aware sampling).

Both count among the images that a training learns from, copies included.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tenshots import params
from tenshots.errors import DataError
from tenshots.training.jobs import Job
from tenshots.training.settings import OptimisationSettings
from tenshots.wording import counted

MIN_PHOTOS = (
    5  # of a label, in training: of fewer, single photos would be learnt by heart in place of the label
)


def weights(labels: np.ndarray) -> np.ndarray:
    """Returns how much an image of each label counts, float32 (num_labels,); 0 of a label that is not there.

    Args:
        labels: of the images that are learnt from, int (num_images,), from 0.
    """
    numbers = np.bincount(labels)
    found = len(labels) / (np.count_nonzero(numbers) * np.maximum(numbers, 1))
    balanced: np.ndarray = np.where(numbers, found, 0).astype(np.float32)
    return balanced


def epochs_of_batches(
    rows: np.ndarray, labels: np.ndarray, *, num_originals: int, batch_size: int, seed: int
) -> Iterator[list[np.ndarray]]:
    """Yields the batches of one epoch after the other, without end, each label equally often in each.

    Where the labels do not divide the epoch, which of them come once more changes from epoch to epoch. The
    images of a label are shuffled, used up in that order across epochs, and shuffled again.

    Args:
        rows: to draw from, int (num_rows,).
        labels: of these rows, int (num_rows,).
        num_originals: images per epoch, at least 1.
        batch_size: of the largest batch, at least 1.
        seed: of the order.
    """
    generator = np.random.default_rng(seed)
    pools = [rows[labels == label] for label in np.unique(labels)]
    waiting = [np.empty(0, dtype=rows.dtype) for _ in pools]
    num_batches = -(-num_originals // batch_size)
    first = 0
    while True:
        extra = {(first + place) % len(pools) for place in range(num_originals % len(pools))}
        first = (first + len(extra)) % len(pools)
        drawn = []
        for place, pool in enumerate(pools):
            number = num_originals // len(pools) + (place in extra)
            while len(waiting[place]) < number:
                waiting[place] = np.concatenate([waiting[place], generator.permutation(pool)])
            drawn.append(waiting[place][:number])
            waiting[place] = waiting[place][number:]
        yield np.array_split(generator.permutation(np.concatenate(drawn)), num_batches)


def check(
    settings: OptimisationSettings, jobs: Sequence[Job], labels: np.ndarray, names: Sequence[str]
) -> None:
    """Raises where there are too few photos of a label to balance the labels.

    Args:
        settings: of the optimisation.
        jobs: the trainings.
        labels: of all images, int (num_images,), from 0.
        names: of the labels.

    Raises:
        DataError: names the label, its number of photos and the fold.
    """
    key = "class_weights" if settings.class_weights else "drawing"
    if getattr(settings, key) is None:
        return
    for job in jobs:
        photos = job.train[: job.num_originals]  # copies come after all photos
        numbers = np.bincount(labels[photos], minlength=len(names))
        if numbers.min() < MIN_PHOTOS:
            rarest = int(numbers.argmin())
            raise DataError(
                f"{params.PATH}: optimisation.{key} balanced needs at least {MIN_PHOTOS} training photos of "
                f"each label, but fold {job.fold} has {counted(int(numbers[rarest]), 'photo')} of "
                f"{names[rarest]}; add photos of it, or remove optimisation.{key}"
            )
