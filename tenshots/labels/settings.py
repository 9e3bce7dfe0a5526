"""Section `inspect` of params.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from tenshots.networks.settings import TransferSettings, with_backbone
from tenshots.params import PATH, Settings


class InspectSettings(Settings):
    """Section `inspect` of params.yaml."""

    network: str = Field(min_length=1)
    judge: bool = True  # whether labels are judged: of tens of thousands of photos, that takes hours


def backbone_settings(values: Mapping[str, Any], name: str) -> TransferSettings:
    """Returns the network `name` of params.yaml, whose backbone is to give the features.

    Args:
        values: all of params.yaml.
        name: what `inspect.network` says.

    Raises:
        SettingsError: there is no such network, or it is of a family without a backbone.
    """
    return with_backbone(values, name, asked=f"{PATH}: inspect.network")
