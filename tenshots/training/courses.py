"""The course of the learning rate, as params.yaml names it; `schedules.py` computes it.

Shares of a training count its updates, so that a course keeps its shape whatever the number of epochs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

from pydantic import Field, field_validator

from tenshots import choices
from tenshots.choices import Choice
from tenshots.params import MAX_EPOCHS, Listed, Settings

MAX_DROPS = 100
Factor = Annotated[float, Field(gt=0, lt=1)]


class Constant(Settings):
    """`lr` throughout; without a warm-up, unless one is given here."""

    warmup: float = Field(default=0.0, ge=0, lt=1)


class Cosine(Settings):
    """Down to 0, as half a cosine."""


class Step(Settings):
    """Times `factor` after each of the shares `at` of the training.

    Source of the defaults: He et al. 2016, arXiv:1512.03385, section 4.2.
    """

    at: Annotated[Listed[float], Field(min_length=1, max_length=MAX_DROPS)] = (0.5, 0.75)
    factor: Factor = 0.1

    @field_validator("at")
    @classmethod
    def _within_the_training(cls, at: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0 < share < 1 for share in at):
            raise ValueError(
                "must hold shares of the training, each above 0 and below 1 (0.5 is half-way), since a drop "
                "after its end would never come"
            )
        if sorted(set(at)) != list(at):
            raise ValueError("must hold shares of the training in rising order")
        return at


class Exponential(Settings):
    """Times `factor` in each share `every` of the training, evenly."""

    factor: Factor = 0.1
    every: float = Field(default=0.5, gt=0, le=1)


class Power(Settings):
    """Over (1 + t / `every`) to the power of `power`, t being the share of the training that is done."""

    every: float = Field(default=0.1, gt=0, le=1)
    power: float = Field(default=1.0, gt=0, le=10)


class Performance(Settings):
    """Times `factor` where the validation loss has not fallen below its lowest for `patience` epochs."""

    factor: Factor = 0.5
    patience: int = Field(default=3, ge=1, le=MAX_EPOCHS)


class OneCycle(Settings):
    """Up from the share `start` of `lr` in the share `rise` of the training, then down to the share `end`.

    Both as half a cosine. Source of the defaults: Howard and Gugger 2020, arXiv:2002.04688, section 4.3;
    as PyTorch's OneCycleLR has them.
    """

    rise: float = Field(default=0.3, gt=0, lt=1)
    start: Factor = 0.04
    end: Factor = 0.000004


class RangeTest(Settings):
    """Up from the share `start`, evenly in the logarithm: of the range test alone, not for params.yaml."""

    start: Factor = 1e-7


SCHEDULES: Mapping[str, type[Settings]] = MappingProxyType(
    {
        "constant": Constant,
        "cosine": Cosine,
        "step": Step,
        "exponential": Exponential,
        "power": Power,
        "performance": Performance,
        "one_cycle": OneCycle,
    }
)


def course(schedule: Choice) -> Any:  # noqa: ANN401 (a model of SCHEDULES)
    """Returns the chosen course with all its arguments, as an instance of its class."""
    models: dict[str, type[Settings]] = {**SCHEDULES, "range_test": RangeTest}
    return models[choices.name_of(schedule)].model_validate(choices.given(schedule))


def warmup_share(schedule: Choice, *, warmup: float) -> float:
    """Returns in which share of its updates the rate rises, in [0, 1).

    Args:
        schedule: the setting.
        warmup: the setting `optimisation.warmup`.
    """
    found = course(schedule)
    if isinstance(found, Constant):
        return found.warmup
    if isinstance(found, RangeTest):
        return 0.0
    return found.rise if isinstance(found, OneCycle) else warmup


class Broken(NamedTuple):
    """A rule that an argument breaks."""

    argument: str
    rule: str
    value: float


def too_long(schedule: Choice, *, warmup: float, num_epochs: int | None = None) -> Broken | None:
    """Returns what a course breaks that the training would not see begin, or end.

    Args:
        schedule: the setting.
        warmup: the setting `optimisation.warmup`.
        num_epochs: of the training; None where it is not known yet.
    """
    found = course(schedule)
    if isinstance(found, Step) and found.at[0] <= warmup:
        rule = f"must hold shares after the warm-up, which takes {warmup:g} of the training"
        return Broken("at", rule, found.at[0])
    if isinstance(found, Performance) and num_epochs is not None:
        left = num_epochs - num_warming(warmup, num_epochs=num_epochs)
        if found.patience >= left:
            rule = f"must be below {left}, the number of epochs after the warm-up, or the rate never falls"
            return Broken("patience", rule, found.patience)
    return None


def num_warming(share: float, *, num_epochs: int) -> int:
    """Returns how many epochs a share of the training comes to; at least one of all is left after them."""
    # Rounded first: 0.07 * 100 is 7.000000000000001.
    return min(math.ceil(round(share * num_epochs, 9)), num_epochs - 1)
