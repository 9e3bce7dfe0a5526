"""Grad-CAM: which places of a photo speak for a label."""

from __future__ import annotations

import numpy as np

from tenshots.interpretation import activations, layers
from tenshots.interpretation.gradients import gradient_of
from tenshots.networks import forward
from tenshots.networks.building import passes_alone
from tenshots.runtime import keras

BATCH_SIZE = 64
_MEETING = ("Add", "Concatenate", "Maximum")
MIN_CELLS = 6  # per side: on fewer, the heat tells left from right and no more


def default_layer(model: keras.Model) -> str | None:
    """Returns the layer to look at: the last with maps of MIN_CELLS per side, else the last with maps at all.

    Only layers count through which everything passes on its way to the answer; None where there is none.
    Where all layers to look at lie on branches, that is where these meet.
    """
    maps = layers.with_maps(model) if layers.has_maps(model) else []
    if joints := layers.meeting(model):  # each activation of an Inception module is one way of several
        maps = [layer for layer in model.layers if layer in maps or layer in joints]
    alone = None
    for layer in reversed(maps):  # whoever asks each layer waits seconds for a deep network
        if passes_alone(layer, model):
            alone = alone or layer
            if min(layer.output.shape[1:3]) >= MIN_CELLS:
                return str(layer.name)
    if alone is None:  # all of them lie on branches: where these meet again, all passes
        meeting = [
            layer for layer in model.layers if layers.kind(layer) in _MEETING and len(layer.output.shape) == 4
        ]
        alone = next((layer for layer in reversed(meeting) if passes_alone(layer, model)), None)
    return str(alone.name) if alone else None


def heat_maps(model: keras.Model, images: np.ndarray, labels: np.ndarray, *, layer: str) -> np.ndarray:
    """Returns for each image which places of a layer's maps raise the logit of a label.

    The heat of a place is the sum over maps of value times gradient, 0 where that is negative. Grad-CAM
    averages a map's gradient over all places first, which loses where it looks in a network that ends in
    Flatten and Dense, as the one taught from scratch here does; where a network averages over places itself,
    as the pretrained ones do, both are the same but for a factor.
    Source: Selvaraju et al. 2017, arXiv:1610.02391; without the average: Draelos and Carin 2020,
    arXiv:2011.08891 (HiResCAM).

    Args:
        model: from images to logits, as `building.build` returns it; all passes through `layer`.
        images: (num_images, size_px, size_px, 3), 0 to 255.
        labels: int (num_images,): of which label each image's map speaks.
        layer: whose maps: that of `default_layer`, say.

    Returns:
        float32, (num_images, height, width) of the layer, 0 or more, in units of the logit: what each place
        adds to it, to first order.
    """
    maps = model.get_layer(layer).output
    upper = keras.Model(maps, model.output)
    (values,) = activations.outputs(model, images, [maps])
    heat = np.empty(values.shape[:3], dtype=np.float32)
    for start in range(0, len(images), BATCH_SIZE):
        batch = slice(start, start + BATCH_SIZE)
        shown, asked = forward.at_least_two(values[batch]), forward.at_least_two(labels[batch])
        chosen = np.eye(model.output.shape[-1], dtype=np.float32)[asked]

        def logit(given: keras.KerasTensor, chosen: np.ndarray = chosen) -> keras.KerasTensor:
            return keras.ops.sum(upper(given, training=False) * chosen)

        _, gradient = gradient_of(logit, num_calls=1)(shown)
        found = np.maximum((shown * gradient).sum(axis=-1), 0)
        heat[batch] = found[: len(heat[batch])]
    return heat


def scaled(heat: np.ndarray) -> np.ndarray:
    """Returns each map divided by its own highest value: float32, in [0, 1]; one without heat stays 0."""
    highest = heat.max(axis=(1, 2), keepdims=True)
    shares: np.ndarray = np.divide(heat, highest, out=np.zeros_like(heat), where=highest > 0)
    return shares
