"""What training reads of params.yaml: the top level, `optimisation` and `variants`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from tenshots import params
from tenshots.errors import SettingsError
from tenshots.networks.settings import LINEAR, SCRATCH, NetworkSettings, described, settings_from
from tenshots.params import MAX_EPOCHS, Settings

MAX_LR = 10  # above it any of the optimisers throws the weights away at once
MAX_BATCH_SIZE = 4096  # more images at once than most collections have
# dvc.yaml puts names into commands and paths, and DVC reads a dot in them as another level.
NAME = re.compile("[a-z0-9_][a-z0-9_-]{0,63}")


class OptimisationSettings(Settings):
    """The section `optimisation`."""

    optimiser: Literal["adam", "adamw", "sgd"]
    weight_decay: float = Field(ge=0, le=10)
    schedule: Literal["constant", "cosine"]
    warmup: float = Field(ge=0, lt=1)
    label_smoothing: float = Field(ge=0, lt=1)
    patience: Annotated[int, Field(ge=1, le=MAX_EPOCHS)] | Literal["none"]


class ExperimentSettings(Settings):
    """The top level of params.yaml, as far as training is concerned."""

    seed: int = Field(ge=0, lt=2**32)
    lr: float = Field(gt=0, le=MAX_LR)
    batch_size: int = Field(ge=1, le=MAX_BATCH_SIZE)
    epochs: int = Field(ge=1, le=MAX_EPOCHS)
    threads: int = Field(ge=1, le=256)
    repeats: int = Field(ge=1, le=100)


class VariantSettings(Settings):
    """An entry of `variants`; what is None is as at the top level."""

    data: Literal["database", "augmented"]
    network: str
    recipe: Literal["scratch", "fine_tune", "logistic_regression", "linear_svm"] | None = None
    lr: float | None = Field(default=None, gt=0, le=MAX_LR)
    batch_size: int | None = Field(default=None, ge=1, le=MAX_BATCH_SIZE)
    epochs: int | None = Field(default=None, ge=1, le=MAX_EPOCHS)


def named(values: Mapping[str, Any], name: str) -> VariantSettings:
    """Returns the variant `name` of params.yaml, with a recipe for the network that it names.

    Args:
        values: all of params.yaml.
        name: a key of `variants`.

    Raises:
        SettingsError: no such variant or network, a recipe that is not for its family, or a value that breaks
            a rule.
    """
    known = values.get("variants")
    if not isinstance(known, Mapping) or name not in known:
        raise SettingsError(
            f"{params.PATH}: variants has no {name!r}{params.nearest_or_all(name, _keys(known))}"
        )
    check_name(name, at="variants")
    variant = params.check(known[name], VariantSettings, at=f"variants.{name}")
    section = described(values, variant.network, asked=f"{params.PATH}: variants.{name}.network")
    network = settings_from(section, at=f"networks.{variant.network}")
    recipe = variant.recipe or network.recipes[0]
    _check_recipe(recipe, variant, network, at=f"{params.PATH}: variants.{name}")
    return variant.model_copy(update={"recipe": recipe})


def _check_recipe(recipe: str, variant: VariantSettings, network: NetworkSettings, *, at: str) -> None:
    if recipe not in network.recipes:
        remedy = "; scratch takes a backbone with weights: none" if recipe == SCRATCH else ""
        raise SettingsError(
            f"{at}.recipe must be {' or '.join(network.recipes)} for {variant.network} of family "
            f"{network.family}, got {recipe!r}{remedy}"
        )
    for key in ("lr", "batch_size", "epochs"):
        if recipe in LINEAR and getattr(variant, key) is not None:
            raise SettingsError(
                f"{at}.{key} is not used by recipe {recipe}, which solves for its weights; remove it"
            )


def check_name(name: object, *, at: str) -> None:
    """Raises a SettingsError for a key below `at` that could not stand in a command, path or dotted key."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise SettingsError(
            f"{params.PATH}: {at} must name its entries in a-z, 0-9, _ and -, at most 64 characters, the "
            f"first of them not -, got {params.shown(name)}; rename it"
        )


def _keys(section: object) -> list[object]:
    return list(section) if isinstance(section, Mapping) else []
