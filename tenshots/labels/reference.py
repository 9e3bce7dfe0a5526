"""A logistic regression on frozen features, asked of photos of components that it has not learnt from.

Its answers say which labels look wrong (see tenshots.labels.suspicion).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from tenshots.networks import classifiers

KIND = "logistic_regression"


class Outcome(NamedTuple):
    """What the regression said of each photo.

    Attributes:
        probabilities: float64, shape (num_photos, num_labels), in [0, 1]; each row sums to 1 where `judged`.
        judged: bool, shape (num_photos,): whether the training photos showed this photo's label, and another.
        strengths: of each fold, by its number: the inverse strength chosen; folds without a judged photo are
            left out.
    """

    probabilities: np.ndarray
    judged: np.ndarray
    strengths: dict[int, float]


def tested_folds(splits: pd.DataFrame) -> pd.Series | None:
    """Returns the fold that tests each photo, indexed by photo_id and sorted.

    Args:
        splits: photo_id, component, fold and part (see tenshots.splitting.division).

    Returns:
        int; None where the split has a single fold, leaves photos untested, or divides a component, as one
        that came with the photos may.
    """
    tested = splits[splits["part"] == "test"]
    once = tested["photo_id"].is_unique and set(tested["photo_id"]) == set(splits["photo_id"])
    if not once or tested["fold"].nunique() < 2 or (tested.groupby("component")["fold"].nunique() > 1).any():
        return None
    return tested.set_index("photo_id")["fold"].sort_index()


def cross_validated(
    features: np.ndarray, labels: np.ndarray, *, components: np.ndarray, folds: np.ndarray, num_labels: int
) -> Outcome:
    """Predicts the photos of each fold by a regression on those of all other folds.

    Features are standardised, and the strength of the penalty is chosen by log loss in group-wise folds, both
    on the training photos alone. Nothing is drawn at random.

    Args:
        features: float, shape (num_photos, num_features).
        labels: int, shape (num_photos,), from 0, below `num_labels`.
        components: shape (num_photos,); the inner folds do not divide them either.
        folds: int, shape (num_photos,); should not divide a component.
        num_labels: at least 2.
    """
    probabilities = np.zeros((len(labels), num_labels))
    judged = np.zeros(len(labels), dtype=bool)
    strengths = {}
    everything = classifiers.of_photos(features, labels, components)
    # One thread: on another number the sums are rounded otherwise, and matrices this small gain nothing.
    with threadpool_limits(limits=1):
        for fold in np.unique(folds):
            tested = folds == fold
            judged[tested] = classifiers.can_judge(labels[~tested], labels[tested])
            if judged[tested].any():
                rows = everything.where(~tested)
                found, _ = classifiers.search(rows, num_labels=num_labels, kind=KIND)
                learner = classifiers.Learner(rows, num_labels=num_labels, kind=KIND)
                learner.fit(found)
                probabilities[tested] = softmax(learner.logits(features[tested]), axis=1)
                strengths[int(fold)] = found
    return Outcome(probabilities, judged, strengths)
