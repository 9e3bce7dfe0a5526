"""Folders in which photos are looked for."""

from __future__ import annotations

from pathlib import Path

from tenshots.intake.archives import ArchiveLimits
from tenshots.intake.finding import find
from tenshots.intake.layout import FoundFile
from tenshots.intake.names.pattern import Layout

BY_PERSON = Layout("{group}/{label}/{name}")
LIMITS = ArchiveLimits(max_files=100, max_bytes=10**6, max_ratio=100.0)


def touched(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"x")


def found_in(folder: Path, layout: Layout = BY_PERSON) -> list[FoundFile]:
    return find(folder, layout, LIMITS)[0]
