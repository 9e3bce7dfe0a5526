"""A network in two models: what training does not change is computed once per image, not in each update."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from tenshots.networks import building, features, forward, parts
from tenshots.networks.building import passes_alone
from tenshots.networks.unfreezing import Unfreeze
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


def below_top(network: keras.Model, unfreeze: Unfreeze) -> Cut | None:
    """Cuts the network below what is tuned of its backbone, and freezes all else there, in place.

    The cut moves down from there to the nearest place where a single tensor passes, so all that lies above it
    can be trained without the rest. Where a share is tuned, all above the cut is; where names say what,
    nothing but that.

    Args:
        network: of `building.build`, family pretrained. Its normalisations are frozen, too.
        unfreeze: see `parts.tuned`; of layers with weights, except normalisations.

    Returns:
        None where a share comes to no layer at all.

    Raises:
        SettingsError: there is no such block or layer.
    """
    layers = parts.backbone_layers(network)
    for layer in layers:
        if parts.is_normalisation(layer):
            layer.trainable = False
    tuned = parts.tuned(network, unfreeze)
    if not tuned:
        return None
    if not isinstance(unfreeze, int | float):
        for layer in parts.weighted(network):
            layer.trainable = layer in tuned
    boundary = layers.index(tuned[0])
    below = next(layer for layer in reversed(layers[:boundary]) if passes_alone(layer, network))
    return at(network, below.output)


class Tuned(NamedTuple):
    """A block of which something is tuned.

    Attributes:
        block: its name.
        layers: those that are tuned, from the photos up.
        factor: its learning rate's, of that of the topmost.
    """

    block: str
    layers: tuple[str, ...]
    factor: float


def tuned_blocks(network: keras.Model, cut: Cut, *, factor: float | None) -> list[Tuned]:
    """Returns the blocks that are tuned, from the topmost down.

    Args:
        network: of `building.build`, after `below_top`.
        cut: of `below_top`.
        factor: of the setting `block_lr_factor`; None: all have the topmost one's rate.
    """
    held = {layer.name for layer in cut.upper.layers}
    trained = [layer for layer in parts.weighted(network) if layer.trainable_weights and layer.name in held]
    of = parts.blocks(network)
    return [
        Tuned(block, tuple(layer.name for layer in trained if of[layer.name] == block), each)
        for block, each in parts.rates(trained, of, 1.0 if factor is None else factor).items()
    ]


def rate_factors(network: keras.Model, blocks: Iterable[Tuned]) -> dict[str, float]:
    """Returns what the learning rate of weights is multiplied by, by their paths; others have the full one.

    Args:
        network: of `building.build`.
        blocks: of `tuned_blocks`.
    """
    return {
        variable.path: each.factor
        for each in blocks
        if each.factor != 1
        for name in each.layers
        for variable in network.get_layer(name).trainable_weights
    }


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
