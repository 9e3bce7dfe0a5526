"""Frozen features: what a pretrained backbone makes of photos, before any head and without any training."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from tenshots.networks import building, drawing, forward
from tenshots.networks.settings import FEATURES, TransferSettings
from tenshots.runtime import keras

# Photos at once, whatever the number of threads: another one could move the last bits. Few, so that two
# threads share the work of a small collection evenly, and a backbone's widest layers stay below 100 MB.
BATCH_SIZE = 32
SEED = 0  # of a backbone that has learnt nothing


def backbone(settings: TransferSettings, *, size_px: int, at: str = "") -> keras.Model:
    """Returns the network from photos to frozen features.

    Args:
        settings: of the network; its backbone's weights are loaded.
        size_px: side of the square photos that it will be given.
        at: the network's dotted key in params.yaml, for messages.

    Raises:
        SettingsError: the backbone cannot be built as the settings say.
        DataError: its weights are missing, or are not those that the settings name.
    """
    learnt = building.learnt(settings, at=at)
    # The head is cut off again.
    build = partial(building.build, settings, size_px=size_px, num_labels=2, learnt=learnt, at=at)
    return below_head(build() if learnt else drawn(build))


def drawn(build: Callable[[], keras.Model]) -> keras.Model:
    """Returns what `build` does, with weights that are always the same: of a backbone that learnt nothing."""
    network = build()
    drawing.draw(network, SEED)
    return network


def below_head(network: keras.Model) -> keras.Model:
    """Returns the part of a network with a backbone that ends in the features; its layers are shared."""
    return keras.Model(network.input, network.get_layer(FEATURES).output)


def head_of(network: keras.Model) -> keras.Model:
    """Returns the part of a network with a backbone from the features to its answer; layers are shared."""
    return keras.Model(network.get_layer(FEATURES).output, network.output)


def outputs(backbone: keras.Model, images: np.ndarray, *, num_workers: int = 1) -> np.ndarray:
    """Returns the frozen features of photos, float32 (num_photos, num_features).

    Args:
        backbone: of the function of that name, or of `below_head`.
        images: uint8 (num_photos, size_px, size_px, 3), 0 to 255: standard photos.
        num_workers: threads side by side; their number changes no bit.
    """
    return forward.outputs(backbone, images, batch_size=BATCH_SIZE, num_workers=num_workers)
