"""Gradient ascent: pictures that excite one filter as strongly as can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tenshots.interpretation import spectrum
from tenshots.interpretation.gradients import gradient_of
from tenshots.runtime import keras

MIDDLE = 127.5  # of 0 to 255: where a picture starts
STEP = 0.12  # by which a pixel moves at a step, on average, on the logistic scale; halved towards the end
SHRINKING = 0.02  # share of the contrast that is lost at a step, so that only what excites stays
LEAK = 0.1  # of an answer as it is counts, too, so that a filter which is silent at first finds a way
SHOWN_CONTRAST = 56.0  # of a pattern as shown: how far its levels lie from the middle, root mean square
MARGIN = 8  # an eighth of the answers at each edge does not count, and is not shown


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
        steps: at least 0, which gives the noise alone.
        seed: of noise and jitter.

    Returns:
        float32, (len(filters), size_px, size_px, 3), 0 to 255.
    """
    if len(filters) == 1:  # see `forward.at_least_two`
        return patterns(model, [*filters, *filters], size_px=size_px, steps=steps, seed=seed)[:1]
    random = np.random.default_rng(seed)
    # Logits of levels: whatever is added, a pixel never leaves 0 to 255, and none is cut off at an edge.
    logits = 0.1 * spectrum.noise(len(filters), size_px, size_px, random=random)
    # Of each filter against its answers to noise, so that loud and quiet ones are treated alike.
    heard = np.abs(np.asarray(model(_levels(logits).astype(np.float32), training=False)))
    usual = np.maximum(heard.mean(axis=(0, 1, 2)), np.finfo(np.float32).tiny)
    # Not divided by it: TensorFlow makes a product of that, with reciprocals that differ between processors.
    weight = 1 / usual
    ascent = gradient_of(
        lambda given: _excitement(model(given, training=False) * weight, filters), num_calls=steps
    )
    reach = max(1, size_px // 16)
    for number in range(steps):
        move = tuple(int(by) for by in random.integers(-reach, reach + 1, 2))
        levels = _levels(np.roll(logits, move, axis=(1, 2)))
        _, gradient = ascent(levels)
        gradient = np.roll(gradient * levels * (255 - levels), (-move[0], -move[1]), axis=(1, 2))
        logits += STEP * (1 - number / (2 * steps)) * spectrum.step(gradient)
        logits *= 1 - SHRINKING
    return _levels(logits).astype(np.float32)


def shown(pictures: np.ndarray) -> np.ndarray:
    """Returns the inner parts of patterns, all equally rich in contrast.

    Args:
        pictures: (num_pictures, size_px, size_px, 3), 0 to 255.

    Returns:
        uint8, (num_pictures, 3/4 size_px, 3/4 size_px, 3): the rest was made for nothing but to be the
        surroundings.
    """
    margin = pictures.shape[1] // MARGIN
    inner = pictures[:, margin : pictures.shape[1] - margin, margin : pictures.shape[2] - margin] - MIDDLE
    contrast = np.maximum(np.sqrt((inner**2).mean(axis=(1, 2, 3), keepdims=True)), 1e-6)
    levels: np.ndarray = np.clip(MIDDLE + SHOWN_CONTRAST * inner / contrast, 0, 255).round()
    return levels.astype(np.uint8)


def _excitement(answers: Any, filters: Sequence[int]) -> Any:  # noqa: ANN401 (a backend's tensor)
    """Returns how strongly the pictures excite each one's own filter, in all, away from the edges.

    It is the mean over places of the answer's square, so that few strong ones count more than many weak
    ones, which anything might rouse. Negative answers count little: a filter for edges answers a step from
    bright to dark as strongly as it refuses the step back that has to follow, so that its plain mean is 0
    whatever it is shown. At the edges the padding is a step of its own.
    """
    chosen = np.zeros((len(filters), answers.shape[-1]), dtype=np.float32)
    chosen[np.arange(len(filters)), list(filters)] = 1
    margin = [max(1, side // MARGIN) if side > 2 else 0 for side in answers.shape[1:3]]
    inner = answers[:, margin[0] : answers.shape[1] - margin[0], margin[1] : answers.shape[2] - margin[1]]
    counted = keras.ops.square(keras.ops.relu(inner)) + LEAK * inner
    means = keras.ops.mean(counted, axis=(1, 2))
    return keras.ops.sum(means * chosen)


def _levels(logits: np.ndarray) -> np.ndarray:
    """Returns levels from 0 to 255, where 0 becomes the middle."""
    levels: np.ndarray = 255 / (1 + np.exp(-logits))
    return levels
