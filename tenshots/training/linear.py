"""The recipe for a linear classifier on frozen features: its head is solved for, and put into the network.

So it is saved, evaluated, drawn and registered like any other network. No seed moves it, so a fold is trained
once, whatever `repeats` says.
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
        components: int (num_images,): which of them belong together, and with which photo a copy does.
        num_photos: of the images that are no copies.
    """

    features: np.ndarray
    components: np.ndarray
    num_photos: int


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
            rows = Rows(
                known.features[job.train],
                labels[job.train],
                known.components[job.train],
                job.train < known.num_photos,
            )
            found = classifiers.solve(rows, num_labels=num_labels, kind=kind)
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
