"""The picture of what a network learnt before it saw a label."""

from __future__ import annotations

import numpy as np

from tenshots.interpretation import drawing, filters
from tenshots.interpretation.picture import Picture
from tenshots.tables.restored import Restored
from tenshots.wording import counted

COLUMNS = 8
LINES = ("photos as the first layer saw them", "with a share of the values set to 0", "what it restored")


def restored_picture(found: Restored, photo_ids: list[str]) -> Picture:
    """Draws photos, the same with noise, and restored; below them the first layer's filters.

    Args:
        found: of one training.
        photo_ids: of its photos.
    """
    side = (drawing.INNER - (COLUMNS - 1) * 10) // COLUMNS
    pieces = []
    for words, pictures in zip(LINES, (found.seen, found.noisy, found.restored), strict=True):
        tiles = [drawing.tile(_coloured(each), side, smooth=False) for each in pictures]
        pieces += [drawing.line(words, bold=True), drawing.grid(tiles, columns=COLUMNS, gap=10)]
    tiles = [drawing.tile(each, side, smooth=False) for each in filters.colours(found.filters)]
    words = "filters of the first layer, before it saw a label"
    pieces += [drawing.line(words, bold=True), drawing.grid(tiles, columns=COLUMNS, gap=10)]
    return Picture(
        "restored",
        "What it learnt without labels",
        "Before it saw a label, each layer learnt to restore what goes into it. At the top are validation "
        "photos, from which nothing was learnt; then what the first layer was given of them; then what a "
        "decoder made of that layer's answer. At the bottom, some of the filters by which it did: of those "
        "that learnt something, each shows what it looks for. Afterwards the whole network learnt from the "
        "labels, and moved them on.",
        f"{counted(len(photo_ids), 'photo')}, the same with holes and restored, and "
        f"{counted(len(found.filters), 'filter')}.",
        drawing.framed(drawing.stacked(pieces)),
        photo_ids,
    )


def _coloured(pixels: np.ndarray) -> np.ndarray:
    return pixels if pixels.shape[-1] == 3 else pixels.repeat(3, axis=-1)
