"""Section `report` of params.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from tenshots import params
from tenshots.errors import SettingsError
from tenshots.params import Listed, Settings

NEIGHBOURS, ALL = "neighbours", "all"


class ReportSettings(Settings):
    """Section `report` of params.yaml."""

    # More than a reader would look at, or than the page has room for
    num_mistakes: int = Field(ge=0, le=500)
    num_samples: int = Field(ge=1, le=1000)
    pairs: Literal["neighbours", "all"] | Annotated[Listed[Listed[str]], Field(min_length=1, max_length=100)]
    margin: float = Field(gt=0, le=0.5)


def asked(settings: ReportSettings, variants: Sequence[str]) -> list[tuple[str, str]]:
    """Returns the pairs that the report asks about, each a variant and what it is compared with.

    Args:
        settings: of the report.
        variants: in the order of params.yaml.

    Raises:
        SettingsError: `report.pairs` names what is not a variant, or a pair that is none or comes twice.
    """
    if settings.pairs == NEIGHBOURS:
        return [(name, before) for before, name in pairwise(variants)]
    if settings.pairs == ALL:
        return [(name, other) for i, name in enumerate(variants) for other in variants[:i]]
    rule = f"{params.PATH}: report.pairs must be {NEIGHBOURS}, {ALL}, or a list of pairs"
    found: list[tuple[str, str]] = []
    for pair in settings.pairs:
        if len(pair) != 2 or pair[0] == pair[1]:
            raise SettingsError(f"{rule}, of two different variants each, got {list(pair)}")
        for name in pair:
            if name not in variants:
                hint = params.nearest_or_all(name, variants)
                raise SettingsError(f"{rule}, of names of variants, got {name!r}{hint}")
        if {*pair} in [{*other} for other in found]:
            raise SettingsError(f"{rule}, each pair once, got {list(pair)} twice; remove one")
        found.append((pair[0], pair[1]))
    return found
