"""model.json: what training says of a variant that it saved. Reading it imports no Keras."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from tenshots.errors import DataError, missing
from tenshots.networks.settings import NetworkSettings, settings_from


class SavedTraining(BaseModel):
    """One training, and the file that holds its weights."""

    fold: int
    repeat: int
    weights: str = Field(pattern=r"^[\w.-]+$")  # a file's name: it never leads out of the folder
    num_updates: int


class SavedVariant(BaseModel):
    """What model.json tells about a variant; keys that only people read are not checked."""

    variant: str
    labels: list[str]
    size_px: int
    standardise: dict[str, Any]
    network_name: str
    network: dict[str, Any]
    data: str
    recipe: str | None = None  # of files that were written before there were several: the usual one
    fits: list[SavedTraining] = Field(min_length=1)
    settings: dict[str, Any]
    num_parameters: int

    @property
    def flips_at_test(self) -> bool:
        """Whether an answer is the mean of those on the photo and on its mirror image."""
        return bool(self.settings.get("flips_at_test"))


def read_variant(folder: Path) -> SavedVariant:
    """Reads model.json of the variant that training left in `folder`.

    Raises:
        DataError: it is missing or no such description.
    """
    path = folder / "model.json"
    try:
        return SavedVariant.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise missing(path, f"train@{folder.name}") from None
    except (ValidationError, ValueError) as error:
        problem = " ".join(str(error).split())
        raise DataError(f"{path} does not describe a trained variant: {problem}") from None


def settings_of(saved: SavedVariant) -> NetworkSettings:
    """Returns the settings of the variant's network, which also say what it is."""
    return settings_from(saved.network, at=f"networks.{saved.network_name}")
