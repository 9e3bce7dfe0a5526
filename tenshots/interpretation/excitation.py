"""Gradient ascent: pictures that excite one filter as strongly as can be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tenshots.interpretation import spectrum
from tenshots.interpretation.gradients import gradient_of
from tenshots.runtime import keras

MIDDLE = 127.5  # of 0 to 255: where a picture starts, and what its contrast is measured from
STEP = 6.0  # levels of 255 by which a pixel moves at a step, on average; halved towards the end
SHRINKING = 0.02  # share of the contrast that is lost at a step, so that only what excites stays
SHOWN_CONTRAST = 56.0  # standard deviation of a pattern as shown, in levels of 255


def patterns(
    model: keras.Model, filters: Sequence[int], *, size_px: int, steps: int, seed: int
) -> np.ndarray:
    """Makes for each filter a picture that raises its mean over all places.

    Starts from faint cloudy noise and follows the gradient. At each step the picture is moved a few pixels
    (jitter), so that nothing depends on one exact place, and the step is shaped like a photo (`spectrum`).
    Source: Erhan et al. 2009 (activation maximisation); jitter and shrinking: Mordvintsev et al. 2015.

    Args:
        model: from pictures of any size, 0 to 255, to (num_pictures, height, width, num_filters), as
            `layers.at_any_size` returns it; best one that ends before an activation.
        filters: which, from 0.
        size_px: side of the pictures.
        steps: from 0, which gives the noise alone.
        seed: of noise and jitter.

    Returns:
        float32, (len(filters), size_px, size_px, 3), 0 to 255.
    """
    random = np.random.default_rng(seed)
    pictures = MIDDLE + 8 * spectrum.noise(len(filters), size_px, size_px, random=random)
    ascent = gradient_of(lambda given: _excitement(model, given, filters))
    reach = max(1, size_px // 16)
    for number in range(steps):
        move = tuple(int(by) for by in random.integers(-reach, reach + 1, 2))
        _, gradient = ascent(np.roll(pictures, move, axis=(1, 2)))
        gradient = np.roll(gradient, (-move[0], -move[1]), axis=(1, 2))
        pictures += STEP * (1 - number / (2 * steps)) * spectrum.step(gradient)
        pictures = np.clip(MIDDLE + (1 - SHRINKING) * (pictures - MIDDLE), 0, 255)
    return pictures.astype(np.float32)


def mean_activations(model: keras.Model, pictures: np.ndarray, filters: Sequence[int]) -> np.ndarray:
    """Returns how much filter i is excited by picture i: its mean over all places, float32."""
    found = np.asarray(model(np.asarray(pictures, dtype=np.float32), training=False))
    return np.array([found[row, ..., number].mean() for row, number in enumerate(filters)], dtype=np.float32)


def shown(pictures: np.ndarray) -> np.ndarray:
    """Returns patterns with the same contrast each, around the same grey: uint8, the same shape.

    Args:
        pictures: (num_pictures, height, width, 3), 0 to 255.
    """
    centred = pictures - pictures.mean(axis=(1, 2), keepdims=True)
    deviation = np.maximum(centred.std(axis=(1, 2, 3), keepdims=True), 1e-6)
    levels: np.ndarray = np.clip(MIDDLE + SHOWN_CONTRAST * centred / deviation, 0, 255).round()
    return levels.astype(np.uint8)


def _excitement(model: keras.Model, pictures: keras.KerasTensor, filters: Sequence[int]) -> keras.KerasTensor:
    """Returns the sum over pictures of the mean of each one's own filter."""
    chosen = np.zeros((len(filters), model.output.shape[-1]), dtype=np.float32)
    chosen[np.arange(len(filters)), list(filters)] = 1
    means = keras.ops.mean(model(pictures, training=False), axis=(1, 2))
    return keras.ops.sum(means * chosen)
