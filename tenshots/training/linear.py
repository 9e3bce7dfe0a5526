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

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from tenshots.networks import features, forward
from tenshots.networks.settings import HEAD
from tenshots.runtime import keras
from tenshots.tables.features import Features
from tenshots.training import losses
from tenshots.training.executor import Trainer
from tenshots.training.jobs import Epoch, Job, Outcome

if TYPE_CHECKING:
    # At run time not at the top: networks taught from scratch need not wait a second for scikit-learn.
    from tenshots.networks.classifiers import Linear, Rows


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

    @classmethod
    def of(cls, features: Features, image_ids: Sequence[str], splits: pd.DataFrame) -> Known:
        """Returns what is known of images.

        Args:
            features: frozen ones of the variant's network, a row per image.
            image_ids: of each image the photo_id; photos first, then copies, if there are features of them.
            splits: columns photo_id and component.
        """
        first = splits.drop_duplicates("photo_id").set_index("photo_id")["component"]
        # A photo that no fold uses has none; it is never learnt from.
        components = pd.factorize(first.reindex(list(image_ids)), use_na_sentinel=False)[0]
        return cls(features.rows, features.mirrored, components)

    def rows(self, images: np.ndarray, labels: np.ndarray) -> Rows:
        """Returns what these images teach: each as it is, and photos mirrored as well.

        Args:
            images: their numbers, int (num_chosen,).
            labels: of all images, int (num_images,).
        """
        from tenshots.networks.classifiers import Rows

        are_photos = images < len(self.mirrored)
        photos = images[are_photos]
        both = np.concatenate([images, photos])
        return Rows(
            np.concatenate([self.features[images], self.mirrored[photos]]),
            labels[both],
            self.components[both],
            np.concatenate([are_photos, np.zeros(len(photos), dtype=bool)]),
        )


LOSS = partial(losses.cross_entropy, label_smoothing=0.0)


class Heads:
    """Heads that are solved for, once per set of training images: the repeats of a fold share theirs.

    The photos that validate are not learnt from, so that they choose between variants here, too. Heads may be
    asked for in several threads; one at a time is solved for, as the linear algebra's threads are the whole
    process's.
    """

    def __init__(
        self,
        known: Known,
        labels: np.ndarray,
        *,
        num_labels: int,
        kind: str = "logistic_regression",
        loss: Callable[[np.ndarray, np.ndarray], float] = LOSS,
    ) -> None:
        """Begins with no head.

        Args:
            known: frozen features, and what belongs together. Images of a job that have no features there
                are left out: a recipe that does not learn from features of copies has none of them.
            labels: int (num_images,), from 0; each below `num_labels`.
            num_labels: of the head.
            kind: logistic_regression or linear_svm.
            loss: of logits and one-hot targets, in the rows of the history.
        """
        self._known = known
        self._labels = labels
        self._num_labels = num_labels
        self._kind = kind
        self._loss = loss
        self._found: dict[bytes, Linear] = {}
        self._lock = threading.Lock()

    def put_into(self, network: keras.Model, job: Job) -> Epoch:
        """Gives the network the head that a job's images teach.

        Args:
            network: of `building.build` with a backbone.
            job: whose images are learnt from.

        Returns:
            The first row of the job's history, without an update: how good the answers of the head are on the
            images that it has learnt from, and on those that validate.
        """
        from tenshots.networks import classifiers

        learnt = job.train[job.train < len(self._known.features)]
        with self._lock:
            key = learnt.tobytes()
            if key not in self._found:
                rows = self._known.rows(learnt, self._labels)
                self._found[key] = classifiers.solve(rows, num_labels=self._num_labels, kind=self._kind)
            found = self._found[key]
        network.get_layer(HEAD).set_weights([found.kernel, found.bias])
        loss, accuracy = self._loss_and_accuracy(found, learnt)
        val_loss, val_accuracy = self._loss_and_accuracy(found, job.val)
        return Epoch(
            job.fold, job.repeat, phase=self._kind, epoch=0, num_updates=0, lr=0.0,
            loss=loss, accuracy=accuracy, val_loss=val_loss, val_accuracy=val_accuracy,
        )  # fmt: skip

    def _loss_and_accuracy(self, found: Linear, rows: np.ndarray) -> tuple[float, float]:
        logits = self._known.features[rows] @ found.kernel + found.bias
        targets = np.eye(self._num_labels)[self._labels[rows]]
        right = (logits.argmax(axis=1) == self._labels[rows]).mean()
        return self._loss(logits, targets), float(right)


def trainers(
    build: Callable[[], keras.Model],
    *,
    known: Known,
    labels: np.ndarray,
    kind: str,
    flips: bool = False,
) -> Callable[[], Trainer]:
    """Returns what begins a worker (see `executor.run`); a history has one row.

    Args:
        build: returns a network of `networks.build` with a backbone, with its backbone's weights, the same
            each time.
        known: frozen features, and what belongs together.
        labels: int (num_images,), from 0; each below the network's number of outputs.
        kind: logistic_regression or linear_svm.
        flips: whether an answer is the mean of those on the photo and on its mirror image.
    """
    mirrored = known.mirrored.__getitem__ if flips else None  # what is asked about are photos

    def begin() -> Trainer:
        network = build()
        head = features.head_of(network)
        heads = Heads(known, labels, num_labels=network.output_shape[-1], kind=kind)

        def train(job: Job, report: Callable[[Epoch], None], check: Callable[[], None]) -> Outcome:
            check()
            row = heads.put_into(network, job)
            report(row)
            answers = forward.predict_rows(head, known.features, job.held_out, mirrored=mirrored)
            return Outcome(job, [row], kept_epoch=0, num_images=len(job.train), probabilities=answers)

        return Trainer(network, train, num_bytes=0)

    return begin
