"""Training from scratch: arrays and a network in, its trained weights and a history out.

`transfer` trains with the same loop, so an epoch, early stopping and the stream of images mean the same
everywhere.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tenshots.errors import SettingsError
from tenshots.networks import forward
from tenshots.runtime import keras
from tenshots.seeds import derived_seed
from tenshots.training import executor, optimisation
from tenshots.training.executor import Trainer
from tenshots.training.settings import OptimisationSettings

_SEEDING = threading.Lock()  # the seed that weights are drawn from is the process's: one thread at a time


class Part(NamedTuple):
    """One training to be done: a fold and a repeat.

    Attributes:
        train: rows of the images to train on, originals and copies, int64.
        val: rows of the images that say how good an epoch was, int64.
        num_originals: how many of `train` are no copies; an epoch has that many images.
        seed: of the weights, the order of images and dropout.
    """

    fold: int
    repeat: int
    seed: int
    train: np.ndarray
    val: np.ndarray
    num_originals: int


class Epoch(NamedTuple):
    """A row of the history.

    Attributes:
        phase: scratch, head or fine_tune.
        epoch: from 0, running on over phases.
        num_updates: since the start of the fit, over phases.
        lr: of the epoch's last update.
        loss: mean over the epoch's images while it trained (with dropout); accuracy likewise, in [0, 1].
        val_loss: after the epoch; val_accuracy likewise, in [0, 1].
    """

    fold: int
    repeat: int
    phase: str
    epoch: int
    num_updates: int
    lr: float
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


class Fit(NamedTuple):
    """A training done.

    Attributes:
        part: what it was done on.
        network: holds the weights of the kept epoch until the next fit is asked for.
        history: a row an epoch.
        kept_epoch: whose weights the network has: without patience the last one, with it the one of highest
            validation accuracy, of several that of lowest validation loss.
        num_images: that were trained on, repeated ones counted each time.
    """

    part: Part
    network: keras.Model
    history: list[Epoch]
    kept_epoch: int
    num_images: int


class TrainSettings(NamedTuple):
    """What the loop needs beside data."""

    lr: float
    batch_size: int
    epochs: int
    optimisation: OptimisationSettings


class Kept(NamedTuple):
    """The epoch whose weights are kept so far, and these."""

    epoch: int = -1
    val_accuracy: float = -1.0
    val_loss: float = float("inf")
    weights: Sequence[np.ndarray] = ()

    def is_beaten_by(self, row: Epoch) -> bool:
        """Whether an epoch names more validation photos rightly, or as many at a lower loss.

        Not by the loss alone: with few photos it is lowest where the network still answers everything with
        caution, long before it tells the labels apart.
        """
        return (row.val_accuracy, -row.val_loss) > (self.val_accuracy, -self.val_loss)


def fits(
    build: Callable[[], keras.Model],
    parts: Iterable[Part],
    *,
    images: np.ndarray,
    labels: np.ndarray,
    settings: TrainSettings,
    num_workers: int = 1,
    report: Callable[[Epoch], None] = lambda _: None,
) -> Generator[Fit]:
    """Trains a network from scratch for each part; yields as each is done (see `workers.fits`).

    A part gives the same weights to the bit whichever parts came before it or are trained beside it.

    Args:
        build: returns an uncompiled network with weights of the global seed.
        parts: the trainings.
        images: uint8 (num_images, size_px, size_px, 3), originals and copies.
        labels: int (num_images,), from 0; each below the network's number of outputs.
        settings: of the loop.
        num_workers: trainings at a time, at most.
        report: is told of each epoch when it ends.

    Raises:
        SettingsError: the loss became infinite or no number.
    """

    def begin() -> Trainer:
        network = seeded(0, build)
        # The same layers in another model, which is compiled: saving `network` leaves the optimiser's memory
        # out.
        trained = keras.Model(network.input, network.output)
        targets = np.eye(network.output_shape[-1], dtype=np.float32)[labels]

        def train(part: Part, report: Callable[[Epoch], None], check: Callable[[], None]) -> Fit:
            network.set_weights(seeded(part.seed, build).get_weights())
            reseed(network, part.seed)
            history: list[Epoch] = []
            kept = improve(
                trained,
                part,
                inputs=images,
                targets=targets,
                settings=settings,
                phase="scratch",
                history=history,
                report=report,
                check=check,
            )
            trained.set_weights(kept.weights)
            return Fit(part, network, history, kept.epoch, len(history) * part.num_originals)

        return Trainer(train, executor.training_bytes(trained, batch_size=settings.batch_size))

    return executor.fits(begin, parts, num_workers=num_workers, report=report)


def improve(
    model: keras.Model,
    part: Part,
    *,
    inputs: np.ndarray,
    targets: np.ndarray,
    settings: TrainSettings,
    phase: str,
    history: list[Epoch],
    kept: Kept | None = None,
    report: Callable[[Epoch], None] = lambda _: None,
    check: Callable[[], None] = lambda: None,
) -> Kept:
    """Trains the model in place from the weights that it has, until the epochs or the patience are over.

    Without patience all epochs are trained and the last one's weights are kept. With it the best epoch's are,
    and training stops once none has been better for so long.

    Args:
        model: from rows of `inputs` to logits.
        part: whose rows are trained and validated on.
        inputs: (num_images, ...), what the model takes.
        targets: float32 (num_images, num_labels), one-hot.
        settings: of the loop.
        phase: named in the history.
        history: of earlier phases; the rows of this one are appended.
        kept: what an earlier phase reached, in this model's weights; None where there was none.
        report: is told of each epoch when it ends.
        check: is called before each update; what it raises ends the training.

    Returns:
        What is kept: of this phase, or with patience also `kept`, where no epoch of this phase beat it.

    Raises:
        SettingsError: the loss became infinite or no number.
    """
    kept = kept or Kept()
    patience = settings.optimisation.patience
    smoothing = settings.optimisation.label_smoothing
    num_batches = -(-part.num_originals // settings.batch_size)
    optimisation.prepare(
        model, settings.optimisation, lr=settings.lr, num_updates=settings.epochs * num_batches
    )
    rate = optimisation.rate_of(model)
    first = len(history)
    start_updates = history[-1].num_updates if history else 0
    stream = epochs_of_batches(
        part.train,
        num_originals=part.num_originals,
        batch_size=settings.batch_size,
        seed=derived_seed(part.seed, phase),
    )
    # Neither the best nor the patience counts while the rate still rises: the cautious answers of a network
    # that has learnt nothing can look better than those of one that has begun to.
    num_warming = optimisation.num_warmup_epochs(settings.optimisation, num_epochs=settings.epochs)
    patience_from = num_warming - 1
    first_kept = settings.epochs - 1 if patience == "none" else num_warming
    for index in range(settings.epochs):
        sums = np.zeros(2)
        for rows in next(stream):
            check()
            sums += len(rows) * np.array(model.train_on_batch(inputs[rows], targets[rows]), dtype=np.float64)
        val_logits = forward.outputs(model, inputs[part.val], batch_size=128)
        row = Epoch(
            fold=part.fold,
            repeat=part.repeat,
            phase=phase,
            epoch=first + index,
            num_updates=start_updates + (index + 1) * num_batches,
            lr=float(rate((index + 1) * num_batches - 1)),
            loss=float(sums[0] / part.num_originals),
            accuracy=float(sums[1] / part.num_originals),
            val_loss=optimisation.loss(val_logits, targets[part.val], label_smoothing=smoothing),
            val_accuracy=float((val_logits.argmax(axis=1) == targets[part.val].argmax(axis=1)).mean()),
        )
        if not np.isfinite([row.loss, row.val_loss]).all():
            raise SettingsError(
                f"params.yaml: lr must keep the loss finite, got a loss of {row.loss} in epoch {row.epoch} "
                f"of fold {row.fold}, repeat {row.repeat} at lr {settings.lr}; lower lr"
            )
        history.append(row)
        report(row)
        if index < first_kept:
            continue
        if patience == "none" or kept.is_beaten_by(row):
            kept = Kept(row.epoch, row.val_accuracy, row.val_loss, model.get_weights())
            patience_from = index
        elif index - patience_from >= patience:
            break
    return kept


def epochs_of_batches(
    rows: np.ndarray, *, num_originals: int, batch_size: int, seed: int
) -> Iterator[list[np.ndarray]]:
    """Yields the batches of one epoch after the other, without end.

    All rows are shuffled, used up in that order across epochs, and shuffled again. So every copy has its
    turn, yet an epoch has as many images, and as many updates, as without copies. The batches of an epoch
    differ in length by one at most: a short last one would have noisy normalisations.

    Args:
        rows: to draw from, int (num_rows,).
        num_originals: images an epoch, from 1.
        batch_size: of the largest batch, from 1.
        seed: of the order.
    """
    generator = np.random.default_rng(seed)
    num_batches = -(-num_originals // batch_size)
    waiting = np.empty(0, dtype=rows.dtype)
    while True:
        while len(waiting) < num_originals:
            waiting = np.concatenate([waiting, generator.permutation(rows)])
        epoch, waiting = waiting[:num_originals], waiting[num_originals:]
        yield np.array_split(epoch, num_batches)


def seeded(seed: int, build: Callable[[], keras.Layer]) -> keras.Layer:
    """Returns what `build` builds, a network or a layer, with random weights that depend on the seed alone.

    Args:
        seed: from 0 to 2^32 - 1.
        build: may be called in any thread, by one at a time.
    """
    with _SEEDING:
        # From here Keras takes the seed of each initialiser that is given none. Its own set_random_seed would
        # also empty TensorFlow's cache of kernels, and so hold up each training beside for half a second.
        random.seed(seed)
        return build()


def reseed(model: keras.Model, seed: int) -> None:
    """Sets the model's random number generators (those of dropout) to the start of streams from `seed`."""
    weights = {id(variable) for variable in model.weights}
    states = [variable for variable in model.variables if id(variable) not in weights]
    for index, state in enumerate(states):
        state.assign(np.array([derived_seed(seed, "dropout", index), 0], dtype=np.uint32))
