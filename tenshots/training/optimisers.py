"""Keras' optimisers: which may be chosen, with which arguments, each within which bounds.

A table without Keras, since `check` judges settings in a second; a test compares it with Keras' signatures.
What it leaves out of a signature is set elsewhere (learning rate, clipping, averaging), is of no use here
(gradient accumulation, loss scaling), or is text or code.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from pydantic import Field

from tenshots import choices
from tenshots.choices import Choice
from tenshots.params import Settings

Momentum = Annotated[float, Field(ge=0, lt=1)]  # of a mean that moves: 1 would never move
Small = Annotated[float, Field(gt=0, le=1)]  # keeps a division from being one by 0
Strength = Annotated[float, Field(ge=0, le=1000)]
Decay = Annotated[float, Field(ge=0, le=10)]
MAX_STEPS = 20  # products of matrices in each update


class Arguments(Settings):
    """Arguments of an optimiser; what is None is as Keras has it.

    Attributes:
        keras_name: of its class in `keras.optimizers`.
        weight_decay: the share of each weight that an update takes away is this times the rate; offsets and
            the scales of normalisations are spared.
    """

    keras_name: ClassVar[str]

    weight_decay: Decay | None = None


class Sgd(Arguments):
    """Stochastic gradient descent."""

    keras_name = "SGD"

    momentum: Momentum | None = None
    nesterov: bool | None = None


class Adagrad(Arguments):
    """A rate of its own for each weight, by the sum of its squared gradients."""

    keras_name = "Adagrad"

    initial_accumulator_value: Strength | None = None
    epsilon: Small | None = None


class Adadelta(Arguments):
    """Likewise, by means that move."""

    keras_name = "Adadelta"

    rho: Momentum | None = None
    epsilon: Small | None = None


class Rmsprop(Arguments):
    """Gradients over the root of the moving mean of their squares."""

    keras_name = "RMSprop"

    rho: Momentum | None = None
    momentum: Momentum | None = None
    epsilon: Small | None = None
    centered: bool | None = None


class Moments(Arguments):
    """What optimisers with moving means of gradients and of their squares share."""

    beta_1: Momentum | None = None
    beta_2: Momentum | None = None
    epsilon: Small | None = None


class Adam(Moments):
    """Moving means of gradients over the roots of those of their squares."""

    keras_name = "Adam"

    amsgrad: bool | None = None


class AdamW(Settings):
    """Adam with weight decay, which is `optimisation.weight_decay`."""

    keras_name: ClassVar[str] = "AdamW"

    beta_1: Momentum | None = None
    beta_2: Momentum | None = None
    epsilon: Small | None = None
    amsgrad: bool | None = None


class Adamax(Moments):
    """Adam with the largest gradient in place of the root."""

    keras_name = "Adamax"


class Nadam(Moments):
    """Adam with Nesterov's momentum."""

    keras_name = "Nadam"


class Lamb(Moments):
    """Adam whose step in each layer is as long as the layer's weights are large."""

    keras_name = "Lamb"


class Ftrl(Arguments):
    """Follow the regularised leader: weights that matter little become 0."""

    keras_name = "Ftrl"

    learning_rate_power: Annotated[float, Field(ge=-10, le=0)] | None = None
    initial_accumulator_value: Strength | None = None
    l1_regularization_strength: Strength | None = None
    l2_regularization_strength: Strength | None = None
    l2_shrinkage_regularization_strength: Strength | None = None
    beta: Strength | None = None


class Adafactor(Arguments):
    """Adam's scale from the means of rows and columns alone."""

    keras_name = "Adafactor"

    beta_2_decay: Annotated[float, Field(ge=-10, lt=0)] | None = None
    epsilon_1: Small | None = None
    epsilon_2: Small | None = None
    clip_threshold: Annotated[float, Field(gt=0, le=1000)] | None = None
    relative_step: bool | None = None


class Lion(Arguments):
    """The sign of a momentum: every weight moves by the rate."""

    keras_name = "Lion"

    beta_1: Annotated[float, Field(gt=0, lt=1)] | None = None
    beta_2: Momentum | None = None


class Muon(Arguments):
    """For matrices a momentum made orthogonal; for all other weights Adam."""

    keras_name = "Muon"

    momentum: Momentum | None = None
    nesterov: bool | None = None
    ns_steps: Annotated[int, Field(ge=1, le=MAX_STEPS)] | None = None
    muon_a: Annotated[float, Field(ge=-10, le=10)] | None = None
    muon_b: Annotated[float, Field(ge=-10, le=10)] | None = None
    muon_c: Annotated[float, Field(ge=-10, le=10)] | None = None
    rms_rate: Annotated[float, Field(gt=0, le=10)] | None = None
    adam_beta_1: Momentum | None = None
    adam_beta_2: Momentum | None = None
    adam_lr_ratio: Annotated[float, Field(gt=0, le=100)] | None = None
    adam_weight_decay: Decay | None = None
    epsilon: Small | None = None


OPTIMISERS: Mapping[str, type[Settings]] = MappingProxyType(
    {
        "sgd": Sgd,
        "adagrad": Adagrad,
        "adadelta": Adadelta,
        "rmsprop": Rmsprop,
        "adam": Adam,
        "adamw": AdamW,
        "adamax": Adamax,
        "nadam": Nadam,
        "ftrl": Ftrl,
        "lamb": Lamb,
        "adafactor": Adafactor,
        "lion": Lion,
        "muon": Muon,
    }
)


def keras_name(optimiser: Choice) -> str:
    """Returns the name of the class in `keras.optimizers`."""
    return OPTIMISERS[choices.name_of(optimiser)].keras_name  # type: ignore[attr-defined,no-any-return]


def keras_arguments(optimiser: Choice, *, weight_decay: float) -> dict[str, Any]:
    """Returns the arguments for Keras' class, but for the learning rate.

    Args:
        optimiser: the setting.
        weight_decay: that of adamw.
    """
    name, found = choices.name_of(optimiser), choices.given(optimiser)
    if optimiser == "sgd":  # alone it means what it always has; `sgd: {}` is Keras' own, without momentum
        return {"momentum": 0.9, "nesterov": True}
    return {**found, "weight_decay": weight_decay} if name == "adamw" else found
