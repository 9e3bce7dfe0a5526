"""Initial learning without labels: each layer learns alone to restore what goes into it, from the first up.

A layer, with its normalisation and activation, is the first half of a denoising autoencoder. Of what the
layers below it make of a photo, a share of values is set to 0, and a decoder, which is then thrown away,
makes of the layer's output what there was before. The loss is the mean squared difference, to which the
network's penalties (`l1`, `l2`) are added; what is told is the difference alone. The decoder is affine and
has the layer's own weights, turned around, if it is tied to them, and weights of its own if not. Afterwards
all layers are trained together, with labels, as if they had begun so.

Sources: Bengio et al. 2007, Greedy Layer-Wise Training of Deep Networks, NIPS 19 (layer by layer); Vincent et
al. 2010, Stacked Denoising Autoencoders, JMLR 11, sections 2.2 and 3 (the noise, the decoder and its loss);
Masci et al. 2011, Stacked Convolutional Auto-Encoders, ICANN, doi:10.1007/978-3-642-21735-7_7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tenshots.errors import SettingsError
from tenshots.networks import building, drawing, forward
from tenshots.networks.settings import HEAD
from tenshots.params import PATH
from tenshots.runtime import keras
from tenshots.seeds import derived_seed
from tenshots.training import loop, optimisation
from tenshots.training.jobs import Job
from tenshots.training.loop import TrainSettings
from tenshots.training.schedules import Plateau
from tenshots.training.settings import PretrainingSettings

KERNELS = ("Conv2D", "Dense")  # classes of the layers that learn so
BETWEEN = ("Dropout", "Noise")  # in the names of classes that belong to no layer, though they keep its shape


class Decoder(keras.layers.Layer):  # type: ignore[misc]  # Keras is untyped
    """From what a dense layer or convolution puts out back to what went into it."""

    def __init__(self, encoder: keras.Layer, *, tied: bool) -> None:
        """Takes the layer.

        Args:
            encoder: Dense or Conv2D, built.
            tied: whether to multiply by its kernel, turned around; else by one of its own.
        """
        super().__init__(name=f"{encoder.name}_decoder")
        self.tied = tied
        if not tied:  # `drawing` takes an initialiser for that of the only weight, which then is the offset
            self.kernel_initializer = keras.initializers.get("glorot_uniform")
        self._encoder = [encoder].__getitem__  # not itself, or its weights would count as the decoder's

    def build(self, _: Any) -> None:  # noqa: ANN401 (of Keras)
        """Makes the offset, and the kernel where it is not tied."""
        shape = self._encoder(0).kernel.shape
        if not self.tied:
            self.own = self.add_weight(name="kernel", shape=shape, initializer=self.kernel_initializer)
        self.bias = self.add_weight(name="bias", shape=shape[-2:-1], initializer="zeros")

    def call(self, values: keras.KerasTensor) -> keras.KerasTensor:
        """Returns values of the shape of the encoder's input."""
        encoder = self._encoder(0)
        kernel = encoder.kernel if self.tied else self.own
        if type(encoder).__name__ == "Dense":
            return keras.ops.matmul(values, keras.ops.transpose(kernel)) + self.bias
        # The kernel's last two axes, in and out, are here out and in: no copy of it is needed. Padding "same"
        # would be that of another size where strides leave several sizes open, so all is computed, then cut.
        maps = keras.ops.conv_transpose(values, kernel, strides=encoder.strides, padding="valid")
        return _fitted(maps, encoder) + self.bias


def _fitted(maps: keras.KerasTensor, encoder: keras.Layer) -> keras.KerasTensor:
    """Returns maps without the encoder's padding, with zeros for what its strides have passed over."""
    for axis, (size, kernel, stride, out) in enumerate(
        zip(
            encoder.input.shape[1:3],
            encoder.kernel_size,
            encoder.strides,
            encoder.output.shape[1:3],
            strict=True,
        ),
        start=1,
    ):
        padding = max((out - 1) * stride + kernel - size, 0)  # of which the smaller half lies before
        before = padding // 2
        maps = maps[:, before : before + size] if axis == 1 else maps[:, :, before : before + size]
        missing = [(0, 0)] * 4
        missing[axis] = (0, size - maps.shape[axis])
        maps = keras.ops.pad(maps, missing) if missing[axis][1] else maps
    return maps


class Step(NamedTuple):
    """What one layer learns with.

    Attributes:
        encoder: the layer.
        below: from the trained model's input to the layer's.
        autoencoder: from the layer's input to its restoration.
        decoder: its last layer.
        start: the decoder's weights as built.
    """

    encoder: keras.Layer
    below: keras.Model
    autoencoder: keras.Model
    decoder: Decoder
    start: list[np.ndarray]


