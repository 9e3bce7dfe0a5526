"""Which places of which photos excite a filter most."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tenshots.interpretation.activations import Peaks
from tenshots.interpretation.fields import Field


class Patch(NamedTuple):
    """A place in a photo that excites a filter.

    Attributes:
        photo: its row.
        value: of the filter there.
        box: top, left, bottom and right edge in px of the photo: what this value of the filter sees. Parts of
            it may lie beyond the photo's edges.
    """

    photo: int
    value: float
    box: tuple[float, float, float, float]


def strongest(peaks: Peaks, filter_: int, field: Field, *, number: int = 9) -> list[Patch]:
    """Returns the places of the highest values of one filter, one per photo, the highest first.

    One per photo, since neighbouring places of one photo would show the same thing nine times.

    Args:
        peaks: of the filter's layer.
        filter_: its number.
        field: what its values see, in px of the photo.
        number: how many at most.
    """
    values, rows, columns = (found[:, filter_] for found in peaks)
    return [
        Patch(int(photo), float(values[photo]), field.box(int(rows[photo]), int(columns[photo])))
        for photo in np.argsort(-values, kind="stable")[:number]
    ]


def cut(image: np.ndarray, box: tuple[float, float, float, float], *, outside: int) -> np.ndarray:
    """Returns a patch in whole pixels.

    Args:
        image: uint8, (height, width, 3).
        box: top, left, bottom and right edge in px.
        outside: grey level, 0 to 255, of what lies beyond the image.

    Returns:
        uint8, (rows, columns, 3), at least 1 px per side.
    """
    top, left = (int(np.floor(edge)) for edge in box[:2])
    bottom, right = (int(np.ceil(edge)) for edge in box[2:])
    patch = np.full((max(bottom - top, 1), max(right - left, 1), 3), outside, dtype=np.uint8)
    rows = slice(max(top, 0), min(bottom, image.shape[0]))
    columns = slice(max(left, 0), min(right, image.shape[1]))
    inside = image[rows, columns]
    patch[rows.start - top :, columns.start - left :][: inside.shape[0], : inside.shape[1]] = inside
    return patch
