"""What is printed on cups, papers and cards, drawn with Pillow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFilter

from demo.fonts import font
from demo.seeds import chance, pick

WORDS = (
    "MONDAY", "hello", "No. 1", "coffee", "TEA", "Team 7", "BEST DAD", "relax", "2019", "Ohm", "NORD",
    "good morning", "but first", "K", "M", "A", "library", "Physik", "wake up", "City Run 10 km",
)  # fmt: skip
INKS = ("#22262b", "#8f2f28", "#2a4a6b", "#3c5f50", "#c08a35", "#5d4266", "#e9e6de", "#b1674a")
CAFES = ("Kaffee Nord", "Bean & Co", "Mensa", "Corner", "Lumo", "Rosti", "daily", "Piccolo")


def contrasting(base: str, options: tuple[str, ...], rng: np.random.Generator) -> str:
    """Returns one of the options that can be told from the base colour."""
    near = np.array(ImageColor.getrgb(base)[:3], dtype=float)
    apart = [o for o in options if np.abs(np.array(ImageColor.getrgb(o)[:3]) - near).sum() > 200]
    return pick(rng, apart or ["#22262b"])


def _stripes(draw: ImageDraw.ImageDraw, size: tuple[int, int], ink: str, rng: np.random.Generator) -> None:
    width, height = size
    for y in np.cumsum(rng.uniform(0.04, 0.2, size=7)) * height:
        thick = float(rng.choice([0.01, 0.02, 0.06])) * height
        draw.rectangle((0, y, width, y + thick), fill=ink)


def _dots(draw: ImageDraw.ImageDraw, size: tuple[int, int], ink: str, rng: np.random.Generator) -> None:
    width, height = size
    step, radius = width / int(rng.integers(12, 22)), width / int(rng.integers(60, 110))
    for row in range(int(height / step) + 1):
        for column in range(int(width / step) + 1):
            x, y = (column + row % 2 / 2) * step, row * step
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)


def _word(draw: ImageDraw.ImageDraw, size: tuple[int, int], ink: str, rng: np.random.Generator) -> None:
    width, height = size
    style = pick(rng, ("black", "bold", "serif bold", "serif italic", "hand", "times bold", "type"))
    word = pick(rng, WORDS)
    letters = font(style, int(height * (0.6 if len(word) == 1 else 0.22)))
    letters = font(style, int(letters.size * min(1.0, 0.36 * width / draw.textlength(word, letters))))
    for x in (0.25, 0.75):
        draw.text((x * width, 0.5 * height), word, ink, letters, anchor="mm")


def _band(draw: ImageDraw.ImageDraw, size: tuple[int, int], ink: str, rng: np.random.Generator) -> None:
    width, height = size
    top, thick = rng.uniform(0, 0.6), rng.uniform(0.15, 0.5)
    draw.rectangle((0, top * height, width, (top + thick) * height), fill=ink)


def _leaves(draw: ImageDraw.ImageDraw, size: tuple[int, int], ink: str, rng: np.random.Generator) -> None:
    width, height = size
    for _ in range(int(rng.integers(14, 30))):
        x, y, length, turn = (
            rng.uniform(0, width),
            rng.uniform(0, height),
            height * rng.uniform(0.1, 0.25),
            rng.uniform(0, 7),
        )
        t = np.linspace(0, np.pi, 9)
        leaf = np.column_stack([np.linspace(0, length, 9), 0.25 * length * np.sin(t)])
        leaf = np.concatenate([leaf, leaf[::-1] * [1, -1]])
        turned = leaf @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) + [x, y]
        draw.polygon([(float(a), float(b)) for a, b in turned], fill=ink)


def _heart(draw: ImageDraw.ImageDraw, size: tuple[int, int], ink: str, rng: np.random.Generator) -> None:
    width, height = size
    t = np.linspace(0, 2 * np.pi, 60)
    x, y = 16 * np.sin(t) ** 3, 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    scale = height * float(rng.uniform(0.01, 0.022))
    for centre in (0.25, 0.75):
        draw.polygon(
            [(centre * width + scale * a, 0.5 * height - scale * b) for a, b in zip(x, y, strict=True)],
            fill=ink,
        )


def _mountains(draw: ImageDraw.ImageDraw, size: tuple[int, int], ink: str, rng: np.random.Generator) -> None:
    width, height = size
    for x in np.linspace(0, width, 9):
        peak, half = height * rng.uniform(0.35, 0.7), width * rng.uniform(0.06, 0.12)
        draw.polygon([(x - half, height), (x, peak), (x + half, height)], fill=ink)


def _cat(draw: ImageDraw.ImageDraw, size: tuple[int, int], ink: str, rng: np.random.Generator) -> None:
    width, height = size
    s = height * float(rng.uniform(0.16, 0.22))
    for centre in (0.25, 0.75):
        x, y = centre * width, 0.55 * height
        for side in (-1, 1):
            draw.polygon(
                [(x + side * s, y - s * 1.3), (x + side * 0.2 * s, y - 0.7 * s), (x + side * 0.95 * s, y)],
                fill=ink,
            )
        draw.ellipse((x - s, y - s * 0.85, x + s, y + s * 0.85), fill=ink)
        for side in (-1, 1):
            draw.ellipse(
                (x + side * 0.4 * s - 4, y - 0.2 * s - 4, x + side * 0.4 * s + 4, y - 0.2 * s + 4),
                fill="#e9e6de",
            )


PATTERNS: tuple[Callable[[ImageDraw.ImageDraw, tuple[int, int], str, np.random.Generator], None], ...] = (
    _stripes, _dots, _word, _word, _band, _leaves, _heart, _mountains, _cat, _word,
)  # fmt: skip


def mug(base: str, second: str, around: float, height: float, rng: np.random.Generator) -> Image.Image:
    """Draws what goes round a mug, `around` metres long and `height` metres high."""
    size = (1024, max(64, int(1024 * height / around)))
    picture = Image.new("RGB", size, base)
    ink = contrasting(base, (second, *INKS), rng)
    pick(rng, PATTERNS)(ImageDraw.Draw(picture), size, ink, rng)
    return picture


def porcelain(base: str, ink: str, rng: np.random.Generator) -> Image.Image:
    """Draws a tea cup's outside: plain, lines under the rim, or a sprinkled pattern."""
    picture = Image.new("RGB", (1024, 220), base)
    draw = ImageDraw.Draw(picture)
    style = int(rng.integers(4))
    if style in (1, 3):
        draw.rectangle((0, 12, 1024, 17), fill=ink)
        draw.rectangle((0, 24, 1024, 26), fill=ink)
    if style == 2:
        _leaves(draw, (1024, 220), ink, rng)
    if style == 3:
        _dots(draw, (1024, 220), ink, rng)
    return picture


