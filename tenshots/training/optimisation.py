"""How weights are improved: optimiser and clipping; `schedules` has the rate over time, `losses` the loss."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from tenshots import choices
from tenshots.errors import SettingsError
from tenshots.params import PATH
from tenshots.runtime import keras
from tenshots.training import courses, losses, optimisers, rates, rounding
from tenshots.training.schedules import LearningRate
from tenshots.training.settings import OptimisationSettings

rounding.keep_roots()


def num_warmup_epochs(settings: OptimisationSettings, *, num_epochs: int) -> int:
    """Returns how many epochs the learning rate rises in; at least one of all is left after them."""
    share = courses.warmup_share(settings.schedule, warmup=settings.warmup)
    return courses.num_warming(share, num_epochs=num_epochs)


def prepare(
    model: keras.Model,
    settings: OptimisationSettings,
    *,
    lr: float,
    num_updates: int,
    rate: LearningRate | None = None,
    factors: Mapping[str, float] = MappingProxyType({}),
    loss: keras.losses.Loss | None = None,
) -> None:
    """Gives the model a fresh optimiser of `num_updates` updates, in place.

    A model that was prepared with the same arguments keeps what was compiled for it, and only the optimiser's
    memory goes back to how it started: compiling takes longer than a training on few photos.

    Args:
        model: its trainable weights are what will be improved.
        settings: of the optimiser.
        lr: learning rate at its peak, above 0.
        num_updates: of the whole training, at least 1.
        rate: another course than that of the settings.
        factors: of the learning rate of some weights, by their paths.
        loss: of a model that gives no answers; None: the one of the settings.
    """
    rate = rate or LearningRate(
        lr, num_updates=num_updates, schedule=settings.schedule, warmup=settings.warmup
    )
    # As text: TensorFlow replaces lists in whatever an optimiser holds, also in these settings themselves.
    wanted = repr((settings, rate.get_config(), dict(factors)))
    if model.compiled and getattr(model.optimizer, "prepared_for", None) == wanted:
        # Not to zero: Nadam's product starts at 1, Adagrad's sum at 0.1.
        for variable, start in zip(model.optimizer.variables, model.optimizer.starts, strict=True):
            variable.assign(np.broadcast_to(start, variable.shape))
        return
    optimiser = _optimiser(settings, rate, factors)
    model.compile(
        optimiser,
        loss=losses.minimised(settings) if loss is None else loss,
        metrics=["accuracy"] if loss is None else None,
        # XLA makes TensorFlow three times slower on a CPU; JAX needs it.
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )
    if rate.scale is not None:
        optimiser._track_variable(rate.scale)  # so that it starts again with the others; JAX needs it, too
    optimiser.build(model.trainable_variables)
    optimiser.prepared_for = wanted
    optimiser.starts = tuple(_start_of(variable) for variable in optimiser.variables)


def _start_of(variable: keras.Variable) -> np.ndarray:
    """Returns the variable's value, as one number where all are the same: moments are as large as weights."""
    value: np.ndarray = np.array(keras.ops.convert_to_numpy(variable))
    first = value[(0,) * value.ndim]
    return np.array(first) if (value == first).all() else value


def _optimiser(
    settings: OptimisationSettings, rate: LearningRate, factors: Mapping[str, float]
) -> keras.optimizers.Optimizer:
    arguments = optimisers.keras_arguments(settings.optimiser, weight_decay=settings.weight_decay)
    if settings.clip is not None:
        names = {"value": "clipvalue", "norm": "clipnorm", "global_norm": "global_clipnorm"}
        [(kind, most)] = settings.clip.model_dump(exclude_none=True).items()
        arguments[names[kind]] = most
    if settings.ema is not None:
        arguments |= {"use_ema": True, "ema_momentum": settings.ema}
    of_keras = keras_class(settings)
    if factors:
        optimiser = rates.by_weight(of_keras)(rate, **arguments)
        optimiser.factors = factors
    else:
        optimiser = of_keras(rate, **arguments)
    # Decay is meant for the weights of sums; it would draw normalisations towards putting out nothing, and
    # the slopes of PReLU (alpha) towards ReLU. Source: He et al. 2015, arXiv:1502.01852, section 2.1.
    optimiser.exclude_from_weight_decay(var_names=["bias", "beta", "gamma", "alpha"])
    return optimiser


def keras_class(settings: OptimisationSettings) -> type[keras.optimizers.Optimizer]:
    """Returns Keras' class of the optimiser that was chosen.

    Raises:
        SettingsError: this version of Keras has none of that name.
    """
    name = optimisers.keras_name(settings.optimiser)
    if not hasattr(keras.optimizers, name):
        raise SettingsError(
            f"{PATH}: optimisation.optimiser must be one that Keras {keras.__version__} has, got "
            f"{choices.name_of(settings.optimiser)!r}; choose another one, or a later version"
        )
    return getattr(keras.optimizers, name)  # type: ignore[no-any-return]  # untyped


def rate_of(model: keras.Model) -> LearningRate:
    """Returns the schedule that `prepare` gave to the model."""
    return model.optimizer._learning_rate  # type: ignore[no-any-return]  # the property would evaluate it
