"""Networks: settings in, an uncompiled keras.Model out. A file a family; `networks.NAME.family` chooses."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from tenshots import params
from tenshots.errors import SettingsError
from tenshots.networks import convolutional, pretrained
from tenshots.networks.convolutional import ConvolutionalSettings
from tenshots.networks.pretrained import PretrainedSettings
from tenshots.runtime import keras

_FAMILIES: dict[str, type[ConvolutionalSettings] | type[PretrainedSettings]] = {
    "convolutional": ConvolutionalSettings,
    "pretrained": PretrainedSettings,
}


def settings_from(values: Mapping[str, Any], *, at: str) -> ConvolutionalSettings | PretrainedSettings:
    """Checks one network's settings with the model of its family.

    Args:
        values: what stands under `at`.
        at: its dotted key in params.yaml, such as `networks.lecture`.

    Raises:
        SettingsError: an unknown family, or a value that breaks a rule of its family.
    """
    family = values.get("family") if isinstance(values, Mapping) else None
    if family not in _FAMILIES:
        raise SettingsError(
            f"{params.PATH}: {at}.family must be one of {', '.join(_FAMILIES)}, "
            f"got {family!r}{params.nearest(str(family), _FAMILIES)}"
        )
    return params.check(values, _FAMILIES[family], at=at)


def build(
    settings: ConvolutionalSettings | PretrainedSettings,
    *,
    size_px: int,
    num_labels: int,
    load_backbone: bool = True,
) -> keras.Model:
    """Builds an uncompiled network; its random weights come from `keras.utils.set_random_seed`.

    Args:
        settings: of one of the families.
        size_px: side of the square photos that it will be given.
        num_labels: from 2.
        load_backbone: False leaves a pretrained backbone's weights random, for a network whose weights are
            loaded as a whole.

    Returns:
        A model from (num_photos, size_px, size_px, 3), any numeric dtype, 0 to 255, to float32 logits
        (num_photos, num_labels). Resizing to the network's own `input_px` and scaling are part of it.

    Raises:
        SettingsError: the backbone's architecture does not take its arguments or `input_px`.
        DataError: the backbone's weights are missing, or are not those that the settings name.
    """
    if isinstance(settings, ConvolutionalSettings):
        return convolutional.build(settings, size_px=size_px, num_labels=num_labels)
    return pretrained.build(settings, size_px=size_px, num_labels=num_labels, load_backbone=load_backbone)


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
