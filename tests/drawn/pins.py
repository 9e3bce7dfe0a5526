"""The pinned files, read."""

from __future__ import annotations

import re
from pathlib import Path

from packaging.requirements import Requirement

TOP = Path(__file__).parents[2]
FILES = {
    "requirements.txt": "run.in",
    "requirements-dev.txt": "dev.in",
    "requirements-gpu.txt": "gpu.in",
    "requirements/wheels.txt": "wheels.in",
}


def pins(file: str) -> list[tuple[Requirement, str]]:
    """Each pin of a compiled file, and its lines."""
    blocks = re.split(r"^(?=[a-z0-9])", (TOP / file).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return [(Requirement(block.split("\\")[0]), block) for block in blocks]


def version(pin: Requirement) -> str:
    [specifier] = pin.specifier
    assert specifier.operator == "=="
    return specifier.version
