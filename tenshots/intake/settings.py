"""Sections of params.yaml that concern photos on their way in."""

from __future__ import annotations

from typing import Annotated, Literal

from PIL import ImageColor
from pydantic import Field, field_validator

from tenshots.params import Settings

CANDIDATE_BITS = 64  # of 256, by which near-duplicates may differ before they are aligned


class AcceptSettings(Settings):
    """Section `accept` of params.yaml: which files count as photos."""

    min_px: int = Field(ge=1, le=10_000)
    max_megapixels: int = Field(ge=1, le=1000)
    max_megabytes: int = Field(ge=1, le=2000)
    background: str
    max_zip_files: int = Field(ge=1, le=100_000)
    max_zip_megabytes: int = Field(ge=1, le=1_000_000)
    max_zip_ratio: int = Field(ge=1, le=1000)
    # Of a whole folder; what reads single photos by these rules has no use for it.
    max_photos: Annotated[int, Field(ge=1, le=100_000)] | Literal["none"] = "none"
    # How the folders are called, where others have their label, of photos without one; None: there are none.
    unlabelled: str | None = Field(default=None, min_length=1)

    @property
    def most(self) -> int | None:
        """How many photos of each group and label are wanted; None: all."""
        return None if self.max_photos == "none" else self.max_photos

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
