"""Which frozen features the settings ask for, of each data set and network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenshots import params
from tenshots.labels.settings import InspectSettings
from tenshots.networks.settings import settings_from
from tenshots.training.settings import named


def wanted(values: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any] | None]:
    """Returns of each data set and network the settings that frozen features depend on, if they are wanted.

    Those of photos are wanted by each variant that uses a network with a backbone, and by the judging of
    labels; those of copies by each such variant that is trained on them. Where they are not, it is None.

    Args:
        values: all of params.yaml, after `checks.whole.check`.
    """
    variants = [named(values, name) for name in values["variants"]]
    users = {(data, each.network) for each in variants for data in ("database", each.data)}
    users.add(("database", params.section(values, "inspect", InspectSettings).network))
    found = {}
    for name, described in values["networks"].items():
        backbone = settings_from(described, at=f"networks.{name}").frozen()
        for data in ("database", "augmented"):
            found[data, name] = backbone if (data, name) in users else None
    return found
