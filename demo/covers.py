"""Covers, spines and pages of books, their titles and names made up at random, drawn with Pillow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from demo.fonts import Font, font
from demo.prints import contrasting, mottled, text_lines
from demo.seeds import chance, pick

PX_PER_M = 3400
GROUNDS = (
    "#191b1f", "#1d2c45", "#73252a", "#e6e0d0", "#2c5a4a", "#c4952c", "#dcdcd8", "#3f4146", "#533a64",
    "#467c97", "#a9522d", "#24211f", "#e3d3bd", "#8a9f8c", "#b7343a", "#17506b",
)  # fmt: skip
LETTERS = ("#f1e9d8", "#22201e", "#d9b45a", "#ffffff", "#a8322c", "#1d2c45")
FIRST = (
    "The", "A Short", "Notes on", "Introduction to", "Principles of", "The Last", "After the",
    "Silent", "Modern",
    "Letters from", "Physics of", "Elements of", "Under the", "A History of", "Grundlagen der",
    "Die", "Der lange",
)  # fmt: skip
SECOND = (
    "Harbour", "Algebra", "Winter", "Gardens", "Measurement", "Rivers", "Statistics",
    "Night Train", "Orchard",
    "Waves", "Islands", "Chemistry", "Machines", "Bread", "Elektronik", "Botanik", "Analysis", "Cartographer",
    "Signals", "Mountains", "Quiet Room", "Optics", "Weather",
)  # fmt: skip
NAMES = (
    "M. Oriel", "Ana Teller", "J. K. Brandt", "R. Osei", "Lena Voss", "T. Marchetti", "P. Dunmore",
    "S. Ilves",
    "Ito & Ferran", "C. Abell", "W. Haas", "N. Quist",
)  # fmt: skip


class Book(NamedTuple):
    """What one book looks like.

    Attributes:
        size: width, height and thickness, metres.
        ground: colour of the cover.
        ink: colour of the letters.
        title: in one line.
        author: in one line.
        letters: style of the font.
        picture: index into PICTURES, or -1 for none.
        is_hard: whether the cover is board.
        seed: of the pictures.
    """

    size: tuple[float, float, float]
    ground: str
    ink: str
    title: str
    author: str
    letters: str
    picture: int
    is_hard: bool
    seed: int


def book(own: np.random.Generator) -> Book:
    """Makes up a book."""
    shapes = (
        (0.11, 0.178),
        (0.125, 0.19),
        (0.135, 0.21),
        (0.148, 0.21),
        (0.17, 0.24),
        (0.19, 0.25),
        (0.21, 0.28),
    )
    width, height = pick(own, shapes)
    ground = pick(own, GROUNDS)
    return Book(
        size=(width, height, float(own.uniform(0.009, 0.042))),
        ground=ground,
        ink=contrasting(ground, LETTERS, own),
        title=f"{pick(own, FIRST)} {pick(own, SECOND)}",
        author=pick(own, NAMES),
        letters=pick(own, ("black", "bold", "serif bold", "times bold", "light", "serif italic", "times")),
        picture=int(own.integers(len(PICTURES) + 1)) - 1,
        is_hard=chance(own, 0.45),
        seed=int(own.integers(2**31)),
    )


def _fitted(draw: ImageDraw.ImageDraw, text: str, style: str, size_px: int, room_px: float) -> Font:
    letters = font(style, size_px)
    wide = draw.textlength(text, letters)
    return letters if wide <= room_px else font(style, max(6, int(size_px * room_px / wide)))


def _blot(
    picture: Image.Image,
    radii: tuple[float, float],
    stretch: float,
    inks: Sequence[str],
    rng: np.random.Generator,
) -> None:
    """Paints an ellipse somewhere, `stretch` times as high as wide; `radii` are shares of the width."""
    x, y = rng.uniform(0, picture.width), rng.uniform(0, picture.height)
    r = picture.width * rng.uniform(*radii)
    box = (x - r, y - stretch * r, x + r, y + stretch * r)
    ImageDraw.Draw(picture).ellipse(box, fill=pick(rng, inks))


def _circles(picture: Image.Image, ink: str, rng: np.random.Generator) -> None:
    for _ in range(int(rng.integers(1, 6))):
        _blot(picture, (0.1, 0.4), 1.0, (ink, *GROUNDS), rng)


def _landscape(picture: Image.Image, ink: str, rng: np.random.Generator) -> None:
    width, height = picture.size
    picture.paste(mottled(picture.size, (pick(rng, GROUNDS), "#d9cdb8"), rng, 3))
    draw = ImageDraw.Draw(picture)
    x, y, r = width * rng.uniform(0.2, 0.8), height * rng.uniform(0.1, 0.4), width * rng.uniform(0.06, 0.16)
    draw.ellipse((x - r, y - r, x + r, y + r), fill=ink)
    for k, colour in enumerate(rng.permutation(GROUNDS)[:4]):
        across = np.linspace(0, width, 40)
        crest = height * (0.45 + 0.13 * k) + height * 0.05 * np.cumsum(rng.normal(0, 0.35, size=40))
        draw.polygon(
            [(0, height), *zip(across.tolist(), crest.tolist(), strict=True), (width, height)],
            fill=str(colour),
        )


def _photo(picture: Image.Image, ink: str, rng: np.random.Generator) -> None:
    """A soft picture as of something photographed, under grain."""
    photo = mottled(picture.size, (pick(rng, GROUNDS), pick(rng, GROUNDS)), rng, int(rng.integers(4, 9)))
    for _ in range(int(rng.integers(2, 7))):
        _blot(photo, (0.05, 0.3), 1.6, GROUNDS, rng)
    picture.paste(photo.filter(ImageFilter.GaussianBlur(photo.width / 35)))
    del ink


def _bars(picture: Image.Image, ink: str, rng: np.random.Generator) -> None:
    draw = ImageDraw.Draw(picture)
    for y in np.sort(rng.uniform(0, picture.height, size=int(rng.integers(3, 14)))):
        colour = ink if chance(rng, 0.5) else pick(rng, GROUNDS)
        draw.rectangle((0, y, picture.width, y + picture.height * rng.uniform(0.005, 0.06)), fill=colour)


def _grid(picture: Image.Image, ink: str, rng: np.random.Generator) -> None:
    draw = ImageDraw.Draw(picture)
    step = picture.width / int(rng.integers(4, 10))
    for column in range(12):
        for row in range(16):
            if chance(rng, 0.6):
                x, y = column * step, row * step
                box = (x + 0.1 * step, y + 0.1 * step, x + 0.9 * step, y + 0.9 * step)
                colour = ink if chance(rng, 0.6) else pick(rng, GROUNDS)
                draw.ellipse(box, fill=colour) if chance(rng, 0.4) else draw.rectangle(box, fill=colour)


def _curves(picture: Image.Image, ink: str, rng: np.random.Generator) -> None:
    draw = ImageDraw.Draw(picture)
    across = np.linspace(0, picture.width, 80)
    wave, phase = rng.uniform(1, 5), rng.uniform(0, 0.5)
    for k in range(int(rng.integers(6, 22))):
        y = picture.height * (0.2 + 0.035 * k) + picture.height * 0.07 * np.sin(
            across / picture.width * 6.3 * wave + phase * k
        )
        draw.line(
            list(zip(across.tolist(), y.tolist(), strict=True)), fill=ink, width=max(2, picture.width // 160)
        )


PICTURES: tuple[Callable[[Image.Image, str, np.random.Generator], None], ...] = (
    _circles, _landscape, _photo, _bars, _grid, _curves, _photo, _landscape,
)  # fmt: skip


def front(of: Book) -> Image.Image:
    """Draws the front cover."""
    rng = np.random.default_rng(of.seed)
    width, height = (int(side * PX_PER_M) for side in of.size[:2])
    picture = Image.new("RGB", (width, height), of.ground)
    draw = ImageDraw.Draw(picture)
    top = rng.uniform(0.08, 0.2) * height
    if of.picture >= 0:
        full = chance(rng, 0.4)
        box = (
            (0, 0, width, height)
            if full
            else (int(0.1 * width), int(0.34 * height), int(0.9 * width), int(0.84 * height))
        )
        art = Image.new("RGB", (box[2] - box[0], box[3] - box[1]), of.ground)
        PICTURES[of.picture](art, of.ink, rng)
        picture.paste(art, box[:2])
        if full:  # a plain field keeps the title legible
            draw.rectangle((0, top - 0.03 * height, width, top + 0.22 * height), fill=of.ground)
    words = of.title.split(" ")
    lines = [" ".join(words[:-1]), words[-1]] if chance(rng, 0.7) else [of.title]
    for number, line in enumerate(lines):
        letters = _fitted(draw, line, of.letters, int(height * 0.085), width * 0.8)
        draw.text((width / 2, top + number * height * 0.09), line, of.ink, letters, anchor="mt")
    letters = _fitted(draw, of.author, "sans", int(height * 0.036), width * 0.7)
    draw.text((width / 2, height * 0.92), of.author, of.ink, letters, anchor="mm")
    return picture


def spine(of: Book) -> Image.Image:
    """Draws the spine lying on its side: title along x, its foot at the right."""
    rng = np.random.default_rng(of.seed + 1)
    width, height = int(of.size[1] * PX_PER_M), max(16, int(of.size[2] * PX_PER_M))
    picture = Image.new("RGB", (width, height), of.ground)
    draw = ImageDraw.Draw(picture)
    if chance(rng, 0.4):
        band = pick(rng, GROUNDS)
        draw.rectangle((0, 0, width * 0.09, height), fill=band)
        draw.rectangle((width * 0.91, 0, width, height), fill=band)
    letters = _fitted(draw, of.title, of.letters, int(min(height * 0.62, 60)), width * 0.5)
    draw.text((width * 0.12, height / 2), of.title, of.ink, letters, anchor="lm")
    letters = _fitted(draw, of.author, "sans", int(min(height * 0.4, 34)), width * 0.24)
    draw.text((width * 0.88, height / 2), of.author, of.ink, letters, anchor="rm")
    return picture


def edges(rng: np.random.Generator) -> Image.Image:
    """Draws the sheets of a page block seen from the side: fine lines along x."""
    tone = np.array(pick(rng, ((236, 231, 219), (226, 214, 188), (240, 238, 232))), dtype=float)
    lines = rng.normal(0, 1, size=(96, 1)) + 0.5 * rng.normal(0, 1, size=(96, 24))
    shade = np.repeat(1 + 0.07 * lines, 8, axis=1)[..., None]
    return Image.fromarray(np.clip(tone * shade, 0, 255).astype(np.uint8))


def page(width: float, height: float, rng: np.random.Generator) -> Image.Image:
    """Draws a page of text, at times with a heading, a picture or a diagram."""
    size = (int(width * PX_PER_M), int(height * PX_PER_M))
    picture = Image.new("RGB", size, pick(rng, ("#eeeae0", "#e8dfca", "#f1efea")))
    draw = ImageDraw.Draw(picture)
    left, right = int(size[0] * 0.12), int(size[0] * 0.88)
    line = int(PX_PER_M * float(rng.uniform(0.0042, 0.0056)))
    top, bottom = int(size[1] * 0.09), int(size[1] * 0.91)
    if chance(rng, 0.35):
        draw.text(
            (left, top),
            f"{int(rng.integers(1, 19))}  {pick(rng, SECOND)}",
            "#2a2825",
            font("bold", int(line * 1.5)),
        )
        top += line * 4
    if chance(rng, 0.45):
        low = top + int(size[1] * float(rng.uniform(0.16, 0.35)))
        art = Image.new("RGB", (right - left, low - top), "#ddd8cc")
        pick(rng, PICTURES)(art, "#3d5a73", rng)
        if chance(rng, 0.5):
            art = art.convert("L").convert("RGB")
        picture.paste(art, (left, top))
        top = low + line
    text_lines(picture, (left, top, right, bottom), line, rng)
    draw.text(
        (size[0] / 2, size[1] * 0.95),
        str(int(rng.integers(9, 400))),
        "#3a3834",
        font("times", int(line * 0.8)),
        anchor="mm",
    )
    return picture
