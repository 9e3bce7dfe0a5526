"""Section `inspect` of params.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from tenshots import params
from tenshots.errors import SettingsError
from tenshots.networks.settings import PretrainedSettings, settings_from
from tenshots.params import Settings


class InspectSettings(Settings):
    """Section `inspect` of params.yaml."""

    network: str = Field(min_length=1)


def backbone_settings(values: Mapping[str, Any], name: str) -> PretrainedSettings:
    """Returns the network `name` of params.yaml, whose backbone is to give the features.

    Args:
        values: all of params.yaml.
        name: what `inspect.network` says.

    Raises:
        SettingsError: there is no such network, or it is of a family without a backbone.
    """
    described = values.get("networks")
    known = described if isinstance(described, Mapping) else {}
    if name not in known:
        raise SettingsError(
            f"{params.PATH}: inspect.network must be a key of networks, "
            f"got {name!r}{params.nearest_or_all(name, known)}"
        )
    settings = settings_from(known[name], at=f"networks.{name}")
    if not isinstance(settings, PretrainedSettings):
        raise SettingsError(
            f"{params.PATH}: inspect.network must name a network of family pretrained, got {name!r} of "
            f"family {settings.family}; frozen features need a backbone"
        )
    return settings
