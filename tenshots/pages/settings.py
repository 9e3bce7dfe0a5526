"""Section `report` of params.yaml."""

from __future__ import annotations

from pydantic import Field

from tenshots.params import Settings


class ReportSettings(Settings):
    """Section `report` of params.yaml."""

    # More than a reader would look at, or than the page has room for
    num_mistakes: int = Field(ge=0, le=500)
    num_samples: int = Field(ge=1, le=1000)
