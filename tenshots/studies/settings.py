"""Section `study` of params.yaml."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, field_validator

from tenshots import params
from tenshots.errors import SettingsError
from tenshots.params import Listed, Settings


class StudySettings(Settings):
    """Section `study` of params.yaml."""

    shares: Annotated[Listed[Annotated[float, Field(gt=0, lt=1)]], Field(max_length=20)]
    leaking: bool
    variants: Literal["all"] | Listed[str]

    @field_validator("shares")
    @classmethod
    def _rising(cls, shares: tuple[float, ...]) -> tuple[float, ...]:
        # Files and messages name a share by so many digits: share-0.25.csv
        if len({f"{share:g}" for share in shares}) < len(shares):
            raise ValueError("must hold each share once, to 6 digits")
        return tuple(sorted(shares))

    @field_validator("variants")
    @classmethod
    def _some(cls, variants: tuple[str, ...] | str) -> tuple[str, ...] | str:
        if not variants:
            raise ValueError("must be all, or name at least 1 variant")
        return variants

    def concerns(self, variant: str) -> bool:
        """Whether anything is to be studied of a variant."""
        named = self.variants == "all" or variant in self.variants
        return named and (self.leaking or bool(self.shares))


def check_names(settings: StudySettings, variants: Iterable[str]) -> None:
    """Raises a SettingsError where `study.variants` names something that is not a variant."""
    known = list(variants)
    for name in settings.variants if settings.variants != "all" else ():
        if name not in known:
            hint = params.nearest_or_all(name, known)
            raise SettingsError(
                f"{params.PATH}: study.variants must be all, or names of variants, got {name!r}{hint}"
            )
