"""Which frozen features the settings ask for, of each network and data set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenshots import params
from tenshots.labels.settings import InspectSettings
from tenshots.networks.settings import settings_from
from tenshots.tables.features import Wanted
from tenshots.training.settings import named


def wanted(values: Mapping[str, Any]) -> dict[str, Wanted]:
    """Returns of each network whether its frozen features are wanted, and what they depend on.

    Those of photos by each variant that uses a network with a backbone, and by the judging of labels; those
    of copies by each such variant that is trained on them.

    Args:
        values: all of params.yaml, after `checks.whole.check`.
    """
    variants = [named(values, name) for name in values["variants"]]
    users = {(each.network, data) for each in variants for data in ("database", each.data)}
    users.add((params.section(values, "inspect", InspectSettings).network, "database"))
    found = {}
    for name, described in values["networks"].items():
        backbone = settings_from(described, at=f"networks.{name}").frozen()
        data = [each for each in ("database", "augmented") if backbone and (name, each) in users]
        found[name] = Wanted(backbone, data)
    return found
