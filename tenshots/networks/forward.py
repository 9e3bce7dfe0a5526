"""Images through a network: what it puts out, and the probability of each label."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tenshots.runtime import keras


def outputs(model: keras.Model, inputs: np.ndarray, *, batch_size: int, num_workers: int = 1) -> np.ndarray:
    """Returns what the model puts out in inference mode, float32 (num_images, ...).

    Args:
        model: with one output.
        inputs: (num_images, ...), what the model takes.
        batch_size: images at once; it changes memory and speed, and the last bits at most.
        num_workers: batches side by side; their number changes no bit.
    """
    results = np.empty((len(inputs), *model.output_shape[1:]), dtype=np.float32)

    def fill(start: int) -> None:
        batch = inputs[start : start + batch_size]
        results[start : start + len(batch)] = model.predict_on_batch(at_least_two(batch))[: len(batch)]

    starts = range(0, len(inputs), batch_size)
    if num_workers < 2 or len(starts) < 2:
        for start in starts:
            fill(start)
        return results
    fill(0)  # alone: it compiles the model, once for all threads
    with ThreadPoolExecutor(num_workers) as workers:
        list(workers.map(fill, starts[1:]))  # a list, or an error would stay unseen
    return results


def at_least_two(batch: np.ndarray) -> np.ndarray:
    """Returns the batch, or its only row twice.

    TensorFlow convolves a single photo in an order that depends on the processor's caches, and so the last
    bits do; from two photos on it does not.
    """
    return batch.repeat(2, axis=0) if len(batch) == 1 else batch


def predict(
    model: keras.Model, images: np.ndarray, *, batch_size: int = 128, flips: bool = False
) -> np.ndarray:
    """Returns the probability of each label for each image, float64 (num_images, num_labels); rows sum to 1.

    Args:
        model: from images to logits, as `building.build` returns it.
        images: uint8 (num_images, size_px, size_px, 3).
        batch_size: images at once.
        flips: whether an answer is the mean of those on the photo and on its mirror image (`flips_at_test`).
    """
    rows, turned = np.arange(len(images)), images[:, :, ::-1]
    return predict_rows(
        model, images, rows, batch_size=batch_size, mirrored=turned.__getitem__ if flips else None
    )


def predict_rows(
    model: keras.Model,
    inputs: np.ndarray,
    rows: np.ndarray,
    *,
    batch_size: int = 128,
    mirrored: Callable[[np.ndarray], np.ndarray] | None = None,
) -> np.ndarray:
    """Returns what `predict` says of `inputs[rows]`, of which no more than a batch is copied at a time.

    Args:
        model: from inputs to logits.
        inputs: (num_images, ...), what the model takes.
        rows: of the images that it is asked about.
        batch_size: images at once.
        mirrored: returns of rows what the model takes of their images' mirror images; then an answer is the
            mean of both probabilities.
    """
    answers = [np.empty((0, model.output_shape[-1]))]
    for start in range(0, len(rows), batch_size):
        part = rows[start : start + batch_size]
        found = softmax(outputs(model, inputs[part], batch_size=batch_size))
        if mirrored is not None:
            found = (found + softmax(outputs(model, mirrored(part), batch_size=batch_size))) / 2
        answers.append(found)
    return np.concatenate(answers)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Returns each label's probability, float64; logits have the shape (num_images, num_labels)."""
    exact = logits.astype(np.float64)
    exponentials = np.exp(exact - exact.max(axis=1, keepdims=True))
    probabilities: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Returns the logarithm of each label's probability, float64; logits have the shape (..., num_labels)."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    found: np.ndarray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return found
