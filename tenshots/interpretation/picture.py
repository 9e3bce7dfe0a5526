"""A picture with its words, and the words that pictures share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image

from tenshots.interpretation import drawing


class Picture(NamedTuple):
    """A picture with its words.

    Attributes:
        kind: what it is, once or more per variant: structure, feature_maps, ...
        title: a few words.
        caption: how to read it, for someone in the first year.
        alt: what is to be seen, for who does not see it.
        image: RGB.
        photo_ids: of the photos in it.
    """

    kind: str
    title: str
    caption: str
    alt: str
    image: Image.Image
    photo_ids: list[str]


def times(sides: Sequence[int]) -> str:
    """Writes the lengths of sides with a multiplication sign between them."""
    return f" {drawing.TIMES} ".join(map(str, sides))
