"""The setting `unfreeze`: which layers of a backbone are tuned; `parts.tuned` finds them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from tenshots.params import Listed

Name = Annotated[str, Field(min_length=1)]


def _unfreeze_kind(value: Any) -> str:  # noqa: ANN401 (whatever stands in the file)
    if isinstance(value, Mapping):
        return "beginning"
    return "names" if isinstance(value, list | tuple) else "share"


def _is_no_word(value: Any) -> Any:  # noqa: ANN401 (whatever stands in the file)
    """Refuses what is no number, and says all that is possible: a name alone does not say which is meant."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"[-+]?[\d.]+", value):
        return value  # a number in quotes, which is said in general
    name = value if isinstance(value, str) and re.fullmatch(r"[\w.-]{1,60}", value) else "block6a"
    rule = f"must be a share such as 0.08, {{from: {name}}} or [{name}]"
    raise PydanticCustomError("unfreeze", "{rule}", {"rule": rule})


# Of a backbone's layers: a share of them, counted from the top; all from a block or layer on up; or those of
# some names, each of a block or a layer.
Unfreeze = Annotated[
    Annotated[float, Field(ge=0, le=1), BeforeValidator(_is_no_word), Tag("share")]
    | Annotated[dict[Literal["from"], Name], Field(min_length=1), Tag("beginning")]
    | Annotated[Listed[Name], Field(min_length=1), Tag("names")],
    Discriminator(_unfreeze_kind),
]
