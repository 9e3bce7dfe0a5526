"""Tiles, lines of text and charts on a dark ground, put together to pictures for light and dark pages alike.

Every piece is a Pillow image in RGB; `stacked` and `side_by_side` join pieces, `framed` makes the picture.
It is WIDTH px wide for a phone of half as many, where the smallest letters then are 12 px.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

from tenshots import lettering
from tenshots.interpretation.gradcam import MIN_CELLS
from tenshots.interpretation.landscape import Surface
from tenshots.interpretation.structure import Row, learns
from tenshots.lettering import drawable

WIDTH = 780
MARGIN = 30
INNER = WIDTH - 2 * MARGIN
GAP = 12
TEXT_PX, SMALL_PX = 27, 24
NAME_PX = 306  # of a layer, in the list of them
# Of words in layers' names, where these do not fit.
SHORT = {"convolution": "conv", "normalisation": "norm", "concatenate": "concat"}
TIMES = "\N{MULTIPLICATION SIGN}"

# Neutral, since a photo's colours look wrong beside coloured grounds; dark, so that heat and patterns glow.
GROUND, RAISED = (24, 27, 31), (44, 48, 54)
INK, SOFT = (236, 234, 229), (176, 180, 186)
# Okabe and Ito's colours for dark grounds, as on the report's page.
BLUE, ORANGE, GREEN = (86, 180, 233), (240, 138, 60), (79, 209, 165)
# From no heat to most, of rising lightness: it reads in grey, too. Source: matplotlib's "inferno".
HEAT = np.array(
    [(60, 9, 101), (165, 44, 96), (225, 92, 46), (251, 165, 10), (252, 240, 150)], dtype=np.float64
)

Colour = tuple[int, int, int]


def tile(pixels: np.ndarray, side_px: int, *, smooth: bool = True) -> Image.Image:
    """Returns pixels as a square tile.

    Args:
        pixels: uint8, (height, width) grey or (height, width, 3).
        side_px: of the tile.
        smooth: False where each pixel is to be seen.
    """
    method = Image.Resampling.LANCZOS if smooth else Image.Resampling.NEAREST
    return Image.fromarray(pixels).convert("RGB").resize((side_px, side_px), method)


def heated(pixels: np.ndarray, heat: np.ndarray, side_px: int) -> Image.Image:
    """Returns a photo in dim grey under the colours of its heat, as a square tile.

    Args:
        pixels: uint8, (height, width, 3).
        heat: float32, (rows, columns) over the whole photo, in [0, 1].
        side_px: of the tile.
    """
    grey = np.asarray(tile(pixels, side_px).convert("L"), dtype=np.float64)[..., None]
    # Neighbours share, 1 to 2 to 1: a single cell says too little to glow alone. Few cells stay as they are.
    softened: np.ndarray = heat.astype(np.float32)
    for axis in (0, 1) if min(heat.shape) >= MIN_CELLS else ():
        wide = np.pad(softened, [(1, 1) if axis == side else (0, 0) for side in (0, 1)], mode="edge")
        before, after = (np.take(wide, range(start, start + heat.shape[axis]), axis=axis) for start in (0, 2))
        softened = (before + 2 * softened + after) / 4
    enlarged = Image.fromarray(np.ascontiguousarray(softened)).resize(
        (side_px, side_px), Image.Resampling.BICUBIC
    )
    share = np.clip(np.asarray(enlarged, dtype=np.float64) / max(softened.max(), 1e-6), 0, 1)
    places = np.linspace(0, 1, len(HEAT))
    colour = np.stack([np.interp(share, places, channel) for channel in HEAT.T], axis=-1)
    opacity = 0.85 * (share**0.75)[..., None]
    return Image.fromarray(((1 - opacity) * 0.6 * grey + opacity * colour).round().astype(np.uint8))


def line(
    words: str,
    *,
    width: int = INNER,
    size: int = TEXT_PX,
    colour: Colour = INK,
    bold: bool = False,
    right: bool = False,
) -> Image.Image:
    """Returns a line of text; what does not fit ends in an ellipsis.

    A character that the letters lack is written as its number (see tenshots.lettering).

    Args:
        words: what it says.
        width: px.
        size: of the letters, px.
        colour: of the letters.
        bold: in bold type.
        right: aligned with the right edge.
    """
    face = _font(size, bold=bold)
    shown = fitted(words, width, size=size, bold=bold)
    picture = Image.new("RGB", (width, round(1.35 * size)), GROUND)
    place = (width, 0) if right else (0, 0)
    ImageDraw.Draw(picture).text(place, shown, fill=colour, font=face, anchor="ra" if right else "la")
    return picture


def fitted(words: str, width: int, *, size: int = TEXT_PX, bold: bool = False, within: bool = False) -> str:
    """Returns the text, or as much of it as fits into `width` px with an ellipsis, at its end or within."""
    face = _font(size, bold=bold)
    words = drawable(words)
    if face.getlength(words) <= width:
        return words
    for kept in range(len(words) - 1, 0, -1):
        last = 2 * kept // 3 if within else 0
        shown = f"{words[: kept - last]}…{words[len(words) - last :]}"
        if face.getlength(shown) <= width:
            return shown
    return "…"


def stacked(pieces: Sequence[Image.Image], *, gap: int = GAP) -> Image.Image:
    """Returns pieces below each other, left edges aligned."""
    size = (max(piece.width for piece in pieces), sum(piece.height + gap for piece in pieces) - gap)
    whole, top = Image.new("RGB", size, GROUND), 0
    for piece in pieces:
        whole.paste(piece, (0, top))
        top += piece.height + gap
    return whole


def side_by_side(pieces: Sequence[Image.Image], *, gap: int = GAP) -> Image.Image:
    """Returns pieces beside each other, upper edges aligned."""
    size = (sum(piece.width + gap for piece in pieces) - gap, max(piece.height for piece in pieces))
    whole, left = Image.new("RGB", size, GROUND), 0
    for piece in pieces:
        whole.paste(piece, (left, 0))
        left += piece.width + gap
    return whole


def grid(tiles: Sequence[Image.Image], *, columns: int, gap: int = GAP) -> Image.Image:
    """Returns tiles in rows of `columns`."""
    return stacked(
        [side_by_side(tiles[start : start + columns], gap=gap) for start in range(0, len(tiles), columns)],
        gap=gap,
    )


def framed(piece: Image.Image) -> Image.Image:
    """Returns the piece with a margin, WIDTH px wide."""
    whole = Image.new("RGB", (WIDTH, piece.height + 2 * MARGIN), GROUND)
    whole.paste(piece, (MARGIN, MARGIN))
    return whole


def png(picture: Image.Image) -> bytes:
    """Returns a PNG file in true colours: 256 would be half as large, and speckle photos and flat squares."""
    file = io.BytesIO()
    picture.save(file, format="PNG")  # optimised it would be 2 % smaller, and take four times as long
    return file.getvalue()


def structure(rows: Sequence[Row]) -> Image.Image:
    """Draws a network from photo to answer: one bar per layer, as wide as its maps, and what it puts out."""
    largest = max(max(row.shape[:-1], default=1) for row in rows)
    bar, name, shape, number = 80, NAME_PX, 152, 146
    head = [("", bar), ("layer", name), ("puts out", shape), ("parameters", number)]
    pieces = [
        side_by_side(
            [
                line(text, width=width, size=SMALL_PX, colour=SOFT, right=text == "parameters")
                for text, width in head
            ]
        )
    ]
    before: tuple[int, ...] = rows[0].shape[:-1]
    for row in rows:
        resizes = row.shape[:-1] != before
        colour = BLUE if learns(row) else ORANGE if resizes else SOFT
        before = row.shape[:-1]
        pieces.append(
            side_by_side(
                [
                    _bar(row.shape, largest=largest, width=bar, colour=colour),
                    line(_short(row.name, width=name), width=name, size=SMALL_PX),
                    line(TIMES.join(map(str, row.shape)), width=shape, size=SMALL_PX, colour=SOFT),
                    line(
                        f"{row.num_parameters:,}" if row.num_parameters else "",
                        width=number,
                        size=SMALL_PX,
                        right=True,
                    ),
                ]
            )
        )
    total = sum(row.num_parameters for row in rows)
    pieces.append(line(f"{total:,} parameters in all", bold=True, right=True))
    return stacked(pieces, gap=4)


def _short(name: str, *, width: int) -> str:
    """Returns a layer's name, in short words where it would not fit; both its ends tell it from others."""
    for long, short in SHORT.items() if fitted(name, width, size=SMALL_PX) != name else ():
        name = name.replace(long, short)
    return fitted(name, width, size=SMALL_PX, within=True)


