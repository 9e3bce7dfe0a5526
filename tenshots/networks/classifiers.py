"""Linear classifiers on frozen features: solved for, not trained step by step, so no seed moves them.

Here and not beside one of its users: the labels are judged by such a classifier (tenshots.labels.reference),
and a variant may be one (tenshots.training.linear). It needs no Keras.

Features are standardised, and how strong the penalty on the weights is, is chosen by log loss on photos of
other components, of the photos that are given alone. Nothing is drawn at random.

logistic_regression   softmax of its decisions
linear_svm            a linear support vector machine per label, against the rest (squared hinge loss); its
                      margins are no probabilities, so they are divided by a temperature first, which is
                      fitted to the margins of photos that a machine has not learnt from, towards
                      targets that keep a little for the other labels, as few photos may all be right.
                      Sources: Platt 1999, Advances in Large Margin Classifiers, section 2.2 (the targets);
                      Guo et al. 2017, arXiv:1706.04599, section 4.2 (the temperature).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LeaveOneGroupOut, StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

# Inverse strengths of the L2 penalty on features of unit variance, from the strongest on, a factor of about
# three apart: the log loss is flat around its lowest, so a finer grid would only cost time.
STRENGTHS = (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
UNTUNED = 0.01  # where no inner fold can be made; of few photos, a cautious one
MAX_FOLDS = 10  # where there are no more components, each is a fold
NUM_INNER_FOLDS = 4
MAX_STEPS = 1000  # of the solver; some dozens are the rule
SMALLEST = 1e-15  # probability that a log loss counts
# Of a feature's mean: where its deviation is smaller, it is what rounding to float32 left of a constant.
FLAT = 1e-5
COLDEST, HOTTEST = 1e-2, 1e2  # temperatures: beyond, answers are certain, or all alike


class Linear(NamedTuple):
    """A classifier that was solved for.

    Attributes:
        kernel: float64 (num_features, num_labels): what features, as they are, are multiplied by.
        bias: float64 (num_labels,). The softmax of the sum is the probability of each label.
        strength: the inverse strength of the penalty.
    """

    kernel: np.ndarray
    bias: np.ndarray
    strength: float


class Rows(NamedTuple):
    """What is learnt from: photos, and mirror images and copies of them if there are any.

    Attributes:
        features: float (num_rows, num_features).
        labels: int (num_rows,), from 0.
        components: codes or names, (num_rows,); the others have that of their photo.
        are_photos: bool (num_rows,); the others are mirror images and copies, which help to learn and are
            never asked.
    """

    features: np.ndarray
    labels: np.ndarray
    components: np.ndarray
    are_photos: np.ndarray

    def where(self, chosen: np.ndarray) -> Rows:
        """Returns the chosen rows."""
        return Rows(*(each[chosen] for each in self))


def of_photos(features: np.ndarray, labels: np.ndarray, components: np.ndarray) -> Rows:
    """Returns rows all of which are photos as they are."""
    return Rows(features, labels, components, np.ones(len(labels), dtype=bool))


def solve(rows: Rows, *, num_labels: int, kind: str) -> Linear:
    """Returns the classifier that these rows teach.

    Args:
        rows: two labels at least.
        num_labels: at least 2; a label that the rows do not show is never answered.
        kind: logistic_regression or linear_svm.
    """
    # One thread: on another number the sums are rounded otherwise, and matrices this small gain nothing.
    with threadpool_limits(limits=1):
        strength, temperature = search(rows, num_labels=num_labels, kind=kind)
        learner = Learner(rows, num_labels=num_labels, kind=kind)
        learner.fit(strength)
        kernel, bias = learner.folded()
        return Linear(kernel / temperature, bias / temperature, strength)


class Learner:
    """Classifiers on one set of rows; each starts from what the one before it had learnt."""

    def __init__(self, rows: Rows, *, num_labels: int, kind: str) -> None:
        features = rows.features.astype(np.float64)
        self._scaler = StandardScaler().fit(features)
        flat = self._scaler.scale_ < FLAT * np.abs(self._scaler.mean_)
        self._scaler.scale_[flat] = np.inf  # weighs nothing
        self._inputs, self._labels = self._scaler.transform(features), rows.labels
        self._num_labels = num_labels
        # Losses are summed over rows: as strong a penalty for a photo with a mirror image and ten copies as
        # for one without.
        self._share = float(rows.are_photos.mean())
        if kind == "linear_svm":
            self._model = LinearSVC(dual=False, max_iter=MAX_STEPS)  # the dual's solver draws at random
        else:
            self._model = LogisticRegression(max_iter=MAX_STEPS, warm_start=True)

    def fit(self, strength: float) -> None:
        """Solves for the weights.

        Args:
            strength: the inverse one of the penalty.
        """
        self._model.set_params(C=strength * self._share).fit(self._inputs, self._labels)

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Returns float64 (num_photos, num_labels); of a label that was not learnt minus infinity."""
        found = np.full((len(features), self._num_labels), -np.inf)
        decisions = self._model.decision_function(self._scaler.transform(features.astype(np.float64)))
        # Of two labels there is one decision; half of it for each is the same softmax.
        found[:, self._model.classes_] = (
            np.stack([-decisions / 2, decisions / 2], axis=1) if decisions.ndim == 1 else decisions
        )
        return found

    def folded(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the weights for features as they are: float64 (num_features, num_labels), (num_labels,)."""
        weights, offsets = self._model.coef_, self._model.intercept_
        if len(weights) == 1:
            weights, offsets = (np.concatenate([-each, each]) / 2 for each in (weights, offsets))
        kernel = np.zeros((weights.shape[1], self._num_labels))
        bias = np.full(self._num_labels, np.log(SMALLEST))
        kernel[:, self._model.classes_] = weights.T / self._scaler.scale_[:, np.newaxis]
        bias[self._model.classes_] = offsets - self._scaler.mean_ @ kernel[:, self._model.classes_]
        return kernel, bias


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
    with warnings.catch_warnings():
        # A label with fewer photos than folds is missing from some; `can_judge` says from which.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        for fold, (_, tested) in enumerate(dealer.split(labels, labels, components)):
            folds[tested] = fold
    return folds


def can_judge(learnt: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Whether each asked label is among the learnt ones, and these are two at least: bool (num_asked,)."""
    known = np.unique(learnt)
    return np.isin(asked, known) & (len(known) > 1)


def search(rows: Rows, *, num_labels: int, kind: str) -> tuple[float, float]:
    """Returns the first of STRENGTHS after which the log loss on unseen components no longer falls.

    And the temperature of that strength: 1 for a regression, and where no inner fold can be made.
    """
    inner = list(_inner(rows, num_labels=num_labels, kind=kind))
    best, lowest = (UNTUNED, 1.0), np.inf
    for strength in STRENGTHS if inner else ():
        for learner, _, _ in inner:
            learner.fit(strength)
        logits = np.concatenate([learner.logits(features) for learner, features, _ in inner])
        labels = np.concatenate([labels for _, _, labels in inner])
        temperature = fitted_temperature(logits, labels) if kind == "linear_svm" else 1.0
        loss = float(_losses(logits / temperature, labels).mean())
        if loss >= lowest:
            break
        best, lowest = (strength, temperature), loss
    return best


def fitted_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Returns what margins are best divided by, in [COLDEST, HOTTEST].

    Args:
        logits: float (num_photos, num_labels), of photos that were not learnt from.
        labels: int (num_photos,).
    """
    num_labels = logits.shape[1]
    numbers = np.bincount(labels, minlength=num_labels)[labels]
    targets = np.repeat(1 / (numbers + num_labels), num_labels).reshape(logits.shape)
    targets[np.arange(len(labels)), labels] = (numbers + 1) / (numbers + num_labels)
    possible = np.isfinite(logits)

    def loss(log_temperature: float) -> float:
        shares = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-(targets[possible] * shares[possible]).sum())

    found = minimize_scalar(loss, bounds=np.log([COLDEST, HOTTEST]), method="bounded")
    return float(np.exp(found.x))


def _inner(rows: Rows, *, num_labels: int, kind: str) -> Iterator[tuple[Learner, np.ndarray, np.ndarray]]:
    """Yields for each inner fold what learns, and the features and labels of the photos that it can judge."""
    photos = rows.where(rows.are_photos)
    folds = own_folds(photos.labels, photos.components, max_folds=NUM_INNER_FOLDS)
    for fold in [] if folds is None else np.unique(folds):
        seen = ~np.isin(rows.components, np.unique(photos.components[folds == fold]))
        known = can_judge(rows.labels[seen], photos.labels)
        asked = (folds == fold) & known
        if asked.any():
            learner = Learner(rows.where(seen), num_labels=num_labels, kind=kind)
            yield learner, photos.features[asked], photos.labels[asked]


def _losses(logits: np.ndarray, labels: Sequence[int] | np.ndarray) -> np.ndarray:
    shares = np.exp(log_softmax(logits, axis=1))
    found: np.ndarray = -np.log(np.maximum(shares[np.arange(len(labels)), labels], SMALLEST))
    return found
