"""What decoding made of a file: what is known of the photo and its pixels, or why there is none."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from tenshots import files
from tenshots.errors import RejectedPhoto
from tenshots.intake.photos.standardising import THUMBNAIL_PX, StandardPhoto
from tenshots.tables import encoding
from tenshots.tables.database import MANIFEST_COLUMNS
from tenshots.tables.encoding import StandardiseSettings

NOTHING = np.empty((0, 0, 3), dtype=np.uint8)


class Examined(NamedTuple):
    """A decoded file.

    Attributes:
        known: columns of the manifest; only `reason` if it cannot be kept.
        encoded: the standard photo; empty if it cannot be kept.
        thumbnail: uint8, (THUMBNAIL_PX, THUMBNAIL_PX, 3); without pixels if it cannot be kept.
    """

    known: dict[str, object]
    encoded: bytes = b""
    thumbnail: np.ndarray = NOTHING

    @property
    def is_photo(self) -> bool:
        """Whether it can be kept."""
        return bool(self.encoded)


def examined(answer: StandardPhoto | RejectedPhoto, settings: StandardiseSettings) -> Examined:
    """Returns what a decoder's answer says.

    Args:
        answer: the photo, or why there is none.
        settings: with how the photo is encoded.
    """
    if isinstance(answer, RejectedPhoto):
        return Examined({"reason": str(answer)})
    known = {name: value for name, value in answer._asdict().items() if name in MANIFEST_COLUMNS}
    # Six digits: more would tell processors apart rather than photos.
    shown = {name: round(known[name], 6) for name in ("sharpness", "brightness")}
    return Examined({**known, **shown}, encoding.encode(answer.image, settings.encoding), answer.thumbnail)


def packed(found: Iterable[Examined]) -> bytes:
    """Returns them as bytes for `unpacked`."""
    found = list(found)
    pixels = [part for each in found for part in (each.encoded, each.thumbnail.tobytes())]
    return files.joined([json.dumps([each.known for each in found]).encode(), *pixels])


def unpacked(content: bytes) -> list[Examined]:
    """Returns what `packed` was given."""
    told, *pixels = files.parted(content)
    shape = (THUMBNAIL_PX, THUMBNAIL_PX, 3)
    return [
        Examined(known, encoded, np.frombuffer(thumbnail, np.uint8).reshape(shape) if thumbnail else NOTHING)
        for known, encoded, thumbnail in zip(json.loads(told), pixels[::2], pixels[1::2], strict=True)
    ]
