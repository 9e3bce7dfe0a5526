"""DeepDream: a photo changed until it holds more of what a layer sees in it."""

from __future__ import annotations

import numpy as np
from PIL import Image

from tenshots.interpretation.gradients import gradient_of
from tenshots.networks import forward
from tenshots.runtime import keras

SCALE = 1.4  # between octaves
STEP = 1.5  # levels of 255 by which a pixel moves at a step, on average


def dream(model: keras.Model, image: np.ndarray, *, num_octaves: int, steps: int, seed: int) -> np.ndarray:
    """Amplifies whatever excites a layer, from coarse to fine.

    The photo is dreamt on first at its own size, then enlarged again and again, each time with what was
    dreamt so far: so there is something to see at every size.
    Source: Mordvintsev, Olah and Tyka 2015, "Inceptionism", and its code (github.com/google/deepdream).

    Args:
        model: from pictures of any size, 0 to 255, to (num_pictures, height, width, num_filters), as
            `layers.at_any_size` returns it.
        image: uint8, (height, width, 3).
        num_octaves: sizes, at least 1; each is 1.4 times as large as the one before it.
        steps: per octave.
        seed: of the jitter.

    Returns:
        uint8, (height, width, 3) of the last octave, at most 1.4^(num_octaves - 1) times the photo's.
    """
    random = np.random.default_rng(seed)
    ascent = gradient_of(
        lambda given: keras.ops.mean(keras.ops.square(keras.ops.relu(model(given, training=False)))),
        num_calls=steps,  # of each size
    )
    photo = image.astype(np.float32)
    dreamt = np.zeros_like(photo)
    for octave in range(num_octaves):
        height, width = (round(side * SCALE**octave) for side in image.shape[:2])
        ground, dreamt = resized(photo, height, width), resized(dreamt, height, width)
        for _ in range(steps):
            move = tuple(int(by) for by in random.integers(-8, 9, 2))
            shown = np.clip(ground + dreamt, 0, 255)
            _, gradient = ascent(forward.at_least_two(np.roll(shown, move, axis=(0, 1))[None]))
            gradient = np.roll(gradient[0], (-move[0], -move[1]), axis=(0, 1))
            dreamt = np.clip(shown + STEP * gradient / (np.abs(gradient).mean() + 1e-12), 0, 255) - ground
    levels: np.ndarray = np.clip(ground + dreamt, 0, 255).round()
    return levels.astype(np.uint8)


def resized(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Returns a float picture (rows, columns, 3) at another size, without rounding it to whole levels."""
    if picture.shape[:2] == (height, width):
        return picture
    channels = [
        Image.fromarray(np.ascontiguousarray(picture[..., channel], dtype=np.float32)).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        for channel in range(3)
    ]
    return np.stack([np.asarray(channel) for channel in channels], axis=-1)
