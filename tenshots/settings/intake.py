"""Sections of params.yaml that only `ingest` reads."""

from __future__ import annotations

from pydantic import Field

from tenshots.hashing import CANDIDATE_BITS
from tenshots.params import Settings


class NearDuplicateSettings(Settings):
    """Section `near_duplicates` of params.yaml."""

    max_distance: int = Field(ge=0, le=CANDIDATE_BITS)
    min_similarity: float = Field(gt=0, le=1)
    max_share: float = Field(gt=0, le=1)


class DatabaseSettings(Settings):
    """Section `database` of params.yaml."""

    num_shards: int = Field(ge=1, le=1024)
