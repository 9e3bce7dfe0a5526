"""Networks as params.yaml describes them: what a family says of itself, and which families there are.

A family is a file in `tenshots/networks/families`, and `networks.NAME.family` is that file's name: another
file is another family, and no list of them is kept. Each file holds a model of its settings, as `SETTINGS`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from tenshots import params
from tenshots.errors import DataError, SettingsError
from tenshots.networks import families as package
from tenshots.networks.unfreezing import Unfreeze
from tenshots.params import Settings

if TYPE_CHECKING:
    # Not at run time: `check` reads the settings of every family in 0.3 s, and Keras takes 5 s to import.
    import numpy as np

    from tenshots.runtime import keras

# Names of layers that each network with a backbone has: the backbone's features, and the head.
FEATURES = "features"
HEAD = "head"
SCRATCH = "scratch"  # the recipe that trains all of a network at once, from random weights
# Recipes that solve for the head on frozen features, and what each is called.
LINEAR: Mapping[str, str] = MappingProxyType(
    {"logistic_regression": "logistic regression", "linear_svm": "linear support vector machine"}
)


class SparingSettings(Settings):
    """Settings some of which are optional: what is absent, or None, is not written down."""

    @model_serializer(mode="wrap")
    def _without_what_is_absent(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leaves optional settings out that are not given, so that a new one moves no older description."""
        return {key: value for key, value in handler(self).items() if value is not None}


class NetworkSettings(SparingSettings):
    """A section of `networks`; each family has a model of its own, below that of its recipe."""

    family: str
    input_px: int  # side of what the network sees; photos of another size are scaled inside it

    @classmethod
    def completed(cls, values: Any, *, at: str) -> Any:  # noqa: ANN401, ARG003 (whatever stands in the file)
        """Returns the settings with what a file that they name says of the network; most name none.

        Args:
            values: what stands under `at`.
            at: the network's dotted key in params.yaml.

        Raises:
            SettingsError: the file is missing, or contradicts them.
        """
        return values

    @property
    def built_by(self) -> tuple[str, ...]:
        """Families whose code builds it."""
        return (self.family,)

    @property
    def recipes(self) -> tuple[str, ...]:
        """By which it can be taught, the usual one first."""
        raise NotImplementedError

    @property
    def title(self) -> str:
        """What the network is, for the page and the model card: "a convolutional network"."""
        raise NotImplementedError

    @property
    def taught(self) -> str:
        """How it is taught, in a word or two: "from scratch"."""
        raise NotImplementedError

    @property
    def labels_before(self) -> tuple[str, ...]:
        """Labels that a network of ours, with which it begins, told apart; none of most."""
        return ()

    def titled(self, recipe: str) -> str:
        """Returns what the network is where it is taught by this recipe."""
        words = LINEAR.get(recipe)
        return f"a {words} on frozen features of {self.title}" if words else self.title

    def taught_by(self, recipe: str) -> str:
        """Returns how it is taught by this recipe, in a few words."""
        words = LINEAR.get(recipe)
        return f"{words} on frozen features" if words else self.taught

    def used_by(self, recipe: str) -> dict[str, Any]:
        """Returns the settings that this recipe uses, as plain values: a linear one tunes nothing."""
        return (recipe in LINEAR and self.frozen()) or self.model_dump(mode="json")

    def unchained(self) -> str:
        """Returns why its layers cannot learn one by one without labels; an empty text where they can."""
        return f"those of family {self.family} lie side by side"

    def frozen(self) -> dict[str, Any] | None:
        """Returns all settings that frozen features depend on, as plain values; None without a backbone."""
        return None

    def build(self, *, size_px: int, num_labels: int) -> keras.Model:
        """Returns the network: see `tenshots.networks.building.build`.

        Raises:
            SettingsError: Keras cannot build it; begins with the key below the network's own.
        """
        raise NotImplementedError

    def learnt(self) -> list[np.ndarray]:
        """Returns the weights that the network starts with: see `tenshots.networks.building.learnt`."""
        return []

    def check_together(self, *, at: str) -> None:
        """Raises a SettingsError where values that are right one by one do not fit together.

        Args:
            at: the network's dotted key in params.yaml.
        """

    def doubts(self, *, at: str) -> list[str]:  # noqa: ARG002 (of families that have none)
        """Returns a sentence for each thing that is allowed, and yet hardly meant.

        Args:
            at: the network's dotted key in params.yaml.
        """
        return []


class ScratchSettings(NetworkSettings):
    """A network of recipe "from scratch": all of it is trained at once, from random weights."""

    # How levels from 0 to 255 reach the first layer: unit to [0, 1]; symmetric, or absent, to [-1, 1];
    # standard with mean 0 and deviation 1 in each channel of the photos that a training learns from.
    normalisation: Literal["unit", "symmetric", "standard"] | None = None
    colour: Literal["grey"] | None = None  # absent: red, green and blue

    @property
    def recipes(self) -> tuple[str, ...]:
        """By which it can be taught."""
        return (SCRATCH,)

    @property
    def taught(self) -> str:
        """How it is taught."""
        return "from scratch"


