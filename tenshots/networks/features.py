"""Frozen features: what a pretrained backbone makes of photos, before any head and without any training."""

from __future__ import annotations

import numpy as np

from tenshots.networks import building, drawing, forward
from tenshots.networks.settings import FEATURES, TransferSettings
from tenshots.runtime import keras

BATCH_SIZE = 128  # photos at once
SEED = 0  # of a backbone that has learnt nothing


def features(settings: TransferSettings, images: np.ndarray) -> np.ndarray:
    """Returns what the backbone puts out for each photo, averaged with what it does for its mirror image.

    A mirrored object keeps its label, so what the two differ in is noise to a classifier. With the labels of
    5 % of the photos changed on purpose, the mean brought a logistic regression's log loss against the true
    labels from 0.63 to 0.55 on the demo photos and from 0.91 to 0.90 on 87 crops of COCO photos. Features at
    twice the `input_px`, or of earlier layers as well, helped on one of the two collections and hurt on
    the other.

    Args:
        settings: of the network; its backbone's weights are loaded.
        images: uint8, shape (num_photos, size_px, size_px, 3), 0 to 255: standard photos.

    Returns:
        float64, shape (num_photos, num_features).

    Raises:
        SettingsError: the backbone cannot be built as the settings say.
        DataError: its weights are missing, or are not those that the settings name.
    """
    learnt = building.learnt(settings)
    # The head is cut off again.
    network = building.build(settings, size_px=images.shape[1], num_labels=2, learnt=learnt)
    if not learnt:
        drawing.draw(network, SEED)
    backbone = keras.Model(network.input, network.get_layer(FEATURES).output)
    both = [
        forward.outputs(backbone, turned, batch_size=BATCH_SIZE).astype(np.float64)
        for turned in (images, images[:, :, ::-1])
    ]
    mean: np.ndarray = (both[0] + both[1]) / 2
    return mean
