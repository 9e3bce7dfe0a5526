"""What training reads of params.yaml: the top level, `optimisation` and `variants`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, ValidationInfo, field_validator, model_validator

from tenshots import choices, params
from tenshots.choices import Choice
from tenshots.errors import SettingsError
from tenshots.networks.settings import LINEAR, SCRATCH, NetworkSettings, described, settings_from
from tenshots.params import MAX_EPOCHS, Settings
from tenshots.training import courses
from tenshots.training.courses import SCHEDULES
from tenshots.training.optimisers import OPTIMISERS
from tenshots.wording import counted

ON_THE_FLY = "on_the_fly"  # of a variant's data: the photos, with a fresh copy of each in each epoch
MAX_LR = 10  # above it any of the optimisers throws the weights away at once
MAX_BATCH_SIZE = 4096  # more images at once than most collections have
MAX_ALPHA = 100  # of mixup and cutmix: every mixture is nearly half and half
MAX_GAMMA = 10  # of the focal loss: at 5, the authors' most, an answer of 0.5 counts a 32nd
MAX_CLIP = 1_000_000  # longer than any gradient of a training that still learns
# dvc.yaml puts names into commands and paths, and DVC reads a dot in them as another level.
NAME = re.compile("[a-z0-9_][a-z0-9_-]{0,63}")


class CrossEntropy(Settings):
    """The loss' arguments: it has none."""


class Hinge(Settings):
    """Likewise."""


class Focal(Settings):
    """The focal loss' argument; at the default its authors found it best."""

    gamma: float = Field(default=2.0, ge=0, le=MAX_GAMMA)


LOSSES: Mapping[str, type[Settings]] = MappingProxyType(
    {"cross_entropy": CrossEntropy, "hinge": Hinge, "focal": Focal}
)
BatchSize = Annotated[int, Field(ge=1, le=MAX_BATCH_SIZE)] | Literal["all"]


class ClipSettings(Settings):
    """How gradients are cut off: each number, each weight tensor's length, or that of all together."""

    value: float | None = Field(default=None, gt=0, le=MAX_CLIP)
    norm: float | None = Field(default=None, gt=0, le=MAX_CLIP)
    global_norm: float | None = Field(default=None, gt=0, le=MAX_CLIP)

    @model_validator(mode="after")
    def _one_of_them(self) -> ClipSettings:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError("must have one of value, norm and global_norm")
        return self


class OptimisationSettings(Settings):
    """The section `optimisation`; what is None is left out of all that is written down (`described`)."""

    optimiser: Annotated[Choice, PlainValidator(partial(choices.checked, known=OPTIMISERS))]
    weight_decay: float = Field(ge=0, le=10)
    schedule: Annotated[Choice, PlainValidator(partial(choices.checked, known=SCHEDULES))]
    warmup: float = Field(ge=0, lt=1)
    label_smoothing: float = Field(ge=0, lt=1)
    patience: Annotated[int, Field(ge=1, le=MAX_EPOCHS)] | Literal["none"]
    stop_on: Literal["accuracy", "loss", "macro_f1", "roc_auc"] | None = None
    clip: ClipSettings | None = None
    ema: float | None = Field(default=None, gt=0, lt=1)
    mixup: float | None = Field(default=None, gt=0, le=MAX_ALPHA)
    cutmix: float | None = Field(default=None, gt=0, le=MAX_ALPHA)
    loss: Annotated[Choice | None, PlainValidator(partial(choices.checked_if_any, known=LOSSES))] = None
    class_weights: Literal["balanced"] | None = None
    drawing: Literal["balanced"] | None = None

    @property
    def loss_name(self) -> str:
        """What is minimised: cross_entropy, hinge or focal."""
        return choices.name_of(self.loss or "cross_entropy")

    @property
    def gamma(self) -> float:
        """Of the focal loss; 0 of the cross-entropy, which is the focal loss of that gamma."""
        if self.loss is None or self.loss_name != "focal":
            return 0.0
        return Focal.model_validate(choices.given(self.loss)).gamma

    @property
    def mixes(self) -> bool:
        """Whether images are mixed with others, by mixup or cutmix."""
        return bool(self.mixup or self.cutmix)

    @field_validator("loss")
    @classmethod
    def _hinge_has_no_smoothing(cls, value: Choice | None, info: ValidationInfo) -> Choice | None:
        if value and choices.name_of(value) == "hinge" and info.data.get("label_smoothing"):
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

    @model_validator(mode="after")
    def _fit_together(self) -> OptimisationSettings:
        name = choices.name_of(self.schedule)
        if broken := courses.too_long(self.schedule, warmup=self.warmup):
            raise choices.refusal(("schedule", name, broken.argument), broken.rule, broken.value)
        if self.patience == "none":
            if self.stop_on is not None:
                rule = "is of use only with a number for patience, which is none"
                raise choices.refusal(("stop_on",), rule, self.stop_on)
        elif name == "performance" and self.patience <= (falls := courses.course(self.schedule).patience):
            rule = f"must be above {falls}, the schedule's patience, or training stops before the rate falls"
            raise choices.refusal(("patience",), rule, self.patience)
        return self

    def described(self) -> dict[str, Any]:
        """Returns the settings as plain values, without those that are absent."""
        return self.model_dump(mode="json", exclude_none=True)


