"""What params.yaml names, alone or with its arguments: a Keras layer in a list, or one of several ways.

The lists say how photos are changed (`augment.layers`) and what a network of one's own is made of
(`networks.NAME.layers`); for the ways, such as the optimiser, see `tenshots.choices`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


def split(
    entry: object, *, example: str, called: str = "the name of one layer"
) -> tuple[str, dict[str, Any]]:
    """Returns the name and the arguments of an entry: of `RandomFlip: {mode: horizontal}`, or `RandomFlip`.

    Args:
        entry: whatever stands in the file.
        example: ends a message: "as in `RandomZoom: {height_factor: 0.2}`".
        called: what an entry must be, in a message.

    Raises:
        ValueError: it is no such entry; says what it must be.
    """
    if isinstance(entry, str):
        entry = {entry: None}
    if not isinstance(entry, Mapping) or len(entry) != 1:
        raise ValueError(f"must be {called}, alone or with its arguments, {example}")
    [(name, arguments)] = entry.items()
    if not isinstance(name, str):
        raise ValueError(f"must be {called}, alone or with its arguments, {example}")
    if not isinstance(arguments, Mapping | None):
        raise ValueError(f"must give each argument with its name, {example}")
    return name, dict(arguments or {})


def reason(error: Exception) -> str:
    """Returns the message of an error of Keras as one line; of Keras' frame around it, the part in bold."""
    bold = re.search("\x1b\\[1m(.+?)\x1b\\[0m", str(error), re.DOTALL)
    return " ".join((bold[1] if bold else str(error)).split())
