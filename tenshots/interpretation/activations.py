"""Feature maps: what each layer makes of a photo."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tenshots.networks import forward
from tenshots.runtime import keras

BATCH_SIZE = 64


def maps(model: keras.Model, images: np.ndarray, layer: str) -> np.ndarray:
    """Returns what one layer puts out for each image.

    Args:
        model: a network as `building.build` returns it.
        images: (num_images, size_px, size_px, 3), 0 to 255.
        layer: the name of one that puts out maps.

    Returns:
        float32, (num_images, height, width, num_filters).
    """
    return outputs(keras.Model(model.input, model.get_layer(layer).output), images)


def outputs(part: keras.Model, images: np.ndarray) -> np.ndarray:
    """Returns what a part of a network puts out for each image, in inference mode: float32."""
    return forward.outputs(part, images, batch_size=BATCH_SIZE)


def liveliest(found: np.ndarray, number: int) -> list[int]:
    """Returns which maps of one photo differ most from place to place, in the order of the filters.

    Args:
        found: (height, width, num_filters).
        number: how many, at most.
    """
    strongest = np.argsort(-found.std(axis=(0, 1)), kind="stable")[:number]
    return sorted(int(number) for number in strongest)


def grey(found: np.ndarray) -> np.ndarray:
    """Returns maps as grey pictures, each from its own lowest value (black) to its highest (white).

    Args:
        found: (height, width, num_filters).

    Returns:
        uint8, (num_filters, height, width); a map of one value everywhere is black.
    """
    shown = np.moveaxis(found, -1, 0)
    low, high = (edge(shown, axis=(1, 2), keepdims=True) for edge in (np.min, np.max))
    scaled = np.divide(shown - low, high - low, out=np.zeros_like(shown), where=high > low)
    levels: np.ndarray = np.round(255 * scaled).astype(np.uint8)
    return levels


def telling_filters(values: np.ndarray, labels: Sequence[str], number: int) -> list[tuple[int, str]]:
    """Returns filters that answer the photos of one label more than the others', and these labels.

    A filter's answer to a photo is its highest value there. It tells a label the better, the further the mean
    answer to that label's photos lies above the mean of the others, in standard deviations of all.

    Args:
        values: (num_images, height, width, num_filters).
        labels: of the images.
        number: how many filters at most; they are shared out over the labels in turn, none is named twice.
    """
    peaks = values.max(axis=(1, 2)).astype(np.float64)
    deviation = np.maximum(peaks.std(axis=0), 1e-9)
    names = np.array(labels, dtype=object)
    queues = []
    for label in sorted(set(labels)):
        own = names == label
        others = peaks[~own].mean(axis=0) if not own.all() else 0
        lead = (peaks[own].mean(axis=0) - others) / deviation
        queues.append([(int(row), label) for row in np.argsort(-lead, kind="stable")])
    found: dict[int, str] = {}
    for turn in zip(*queues, strict=True):
        for filter_, label in turn:
            found.setdefault(filter_, label)
    return list(found.items())[:number]
