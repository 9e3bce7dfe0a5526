"""What training minimises, and how much a label counts in it.

cross_entropy   of the softmax, with label smoothing.
focal           the cross-entropy, in which a label counts the less the surer the network is of it: times
                (1 - probability) ** gamma. Without the paper's second factor, alpha: of several labels it
                scales all alike, and `class_weights` does what it is for.
                Source: Lin et al. 2017, arXiv:1708.02002, equation 4.
hinge           max(0, f_j - f_y + 1), summed over the labels j other than the right one, y. Its margins f
                are no probabilities; `margins.scale` makes probabilities of them.
                Source: Weston and Watkins 1999, Support Vector Machines for Multi-Class Pattern Recognition,
                ESANN.

A target may be shared between labels, as where images are mixed. Then the hinge loss of each label counts
with its share, as the cross-entropy's terms do.
"""

from __future__ import annotations

import numpy as np

from tenshots.networks import forward
from tenshots.runtime import keras
from tenshots.training.settings import OptimisationSettings


class Hinge(keras.losses.Loss):  # type: ignore[misc]  # Keras is untyped
    """The hinge loss of several labels. Keras' own takes the largest of the terms alone, not their sum."""

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Returns each image's loss, (num_images,).

        Args:
            y_true: (num_images, num_labels), shares that sum to 1.
            y_pred: margins, (num_images, num_labels).
        """
        exceeded = keras.ops.relu(1 + y_pred[:, None, :] - y_pred[:, :, None])
        # The term of the right label itself is 1, whatever the margins are.
        return keras.ops.sum(y_true * (keras.ops.sum(exceeded, axis=2) - 1), axis=1)


def minimised(settings: OptimisationSettings) -> keras.losses.Loss:
    """Returns the loss that training minimises, from logits or margins and targets to a mean over images."""
    if settings.loss_name == "hinge":
        return Hinge()
    if settings.loss_name == "focal":
        return keras.losses.CategoricalFocalCrossentropy(
            alpha=1.0,
            gamma=settings.gamma,
            from_logits=True,
            label_smoothing=settings.label_smoothing,
        )
    return keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=settings.label_smoothing)


def value(logits: np.ndarray, targets: np.ndarray, settings: OptimisationSettings) -> float:
    """Returns the mean loss that training minimises, computed in float64; lower is better.

    Without class weights, so that photos of all labels count alike.

    Args:
        logits: (num_photos, num_labels); margins with the hinge loss.
        targets: (num_photos, num_labels), one-hot.
        settings: which loss.
    """
    if settings.loss_name == "hinge":
        return hinge(logits, targets)
    if settings.loss_name == "focal":
        return focal(logits, targets, gamma=settings.gamma, label_smoothing=settings.label_smoothing)
    return cross_entropy(logits, targets, label_smoothing=settings.label_smoothing)


def cross_entropy(logits: np.ndarray, targets: np.ndarray, *, label_smoothing: float) -> float:
    """Returns the mean cross-entropy, computed in float64.

    Args:
        logits: (num_photos, num_labels).
        targets: (num_photos, num_labels), one-hot.
        label_smoothing: share of each target that is spread evenly over all labels.
            Source: Szegedy et al. 2016, arXiv:1512.00567, section 7.
    """
    smoothed = targets * (1 - label_smoothing) + label_smoothing / targets.shape[1]
    return float(-(smoothed * forward.log_softmax(logits)).sum(axis=1).mean())


def focal(logits: np.ndarray, targets: np.ndarray, *, gamma: float, label_smoothing: float) -> float:
    """Returns the mean focal loss, computed in float64; see `cross_entropy`.

    Args:
        logits: (num_photos, num_labels).
        targets: (num_photos, num_labels), one-hot.
        gamma: at least 0; at 0 it is the cross-entropy.
        label_smoothing: as there.
    """
    smoothed = targets * (1 - label_smoothing) + label_smoothing / targets.shape[1]
    surprises = -forward.log_softmax(logits)
    return float((smoothed * (1 - np.exp(-surprises)) ** gamma * surprises).sum(axis=1).mean())


def hinge(margins: np.ndarray, targets: np.ndarray) -> float:
    """Returns the mean hinge loss, computed in float64.

    Args:
        margins: (num_photos, num_labels).
        targets: (num_photos, num_labels), shares that sum to 1.
    """
    exact = margins.astype(np.float64)
    exceeded = np.maximum(1 + exact[:, np.newaxis, :] - exact[:, :, np.newaxis], 0)
    return float((targets * (exceeded.sum(axis=2) - 1)).sum(axis=1).mean())