class TransferSettings(NetworkSettings):
    """A network with a backbone: its head is solved for, and then the top of its backbone trained with it.

    Or its backbone stays as it is.
    """

    dropout: float = Field(ge=0, lt=1)
    unfreeze: Unfreeze
    fine_tune_lr_factor: float = Field(gt=0, le=1000)
    # The rate of each tuned block is so many times that of the tuned one above it; absent: all have one rate.
    block_lr_factor: float | None = Field(default=None, gt=0, le=1)

    @property
    def recipes(self) -> tuple[str, ...]:
        """By which it can be taught, the usual one first."""
        return ("fine_tune", *LINEAR)

    @property
    def has_learnt(self) -> bool:
        """Whether its backbone has seen other photos before."""
        raise NotImplementedError

    @property
    def names_parts(self) -> bool:
        """Whether blocks have rates of their own, or names say what is tuned."""
        return self.block_lr_factor is not None or not isinstance(self.unfreeze, int | float)

    def taught_by(self, recipe: str) -> str:
        """Returns how it is taught by this recipe, in a few words."""
        if recipe in LINEAR or recipe == SCRATCH or not self.names_parts:
            return super().taught_by(recipe)
        said = [self.taught]
        if isinstance(self.unfreeze, Mapping):
            said.append(f"tuned from {self.unfreeze['from']} up")
        elif isinstance(self.unfreeze, tuple):
            said.append(f"tuned: {', '.join(self.unfreeze)}")
        if self.block_lr_factor is not None:
            said.append(f"each block at {self.block_lr_factor:g} times the rate of the one above")
        return "; ".join(said)

    def frozen(self) -> dict[str, Any]:
        """Returns all settings but those of the training, so that an edit of these computes nothing again."""
        trained = set(TransferSettings.model_fields) - set(NetworkSettings.model_fields)
        return self.model_dump(mode="json", exclude=trained)


def families() -> list[str]:
    """Returns the names of all families, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__) if not module.ispkg)


def settings_from(values: Mapping[str, Any], *, at: str, complete: bool = False) -> NetworkSettings:
    """Checks the settings of a network with the model of its family.

    Args:
        values: what stands under `at`.
        at: its dotted key in params.yaml, such as `networks.lecture`.
        complete: whether nothing is to be added from files that the settings name (see `completed`).

    Raises:
        SettingsError: an unknown family, or a value that breaks a rule of its family.
    """
    family = values.get("family") if isinstance(values, Mapping) else None
    known = families()
    if family not in known:
        raise SettingsError(
            f"{params.PATH}: {at}.family must be one of {', '.join(known)}, "
            f"got {params.shown(family)}{params.nearest(str(family), known)}"
        )
    # The name is that of a file of ours by now, whatever stood in params.yaml.
    module = importlib.import_module(f"{package.__name__}.{family}")
    model: type[NetworkSettings] = module.SETTINGS
    settings = params.check(values if complete else model.completed(values, at=at), model, at=at)
    settings.check_together(at=at)
    return settings


def described(values: Mapping[str, Any], name: str, *, asked: str) -> Any:  # noqa: ANN401 (whatever stands there)
    """Returns what stands under `networks.NAME`.

    Args:
        values: all of params.yaml.
        name: of the network.
        asked: what names it, to begin a message with: "params.yaml: inspect.network".

    Raises:
        SettingsError: there is no such network; says which there are.
    """
    networks = values.get("networks")
    known = networks if isinstance(networks, Mapping) else {}
    if name not in known:
        raise SettingsError(
            f"{asked} must be a key of networks, got {name!r}{params.nearest_or_all(name, known)}"
        )
    return known[name]


def with_backbone(values: Mapping[str, Any], name: str, *, asked: str) -> TransferSettings:
    """Returns the settings of the network `name`, which must have a backbone.

    Args:
        values: all of params.yaml.
        name: of the network.
        asked: what names it, to begin a message with: "params.yaml: inspect.network".

    Raises:
        SettingsError: there is no such network, it breaks a rule, or its family has no backbone.
    """
    settings = settings_from(described(values, name, asked=asked), at=f"networks.{name}")
    if not isinstance(settings, TransferSettings):
        raise SettingsError(
            f"{asked} must name a network with a backbone, such as one of family pretrained, got {name!r} of "
            f"family {settings.family}"
        )
    return settings


def with_frozen(
    values: Mapping[str, Any], name: str, *, frozen: Mapping[str, Any], path: Path
) -> TransferSettings:
    """Returns the settings of the network `name`, whose frozen features must depend on `frozen`.

    Args:
        values: all of params.yaml.
        name: of the network.
        frozen: what `check` wrote down of it.
        path: of the file in which it did.

    Raises:
        SettingsError: as `with_backbone` does.
        DataError: the settings have changed since `check` ran.
    """
    settings = with_backbone(values, name, asked=str(path))
    if settings.frozen() != frozen:
        raise DataError(f"{path} is not of {name} in {params.PATH}; run `dvc repro`")
    return settings
