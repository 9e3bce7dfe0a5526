"""What is printed on things: glaze, key caps, book covers, pages. Drawn flat with Pillow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.desks.meshes import GAMMA

TITLES = (
    "LINEAR ALGEBRA", "THE SEA", "Statistics", "Organic Chemistry", "A SHORT HISTORY OF SALT",
    "Deep Learning", "POEMS", "Night Train", "COOKING FOR TWO", "Mechanics II", "THE QUIET HILL", "Grammar",
    "Atlas of Birds", "Data Structures",
)  # fmt: skip
GLYPHS = "1234567890QWERTYUIOPASDFGHJKLZXCVBNM;,./-="
CUP_PX = (840, 280)


def as_light(image: Image.Image) -> np.ndarray:
    """Returns a picture as light: float32 (height, width, 3), 0 to 1."""
    return np.asarray((np.asarray(image.convert("RGB"), dtype=np.float32) / 255) ** GAMMA, dtype=np.float32)


def cup(base: str, second: str, pattern: str, rng: np.random.Generator) -> np.ndarray:
    """Returns the wrapping of a cup; `pattern` is plain or a key of `PATTERNS`."""
    image = Image.new("RGB", CUP_PX, base)
    if pattern in PATTERNS:
        PATTERNS[pattern](ImageDraw.Draw(image), second, rng)
    return as_light(image)


def _stripes(draw: ImageDraw.ImageDraw, colour: str, rng: np.random.Generator) -> None:
    step = int(rng.integers(40, 90))
    for x in range(0, CUP_PX[0], step):
        draw.rectangle((x, 0, x + step * 0.45, CUP_PX[1]), fill=colour)


def _bands(draw: ImageDraw.ImageDraw, colour: str, rng: np.random.Generator) -> None:
    for share in rng.uniform(0.1, 0.85, size=3):
        draw.rectangle((0, share * CUP_PX[1], CUP_PX[0], share * CUP_PX[1] + 22), fill=colour)


def _dots(draw: ImageDraw.ImageDraw, colour: str, rng: np.random.Generator) -> None:
    size = float(rng.uniform(22, 36))
    for row in range(5):
        for x in range(-30 * (row % 2), CUP_PX[0], 60):
            draw.ellipse((x, row * 60, x + size, row * 60 + size), fill=colour)


def _half(draw: ImageDraw.ImageDraw, colour: str, rng: np.random.Generator) -> None:
    draw.rectangle((0, CUP_PX[1] * rng.uniform(0.4, 0.6), *CUP_PX), fill=colour)


def _leaves(draw: ImageDraw.ImageDraw, colour: str, rng: np.random.Generator) -> None:
    for x, y in rng.uniform((0, 0), CUP_PX, size=(26, 2)):
        draw.ellipse((x, y, x + 46, y + 20), fill=colour)
        draw.line((x, y + 10, x + 62, y + 10), fill=colour, width=4)


def _letter(draw: ImageDraw.ImageDraw, colour: str, rng: np.random.Generator) -> None:
    letter = "ABELMS"[int(rng.integers(6))]
    for share in (0.25, 0.75):
        place = (CUP_PX[0] * share, CUP_PX[1] / 2)
        draw.text(place, letter, fill=colour, font=ImageFont.load_default(170), anchor="mm")


PATTERNS: dict[str, Callable[[ImageDraw.ImageDraw, str, np.random.Generator], None]] = {
    "stripes": _stripes,
    "bands": _bands,
    "dots": _dots,
    "half": _half,
    "leaves": _leaves,
    "letter": _letter,
}


def keys(
    rects: np.ndarray, size_cm: tuple[float, float], case: str, cap: str, accent: str, glyph: str
) -> np.ndarray:
    """Returns the plan of a keyboard.

    Args:
        rects: float (num_keys, 4), left, bottom, right, top as shares of the plan.
        size_cm: width and depth of the plan.
        case: colour of the case.
        cap: colour of most keys.
        accent: colour of every wide key but the space bar.
        glyph: colour of the letters.
    """
    width, height = (int(side * 22) for side in size_cm)
    image = Image.new("RGB", (width, height), case)
    draw = ImageDraw.Draw(image)
    narrow = float(np.median(rects[:, 2] - rects[:, 0]))
    font = ImageFont.load_default(17)
    for number, (left, bottom, right, top) in enumerate(rects):
        is_wide = 1.15 * narrow < right - left < 4 * narrow
        corners = (left * width, (1 - top) * height, right * width, (1 - bottom) * height)
        draw.rectangle(corners, fill=accent if is_wide else cap)
        if right - left < 1.15 * narrow:
            middle = ((corners[0] + corners[2]) / 2, (corners[1] + corners[3]) / 2 - 1)
            draw.text(middle, GLYPHS[number % len(GLYPHS)], fill=glyph, font=font, anchor="mm")
        elif is_wide:
            y = (corners[1] + corners[3]) / 2
            draw.line((corners[0] + 10, y, corners[0] + 24, y), fill=glyph, width=3)
    return as_light(image)


def cover(base: str, ink: str, design: str, rng: np.random.Generator) -> np.ndarray:
    """Returns the front of a book: title alone, block, circle, lines or grid."""
    width, height = 420, 600
    image = Image.new("RGB", (width, height), base)
    draw = ImageDraw.Draw(image)
    title = TITLES[int(rng.integers(len(TITLES)))]
    title_y = float(rng.choice([90, 120, 430]))
    if design == "block":
        draw.rectangle((0, height * 0.55, width, height * 0.9), fill=ink)
        title_y = 150
    elif design == "circle":
        radius, x = rng.uniform(80, 130), width * rng.uniform(0.4, 0.6)
        draw.ellipse((x - radius, 370 - radius, x + radius, 370 + radius), fill=ink)
        title_y = 90
    elif design == "lines":
        for y in range(230, 560, 30):
            draw.line((50, y, width - 50, y), fill=ink, width=6)
        title_y = 90
    elif design == "grid":
        for x in range(50, 350, 55):
            for y in range(230, 540, 55):
                draw.rectangle((x, y, x + 42, y + 42), fill=ink)
        title_y = 90
    if rng.random() < 0.4:
        draw.rectangle((16, 16, width - 16, height - 16), outline=ink, width=4)
    _title(draw, title, (width, title_y), ink)
    draw.text((width / 2, 570), "A. N. Author", fill=ink, font=ImageFont.load_default(24), anchor="mm")
    return as_light(image)


def _title(draw: ImageDraw.ImageDraw, title: str, place: tuple[float, float], ink: str) -> None:
    words, lines = title.split(), [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) > 11:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    size = min(64, int(560 / max(len(line) for line in lines)))
    for number, line in enumerate(lines):
        middle = (place[0] / 2, place[1] + (number - (len(lines) - 1) / 2) * size)
        draw.text(middle, line, fill=ink, font=ImageFont.load_default(size), anchor="mm")


def spine(base: str, ink: str, rng: np.random.Generator) -> np.ndarray:
    """Returns the back of a book, its title running along."""
    image = Image.new("RGB", (600, 70), base)
    draw = ImageDraw.Draw(image)
    title = TITLES[int(rng.integers(len(TITLES)))]
    draw.text((300, 35), title, fill=ink, font=ImageFont.load_default(38), anchor="mm")
    draw.rectangle((24, 0, 34, 70), fill=ink)
    draw.rectangle((566, 0, 576, 70), fill=ink)
    return as_light(image)


def page_edges(rng: np.random.Generator) -> np.ndarray:
    """Returns the cut edges of many pages, lying one above another."""
    rows = rng.uniform(0.5, 0.82, size=(24, 1, 1)).astype(np.float32)
    return np.asarray(rows * np.array([1.0, 0.95, 0.82], dtype=np.float32), dtype=np.float32)


def page(paper: str, rng: np.random.Generator) -> np.ndarray:
    """Returns one page of an open book: lines of text, at times a heading or a picture."""
    width, height = 420, 580
    image = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(image)
    y = 45.0
    if rng.random() < 0.4:
        draw.text((45, y), f"Chapter {rng.integers(2, 12)}", fill="#222222", font=ImageFont.load_default(40))
        y += 75
    figure_y = float(rng.uniform(120, 380)) if rng.random() < 0.5 else 2 * height
    grey = int(rng.integers(70, 130))
    while y < height - 50:
        if figure_y < y < figure_y + 130:
            tint = tuple(int(value) for value in rng.integers(90, 210, size=3))
            draw.rectangle((70, y, width - 70, y + 130), fill=tint)
            draw.line((80, y + 110, 180, y + 40, 250, y + 80, width - 80, y + 20), fill="#222222", width=5)
            y, figure_y = y + 150, 2 * height
        x, end = 42.0, (width - 42 if rng.random() < 0.85 else rng.uniform(150, 300))
        while x < end:
            length = min(rng.uniform(12, 48), end - x)
            draw.rectangle((x, y, x + length, y + 6), fill=(grey, grey, grey))
            x += length + 8
        y += 18
    return as_light(image)
