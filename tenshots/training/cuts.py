"""A network in two models: what training does not change is computed once per image, not in each update."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tenshots.networks import building, features, forward
from tenshots.networks.building import passes_alone
from tenshots.networks.settings import FEATURES
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


def below_top(network: keras.Model, *, share: float) -> Cut | None:
    """Cuts the network below the top `share` of its backbone's layers.

    Layers with weights count, except normalisations. The cut moves down from there to the nearest place
    where a single tensor passes, so all that lies above it can be trained without the rest.

    Args:
        network: of `building.build`, family pretrained. Its normalisations are frozen, in place.
        share: of the layers, in [0, 1], rounded to whole layers.

    Returns:
        None where the share comes to no layer at all.
    """
    layers = network.layers[: network.layers.index(network.get_layer(FEATURES))]
    for layer in layers:
        if _is_normalisation(layer):
            layer.trainable = False
    weighted = [layer for layer in layers if layer.weights and not _is_normalisation(layer)]
    num_tuned = round(share * len(weighted))
    if num_tuned == 0:
        return None
    boundary = layers.index(weighted[-num_tuned])
    below = next(layer for layer in reversed(layers[:boundary]) if passes_alone(layer, network))
    return at(network, below.output)


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


def same_inputs(cut: Cut, inputs: np.ndarray, images: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Returns what makes of other images what `inputs_of` has made of these.

    Args:
        cut: of `at`, of a network of the thread's own.
        inputs: of `inputs_of`, or `images`.
        images: of which they were made.
    """
    lower = cut.lower
    if lower is None or inputs is images:
        return lambda others: others
    return lambda others: forward.outputs(lower, others, batch_size=features.BATCH_SIZE)


def trained(cut: Cut, *, from_photos: bool) -> keras.Model:
    """Returns the model that is trained, with the frozen layers below it where it takes photos."""
    if cut.lower is None or not from_photos:
        return cut.upper
    photos = keras.Input(cut.lower.input_shape[1:])
    return keras.Model(photos, cut.upper(Frozen(cut.lower)(photos)))


def from_pixels(network: keras.Model, cut: Cut) -> keras.Model:
    """Returns the model that is trained, from photos at the network's own size, with frozen layers frozen.

    Args:
        network: of `building.build`.
        cut: of the same; what lies below it is computed for each batch.
    """
    pixels = building.pixels(network)
    if cut.lower is None:
        return keras.Model(pixels, network.output)
    photos = keras.Input(pixels.shape[1:])
    frozen = keras.Model(pixels, cut.lower.output)
    return keras.Model(photos, cut.upper(Frozen(frozen)(photos)))


def _is_normalisation(layer: keras.layers.Layer) -> bool:
    # By name: Keras has a dozen of them, without a common class.
    return "Normalization" in type(layer).__name__
