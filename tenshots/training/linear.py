"""The recipe for a linear classifier on frozen features: its head is solved for, and put into the network.

So it is saved, evaluated, drawn and registered like any other network. No seed moves it, so a fold is trained
once, whatever `repeats` says.

It learns from each training photo as it is and mirrored: a mirrored object keeps its label, and a backbone
that has seen few pictures, or small ones, makes something else of it, as of another photo. On the demo's
validation photos, with the backbone that knows CIFAR-10, that brought a logistic regression from 72.6 to
77.4 % right, and a linear SVM from 71.4 to 74.4 %. A mirror image is a further row, like a copy: the penalty
on the weights is as strong as for the photo alone (see `classifiers.Learner`), and how strong it is, is
chosen by answers on photos as they are, since those are what the network will be asked about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tenshots.networks import classifiers
from tenshots.networks.classifiers import Linear, Rows
from tenshots.networks.settings import HEAD
from tenshots.runtime import keras
from tenshots.training import optimisation
from tenshots.training.executor import Trainer
from tenshots.training.jobs import Epoch, Job, Outcome


class Known(NamedTuple):
    """What is known of images beside their pixels and labels; row i is image i, photos first, then copies.

    Attributes:
        features: float32 (num_images, num_features), frozen ones.
        mirrored: float32 (num_photos, num_features), those of the photos' mirror images.
        components: int (num_images,): which of them belong together, and with which photo a copy does.
    """

    features: np.ndarray
    mirrored: np.ndarray
    components: np.ndarray

    def rows(self, images: np.ndarray, labels: np.ndarray) -> Rows:
        """Returns what these images teach: each as it is, and photos mirrored as well.

        Args:
            images: their numbers, int (num_chosen,).
            labels: of all images, int (num_images,).
        """
        are_photos = images < len(self.mirrored)
        photos = images[are_photos]
        both = np.concatenate([images, photos])
        return Rows(
            np.concatenate([self.features[images], self.mirrored[photos]]),
            labels[both],
            self.components[both],
            np.concatenate([are_photos, np.zeros(len(photos), dtype=bool)]),
        )


def trainers(
    build: Callable[[], keras.Model], *, known: Known, labels: np.ndarray, kind: str
) -> Callable[[], Trainer]:
    """Returns what begins a worker: see `executor.run`, which should run one at a time.

    The photos that validate are not learnt from, so that they choose between variants here, too. A history
    has one row, without an update: how good the answers on both are.

    Args:
        build: returns a network of `networks.build` with a backbone, with its backbone's weights, the same
            each time.
        known: frozen features, and what belongs together.
        labels: int (num_images,), from 0; each below the network's number of outputs.
        kind: logistic_regression or linear_svm.
    """

    def begin() -> Trainer:
        network = build()
        num_labels = network.output_shape[-1]

        def train(job: Job, report: Callable[[Epoch], None], check: Callable[[], None]) -> Outcome:
            check()
            found = classifiers.solve(known.rows(job.train, labels), num_labels=num_labels, kind=kind)
            network.get_layer(HEAD).set_weights([found.kernel, found.bias])
            row = _row(found, job, features=known.features, labels=labels, kind=kind)
            report(row)
            return Outcome(job, [row], kept_epoch=0, num_images=len(job.train))

        return Trainer(network, train, num_bytes=0)

    return begin


def _row(found: Linear, job: Job, *, features: np.ndarray, labels: np.ndarray, kind: str) -> Epoch:
    """Returns how good the answers on the rows of a job are."""

    def loss_and_accuracy(rows: np.ndarray) -> tuple[float, float]:
        logits = features[rows] @ found.kernel + found.bias
        targets = np.eye(logits.shape[1])[labels[rows]]
        right = (logits.argmax(axis=1) == labels[rows]).mean()
        return optimisation.loss(logits, targets, label_smoothing=0.0), float(right)

    loss, accuracy = loss_and_accuracy(job.train)
    val_loss, val_accuracy = loss_and_accuracy(job.val)
    return Epoch(
        job.fold, job.repeat, phase=kind, epoch=0, num_updates=0, lr=0.0,
        loss=loss, accuracy=accuracy, val_loss=val_loss, val_accuracy=val_accuracy,
    )  # fmt: skip
