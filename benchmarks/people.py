"""Experiments with really trained classifiers on drawn people, whose truth is known from new people.

A person's photos are vectors: the mean of the label, the person's own shift, and noise. A training computes
random features (a ReLU layer of its own seed, never trained) and solves a ridge regression on them. So, as
with photos, trainings of several folds share people, people differ in how hard they are and in what they
teach, and a seed moves every training.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

NUM_LABELS = 3
NUM_PHOTOS = 10  # per person
DIMENSIONS = 6  # of a photo
MEANS = 2.5 * np.eye(NUM_LABELS, DIMENSIONS)  # of the labels
SHIFT = 1.2  # standard deviation of a person's, per dimension
NOISE = 1.0  # of a photo, per dimension
RIDGE = 3.0
VAL = 0.2  # share of the people not tested, who do not train
TEST = 0.25  # share of the people who are tested, where there is one fold; more where this were fewer than 5
NUM_NEW = 40  # people per experiment, from whom the truth comes
A_BLOCK = 40  # experiments drawn together


class Variant(NamedTuple):
    """A way of training.

    Attributes:
        num_features: of the random layer; with few, seeds differ much.
        blur: standard deviation of what its view of a photo adds to the photo's noise, per dimension.
    """

    num_features: int = 60
    blur: float = 0.0


class Block(NamedTuple):
    """Experiments that were drawn together; B experiments, G people, V variants, F folds, R repeats.

    Attributes:
        right: float, (B, V, R, G, NUM_PHOTOS): 1 for each right answer; nan where not tested.
        val_right: float, (B, V, R, F): share of right answers on validation people.
        new_right: float, (B, V, R, F): share of right answers of each training on new people.
        folds: int, (G,): in which each person is tested; -1 for nobody.
    """

    right: np.ndarray
    val_right: np.ndarray
    new_right: np.ndarray
    folds: np.ndarray


def blocks(
    number: int,
    *,
    num_people: int,
    variants: tuple[Variant, ...],
    num_folds: int,
    num_repeats: int,
    seed: int = 20,
) -> Iterator[Block]:
    """Draws experiments and trains.

    Args:
        number: of experiments.
        num_people: per experiment.
        variants: that are trained; those that are equal differ by their seeds.
        num_folds: 1 or more.
        num_repeats: trainings per fold.
        seed: of everything.
    """
    for start in range(0, number, A_BLOCK):
        draw = np.random.default_rng([seed, num_people, num_folds, num_repeats, start])
        yield _block(min(A_BLOCK, number - start), num_people, variants, num_folds, num_repeats, draw)


def _block(
    number: int,
    num_people: int,
    variants: tuple[Variant, ...],
    num_folds: int,
    num_repeats: int,
    draw: np.random.Generator,
) -> Block:
    photos, labels = drawn(number, num_people, draw)
    new, new_labels = drawn(number, NUM_NEW, draw)
    views = [
        tuple(
            each + variant.blur * draw.normal(size=each.shape) if variant.blur else each
            for each in (photos, new)
        )
        for variant in variants
    ]
    folds = dealt(num_people, num_folds)
    shape = number, len(variants), num_repeats
    right = np.full((*shape, num_people, NUM_PHOTOS), np.nan)
    val_right, new_right = np.empty((*shape, num_folds)), np.empty((*shape, num_folds))
    for fold in range(num_folds):
        tested, val, train = parts(folds, fold)
        for v, variant in enumerate(variants):
            seen, new_seen = views[v]
            for r in range(num_repeats):
                layer = draw.normal(size=(number, DIMENSIONS + 1, variant.num_features))
                inside, outside = features(seen, layer), features(new_seen, layer)
                head = solved(inside[:, train], labels[:, train])
                right[:, v, r, tested] = answered(inside[:, tested], labels[:, tested], head)
                val_right[:, v, r, fold] = answered(inside[:, val], labels[:, val], head).mean((1, 2))
                new_right[:, v, r, fold] = answered(outside, new_labels, head).mean((1, 2))
    return Block(right, val_right, new_right, folds)


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
) -> tuple[np.ndarray, np.ndarray]:
    """Draws people.

    Args:
        number: of experiments.
        num_people: per experiment.
        draw: what is drawn from.
        num_photos: per person.
        distance: of the labels' means, times the usual; the farther, the easier.

    Returns:
        Photos, (number, num_people, num_photos, DIMENSIONS), and labels, int, the same without the last.
    """
    size = number, num_people, num_photos
    labels = draw.integers(NUM_LABELS, size=size)
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


def solved(features: np.ndarray, labels: np.ndarray, learnt: np.ndarray | None = None) -> np.ndarray:
    """Returns the regression's weights.

    Args:
        features: (number, people, photos, num_features).
        labels: int, the same without the last.
        learnt: which photos are learnt from, 1 or 0 or bool, the same; all of them if it is None.

    Returns:
        Float, (number, num_features, NUM_LABELS).
    """
    rows = features if learnt is None else features * learnt[..., np.newaxis]
    rows = rows.reshape(len(rows), -1, rows.shape[-1])
    wanted = np.eye(NUM_LABELS)[labels.reshape(len(labels), -1)] - 1 / NUM_LABELS
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
