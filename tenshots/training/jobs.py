"""What a training is given and what it gives back: plain data, so it may happen in any thread or place."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np


class Job(NamedTuple):
    """One training to be done: a fold and a repeat.

    Attributes:
        train: rows of the images to train on, originals and copies, int64.
        val: rows of the images that say how good an epoch was, int64.
        num_originals: how many of `train` are not copies; an epoch has that many images.
        seed: of the weights, the order of images and dropout.
        task: of a study, to which the job belongs; empty for a variant's own.
        test: rows of the photos that are kept from the training, and that the network is asked about in the
            end, int64.
        unlabelled: rows of photos without labels, which layers learn from before the training, int64.
    """

    fold: int
    repeat: int
    seed: int
    train: np.ndarray
    val: np.ndarray
    num_originals: int
    task: str = ""
    test: np.ndarray = np.empty(0, dtype=np.int64)
    unlabelled: np.ndarray = np.empty(0, dtype=np.int64)

    @property
    def name(self) -> str:
        """Which job it is of the variant or study: "fold-0_repeat-1", "share-0.5_fold-0_repeat-1"."""
        return f"{self.task}_" * bool(self.task) + f"fold-{self.fold}_repeat-{self.repeat}"

    @property
    def held_out(self) -> np.ndarray:
        """Rows of the images that no update has seen: those of `val` and `test`, in rising order."""
        return np.sort(np.concatenate([self.val, self.test]))


class Epoch(NamedTuple):
    """A row of the history.

    Attributes:
        phase: scratch or fine_tune; logistic_regression or linear_svm of a head that was solved for.
        epoch: from 0, running on over phases.
        num_updates: since the start of the job, over phases.
        lr: of the epoch's last update.
        loss: mean over the epoch's images while it trained (with dropout).
        accuracy: of the same images, in [0, 1].
        val_loss: after the epoch.
        val_accuracy: after the epoch, in [0, 1].
        val_score: the figure that `optimisation.stop_on` names, in [0, 1]; None where that is none of the
            above, or absent.
    """

    fold: int
    repeat: int
    phase: str
    epoch: int
    num_updates: int
    lr: float
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    val_score: float | None = None


class Outcome(NamedTuple):
    """The numbers of a job that was done; its weights are in the network that did it.

    Attributes:
        history: a row per epoch.
        kept_epoch: whose weights the network has: without patience the last one, with it the best one
            on validation photos (`stopping.rank`).
        num_images: trained on, repeated ones counted each time.
        probabilities: of each label for the images of `job.held_out`, float64 (num_images, num_labels). The
            part of the network that was trained gives them, from what it was trained on: pixels would have
            all that lies below computed again. Then the last bits may differ from the saved network's.
        told: further things that model.json says of the training, as plain values; mostly none.
        restored: what the first layer learnt without labels (`Restored.packed`); mostly none.
    """

    job: Job
    history: list[Epoch]
    kept_epoch: int
    num_images: int
    probabilities: np.ndarray
    told: Mapping[str, Any] = MappingProxyType({})
    restored: bytes = b""

    @property
    def of_test(self) -> np.ndarray:
        """The probabilities for the images of `job.test`, in rising order of these."""
        return self.probabilities[np.isin(self.job.held_out, self.job.test)]
