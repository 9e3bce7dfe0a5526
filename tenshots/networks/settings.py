"""Networks as params.yaml describes them; `networks.NAME.family` chooses the model. Building is elsewhere."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator

from tenshots import params
from tenshots.errors import SettingsError
from tenshots.params import MAX_EPOCHS, Listed, Settings

OUR_FAMILY = "convolutional"
# Cells a side that reach the dense layer, whatever the input, so that this layer's size stays the same.
GRID = 4
MAX_FILTERS = 4096  # twice what the widest layers of keras.applications have
MAX_DENSE = 65_536
MAX_ARGUMENT = 1_000_000  # of any number in a backbone's arguments


class BlockSettings(Settings):
    """What shapes the convolutional blocks and the layer after them."""

    filters: Annotated[Listed[Annotated[int, Field(ge=1, le=MAX_FILTERS)]], Field(min_length=1, max_length=8)]
    dense: int = Field(ge=1, le=MAX_DENSE)
    dropout: float = Field(ge=0, lt=1)
    # Share of its moving means that batch normalisation keeps at an update. At Keras' 0.99 a training of some
    # dozen updates ends with means that still are those of its random start.
    momentum: float = Field(default=0.99, ge=0, lt=1)


class ConvolutionalSettings(BlockSettings):
    """A section of `networks` with `family: convolutional`."""

    family: Literal["convolutional"]
    input_px: int = Field(ge=32, le=1024)

    @field_validator("input_px")
    @classmethod
    def _blocks_leave_a_grid(cls, value: int, info: ValidationInfo) -> int:
        num_blocks = len(info.data.get("filters", ()))  # missing where they break a rule of their own
        least = GRID * 2**num_blocks
        if value < least:
            raise ValueError(
                f"must be at least {least} for {num_blocks} blocks, as each of filters halves it"
            )
        return value


class WeightsFile(Settings):
    """A file of weights and its hash, so that another file of that name is noticed."""

    path: str = Field(min_length=1)
    sha256: str

    @field_validator("path")
    @classmethod
    def _stays_in_the_project(cls, path: str) -> str:
        if path.startswith("~"):
            raise ValueError(f"must be written out: {str(Path(path).expanduser())!r}")
        # As it is written: where DVC links files into its cache, the file itself lies elsewhere.
        if not Path(path).is_absolute() and Path(os.path.normpath(path)).parts[:1] == (os.pardir,):
            raise ValueError(
                "must not leave the repository, as temporary and queued experiments would not find the file; "
                "copy it in, or give an absolute path"
            )
        return path

    @field_validator("sha256")
    @classmethod
    def _is_a_hash(cls, sha256: str) -> str:
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            raise ValueError("must be 64 characters of 0-9 and a-f")
        return sha256


def _weights_kind(value: Any) -> str:  # noqa: ANN401 (whatever stands in the file)
    return "file" if isinstance(value, Mapping | WeightsFile) else "name"


class BackboneSettings(Settings):
    """What the backbone is and what it has learnt."""

    architecture: str = Field(min_length=1)
    arguments: dict[str, Any] = Field(default_factory=dict)
    weights: Annotated[
        Annotated[Literal["imagenet", "none"], Tag("name")] | Annotated[WeightsFile, Tag("file")],
        Discriminator(_weights_kind),
    ]

    @field_validator("arguments")
    @classmethod
    def _numbers_are_bounded(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        params.check_numbers(arguments, most=MAX_ARGUMENT)
        return arguments


class PretrainedSettings(Settings):
    """A section of `networks` with `family: pretrained`."""

    family: Literal["pretrained"]
    input_px: int = Field(ge=32, le=1024)
    backbone: BackboneSettings
    dropout: float = Field(ge=0, lt=1)
    head_epochs: int = Field(ge=1, le=MAX_EPOCHS)
    head_lr_factor: float = Field(gt=0, le=1000)
    unfreeze: float = Field(ge=0, le=1)
    fine_tune_lr_factor: float = Field(gt=0, le=1000)


NetworkSettings = ConvolutionalSettings | PretrainedSettings
_FAMILIES: dict[str, type[ConvolutionalSettings] | type[PretrainedSettings]] = {
    "convolutional": ConvolutionalSettings,
    "pretrained": PretrainedSettings,
}


def settings_from(values: Mapping[str, Any], *, at: str) -> NetworkSettings:
    """Checks one network's settings with the model of its family.

    Args:
        values: what stands under `at`.
        at: its dotted key in params.yaml, such as `networks.lecture`.

    Raises:
        SettingsError: an unknown family, or a value that breaks a rule of its family.
    """
    family = values.get("family") if isinstance(values, Mapping) else None
    if not isinstance(family, str) or family not in _FAMILIES:
        raise SettingsError(
            f"{params.PATH}: {at}.family must be one of {', '.join(_FAMILIES)}, "
            f"got {params.shown(family)}{params.nearest(str(family), _FAMILIES)}"
        )
    settings = params.check(values, _FAMILIES[family], at=at)
    if isinstance(settings, PretrainedSettings) and settings.backbone.architecture == OUR_FAMILY:
        whole_of(settings, at=at)
    return settings


def whole_of(settings: PretrainedSettings, *, at: str) -> ConvolutionalSettings:
    """Returns the network of our family whose blocks are the backbone.

    Args:
        settings: with the architecture `OUR_FAMILY`.
        at: dotted key of the network in params.yaml.

    Raises:
        SettingsError: the arguments break a rule of that family, or the weights are not of it.
    """
    backbone = settings.backbone
    if backbone.weights == "imagenet":
        raise SettingsError(
            f"{params.PATH}: {at}.backbone.weights of architecture {OUR_FAMILY} must be none or "
            "{path, sha256}, got 'imagenet'"
        )
    at = f"{at}.backbone.arguments"
    blocks = params.check(backbone.arguments, BlockSettings, at=at)
    whole = {**blocks.model_dump(), "family": OUR_FAMILY, "input_px": settings.input_px}
    return params.check(whole, ConvolutionalSettings, at=at)
