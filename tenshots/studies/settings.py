"""Section `study` of params.yaml."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, field_validator

from tenshots import params
from tenshots.errors import SettingsError
from tenshots.params import Listed, Settings

# Trainings per fold and share of what no seed moves, each with other people or photos left out: their mean
# errs less than one, and how much they differ is part of the interval, which two leave an eighth wider.
DRAWS = 4


class StudySettings(Settings):
    """Section `study` of params.yaml."""

    shares: Annotated[Listed[Annotated[float, Field(gt=0, lt=1)]], Field(max_length=20)]
    leaking: bool
    variants: Literal["all", "linear"] | Listed[str]

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
            raise ValueError("must be all or linear, or name at least 1 variant")
        return variants

    def concerns(self, variant: str, *, is_linear: bool) -> bool:
        """Whether anything is to be studied of a variant.

        Args:
            variant: its name.
            is_linear: whether its recipe is linear on frozen features, which takes seconds.
        """
        if isinstance(self.variants, str):
            wanted = is_linear or self.variants == "all"
        else:
            wanted = variant in self.variants
        return wanted and (self.leaking or bool(self.shares))


def check_names(settings: StudySettings, variants: Iterable[str]) -> None:
    """Raises a SettingsError where `study.variants` names something that is not a variant."""
    known = list(variants)
    for name in () if isinstance(settings.variants, str) else settings.variants:
        if name not in known:
            hint = params.nearest_or_all(name, known)
            raise SettingsError(
                f"{params.PATH}: study.variants must be all, linear, or names of variants, got {name!r}{hint}"
            )
