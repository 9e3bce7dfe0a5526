"""What the first layer has learnt without labels, before the training with labels moves it on."""

from __future__ import annotations

import numpy as np

from tenshots.networks import forward
from tenshots.runtime import keras
from tenshots.seeds import derived_seed
from tenshots.tables.restored import Restored
from tenshots.training.jobs import Job
from tenshots.training.pretraining import Step, corrupted

NUM_PHOTOS, NUM_FILTERS = 8, 32


def shown(first: Step, job: Job, *, inputs: np.ndarray, noise: float) -> bytes:
    """Returns filters, and validation photos that are restored, as `Restored.packed`.

    Args:
        first: of the network's first layer, as it has learnt.
        job: of the training.
        inputs: (num_images, ...), what the trained model takes.
        noise: share of values that is set to 0.

    Returns:
        No bytes where the layer does not see the photo itself.
    """
    shape = _shape(first.encoder.input)
    if len(shape) != 3 or shape[-1] not in (1, 3):
        return b""
    rows = job.val[:NUM_PHOTOS]
    clean = forward.outputs(first.below, forward.at_least_two(inputs[rows]), batch_size=NUM_PHOTOS)
    noisy = corrupted(clean, noise=noise, seed=derived_seed(job.seed, "pretraining", "shown"))
    restored = forward.outputs(first.autoencoder, noisy, batch_size=NUM_PHOTOS)
    low, high = float(clean.min()), float(clean.max())
    pictures = [
        np.round(255 * ((each - low) / max(high - low, 1e-6)).clip(0, 1)).astype(np.uint8)[: len(rows)]
        for each in (clean, noisy, restored)
    ]
    kernel = np.asarray(first.encoder.get_weights()[0])
    if kernel.ndim == 2:  # of a dense layer, which sees the photo as a row of numbers
        kernel = kernel.reshape(*shape, -1)
    filters = np.moveaxis(kernel, -1, 0)[:NUM_FILTERS]
    return Restored(rows, filters, *(each.reshape(-1, *shape) for each in pictures)).packed()


def _shape(tensor: keras.KerasTensor) -> tuple[int, ...]:
    """Returns the shape of values for one photo, before they were put in a row."""
    layer = tensor._keras_history.operation
    if type(layer).__name__ == "Flatten":
        tensor = layer.input
    return tuple(int(side) for side in tensor.shape[1:])
