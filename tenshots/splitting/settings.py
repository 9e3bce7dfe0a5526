"""Section `split` of params.yaml."""

from __future__ import annotations

from pydantic import Field

from tenshots.params import Settings


class SplitSettings(Settings):
    """Section `split` of params.yaml."""

    folds: int = Field(ge=1, le=100)  # each is a training of every variant and repeat
    test: float = Field(gt=0, lt=1)
    val: float = Field(gt=0, lt=1)
