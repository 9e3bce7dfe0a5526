"""What photos of one training look like on average, for networks that standardise their pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tenshots.networks import building, forward
from tenshots.networks.standardising import Standardising
from tenshots.runtime import keras

MIDDLE = 127.5  # of levels: squares of distances from it lose no digits
BATCH_SIZE = 128


def learner(network: keras.Model, inputs: np.ndarray, *, from_photos: bool) -> Callable[[np.ndarray], None]:
    """Returns what gives a network the mean and scale of rows of its inputs, if it has a use for them.

    Args:
        network: of `building.build`.
        inputs: photos, or what the network's resizing makes of them, (num_images, side, side, 3).
        from_photos: which of the two.

    Returns:
        A function of rows, int (num_rows,): of the images that a training learns from, and of no others.
    """
    found = next((layer for layer in network.layers if isinstance(layer, Standardising)), None)
    if found is None:
        return lambda _: None
    source = network.input if from_photos else building.pixels(network)
    below = None if found.input is source else keras.Model(source, found.input)

    def learn(rows: np.ndarray) -> None:
        sums = squares = np.zeros(found.mean.shape[0])
        num_pixels = 0
        for start in range(0, len(rows), BATCH_SIZE):
            seen = inputs[rows[start : start + BATCH_SIZE]]
            if below is not None:
                seen = forward.outputs(below, seen, batch_size=BATCH_SIZE)
            away = seen.astype(np.float64) - MIDDLE
            sums = sums + away.sum(axis=(0, 1, 2))
            squares = squares + (away**2).sum(axis=(0, 1, 2))
            num_pixels += away[..., 0].size
        mean = sums / num_pixels
        deviation = np.sqrt(np.maximum(squares / num_pixels - mean**2, 0))
        found.mean.assign((mean + MIDDLE).astype(np.float32))
        # A channel of one level everywhere has no deviation; its values become 0.
        found.scale.assign((1 / np.where(deviation > 0, deviation, 1)).astype(np.float32))

    return learn
