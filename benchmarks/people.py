"""Experiments with really trained classifiers on drawn people, whose truth is known from new people.

A person's photos are vectors: the mean of the label, the person's own shift, and noise. A training computes
random features (a ReLU layer, drawn from a seed and never trained) and solves a ridge regression on them,
whose softmax is its answer. So, as with photos, trainings of several folds share people, people differ in how
hard they are and in what they teach, and a seed moves every training but those on a frozen layer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import softmax

NUM_LABELS = 3
NUM_PHOTOS = 10  # per person
DIMENSIONS = 6  # of a photo
MEANS = 2.5 * np.eye(NUM_LABELS, DIMENSIONS)  # of the labels
SHIFT = 1.2  # standard deviation of a person's, per dimension
NOISE = 1.0  # of a photo, per dimension
RIDGE = 3.0
SHARPNESS = 4.0  # of the softmax: answers are a little too sure, as networks' are
VAL = 0.2  # share of the people not tested, who do not train
TEST = 0.25  # share of the people who are tested, where there is one fold; more where this were fewer than 5
NUM_NEW = 40  # people per experiment, from whom the truth comes
A_BLOCK = 40  # experiments drawn together


class Variant(NamedTuple):
    """A way of training.

    Attributes:
        num_features: of the random layer; with few, seeds differ much.
        blur: standard deviation of what its view of a photo adds to the photo's noise, per dimension.
        frozen: whether all trainings of an experiment have the same random layer, as a pretrained backbone.
    """

    num_features: int = 60
    blur: float = 0.0
    frozen: bool = False


class Block(NamedTuple):
    """Experiments that were drawn together.

    B experiments, V variants, R repeats, F folds, G people, P photos of each, L labels.

    Attributes:
        labels: int, (B, G, P): the true ones.
        tested: float, (B, V, R, G, P, L): probabilities; nan where not tested.
        val_right: float, (B, V, R, F, G): share of right answers of each person; nan who does not validate.
        val_loss: float, the same: log loss (nats).
        new_labels: int, (B, NUM_NEW, P): of new people.
        new: float, (B, V, R, F, NUM_NEW, P, L): what each training answers on them.
        folds: int, (G,): in which each person is tested; -1 for nobody.
    """

    labels: np.ndarray
    tested: np.ndarray
    val_right: np.ndarray
    val_loss: np.ndarray
    new_labels: np.ndarray
    new: np.ndarray
    folds: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """1.0 for each right answer and 0.0 for each wrong one, (B, V, R, G, P); nan where not tested."""
        right = self.tested.argmax(-1) == self.labels[:, np.newaxis, np.newaxis]
        found: np.ndarray = np.where(np.isnan(self.tested[..., 0]), np.nan, right)
        return found

    @property
    def new_right(self) -> np.ndarray:
        """Share of right answers of each training on new people: float, (B, V, R, F)."""
        right = self.new.argmax(-1) == self.new_labels[:, np.newaxis, np.newaxis, np.newaxis]
        found: np.ndarray = right.mean((-2, -1))
        return found


def blocks(
    number: int,
    *,
    num_people: int,
    variants: tuple[Variant, ...],
    num_folds: int,
    num_repeats: int,
    shares: tuple[float, ...] | None = None,
    distance: float = 1.0,
    seed: int = 20,
) -> Iterator[Block]:
    """Draws experiments and trains.

    Args:
        number: of experiments.
        num_people: per experiment.
        variants: that are trained; those that are equal differ by their seeds.
        num_folds: 1 or more.
        num_repeats: trainings per fold.
        shares: as in `drawn`.
        distance: as in `drawn`.
        seed: of everything.
    """
    for start in range(0, number, A_BLOCK):
        draw = np.random.default_rng([seed, num_people, num_folds, num_repeats, start])
        size = min(A_BLOCK, number - start)
        photos, new = (
            drawn(size, people, draw, distance=distance, shares=shares) for people in (num_people, NUM_NEW)
        )
        num_labels = NUM_LABELS if shares is None else len(shares)
        folds = dealt(num_people, num_folds)
        yield _trained(photos, new, num_labels, variants, folds, num_repeats, draw)


def _trained(
    own: tuple[np.ndarray, np.ndarray],
    others: tuple[np.ndarray, np.ndarray],
    num_labels: int,
    variants: tuple[Variant, ...],
    folds: np.ndarray,
    num_repeats: int,
    draw: np.random.Generator,
) -> Block:
    """Trains each variant in each fold and repeat; `own` and `others` are photos and labels, as drawn."""
    (photos, labels), (new, new_labels) = own, others
    views = [
        tuple(
            each + variant.blur * draw.normal(size=each.shape) if variant.blur else each
            for each in (photos, new)
        )
        for variant in variants
    ]
    number, num_people = labels.shape[:2]
    num_folds = int(folds.max()) + 1
    shape = number, len(variants), num_repeats
    tested = np.full((*shape, *labels.shape[1:], num_labels), np.nan)
    val_right, val_loss = np.full((2, *shape, num_folds, num_people), np.nan)
    answers = np.empty((*shape, num_folds, *new_labels.shape[1:], num_labels))
    sizes = [(number, DIMENSIONS + 1, variant.num_features) for variant in variants]
    frozen = {v: draw.normal(size=sizes[v]) for v, variant in enumerate(variants) if variant.frozen}
    for fold in range(num_folds):
        test, val, train = parts(folds, fold)
        for v, (seen, new_seen) in enumerate(views):
            for r in range(num_repeats):
                layer = frozen[v] if v in frozen else draw.normal(size=sizes[v])
                inside, outside = features(seen, layer), features(new_seen, layer)
                head = solved(inside[:, train], labels[:, train], num_labels=num_labels)
                tested[:, v, r, test] = probabilities(inside[:, test], head)
                answers[:, v, r, fold] = probabilities(outside, head)
                found = probabilities(inside[:, val], head)
                of_truth = np.take_along_axis(found, labels[:, val, :, np.newaxis], -1)[..., 0]
                val_right[:, v, r, fold, val] = (found.argmax(-1) == labels[:, val]).mean(-1)
                val_loss[:, v, r, fold, val] = -np.log(of_truth).mean(-1)
    return Block(labels, tested, val_right, val_loss, new_labels, answers, folds)


def dealt(num_people: int, num_folds: int) -> np.ndarray:
    """Returns in which fold each person is tested, int, shape (num_people,); -1 for nobody."""
    if num_folds > 1:
        return np.arange(num_people) % num_folds
    num_tested = max(round(TEST * num_people), min(5, num_people // 2))
    return np.where(np.arange(num_people) < num_tested, 0, -1)


def parts(folds: np.ndarray, fold: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns who tests, validates and trains in a fold of `dealt`: their numbers, int."""
    tested, rest = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
    # The next ones in turn, so that each validates in some fold.
    order = np.roll(rest, -int(np.searchsorted(rest, tested[0])) if folds.max() > 0 else 0)
    num_val = max(round(VAL * len(rest)), 1)
    return tested, order[:num_val], order[num_val:]


