"""The comparison of variants: in numbers (comparison), and on one page (page)."""

from __future__ import annotations

from pydantic import Field

from tenshots.params import Settings


class ReportSettings(Settings):
    """Section `report` of params.yaml."""

    num_mistakes: int = Field(ge=0)
    num_samples: int = Field(ge=1)
