"""Section `augment` of params.yaml, as far as it can be judged without Keras."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from tenshots import entries
from tenshots.params import Listed, Settings, check_numbers

# Of any number in an argument: pixels are at most 255, and sides and counts at most a standard photo's 1024.
MAX_ARGUMENT = 1024
_EXAMPLE = "as in `RandomZoom: {height_factor: 0.2}`"


class LayerSettings(Settings):
    """One layer: `RandomFlip: {mode: horizontal}`, or `RandomGrayscale` where the defaults will do."""

    name: str
    arguments: dict[str, Any]

    @model_validator(mode="before")
    @classmethod
    def _from_entry(cls, entry: Any) -> dict[str, Any]:  # noqa: ANN401 (whatever stands in the file)
        name, arguments = entries.split(entry, example=_EXAMPLE)
        return {"name": name, "arguments": arguments}

    @field_validator("arguments")
    @classmethod
    def _numbers_are_bounded(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        check_numbers(arguments, most=MAX_ARGUMENT)
        return arguments


class AugmentSettings(Settings):
    """Section `augment` of params.yaml."""

    copies: int = Field(ge=1, le=1000)  # of each training photo; each is stored
    layers: Annotated[Listed[LayerSettings], Field(min_length=1, max_length=32)]
