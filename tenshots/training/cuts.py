"""A network in two models: what training does not change is computed once per image, not in each update."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tenshots.networks import features, forward
from tenshots.runtime import keras

# What the lower model puts out is kept in memory up to this; beyond, it is computed again for each batch.
KEPT_BYTES = 2 << 30


class Frozen(keras.layers.Layer):  # type: ignore[misc]  # Keras is untyped
    """Layers as one that never trains: without dropout, also while what follows is trained."""

    def __init__(self, model: keras.Model) -> None:
        super().__init__(name="frozen")
        self.model = model
        self.trainable = False  # now, since it reaches only the layers that are there

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the model's output in inference mode."""
        return self.model(inputs, training=False)


class Cut(NamedTuple):
    """A network in two models, which share its layers.

    Attributes:
        lower: from photos to what `upper` takes; None where `upper` takes the photos.
        upper: from there to logits; it is trained.
    """

    lower: keras.Model | None
    upper: keras.Model


def at(network: keras.Model, tensor: keras.KerasTensor) -> Cut:
    """Cuts the network at a tensor through which all passes that it knows of an image."""
    lower = None if tensor is network.input else keras.Model(network.input, tensor)
    return Cut(lower, keras.Model(tensor, network.output))


def inputs_of(
    cut: Cut, images: np.ndarray, *, num_workers: int = 1, kept_bytes: int = KEPT_BYTES
) -> np.ndarray:
    """Returns what the upper model is trained on, for each image.

    Args:
        cut: of `at`.
        images: uint8 (num_images, size_px, size_px, 3).
        num_workers: threads side by side; their number changes no bit.
        kept_bytes: memory that the lower model may fill with what it puts out.

    Returns:
        float32 (num_images, ...), what the lower model puts out; `images` itself where that would take too
        much memory, or where there is no lower model.
    """
    if cut.lower is None:
        return images
    shape = cut.lower.output_shape[1:]
    if len(images) * int(np.prod(shape)) * np.dtype(np.float32).itemsize > kept_bytes:
        return images
    return forward.outputs(cut.lower, images, batch_size=features.BATCH_SIZE, num_workers=num_workers)


def trained(cut: Cut, *, from_photos: bool) -> keras.Model:
    """Returns the model that is trained, with the frozen layers below it where it takes photos."""
    if cut.lower is None or not from_photos:
        return cut.upper
    photos = keras.Input(cut.lower.input_shape[1:])
    return keras.Model(photos, cut.upper(Frozen(cut.lower)(photos)))