class ExperimentSettings(Settings):
    """The top level of params.yaml, as far as training is concerned."""

    seed: int = Field(ge=0, lt=2**32)
    lr: float = Field(gt=0, le=MAX_LR)
    batch_size: BatchSize
    epochs: int = Field(ge=1, le=MAX_EPOCHS)
    threads: int = Field(ge=1, le=256)
    repeats: int = Field(ge=1, le=100)


class PretrainingSettings(Settings):
    """How layers learn without labels before the training: see `pretraining`. What is None is as usual."""

    noise: float = Field(ge=0, lt=1)  # share of the values that are set to 0
    epochs: int = Field(ge=1, le=MAX_EPOCHS)  # of each layer
    lr: float | None = Field(default=None, gt=0, le=MAX_LR)  # None: that of the training
    tied: bool | None = None  # whether a decoder has its layer's weights; None: it has
    unlabelled: bool | None = None  # whether from photos without labels, too (`accept.unlabelled`); None: no

    def described(self) -> dict[str, Any]:
        """Returns the settings as plain values, without those that are absent."""
        return self.model_dump(mode="json", exclude_none=True)


class VariantSettings(Settings):
    """An entry of `variants`; what is None is as at the top level."""

    data: Literal["database", "augmented", "on_the_fly"]
    network: str
    recipe: Literal["scratch", "fine_tune", "logistic_regression", "linear_svm"] | None = None
    lr: float | None = Field(default=None, gt=0, le=MAX_LR)
    batch_size: BatchSize | None = None
    epochs: int | None = Field(default=None, ge=1, le=MAX_EPOCHS)
    flips_at_test: bool | None = None
    optimisation: dict[str, Any] | None = None  # those that differ from the section `optimisation`
    pretraining: PretrainingSettings | None = None


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
    if variant.pretraining is not None:
        learnt = f"recipe {recipe} begins with what was learnt before"
        if why := network.unchained() if recipe == SCRATCH else learnt:
            raise SettingsError(
                f"{at}.pretraining must be left out here: layers learn without labels one after the other, "
                f"and {why}; remove it, or take a network of family dense, convolutional, lenet5, alexnet or "
                "vgg, or layers of your own without branches"
            )
    for key in ("lr", "batch_size", "epochs", "optimisation"):
        if recipe in LINEAR and getattr(variant, key) is not None:
            raise SettingsError(
                f"{at}.{key} is not used by recipe {recipe}, which solves for its weights; remove it"
            )
    if recipe in LINEAR and variant.data == ON_THE_FLY:
        raise SettingsError(
            f"{at}.data must be database or augmented for recipe {recipe}, which has no epochs to draw "
            f"copies in, got {variant.data!r}"
        )


def optimisation_of(
    values: Mapping[str, Any], variant: VariantSettings, *, name: str = ""
) -> OptimisationSettings:
    """Returns how a variant is optimised: the section `optimisation`, and what the variant has otherwise.

    Args:
        values: all of params.yaml.
        variant: of them.
        name: its key of `variants`, for messages.

    Raises:
        SettingsError: a value breaks a rule.
    """
    general = params.section(values, "optimisation", OptimisationSettings)
    if variant.optimisation is None:
        return general
    merged = {**values["optimisation"], **variant.optimisation}
    return params.check(merged, OptimisationSettings, at=f"variants.{name}.optimisation")


def check_lengths(values: Mapping[str, Any], name: str) -> None:
    """Raises a SettingsError where the course of the learning rate is too long for a variant's epochs.

    Args:
        values: all of params.yaml, whose sections are right one by one.
        name: a key of `variants`.
    """
    variant = named(values, name)
    if variant.recipe in LINEAR:
        return
    settings = optimisation_of(values, variant, name=name)
    epochs = variant.epochs or params.top_level(values, ExperimentSettings).epochs
    broken = courses.too_long(settings.schedule, warmup=settings.warmup, num_epochs=epochs)
    if broken:
        at = f"variants.{name}.optimisation" if variant.optimisation else "optimisation"
        key = f"{at}.schedule.{choices.name_of(settings.schedule)}.{broken.argument}"
        raise SettingsError(
            f"{params.PATH}: {key} {broken.rule}, got {broken.value}, where variants.{name} has "
            f"{counted(epochs, 'epoch')}; lower it, or raise epochs"
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
