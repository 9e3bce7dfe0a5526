"""The recipe for a pretrained network: first the new head alone, then the top of the backbone with it.

What stays frozen is computed once for all folds and repeats: training then reads features instead of photos.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tenshots.networks import drawing, forward
from tenshots.networks import features as frozen
from tenshots.networks.building import passes_alone
from tenshots.networks.settings import FEATURES, HEAD, TransferSettings
from tenshots.runtime import keras
from tenshots.training import loop, memory
from tenshots.training.executor import Trainer
from tenshots.training.jobs import Epoch, Job, Outcome
from tenshots.training.loop import TrainSettings

# What the frozen layers put out is kept in memory up to this; beyond, they are computed again for each batch.
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


class Cut(NamedTuple):
    """A network in two models, which share its layers.

    Attributes:
        lower: from photos to what `upper` takes; None where `upper` takes the photos.
        upper: from there to logits; it is tuned.
    """

    lower: keras.Model | None
    upper: keras.Model


def trainers(
    build: Callable[[], keras.Model],
    *,
    images: np.ndarray,
    labels: np.ndarray,
    settings: TrainSettings,
    phases: TransferSettings,
    features: np.ndarray | None = None,
) -> Callable[[], Trainer]:
    """Returns what begins a worker (see `executor.run`), after computing what the frozen layers put out.

    Each job starts from the pretrained backbone and a new head. First the head alone is trained, then also
    the top of the backbone; batch normalisation stays in inference mode and keeps its scales and offsets,
    since the statistics of few photos are worse than the pretrained ones. With patience the result is right
    on no fewer validation photos than the head alone was. A job gives the same weights to the bit whichever
    jobs came before it or are trained beside it.

    Args:
        build: returns a network of `building.build`, family pretrained, with its backbone's weights, the same
            each time; may be called in several threads at a time.
        images: uint8 (num_images, size_px, size_px, 3), originals and copies.
        labels: int (num_images,), from 0; each below the network's number of outputs.
        settings: of the loop.
        phases: how long and how fast the head and the top are trained, and how much of the backbone is the
            top.
        features: float32 (num_images, num_features), frozen ones of this backbone; None: computed here.
    """
    first = build()
    targets = np.eye(first.output_shape[-1], dtype=np.float32)[labels]
    pretrained = first.get_weights()
    inputs_of_head = frozen.outputs(frozen.below_head(first), images) if features is None else features
    first_cut = cut(first, share=phases.unfreeze)
    top_inputs = images if first_cut is None else inputs_of_top(first_cut, images)

    def begin() -> Trainer:
        network = build()
        head = frozen.head_of(network)
        found = cut(network, share=phases.unfreeze)
        top = None if found is None else tuned_model(found, from_photos=top_inputs is images)

        def train(job: Job, report: Callable[[Epoch], None], check: Callable[[], None]) -> Outcome:
            network.set_weights(pretrained)
            drawing.draw(network.get_layer(HEAD), job.seed)
            drawing.draw_dropout(network, job.seed)
            history: list[Epoch] = []
            kept = loop.train(
                head,
                job,
                inputs=inputs_of_head,
                targets=targets,
                settings=settings._replace(lr=settings.lr * phases.head_lr_factor, epochs=phases.head_epochs),
                phase="head",
                history=history,
                report=report,
                check=check,
            )
            head.set_weights(kept.weights)
            if top is not None:
                kept = loop.train(
                    top,
                    job,
                    inputs=top_inputs,
                    targets=targets,
                    settings=settings._replace(lr=settings.lr * phases.fine_tune_lr_factor),
                    phase="fine_tune",
                    history=history,
                    kept=kept._replace(weights=top.get_weights()),
                    report=report,
                    check=check,
                )
                top.set_weights(kept.weights)
            return Outcome(job, history, kept.epoch, len(history) * job.num_originals)

        num_bytes = memory.training_bytes(head if top is None else top, batch_size=settings.batch_size)
        return Trainer(network, train, num_bytes)

    return begin


def cut(network: keras.Model, *, share: float) -> Cut | None:
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
    at = next(layer.output for layer in reversed(layers[:boundary]) if passes_alone(layer, network))
    lower = None if at is network.input else keras.Model(network.input, at)
    return Cut(lower, keras.Model(at, network.output))


def inputs_of_top(cut: Cut, images: np.ndarray, *, kept_bytes: int = KEPT_BYTES) -> np.ndarray:
    """Returns what the top is trained on, for each image.

    Args:
        cut: of `cut`.
        images: uint8 (num_images, size_px, size_px, 3).
        kept_bytes: memory that the layers below may fill with what they put out.

    Returns:
        float32 (num_images, ...), what the layers below put out; `images` itself where that would take too
        much memory, or where no layers are below.
    """
    if cut.lower is None:
        return images
    shape = cut.lower.output_shape[1:]
    if len(images) * int(np.prod(shape)) * np.dtype(np.float32).itemsize > kept_bytes:
        return images
    return forward.outputs(cut.lower, images, batch_size=BATCH_SIZE)


def tuned_model(cut: Cut, *, from_photos: bool) -> keras.Model:
    """Returns the model that tunes the top, with the frozen layers below it where it takes photos."""
    if cut.lower is None or not from_photos:
        return cut.upper
    photos = keras.Input(cut.lower.input_shape[1:])
    return keras.Model(photos, cut.upper(Frozen(cut.lower)(photos)))


def _is_normalisation(layer: keras.layers.Layer) -> bool:
    # By name: Keras has a dozen of them, without a common class.
    return "Normalization" in type(layer).__name__