def steps(network: keras.Model, *, from_photos: bool, tied: bool) -> list[Step]:
    """Returns what each layer but the head learns with, from the photos up.

    Args:
        network: of `building.build`, whose layers are a chain (`NetworkSettings.unchained`).
        from_photos: whether it is trained on photos; else on what its resizing makes of them.
        tied: whether decoders are.
    """
    source = network.input if from_photos else building.pixels(network)
    layers = network.layers[: network.layers.index(network.get_layer(HEAD))]
    found = []
    for place, layer in enumerate(layers):
        if type(layer).__name__ not in KERNELS:
            continue
        end = layer
        for after in layers[place + 1 :]:
            if not _follows(after):
                break
            end = after
        decoder = Decoder(layer, tied=tied)
        whole = keras.Model(layer.input, decoder(end.output))
        below = keras.Model(source, layer.input)
        found.append(Step(layer, below, whole, decoder, decoder.get_weights()))
    return found


def _follows(layer: keras.Layer) -> bool:
    """Whether a layer normalises or bends what the one before it puts out."""
    name = type(layer).__name__
    if name in KERNELS or any(word in name for word in BETWEEN):
        return False
    return bool(layer.input.shape == layer.output.shape)


def corrupted(values: np.ndarray, *, noise: float, seed: int) -> np.ndarray:
    """Returns values of which a share is 0, each drawn alone.

    Args:
        values: float32, of any shape.
        noise: the share, in [0, 1).
        seed: in [0, 2^32).

    Source: Vincent et al. 2010, section 3.3 (masking noise).
    """
    kept = np.random.default_rng(seed).random(values.shape, dtype=np.float32) >= noise
    return values * kept


def learn(
    todo: list[Step],
    job: Job,
    *,
    inputs: np.ndarray,
    settings: TrainSettings,
    pretraining: PretrainingSettings,
    check: Callable[[], None] = lambda: None,
) -> list[dict[str, Any]]:
    """Teaches layer after layer in place, on the job's training images, whose labels are not looked at.

    And on photos without labels, if it has any.

    Args:
        todo: of `steps`; the network's weights are drawn.
        job: whose rows are learnt from.
        inputs: (num_images, ...), what the trained model takes.
        settings: of the training that follows, for its optimiser, its course and the size of a batch. The
            course `performance` goes by the layer's own loss, as validation photos have no part in this.
        pretraining: how long and at what rate.
        check: is called before each update; what it raises ends the training.

    Returns:
        Of each layer its name, and the mean squared difference in its first and in its last epoch.

    Raises:
        SettingsError: a loss became infinite or not a number.
    """
    found = []
    for step in todo:
        step.decoder.set_weights(step.start)
        drawing.draw(step.decoder, derived_seed(job.seed, "pretraining", step.encoder.name))
        losses = _taught(step, job, inputs=inputs, settings=settings, pretraining=pretraining, check=check)
        found.append(
            {"layer": step.encoder.name, "first_loss": round(losses[0], 6), "last_loss": round(losses[-1], 6)}
        )
    return found


def _taught(
    step: Step,
    job: Job,
    *,
    inputs: np.ndarray,
    settings: TrainSettings,
    pretraining: PretrainingSettings,
    check: Callable[[], None],
) -> list[float]:
    """Teaches one layer, and returns the mean squared difference in each epoch."""
    rows_learnt = np.concatenate([job.train, job.unlabelled])
    number = job.num_originals + len(job.unlabelled)
    size = settings.images_at_once(number)
    lr = pretraining.lr or settings.lr
    optimisation.prepare(
        step.autoencoder,
        settings.optimisation.model_copy(update={"ema": None}),
        lr=lr,
        num_updates=pretraining.epochs * -(-number // size),
        loss=keras.losses.MeanSquaredError(),
    )
    num_warming = optimisation.num_warmup_epochs(settings.optimisation, num_epochs=pretraining.epochs)
    plateau = Plateau(optimisation.rate_of(step.autoencoder), num_warming=num_warming)
    is_penalised = bool(step.autoencoder.losses)
    own = derived_seed(job.seed, "pretraining", step.encoder.name)
    stream = loop.epochs_of_batches(rows_learnt, num_originals=number, batch_size=size, seed=own)
    losses = []
    for epoch in range(pretraining.epochs):
        total = 0.0
        for batch, rows in enumerate(next(stream)):
            check()
            seen = forward.at_least_two(inputs[rows])
            clean = forward.outputs(step.below, seen, batch_size=len(seen))
            seed = derived_seed(own, "noise", epoch, batch)
            noisy = corrupted(clean, noise=pretraining.noise, seed=seed)
            penalty = float(sum(step.autoencoder.losses)) if is_penalised else 0.0  # of the weights before
            loss = float(np.ravel(step.autoencoder.train_on_batch(noisy, clean))[0])
            total += len(rows) * (loss - penalty)
        losses.append(total / number)
        if not np.isfinite(losses[-1]):
            raise SettingsError(
                f"{PATH}: pretraining.lr of the variant must keep the loss finite, got a loss of "
                f"{losses[-1]} in epoch {epoch + 1} of layer {step.encoder.name} at a rate of {lr}; lower it"
            )
        plateau.tell(epoch, losses[-1])
    return losses
