"""Networks: settings in, an uncompiled keras.Model out. Each family is a file; `family` names it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from tenshots import params
from tenshots.errors import SettingsError
from tenshots.networks.settings import FEATURES, NetworkSettings, settings_from
from tenshots.runtime import keras

__all__ = ["backbone_of", "below", "build", "learnt", "passes_alone", "pixels", "settings_from", "weights"]


def build(
    settings: NetworkSettings,
    *,
    size_px: int,
    num_labels: int,
    learnt: Sequence[np.ndarray] = (),
    at: str = "",
) -> keras.Model:
    """Builds an uncompiled network with random weights, in any thread; no file is read.

    Args:
        settings: of one of the families.
        size_px: side of the square photos that it will be given.
        num_labels: at least 2.
        learnt: of the function of that name; none leaves a backbone's weights random, too.
        at: its dotted key in params.yaml, for messages.

    Returns:
        A model from (num_photos, size_px, size_px, 3), any numeric dtype, 0 to 255, to float32 logits
        (num_photos, num_labels). Resizing to the network's own `input_px` and scaling are part of it.

    Raises:
        SettingsError: the backbone's architecture does not take its arguments or `input_px`.
    """
    with below(at):
        network = settings.build(size_px=size_px, num_labels=num_labels)
    if learnt:
        backbone_of(network).set_weights(learnt)
    return network


def learnt(settings: NetworkSettings, *, at: str = "") -> list[np.ndarray]:
    """Returns the weights that the network's backbone starts with, in the order of `backbone_of`.

    Reads and hashes a file, or lets Keras fetch one: call it once, before threads start that build networks.

    Args:
        settings: of one of the families.
        at: its dotted key in params.yaml, for messages.

    Returns:
        An array per weight; an empty list where all weights start at random.

    Raises:
        SettingsError: the backbone cannot be built, or there are no such weights of it.
        DataError: the weights are missing, or are not those that the settings name.
    """
    with below(at):
        return settings.learnt()


def backbone_of(network: keras.Model) -> keras.Model:
    """Returns the layers below the features of a network with a backbone; they are shared with it."""
    return keras.Model(network.input, network.get_layer(FEATURES).input)


@contextmanager
def below(at: str) -> Iterator[None]:
    """Puts the file, and the network's key, in front of the settings that an error names.

    Args:
        at: the network's dotted key in params.yaml.
    """
    try:
        yield
    except SettingsError as error:
        raise SettingsError(f"{params.PATH}: {at}{'.' * bool(at)}{error}") from None


def pixels(network: keras.Model) -> keras.KerasTensor:
    """Returns the tensor of the photos at the network's own size: after a resizing, if it begins with one."""
    for operation in network.operations:
        if type(operation).__name__ in ("Resize", "Resizing") and operation.input is network.input:
            return operation.output
    return network.input


def passes_alone(layer: keras.layers.Layer, network: keras.Model) -> bool:
    """Whether all that the network knows of an image passes through this layer's output."""
    try:
        keras.Model(layer.output, network.output)
    except ValueError:  # the graph is disconnected: another path leads around the layer
        return False
    return True


class _File(io.BytesIO):
    """Stands for a file of weights: Keras looks at a name's ending, and writes into what it is given."""

    def __str__(self) -> str:
        return ".weights.h5"


def weights(network: keras.Model) -> bytes:
    """Returns the weights as Keras saves them (HDF5).

    Made in memory, since the HDF5 library ends the process with a fault where a disk is full.
    """
    file = _File()
    network.save_weights(file)
    return file.getvalue()
