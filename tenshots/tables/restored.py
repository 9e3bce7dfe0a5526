"""What a first layer learnt without labels, kept for a picture: its filters, and photos that it restores."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np

from tenshots import files

ENDING = ".restored"  # of a training's file, in place of that of its weights


class Restored(NamedTuple):
    """Filters and photos; n is the number of photos, c 1 where the network sees grey, else 3.

    Attributes:
        rows: int64 (n,), of the photos in the database.
        filters: float32 (num_filters, height, width, c).
        seen: uint8 (n, height, width, c), what went in, before a share of it was set to 0.
        noisy: likewise, after that.
        restored: likewise, what the decoder made of it.
    """

    rows: np.ndarray
    filters: np.ndarray
    seen: np.ndarray
    noisy: np.ndarray
    restored: np.ndarray

    def packed(self) -> bytes:
        """Returns all of it as bytes, the same for the same numbers."""
        found = []
        for array in self:
            stream = io.BytesIO()
            np.save(stream, array, allow_pickle=False)
            found.append(stream.getvalue())
        return files.joined(found)


def unpacked(content: bytes) -> Restored:
    """Returns what was packed."""
    return Restored(*(np.load(io.BytesIO(part), allow_pickle=False) for part in files.parted(content)))
