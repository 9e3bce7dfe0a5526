"""Images of every format that is read, damaged in every way, against what our decoders promise."""

from __future__ import annotations

from typing import NamedTuple


class Original(NamedTuple):
    """A sound image.

    Attributes:
        format: as Pillow names it.
        kind: what is special about it.
        data: the file's bytes.
    """

    format: str
    kind: str
    data: bytes
