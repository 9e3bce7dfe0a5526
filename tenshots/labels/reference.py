"""A logistic regression on frozen features, tested on photos of components that it has not learnt from.

It is the reference beside the variants: what a pretrained backbone is worth without any training of a
network. Its answers also say which labels look wrong (see tenshots.labels.suspicion).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LeaveOneGroupOut, StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

# Inverse strengths of the L2 penalty on features of unit variance, from the strongest on, a factor of about
# three apart: the log loss is flat around its lowest, so a finer grid would only cost time.
STRENGTHS = (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0)
UNTUNED = 0.01  # where no inner fold can be made; of few photos, a cautious one
MAX_FOLDS = 10  # of our own; where there are no more components, each is a fold
NUM_INNER_FOLDS = 4
MAX_STEPS = 1000  # of the solver; some dozens are the rule
SMALLEST = 1e-15  # probability that a log loss counts


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


def own_folds(labels: np.ndarray, components: np.ndarray, *, max_folds: int = MAX_FOLDS) -> np.ndarray | None:
    """Deals whole components to folds, each with its share of each label as far as that goes.

    Args:
        labels: int, shape (num_photos,).
        components: codes or names, shape (num_photos,); photos of one are never divided.
        max_folds: at least 2.

    Returns:
        int64, shape (num_photos,), from 0: each photo's fold; a component each where there are at most
        `max_folds` of them. None with a single component. The result depends on the arguments alone.
    """
    num_components = len(np.unique(components))
    if num_components < 2:
        return None
    # As many folds as the commonest label has photos: stratifying needs a photo for each.
    num_folds = min(max_folds, int(np.bincount(labels).max()))
    each = num_components <= max_folds or num_folds < 2
    dealer = LeaveOneGroupOut() if each else StratifiedGroupKFold(num_folds)
    folds = np.zeros(len(labels), dtype=np.int64)
    for fold, (_, tested) in enumerate(dealer.split(labels, labels, components)):
        folds[tested] = fold
    return folds


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
    # One thread: on another number the sums are rounded otherwise, and matrices this small gain nothing.
    with threadpool_limits(limits=1):
        for fold in np.unique(folds):
            tested = folds == fold
            judged[tested] = _can_judge(labels[~tested], labels[tested])
            if judged[tested].any():
                found = _strength(features[~tested], labels[~tested], components[~tested], num_labels)
                learner = _Learner(features[~tested], labels[~tested], num_labels)
                probabilities[tested] = learner.probabilities(features[tested], found)
                strengths[int(fold)] = found
    return Outcome(probabilities, judged, strengths)


class _Learner:
    """Regressions on one set of photos; each starts from what the one before it had learnt."""

    def __init__(self, features: np.ndarray, labels: np.ndarray, num_labels: int) -> None:
        self._scaler = StandardScaler().fit(features)
        self._inputs, self._labels, self._num_labels = self._scaler.transform(features), labels, num_labels
        self._model = LogisticRegression(max_iter=MAX_STEPS, warm_start=True)

    def probabilities(self, features: np.ndarray, strength: float) -> np.ndarray:
        """Returns float64, shape (num_photos, num_labels); a label that was not learnt gets 0."""
        self._model.set_params(C=strength).fit(self._inputs, self._labels)
        shares = np.zeros((len(features), self._num_labels))
        shares[:, self._model.classes_] = self._model.predict_proba(self._scaler.transform(features))
        return shares


def _can_judge(learnt: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Whether each asked label is among the learnt ones, and these are two at least: bool (num_asked,)."""
    known = np.unique(learnt)
    return np.isin(asked, known) & (len(known) > 1)


def _strength(features: np.ndarray, labels: np.ndarray, components: np.ndarray, num_labels: int) -> float:
    """Returns the first of STRENGTHS after which the log loss on unseen components no longer falls."""
    inner = list(_inner(features, labels, components, num_labels))
    best, lowest = UNTUNED, np.inf
    for strength in STRENGTHS if inner else ():
        losses = np.concatenate([_losses(*fold, strength) for fold in inner])
        if losses.mean() >= lowest:
            break
        best, lowest = strength, float(losses.mean())
    return best


def _inner(
    features: np.ndarray, labels: np.ndarray, components: np.ndarray, num_labels: int
) -> Iterator[tuple[_Learner, np.ndarray, np.ndarray]]:
    """Yields for each inner fold what learns, and the features and labels of the photos that it can judge."""
    folds = own_folds(labels, components, max_folds=NUM_INNER_FOLDS)
    for fold in [] if folds is None else np.unique(folds):
        train = folds != fold
        asked = np.flatnonzero(~train)[_can_judge(labels[train], labels[~train])]
        if len(asked):
            yield _Learner(features[train], labels[train], num_labels), features[asked], labels[asked]


def _losses(learner: _Learner, features: np.ndarray, labels: np.ndarray, strength: float) -> np.ndarray:
    shares = learner.probabilities(features, strength)
    found: np.ndarray = -np.log(np.maximum(shares[np.arange(len(labels)), labels], SMALLEST))
    return found
