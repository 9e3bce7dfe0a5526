"""Section `visualise` of params.yaml."""

from __future__ import annotations

from pydantic import Field, field_validator

from tenshots.params import Settings


class VisualiseSettings(Settings):
    """Section `visualise` of params.yaml."""

    fold: int = Field(ge=0)
    repeat: int = Field(ge=0)
    num_photos: int = Field(ge=1, le=12)
    num_maps: int = Field(ge=1, le=12)
    num_filters: int = Field(ge=1, le=8)
    steps: int = Field(ge=1, le=2000)
    dream: bool
    dream_steps: int = Field(ge=1, le=500)
    landscape: int = Field(ge=0, le=101)

    @field_validator("landscape")
    @classmethod
    def _has_a_middle(cls, points: int) -> int:
        if points and (points < 3 or points % 2 == 0):
            raise ValueError(
                "must be 0 (off) or an odd number from 3 to 101, since the trained network lies in the middle"
            )
        return points
