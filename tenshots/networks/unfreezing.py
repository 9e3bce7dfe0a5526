"""The setting `unfreeze`: which layers of a backbone are tuned; `parts.tuned` finds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from tenshots.params import Listed

Name = Annotated[str, Field(min_length=1)]


def _unfreeze_kind(value: Any) -> str:  # noqa: ANN401 (whatever stands in the file)
    if isinstance(value, Mapping):
        return "beginning"
    return "names" if isinstance(value, list | tuple) else "share"


# Of a backbone's layers: a share of them, counted from the top; all from a block or layer on up; or those of
# some names, each of a block or a layer.
Unfreeze = Annotated[
    Annotated[float, Field(ge=0, le=1), Tag("share")]
    | Annotated[dict[Literal["from"], Name], Field(min_length=1), Tag("beginning")]
    | Annotated[Listed[Name], Field(min_length=1), Tag("names")],
    Discriminator(_unfreeze_kind),
]