def paper_cup(rng: np.random.Generator) -> Image.Image:
    """Draws a paper cup's outside with the name of a café that does not exist."""
    base = pick(rng, ("#ece7dd", "#b88f63", "#2a2523", "#eceae4", "#7a2a26", "#294a43"))
    size = (1024, 460)
    picture = Image.new("RGB", size, base)
    draw = ImageDraw.Draw(picture)
    ink = contrasting(base, INKS, rng)
    if chance(rng, 0.4):
        draw.rectangle((0, 300, 1024, 460), fill=ink)
    if chance(rng, 0.3):
        _dots(draw, size, ink, rng)
    else:
        letters = font(pick(rng, ("black", "serif italic", "hand", "bold")), 60)
        word = pick(rng, CAFES)
        for x in (256, 768):
            draw.text((x, 200), word, ink, letters, anchor="mm")
            draw.ellipse((x - 130, 70, x + 130, 330), outline=ink, width=5)
    return picture


def tea_tag(rng: np.random.Generator) -> Image.Image:
    """Draws the paper tag of a tea bag."""
    colour = pick(rng, ("#c4a23a", "#4f7a45", "#b04a35", "#3d5c84"))
    picture = Image.new("RGB", (90, 120), colour)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((8, 8, 82, 112), outline="#f4f1e8", width=3)
    draw.text((45, 60), "TEA", "#f4f1e8", font("bold", 26), anchor="mm")
    return picture


