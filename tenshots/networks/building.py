"""Networks: settings in, an uncompiled keras.Model out. A file a family; `networks.NAME.family` chooses."""

from __future__ import annotations

import io

from tenshots.networks.families import convolutional, pretrained
from tenshots.networks.settings import ConvolutionalSettings, NetworkSettings, settings_from
from tenshots.runtime import keras

__all__ = ["build", "passes_alone", "settings_from"]


def build(
    settings: NetworkSettings,
    *,
    size_px: int,
    num_labels: int,
    load_backbone: bool = True,
    at: str = "",
) -> keras.Model:
    """Builds an uncompiled network; its random weights come from `keras.utils.set_random_seed`.

    Args:
        settings: of one of the families.
        size_px: side of the square photos that it will be given.
        num_labels: from 2.
        load_backbone: False leaves a pretrained backbone's weights random, for a network whose weights are
            loaded as a whole.
        at: its dotted key in params.yaml, for messages.

    Returns:
        A model from (num_photos, size_px, size_px, 3), any numeric dtype, 0 to 255, to float32 logits
        (num_photos, num_labels). Resizing to the network's own `input_px` and scaling are part of it.

    Raises:
        SettingsError: the backbone's architecture does not take its arguments or `input_px`.
        DataError: the backbone's weights are missing, or are not those that the settings name.
    """
    if isinstance(settings, ConvolutionalSettings):
        return convolutional.build(settings, size_px=size_px, num_labels=num_labels)
    return pretrained.build(
        settings, size_px=size_px, num_labels=num_labels, load_backbone=load_backbone, at=at
    )


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
