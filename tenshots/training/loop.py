"""The loop that every recipe trains with: epochs, the stream of images, what to keep, when to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np

from tenshots.errors import SettingsError
from tenshots.networks import forward
from tenshots.runtime import keras
from tenshots.seeds import derived_seed
from tenshots.training import balancing, losses, optimisation, stopping
from tenshots.training.averaging import Averages
from tenshots.training.feeding import Feed, Fresh
from tenshots.training.jobs import Epoch, Job
from tenshots.training.schedules import Plateau
from tenshots.training.settings import OptimisationSettings


class TrainSettings(NamedTuple):
    """What the loop needs beside data."""

    lr: float
    batch_size: int | Literal["all"]
    epochs: int
    optimisation: OptimisationSettings
    each: Callable[[float], None] = lambda _: None  # is told of each update's loss, and may raise

    def images_at_once(self, num_originals: int) -> int:
        """Returns the images of an update at most, where an epoch has `num_originals`."""
        return num_originals if self.batch_size == "all" else self.batch_size


class Kept(NamedTuple):
    """The epoch whose weights are kept so far, and its weights."""

    epoch: int = -1
    val_accuracy: float = -1.0
    val_loss: float = float("inf")
    weights: Sequence[np.ndarray] = ()
    val_score: float | None = None

    def is_beaten_by(self, row: Epoch, stop_on: str | None = None) -> bool:
        """Whether an epoch is better on validation photos: see `stopping.rank`."""
        return stopping.rank(row, stop_on) > stopping.rank(self, stop_on)


class KeepRule:
    """Which epoch's weights to keep, and when to stop.

    Without patience the last epoch is kept, and training never stops early. With it the best epoch is kept,
    and training stops once none has been better for so long. Neither counts while the rate still rises: the
    cautious answers of a network that has learnt nothing can look better than those of one that has begun to.

    Attributes:
        kept: the epoch that is kept so far.
        is_over: whether patience has run out.
    """

    def __init__(self, settings: TrainSettings, *, kept: Kept) -> None:
        self.kept = kept
        self.is_over = False
        self._patience = settings.optimisation.patience
        self._stop_on = settings.optimisation.stop_on
        num_warming = optimisation.num_warmup_epochs(settings.optimisation, num_epochs=settings.epochs)
        self._first = settings.epochs - 1 if self._patience == "none" else num_warming
        self._waiting_since = num_warming - 1

    def weigh(self, index: int, row: Epoch, model: keras.Model) -> None:
        """Keeps the model's weights where they are to be kept.

        Args:
            index: of the epoch in its phase, from 0.
            row: of the epoch.
            model: with the weights after the epoch.
        """
        if index < self._first:
            return
        if self._patience == "none" or self.kept.is_beaten_by(row, self._stop_on):
            self.kept = kept_of(row, model)
            self._waiting_since = index
        else:
            self.is_over = index - self._waiting_since >= self._patience


def kept_of(row: Epoch, model: keras.Model) -> Kept:
    """Returns what is kept of an epoch, with the weights that the model has now."""
    return Kept(row.epoch, row.val_accuracy, row.val_loss, model.get_weights(), row.val_score)


def train(
    model: keras.Model,
    job: Job,
    *,
    inputs: np.ndarray,
    targets: np.ndarray,
    settings: TrainSettings,
    phase: str,
    history: list[Epoch],
    kept: Kept | None = None,
    fresh: Fresh | None = None,
    factors: Mapping[str, float] = MappingProxyType({}),
    report: Callable[[Epoch], None] = lambda _: None,
    check: Callable[[], None] = lambda: None,
) -> Kept:
    """Trains the model in place from the weights that it has, until the epochs or the patience are over.

    Args:
        model: from rows of `inputs` to logits.
        job: whose rows are trained and validated on.
        inputs: (num_images, ...), what the model takes.
        targets: float32 (num_images, num_labels), one-hot.
        settings: of the loop.
        phase: named in the history.
        history: of earlier phases; the rows of this one are appended.
        kept: what an earlier phase reached, in this model's weights; None where there was none.
        fresh: draws changed copies of the images that are trained on; None: these are taken as they are.
        factors: of the learning rate of some weights, by their paths.
        report: is told of each epoch when it ends.
        check: is called before each update; what it raises ends the training.

    Returns:
        What is kept (see `KeepRule`): of this phase, or with patience also `kept`, where no epoch of this
        phase beat it.

    Raises:
        SettingsError: the loss became infinite or not a number.
    """
    batch_size = settings.images_at_once(job.num_originals)
    num_batches = -(-job.num_originals // batch_size)
    optimisation.prepare(
        model,
        settings.optimisation,
        lr=settings.lr,
        num_updates=settings.epochs * num_batches,
        factors=factors,
    )
    rate = optimisation.rate_of(model)
    first = len(history)
    start_updates = history[-1].num_updates if history else 0
    stream = _stream(job, targets, settings, seed=derived_seed(job.seed, phase))
    feed = Feed(inputs, targets, job, settings.optimisation, fresh=fresh)
    rule = KeepRule(settings, kept=kept or Kept())
    averages = Averages(model, settings.optimisation.ema)
    num_warming = optimisation.num_warmup_epochs(settings.optimisation, num_epochs=settings.epochs)
    plateau = Plateau(rate, num_warming=num_warming)
    for index in range(settings.epochs):
        sums = np.zeros(2)
        for batch, rows in enumerate(next(stream)):
            check()
            # A row alone comes twice, each with dropout of its own.
            means = model.train_on_batch(*feed(rows, epoch=index, batch=batch))
            averages.update()
            settings.each(float(means[0]))
            sums += len(rows) * np.array(means, dtype=np.float64)
        averages.show()  # until the epoch is judged, and kept or not
        val_logits, val_targets = forward.outputs(model, inputs[job.val], batch_size=128), targets[job.val]
        row = Epoch(
            fold=job.fold,
            repeat=job.repeat,
            phase=phase,
            epoch=first + index,
            num_updates=start_updates + (index + 1) * num_batches,
            lr=float(rate((index + 1) * num_batches - 1)),
            loss=float(sums[0] / job.num_originals),
            accuracy=float(sums[1] / job.num_originals),
            val_loss=losses.value(val_logits, val_targets, settings.optimisation),
            val_accuracy=float((val_logits.argmax(axis=1) == val_targets.argmax(axis=1)).mean()),
            val_score=stopping.score(settings.optimisation.stop_on, val_logits, val_targets),
        )
        if not np.isfinite([row.loss, row.val_loss]).all():
            raise SettingsError(
                f"params.yaml: lr must keep the loss finite, got a loss of {row.loss} in epoch {index + 1} "
                f"of fold {row.fold}, repeat {row.repeat} at lr {settings.lr}; lower lr"
            )
        history.append(row)
        report(row)
        rule.weigh(index, row, model)
        averages.hide()
        plateau.tell(index, row.val_loss)
        if rule.is_over:
            break
    return rule.kept


def _stream(
    job: Job, targets: np.ndarray, settings: TrainSettings, *, seed: int
) -> Iterator[list[np.ndarray]]:
    """Yields the batches of the epochs as the settings say: as they come, or each label equally often."""
    number = job.num_originals
    size = settings.images_at_once(number)
    if settings.optimisation.drawing is None:
        return epochs_of_batches(job.train, num_originals=number, batch_size=size, seed=seed)
    labels = targets[job.train].argmax(axis=1)
    return balancing.epochs_of_batches(job.train, labels, num_originals=number, batch_size=size, seed=seed)


def epochs_of_batches(
    rows: np.ndarray, *, num_originals: int, batch_size: int, seed: int
) -> Iterator[list[np.ndarray]]:
    """Yields the batches of one epoch after the other, without end.

    All rows are shuffled, used up in that order across epochs, and shuffled again. So every copy has its
    turn, yet an epoch has as many images, and as many updates, as without copies. The batches of an epoch
    differ in length by one at most: a short last one would have noisy normalisations.

    Args:
        rows: to draw from, int (num_rows,).
        num_originals: images per epoch, at least 1.
        batch_size: of the largest batch, at least 1.
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
