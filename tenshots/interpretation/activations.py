"""Feature maps: what each layer makes of a photo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from tenshots.networks import forward
from tenshots.runtime import keras

# What each layer puts out stays in memory until a batch has passed through the whole network: at 160 px,
# EfficientNet-Lite0 takes 3.6 GB for 64 photos, 1.2 GB for 8, and less time for these.
BATCH_SIZE = 8


def outputs(model: keras.Model, images: np.ndarray, tensors: Sequence[Any]) -> list[np.ndarray]:
    """Returns what each image makes of some places of a network, all in one pass.

    Nothing is compiled, since each part of a network is asked about a few photos, once.

    Args:
        model: a network as `building.build` returns it.
        images: (num_images, size_px, size_px, 3), 0 to 255.
        tensors: of the network: a layer's output, say.

    Returns:
        For each tensor float32, (num_images, ...) of its shape.
    """
    return [np.concatenate(found) for found in zip(*_batches(model, images, tensors), strict=True)]


class Peaks(NamedTuple):
    """The highest value of each map, and where it lies; of equals the first.

    Attributes:
        values: float32, (num_images, num_filters).
        rows: int, of the same shape, from 0.
        columns: as rows.
    """

    values: np.ndarray
    rows: np.ndarray
    columns: np.ndarray


def peaks_of(maps: np.ndarray) -> Peaks:
    """Returns the peaks of maps, (num_images, height, width, num_filters)."""
    flat = maps.reshape(len(maps), -1, maps.shape[-1])
    places = flat.argmax(axis=1)
    rows, columns = np.unravel_index(places, maps.shape[1:3])
    return Peaks(np.take_along_axis(flat, places[:, None], axis=1)[:, 0], rows, columns)


class Search(NamedTuple):
    """What one pass of many images through a network found.

    Attributes:
        logits: what the network answers, float32 (num_images, num_labels).
        peaks: of each tensor that was asked for.
    """

    logits: np.ndarray
    peaks: list[Peaks]


def search(model: keras.Model, images: np.ndarray, tensors: Sequence[Any]) -> Search:
    """Returns the answers and the peaks of `outputs`, without holding the maps of all images at once."""
    logits, peaks = [], []
    for answers, *maps in _batches(model, images, [model.output, *tensors]):
        logits.append(answers)
        peaks.append([peaks_of(each) for each in maps])
    joined = [Peaks(*map(np.concatenate, zip(*found, strict=True))) for found in zip(*peaks, strict=True)]
    return Search(np.concatenate(logits), joined)


def _batches(model: keras.Model, images: np.ndarray, tensors: Sequence[Any]) -> Iterator[list[np.ndarray]]:
    part = keras.Model(model.input, list(tensors))
    for start in range(0, len(images), BATCH_SIZE):
        batch = images[start : start + BATCH_SIZE]
        found = part(forward.at_least_two(batch), training=False)
        yield [np.asarray(array)[: len(batch)] for array in keras.tree.flatten(found)]


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


def telling_filters(peaks: np.ndarray, labels: Sequence[str], number: int) -> list[tuple[int, str]]:
    """Returns filters that answer the photos of one label more than the others', and these labels.

    A filter's answer to a photo is its highest value there. It tells a label the better, the further the mean
    answer to that label's photos lies above the mean of the others, in standard deviations of all.

    Args:
        peaks: (num_images, num_filters), the highest value of each map.
        labels: of the images.
        number: how many filters at most; they are shared out over the labels in turn, none is named twice.
    """
    peaks = peaks.astype(np.float64)
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