def text_lines(
    picture: Image.Image,
    box: tuple[int, int, int, int],
    line: int,
    rng: np.random.Generator,
    *,
    ink: str = "#3a3834",
) -> None:
    """Fills a box of a picture with lines of made-up text, paragraphs and all."""
    draw = ImageDraw.Draw(picture)
    left, top, right, bottom = box
    letters = font("times", max(6, int(line * 0.82)))
    syllables = (
        "an", "der", "li", "mo", "ta", "re", "sing", "ver", "o", "ka", "the", "in", "ul", "pra", "es", "con",
    )  # fmt: skip
    y = top
    while y + line <= bottom:
        end = left + (right - left) * (float(rng.uniform(0.2, 0.8)) if chance(rng, 0.12) else 1.0)
        x: float = left + (line if end < right else 0)
        while x < end:
            word = "".join(pick(rng, syllables) for _ in range(int(rng.integers(1, 4))))
            if x + draw.textlength(word, letters) > end:
                break
            draw.text((x, y), word, ink, letters)
            x += draw.textlength(word + " ", letters)
        y += line


def handwriting(size: tuple[int, int], rng: np.random.Generator, *, squared: bool) -> Image.Image:
    """Draws a sheet of lined or squared paper with somebody's notes."""
    picture = Image.new("RGB", size, "#f0eee8")
    draw = ImageDraw.Draw(picture)
    step = size[1] // (58 if squared else 30)
    for y in range(step * 2, size[1], step):
        draw.line((0, y, size[0], y), fill="#c3ccd8", width=1)
    for column in range(0, size[0], step) if squared else ():
        draw.line((column, 0, column, size[1]), fill="#c3ccd8", width=1)
    ink = pick(rng, ("#23366b", "#26262a", "#2b4f9e"))
    y = step * 3
    for _ in range(int(rng.integers(3, 22))):
        x, end = float(size[0] * 0.1), size[0] * rng.uniform(0.5, 0.92)
        while x < end:
            length = int(rng.integers(3, 11)) * step * 0.3
            t = np.linspace(0, 1, 14)
            wave = y + step * 0.35 * np.sin(t * rng.uniform(12, 30) + rng.uniform(0, 6)) * rng.uniform(0.5, 1)
            draw.line(
                [(float(x + length * a), float(b)) for a, b in zip(t, wave, strict=True)], fill=ink, width=2
            )
            x += length + step * 0.4
        y += step * (2 if squared else 1)
    return picture


def mottled(
    size: tuple[int, int], stops: tuple[str, str], rng: np.random.Generator, cells: int = 5
) -> Image.Image:
    """Draws soft clouds between two colours, for screens, posters and covers."""
    small = Image.fromarray(rng.integers(0, 256, size=(cells, cells), dtype=np.uint8))
    clouds = small.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(size[0] / 40))
    return Image.composite(Image.new("RGB", size, stops[0]), Image.new("RGB", size, stops[1]), clouds)


def screen(rng: np.random.Generator) -> Image.Image:
    """Draws what a computer shows: a text, a program's source, or a picture with a dock."""
    size = (640, 420)
    style = int(rng.integers(3))
    if style == 2:
        stops = pick(rng, (("#20445c", "#d98e5f"), ("#27365c", "#a3b8d8"), ("#3c5c46", "#c8d2a8")))
        picture = mottled(size, stops, rng, 4)
        draw = ImageDraw.Draw(picture)
        for k in range(9):
            draw.rounded_rectangle((150 + 40 * k, 380, 180 + 40 * k, 410), 7, fill=pick(rng, INKS))
        return picture
    dark = style == 1
    picture = Image.new("RGB", size, "#1d2127" if dark else "#e9eaec")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 640, 16), fill="#30353c" if dark else "#c9ccd0")
    if dark:
        for row in range(26):
            x = 60 + 24 * int(rng.integers(0, 4))
            for _ in range(int(rng.integers(0, 6))):
                length = int(rng.integers(15, 90))
                draw.rectangle(
                    (x, 28 + 15 * row, x + length, 34 + 15 * row),
                    fill=pick(rng, ("#7fb3d8", "#c8ccd0", "#d99a6c", "#8fbf7f")),
                )
                x += length + 8
        return picture
    draw.rectangle((110, 26, 530, 420), fill="#fbfbfa")
    text_lines(picture, (150, 60, 490, 410), 13, rng)
    return picture
