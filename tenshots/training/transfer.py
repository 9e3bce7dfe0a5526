"""Fine-tuning: first the new head on the frozen backbone's features, then the top of the backbone with it.

What stays frozen is computed once for all folds and repeats: training then reads features instead of photos.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import NamedTuple

import numpy as np

from tenshots.networks import forward
from tenshots.networks.building import passes_alone
from tenshots.networks.settings import FEATURES, HEAD, TransferSettings
from tenshots.runtime import keras
from tenshots.training import executor, fitting
from tenshots.training.executor import Trainer
from tenshots.training.fitting import Epoch, Fit, Part, TrainSettings

# What the frozen layers put out is kept in memory up to this; beyond, they are computed anew for each batch.
KEPT_BYTES = 2 << 30
BATCH_SIZE = 128  # images at once where nothing is trained


class Frozen(keras.layers.Layer):  # type: ignore[misc]  # Keras is untyped
    """Layers as one that never trains: without dropout, also while what follows is trained."""

    def __init__(self, model: keras.Model) -> None:
        super().__init__(name="frozen")
        self.model = model
        self.trainable = False  # now, since it reaches only the layers that are there

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Returns the model's output in inference mode."""
        return self.model(inputs, training=False)


class Tuned(NamedTuple):
    """The upper part of a network, which is tuned.

    Attributes:
        model: from `inputs` to logits; it shares its layers with the network.
        inputs: (num_images, ...): what the layers below put out for each image, or the images themselves.
    """

    model: keras.Model
    inputs: np.ndarray


def fits(
    build: Callable[[], keras.Model],
    parts: Iterable[Part],
    *,
    images: np.ndarray,
    labels: np.ndarray,
    settings: TrainSettings,
    stages: TransferSettings,
    num_workers: int = 1,
    report: Callable[[Epoch], None] = lambda _: None,
) -> Generator[Fit]:
    """Fine-tunes a pretrained network for each part; yields as each is done (see `workers.fits`).

    Each part starts from the pretrained backbone and a new head. First the head alone is trained, then also
    the top of the backbone; batch normalisation stays in inference mode and keeps its scales and offsets,
    since the statistics of few photos are worse than the pretrained ones. With patience the result is right
    on no fewer validation photos than the head alone was. A part gives the same weights to the bit whichever
    parts came before it or are trained beside it.

    Args:
        build: returns a network of `networks.build`, family pretrained, with its backbone's weights, the same
            each time.
        parts: the trainings.
        images: uint8 (num_images, size_px, size_px, 3), originals and copies.
        labels: int (num_images,), from 0; each below the network's number of outputs.
        settings: of the loop.
        stages: how long and how fast the head and the top are trained, and how much of the backbone is the
            top.
        num_workers: trainings at a time, at most.
        report: is told of each epoch when it ends.

    Raises:
        SettingsError: the loss became infinite or no number.
    """
    network = build()
    targets = np.eye(network.output_shape[-1], dtype=np.float32)[labels]
    pretrained = network.get_weights()
    # Computed once for all workers.
    features = forward.outputs(
        keras.Model(network.input, network.get_layer(FEATURES).output), images, batch_size=BATCH_SIZE
    )
    first = tuned_part(network, images, share=stages.unfreeze)

    def begin() -> Trainer:
        network = build()
        head = keras.Model(network.get_layer(FEATURES).output, network.output)
        tuned = tuned_part(network, images, share=stages.unfreeze, like=first)

        def train(part: Part, report: Callable[[Epoch], None], check: Callable[[], None]) -> Fit:
            _start(network, pretrained, seed=part.seed)
            history: list[Epoch] = []
            kept = fitting.improve(
                head,
                part,
                inputs=features,
                targets=targets,
                settings=settings._replace(lr=settings.lr * stages.head_lr_factor, epochs=stages.head_epochs),
                phase="head",
                history=history,
                report=report,
                check=check,
            )
            head.set_weights(kept.weights)
            if tuned is not None:
                kept = fitting.improve(
                    tuned.model,
                    part,
                    inputs=tuned.inputs,
                    targets=targets,
                    settings=settings._replace(lr=settings.lr * stages.fine_tune_lr_factor),
                    phase="fine_tune",
                    history=history,
                    kept=kept._replace(weights=tuned.model.get_weights()),
                    report=report,
                    check=check,
                )
                tuned.model.set_weights(kept.weights)
            return Fit(part, network, history, kept.epoch, len(history) * part.num_originals)

        model = head if tuned is None else tuned.model
        return Trainer(train, executor.training_bytes(model, batch_size=settings.batch_size))

    return executor.fits(begin, parts, num_workers=num_workers, report=report)


def tuned_part(
    network: keras.Model,
    images: np.ndarray,
    *,
    share: float,
    kept_bytes: int = KEPT_BYTES,
    like: Tuned | None = None,
) -> Tuned | None:
    """Cuts the network below the top `share` of its backbone's layers.

    Layers with weights count, except normalisations. The cut moves down from there to the nearest place
    where a single tensor passes, so all that lies above it can be trained without the rest.

    Args:
        network: of `networks.build`, family pretrained. Its normalisations are frozen, in place.
        images: uint8 (num_images, size_px, size_px, 3).
        share: of the layers, in [0, 1], rounded to whole layers.
        kept_bytes: memory that the layers below may fill with what they put out.
        like: what another network with the same frozen weights gave for the same images; what its layers
            below put out is taken, and not computed again.

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
    cut = next(layer.output for layer in reversed(layers[:boundary]) if passes_alone(layer, network))
    upper = keras.Model(cut, network.output)
    if cut is network.input:
        return Tuned(upper, images)
    lower = keras.Model(network.input, cut)
    num_bytes = len(images) * int(np.prod(cut.shape[1:])) * np.dtype(np.float32).itemsize
    if num_bytes <= kept_bytes:
        put_out = like.inputs if like else forward.outputs(lower, images, batch_size=BATCH_SIZE)
        return Tuned(upper, put_out)
    photos = keras.Input(network.input_shape[1:])
    return Tuned(keras.Model(photos, upper(Frozen(lower)(photos))), images)


def _is_normalisation(layer: keras.layers.Layer) -> bool:
    # By name: Keras has a dozen of them, without a common class.
    return "Normalization" in type(layer).__name__


def _start(network: keras.Model, pretrained: list[np.ndarray], *, seed: int) -> None:
    """Gives the network its pretrained weights, and a new head of this seed."""
    network.set_weights(pretrained)
    head = network.get_layer(HEAD)
    head.set_weights(fitting.seeded(seed, lambda: _new_head(head)).get_weights())
    fitting.reseed(network, seed)


def _new_head(head: keras.layers.Dense) -> keras.layers.Dense:
    new = keras.layers.Dense(head.units)
    new.build((None, head.input.shape[-1]))
    return new
