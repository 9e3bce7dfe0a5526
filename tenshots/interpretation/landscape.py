"""The loss around a trained network: how much worse its neighbours are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tenshots.networks import forward
from tenshots.runtime import keras
from tenshots.seeds import derived_seed

BATCH_SIZE = 64
REACH = 1.0  # at the surface's edge a filter is moved by as much as it is long


class Surface(NamedTuple):
    """The loss over a square in the space of weights.

    Attributes:
        places: float64, (num_points,), from -REACH to REACH, with 0 in the middle.
        losses: float64, (num_points, num_points), nats per photo: one row per place along the first
            direction, one column per place along the second.
    """

    places: np.ndarray
    losses: np.ndarray


def direction(weights: Sequence[np.ndarray], *, seed: int) -> list[np.ndarray]:
    """Returns a random direction whose filters are as long as the network's own.

    Without that, a network with small weights would look as if it lay in a narrow valley, and the same one
    with large weights, which batch normalisation makes compute the same, in a wide one. A filter is what
    makes one output: the last axis counts them. What has one dimension (biases, all of batch normalisation)
    stays put.
    Source: Li et al. 2018, arXiv:1712.09913, section 4.

    Args:
        weights: as `model.get_weights()` returns them.
        seed: of the direction.

    Returns:
        float32 arrays of the same shapes.
    """
    random = np.random.default_rng(seed)
    found = []
    for values in weights:
        if values.ndim < 2:
            found.append(np.zeros_like(values, dtype=np.float32))
            continue
        drawn = random.standard_normal(values.shape)
        axes = tuple(range(values.ndim - 1))
        own, its = (np.sqrt((array.astype(np.float64) ** 2).sum(axis=axes)) for array in (values, drawn))
        found.append((drawn * (own / its)).astype(np.float32))
    return found


def surface(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    directions: tuple[Sequence[np.ndarray], Sequence[np.ndarray]],
    num_points: int,
) -> Surface:
    """Computes the loss at the places of a grid around the network's weights.

    Args:
        model: from images to logits; it has its own weights again afterwards.
        images: uint8, (num_images, size_px, size_px, 3).
        labels: int (num_images,), the right ones.
        directions: two of `direction`.
        num_points: per side, odd.
    """
    own = model.get_weights()
    places = np.linspace(-REACH, REACH, num_points)
    losses = np.empty((num_points, num_points))
    try:
        for row, along in enumerate(places):
            for column, across in enumerate(places):
                model.set_weights(
                    [
                        value + along * first + across * second
                        for value, first, second in zip(own, *directions, strict=True)
                    ]
                )
                losses[row, column] = loss(model, images, labels)
    finally:
        model.set_weights(own)
    return Surface(places, losses)


def directions(model: keras.Model, *, seed: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Returns the two directions of a surface: see `direction`."""
    weights = model.get_weights()
    first, second = (direction(weights, seed=derived_seed(seed, axis)) for axis in ("first", "second"))
    return first, second


def loss(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> float:
    """Returns the mean cross-entropy of the right labels, in nats, without label smoothing."""
    log_shares = forward.log_softmax(forward.outputs(model, images, batch_size=BATCH_SIZE))
    return float(-log_shares[np.arange(len(labels)), labels].mean())