def _bar(shape: tuple[int, ...], *, largest: int, width: int, colour: Colour) -> Image.Image:
    height = round(1.35 * SMALL_PX)
    picture = Image.new("RGB", (width, height), GROUND)
    side = max(shape[:-1], default=1)
    share = np.log2(side + 1) / np.log2(largest + 1)
    half = max(3, round(share * width / 2))
    box = (width // 2 - half, 4, width // 2 + half - 1, height - 5)
    ImageDraw.Draw(picture).rounded_rectangle(box, radius=4, fill=colour)
    return picture


def surface(found: Surface) -> Image.Image:
    """Draws a loss surface as seen from above: darker is lower, a cross marks the trained network."""
    ink, soft, ground = ("#" + "".join(f"{part:02x}" for part in colour) for colour in (INK, SOFT, GROUND))
    figure = Figure(figsize=(INNER / 100, 6.2), dpi=100, layout="constrained", facecolor=ground)
    axes = figure.add_subplot(facecolor=ground)
    # Steps of equal ratio: the loss rises so steeply that equal steps would all lie at the edge.
    low, high = float(found.losses.min()), float(found.losses.max())
    levels = np.geomspace(max(low, 1e-3), max(high, 2e-3), 16)
    heights = np.clip(found.losses, levels[0], levels[-1])
    shades = axes.contourf(found.places, found.places, heights, levels=levels, cmap="inferno", norm="log")
    axes.contour(found.places, found.places, heights, levels=levels, colors=[ink], linewidths=0.6, alpha=0.5)
    axes.plot(0, 0, marker="+", markersize=22, markeredgewidth=3, color="#ffffff")
    axes.set_aspect("equal")
    size = SMALL_PX * 0.72  # points
    axes.set_xlabel("second direction", color=soft, fontsize=size)
    axes.set_ylabel("first direction", color=soft, fontsize=size)
    axes.tick_params(colors=soft, labelsize=size)
    axes.set_xticks([-1, 0, 1])
    axes.set_yticks([-1, 0, 1])
    bar = figure.colorbar(shades, ax=axes, ticks=levels[::5], format="%.2g")
    bar.ax.tick_params(colors=soft, labelsize=size)
    bar.ax.minorticks_off()
    bar.set_label("loss", color=soft, fontsize=size)
    for spine in axes.spines.values():
        spine.set_color(soft)
    file = io.BytesIO()
    figure.savefig(file, format="png", facecolor=ground, metadata={"Software": None})
    return Image.open(file).convert("RGB")


@cache
def _font(size: int, *, bold: bool) -> ImageFont.FreeTypeFont:
    # Pillow's own layout: another one would depend on a library of the system's.
    path = str(lettering.path(bold=bold))
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
