"""What an update is given: a batch's images and targets, as they are, drawn anew, mixed or weighted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from tenshots.networks import forward
from tenshots.seeds import derived_seed
from tenshots.training import balancing
from tenshots.training.jobs import Job
from tenshots.training.mixing import Mixing
from tenshots.training.settings import OptimisationSettings


class Fresh(NamedTuple):
    """Draws a changed copy of each photo anew, for one worker.

    Attributes:
        changed: of images and a seed for each, their changed copies.
        as_inputs: from images to what the trained model takes.
        images: uint8 (num_images, size_px, size_px, 3).
        photo_ids: of each image.
    """

    changed: Callable[[np.ndarray, Sequence[int]], np.ndarray]
    as_inputs: Callable[[np.ndarray], np.ndarray]
    images: np.ndarray
    photo_ids: Sequence[str]

    def __call__(self, rows: np.ndarray, *, seed: int, epoch: int, times: Sequence[int]) -> np.ndarray:
        """Returns the model's inputs from fresh copies of the images in these rows.

        Args:
            rows: int (num_rows,).
            seed: of the training.
            epoch: from 0.
            times: of each row, how often its image was drawn before in this epoch.
        """
        keys = [(epoch, self.photo_ids[row], time) for row, time in zip(rows, times, strict=True)]
        seeds = [derived_seed(seed, "fresh", *key) for key in keys]
        return self.as_inputs(self.changed(self.images[rows], seeds))


class OnTheFly(NamedTuple):
    """What each worker begins to draw fresh copies with.

    Attributes:
        begin: returns `Fresh.changed`, another each time: its random generators have states.
        photo_ids: of each image.
    """

    begin: Callable[[], Callable[[np.ndarray, Sequence[int]], np.ndarray]]
    photo_ids: Sequence[str]

    def fresh(self, images: np.ndarray, as_inputs: Callable[[np.ndarray], np.ndarray]) -> Fresh:
        """Returns what draws, for one worker; see there."""
        return Fresh(self.begin(), as_inputs, images, self.photo_ids)


class Feed:
    """Makes of the rows of a batch what an update is given, for one training.

    Without any of these settings it is `inputs[rows]` and `targets[rows]`. What is random comes from the
    job's seed, the epoch, and the batch or the photo.
    """

    def __init__(
        self,
        inputs: np.ndarray,
        targets: np.ndarray,
        job: Job,
        settings: OptimisationSettings,
        *,
        fresh: Fresh | None = None,
    ) -> None:
        """Begins a training.

        Args:
            inputs: (num_images, ...), what the model takes.
            targets: float32 (num_images, num_labels), one-hot.
            job: whose rows are trained on.
            settings: whether images are mixed, and labels weighted.
            fresh: draws copies; None: inputs are taken as they are.
        """
        self._inputs, self._targets = inputs, targets
        self._seed, self._fresh = job.seed, fresh
        self._mixing = None
        if settings.mixes:
            self._mixing = Mixing(mixup=settings.mixup, cutmix=settings.cutmix, seed=job.seed)
        self._weights = None
        if settings.class_weights:
            self._weights = balancing.weights(targets[job.train].argmax(axis=1))
        self._epoch, self._drawn = 0, Counter[int]()  # how often each row was, in this epoch

    def __call__(self, rows: np.ndarray, *, epoch: int, batch: int) -> tuple[np.ndarray, ...]:
        """Returns inputs, targets and, where labels are weighted, a weight for each image.

        A row alone comes twice: see `forward.at_least_two`.

        Args:
            rows: of the batch.
            epoch: of the phase, from 0; batches come in order.
            batch: of the epoch, from 0.
        """
        inputs = self._inputs[rows] if self._fresh is None else self._drawn_inputs(self._fresh, rows, epoch)
        given = [inputs, self._targets[rows]]
        if self._mixing is not None:
            given = list(self._mixing(*given, epoch=epoch, batch=batch))
        if self._weights is not None:
            given.append(self._weights[self._targets[rows].argmax(axis=1)])
        return tuple(forward.at_least_two(each) for each in given)

    def _drawn_inputs(self, fresh: Fresh, rows: np.ndarray, epoch: int) -> np.ndarray:
        if epoch != self._epoch:
            self._epoch, self._drawn = epoch, Counter()
        times = []
        for row in rows.tolist():
            times.append(self._drawn[row])
            self._drawn[row] += 1
        return fresh(rows, seed=self._seed, epoch=epoch, times=times)
