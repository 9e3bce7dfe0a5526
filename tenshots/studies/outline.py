"""study.json of a variant that is not studied: written by every run, so this imports nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def nothing(variant: str) -> dict[str, Any]:
    """Returns what study.json says where both studies are off."""
    return {"variant": variant, "learning_curve": None, "leaking_split": None}


def answers(found: Mapping[str, Any]) -> list[str]:
    """Returns the answers of a study.json; none where both studies are off."""
    return [found[key]["answer"] for key in ("learning_curve", "leaking_split") if found[key]]
