"""Which frozen features the settings ask for, of each data set and network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenshots import params
from tenshots.labels.settings import InspectSettings
from tenshots.networks.settings import LINEAR, SCRATCH, settings_from
from tenshots.tables.features import Wanted
from tenshots.training.settings import named


def wanted(values: Mapping[str, Any]) -> dict[tuple[str, str], Wanted | None]:
    """Returns of each data set and network which frozen features are wanted; None where none are.

    Those of photos are wanted by each variant that uses a network with a backbone, as every such recipe
    but scratch solves for a head, and by the judging of labels; those of copies by each variant of a linear
    recipe that learns from them.

    Args:
        values: all of params.yaml, after `checks.whole.check`.
    """
    variants = [named(values, name) for name in values["variants"]]
    users = {
        (data, each.network)
        for each in variants
        if each.recipe != SCRATCH
        for data in ("database", each.data)
    }
    users.add(("database", params.section(values, "inspect", InspectSettings).network))
    learners = {(each.data, each.network) for each in variants if each.recipe in LINEAR}
    found: dict[tuple[str, str], Wanted | None] = {}
    for name, described in values["networks"].items():
        backbone = settings_from(described, at=f"networks.{name}").frozen()
        for data in ("database", "augmented"):
            of_copies = data == "augmented" and (data, name) in learners
            asked = (data, name) in users
            found[data, name] = Wanted(backbone, of_copies) if backbone is not None and asked else None
    return found