def drawn(
    number: int,
    num_people: int,
    draw: np.random.Generator,
    *,
    num_photos: int = NUM_PHOTOS,
    distance: float = 1.0,
    shares: tuple[float, ...] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Draws people.

    Args:
        number: of experiments.
        num_people: per experiment.
        draw: what is drawn from.
        num_photos: per person.
        distance: of the labels' means, times the usual; the farther, the easier.
        shares: of the labels, at most DIMENSIONS, which sum to 1; None for NUM_LABELS equally common ones.

    Returns:
        Photos, (number, num_people, num_photos, DIMENSIONS), and labels, int, the same without the last.
    """
    size = number, num_people, num_photos
    labels = (
        draw.integers(NUM_LABELS, size=size) if shares is None else draw.choice(len(shares), size, p=shares)
    )
    shifts = SHIFT * draw.normal(size=(*size[:2], 1, DIMENSIONS))
    return distance * MEANS[labels] + shifts + NOISE * draw.normal(size=(*size, DIMENSIONS)), labels


def features(photos: np.ndarray, layer: np.ndarray) -> np.ndarray:
    """Returns what a random layer makes of photos.

    Args:
        photos: (number, people, photos, DIMENSIONS).
        layer: (number or 1, DIMENSIONS + 1, num_features): weights, and the offset last.

    Returns:
        Float, (number, people, photos, num_features), at least 0.
    """
    flat = photos.reshape(len(photos), -1, DIMENSIONS)
    hidden = np.matmul(flat, layer[:, :-1]) / DIMENSIONS**0.5 + layer[:, -1:]
    found: np.ndarray = np.maximum(hidden, 0.0).reshape(*photos.shape[:-1], -1)
    return found


def solved(
    features: np.ndarray,
    labels: np.ndarray,
    learnt: np.ndarray | None = None,
    *,
    num_labels: int = NUM_LABELS,
) -> np.ndarray:
    """Returns the regression's weights.

    Args:
        features: (number, people, photos, num_features).
        labels: int, the same without the last.
        learnt: which photos are learnt from, 1 or 0 or bool, the same; all of them if it is None.
        num_labels: that there are.

    Returns:
        Float, (number, num_features, num_labels).
    """
    rows = features if learnt is None else features * learnt[..., np.newaxis]
    rows = rows.reshape(len(rows), -1, rows.shape[-1])
    wanted = np.eye(num_labels)[labels.reshape(len(labels), -1)] - 1 / num_labels
    squares = np.matmul(rows.transpose(0, 2, 1), rows) + RIDGE * np.eye(rows.shape[-1])
    found: np.ndarray = np.linalg.solve(squares, np.matmul(rows.transpose(0, 2, 1), wanted))
    return found


def answered(features: np.ndarray, labels: np.ndarray, head: np.ndarray) -> np.ndarray:
    """Returns whether each answer is right, bool, in the shape of `labels`.

    Args:
        features: (number, people, photos, num_features).
        labels: int, the same without the last.
        head: of `solved`.
    """
    right: np.ndarray = np.matmul(features, head[:, np.newaxis]).argmax(-1) == labels
    return right


def probabilities(features: np.ndarray, head: np.ndarray) -> np.ndarray:
    """Returns the softmax of the regression, (number, people, photos, num_labels), each above 0.

    Args:
        features: (number, people, photos, num_features).
        head: of `solved`.
    """
    found: np.ndarray = softmax(SHARPNESS * np.matmul(features, head[:, np.newaxis]), axis=-1)
    return found
