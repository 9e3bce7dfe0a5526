"""How weights are improved: optimiser, learning rate over time, loss."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tenshots.networks import forward
from tenshots.runtime import keras
from tenshots.training.settings import OptimisationSettings


class LearningRate(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # untyped
    """Learning rate by update: constant, or rising in a line during the warm-up, then falling as a cosine.

    Source: Loshchilov and Hutter 2017, arXiv:1608.03983, equation 5; the warm-up is that of Goyal et al.
    2017, arXiv:1706.02677, section 2.2.
    """

    def __init__(self, peak: float, *, num_updates: int, schedule: str, warmup: float) -> None:
        self.peak = peak
        self.num_updates = num_updates
        self.schedule = schedule
        self.warmup = warmup

    def __call__(self, step: Any) -> Any:  # noqa: ANN401 (a tensor of the backend)
        """Returns the rate of update `step`, which counts from 0, as a float32 scalar in [0, peak]."""
        if self.schedule == "constant":
            return keras.ops.convert_to_tensor(self.peak, dtype="float32")
        # The first and the last update have a rate above 0: one at 0 would read its images for nothing.
        done = keras.ops.cast(step, "float32")
        rising = self.warmup * self.num_updates
        risen = keras.ops.minimum((done + 1) / max(rising, 1.0), 1.0)
        fallen = keras.ops.clip((done - rising) / (self.num_updates - rising), 0.0, 1.0)
        return self.peak * risen * 0.5 * (1 + keras.ops.cos(math.pi * fallen))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments; two schedules are the same when these are."""
        return {
            "peak": self.peak,
            "num_updates": self.num_updates,
            "schedule": self.schedule,
            "warmup": self.warmup,
        }


def num_warmup_epochs(settings: OptimisationSettings, *, num_epochs: int) -> int:
    """Returns how many epochs the learning rate rises in; at least one of all is left after them."""
    # Rounded first: 0.07 * 100 is 7.000000000000001.
    rising = math.ceil(round(settings.warmup * num_epochs, 9)) if settings.schedule == "cosine" else 0
    return min(rising, num_epochs - 1)


def prepare(model: keras.Model, settings: OptimisationSettings, *, lr: float, num_updates: int) -> None:
    """Gives the model a fresh optimiser of `num_updates` updates, in place.

    A model that was prepared with the same arguments keeps what was compiled for it, and only the optimiser's
    memory goes back to how it started: compiling takes longer than a training on few photos.

    Args:
        model: its trainable weights are what will be improved.
        settings: of the optimiser.
        lr: learning rate at its peak, above 0.
        num_updates: of the whole training, at least 1.
    """
    rate = LearningRate(lr, num_updates=num_updates, schedule=settings.schedule, warmup=settings.warmup)
    wanted = (settings, rate.get_config())
    if model.compiled and getattr(model.optimizer, "prepared_for", None) == wanted:
        # Not to zero: Nadam's product starts at 1, Adagrad's sum at 0.1.
        for variable, start in zip(model.optimizer.variables, model.optimizer.starts, strict=True):
            variable.assign(np.broadcast_to(start, variable.shape))
        return
    optimiser = _optimiser(settings, rate)
    model.compile(
        optimiser,
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=settings.label_smoothing),
        metrics=["accuracy"],
        # XLA makes TensorFlow three times slower on a CPU; JAX needs it.
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )
    optimiser.build(model.trainable_variables)
    optimiser.prepared_for = wanted
    optimiser.starts = tuple(_start_of(variable) for variable in optimiser.variables)


def _start_of(variable: keras.Variable) -> np.ndarray:
    """Returns the variable's value, as one number where all are the same: moments are as large as weights."""
    value: np.ndarray = np.array(keras.ops.convert_to_numpy(variable))
    first = value[(0,) * value.ndim]
    return np.array(first) if (value == first).all() else value


def _optimiser(settings: OptimisationSettings, rate: LearningRate) -> keras.optimizers.Optimizer:
    if settings.optimiser == "sgd":
        return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)
    if settings.optimiser == "adam":
        return keras.optimizers.Adam(rate)
    optimiser = keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay)
    # Decay is meant for the weights of sums; it would draw normalisations towards putting out nothing, and
    # the slopes of PReLU (alpha) towards ReLU. Source: He et al. 2015, arXiv:1502.01852, section 2.1.
    optimiser.exclude_from_weight_decay(var_names=["bias", "beta", "gamma", "alpha"])
    return optimiser


def rate_of(model: keras.Model) -> LearningRate:
    """Returns the schedule that `prepare` gave to the model."""
    return model.optimizer._learning_rate  # type: ignore[no-any-return]  # the property would evaluate it


def loss(logits: np.ndarray, targets: np.ndarray, *, label_smoothing: float) -> float:
    """Returns the mean cross-entropy that training minimises, computed in float64; lower is better.

    Args:
        logits: (num_photos, num_labels).
        targets: (num_photos, num_labels), one-hot.
        label_smoothing: share of each target that is spread evenly over all labels.
            Source: Szegedy et al. 2016, arXiv:1512.00567, section 7.
    """
    smoothed = targets * (1 - label_smoothing) + label_smoothing / targets.shape[1]
    return float(-(smoothed * forward.log_softmax(logits)).sum(axis=1).mean())
