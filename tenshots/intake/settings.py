"""Sections of params.yaml that concern photos on their way in."""

from __future__ import annotations

from PIL import ImageColor
from pydantic import Field, field_validator

from tenshots.intake.near_duplicates.hashing import CANDIDATE_BITS
from tenshots.params import Settings


class AcceptSettings(Settings):
    """Section `accept` of params.yaml: which files count as photos."""

    min_px: int = Field(ge=1, le=10_000)
    max_megapixels: int = Field(ge=1, le=1000)
    max_megabytes: int = Field(ge=1, le=2000)
    background: str
    max_zip_files: int = Field(ge=1, le=100_000)
    max_zip_megabytes: int = Field(ge=1, le=1_000_000)
    max_zip_ratio: int = Field(ge=1, le=1000)

    @field_validator("background")
    @classmethod
    def _is_a_colour(cls, name: str) -> str:
        try:
            known = len(ImageColor.getrgb(name)) == 3
        except ValueError:
            known = False
        if not known:
            raise ValueError('must be a colour name such as white, or as in "#rrggbb"')
        return name


class NearDuplicateSettings(Settings):
    """Section `near_duplicates` of params.yaml."""

    max_distance: int = Field(ge=0, le=CANDIDATE_BITS)
    min_similarity: float = Field(gt=0, le=1)
    max_share: float = Field(gt=0, le=1)


class DatabaseSettings(Settings):
    """Section `database` of params.yaml."""

    num_shards: int = Field(ge=1, le=1024)
