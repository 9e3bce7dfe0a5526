"""What training reads of params.yaml: the top level, `optimisation` and `variants`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from tenshots import params
from tenshots.errors import SettingsError
from tenshots.networks.settings import LINEAR, NetworkSettings, described, settings_from
from tenshots.params import MAX_EPOCHS, Settings

ON_THE_FLY = "on_the_fly"  # of a variant's data: the photos, with a fresh copy of each in each epoch
MAX_LR = 10  # above it any of the optimisers throws the weights away at once
MAX_BATCH_SIZE = 4096  # more images at once than most collections have
MAX_ALPHA = 100  # of mixup and cutmix: every mixture is nearly half and half
MAX_GAMMA = 10  # of the focal loss: at 5, the authors' most, an answer of 0.5 counts a 32nd
# dvc.yaml puts names into commands and paths, and DVC reads a dot in them as another level.
NAME = re.compile("[a-z0-9_][a-z0-9_-]{0,63}")


class FocalSettings(Settings):
    """The focal loss' argument; at the default the authors found it best."""

    gamma: float = Field(default=2.0, ge=0, le=MAX_GAMMA)


class FocalLoss(Settings):
    """`loss: {focal: {gamma: 1.5}}`; `loss: focal` has the default gamma."""

    focal: FocalSettings


class OptimisationSettings(Settings):
    """The section `optimisation`."""

    optimiser: Literal["adam", "adamw", "sgd"]
    weight_decay: float = Field(ge=0, le=10)
    schedule: Literal["constant", "cosine"]
    warmup: float = Field(ge=0, lt=1)
    label_smoothing: float = Field(ge=0, lt=1)
    patience: Annotated[int, Field(ge=1, le=MAX_EPOCHS)] | Literal["none"]
    # Absent from the shipped file; what is None is not written down anywhere.
    mixup: float | None = Field(default=None, gt=0, le=MAX_ALPHA)
    cutmix: float | None = Field(default=None, gt=0, le=MAX_ALPHA)
    loss: Literal["cross_entropy", "hinge", "focal"] | FocalLoss | None = None
    class_weights: Literal["balanced"] | None = None
    drawing: Literal["balanced"] | None = None

    @property
    def loss_name(self) -> str:
        """What is minimised: cross_entropy, hinge or focal."""
        return "focal" if isinstance(self.loss, FocalLoss) else self.loss or "cross_entropy"

    @property
    def gamma(self) -> float:
        """Of the focal loss; 0 of the cross-entropy, which is the focal loss of that gamma."""
        if isinstance(self.loss, FocalLoss):
            return self.loss.focal.gamma
        return FocalSettings().gamma if self.loss == "focal" else 0.0

    @property
    def mixes(self) -> bool:
        """Whether images are mixed with others, by mixup or cutmix."""
        return bool(self.mixup or self.cutmix)

    @field_validator("loss")
    @classmethod
    def _hinge_has_no_smoothing(cls, value: str | FocalLoss | None, info: ValidationInfo) -> Any:  # noqa: ANN401
        if value == "hinge" and info.data.get("label_smoothing"):
            raise ValueError(
                "must not be hinge while label_smoothing is above 0, since a margin has no share to give to "
                "other labels; set optimisation.label_smoothing to 0"
            )
        return value

    @field_validator("class_weights")
    @classmethod
    def _weights_are_of_single_labels(cls, value: str | None, info: ValidationInfo) -> str | None:
        mixing = [key for key in ("mixup", "cutmix") if info.data.get(key)]
        if value and mixing:
            raise ValueError(
                f"must be left out where {mixing[0]} mixes images of two labels; remove it, or set "
                "optimisation.drawing to balanced"
            )
        return value

    @field_validator("drawing")
    @classmethod
    def _is_balanced_once(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and info.data.get("class_weights"):
            raise ValueError(
                "must be left out where class_weights balances the labels; remove one of the two"
            )
        return value


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

    data: Literal["database", "augmented", "on_the_fly"]
    network: str
    recipe: Literal["scratch", "fine_tune", "logistic_regression", "linear_svm"] | None = None
    lr: float | None = Field(default=None, gt=0, le=MAX_LR)
    batch_size: int | None = Field(default=None, ge=1, le=MAX_BATCH_SIZE)
    epochs: int | None = Field(default=None, ge=1, le=MAX_EPOCHS)
    flips_at_test: bool | None = None


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
        raise SettingsError(
            f"{at}.recipe must be {' or '.join(network.recipes)} for {variant.network} of family "
            f"{network.family}, got {recipe!r}"
        )
    for key in ("lr", "batch_size", "epochs"):
        if recipe in LINEAR and getattr(variant, key) is not None:
            raise SettingsError(
                f"{at}.{key} is not used by recipe {recipe}, which solves for its weights; remove it"
            )
    if recipe in LINEAR and variant.data == ON_THE_FLY:
        raise SettingsError(
            f"{at}.data must be database or augmented for recipe {recipe}, which has no epochs to draw "
            f"copies in, got {variant.data!r}"
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
