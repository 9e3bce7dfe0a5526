"""Which keys a keyboard has, and the picture of all its key tops, drawn to scale."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from demo import prints
from demo.fonts import font
from demo.seeds import chance, pick

PITCH = 0.01905  # between the middles of two keys, metres: the common standard
SHEET_PX_PER_KEY = 84


class Colours(NamedTuple):
    """Of the case, the letter keys, the other keys, and the legends."""

    case: str
    keys: str
    others: str
    ink: str


PALETTES = {
    "black": Colours("#17181a", "#232427", "#232427", "#c9ccce"),
    "grey": Colours("#2c2e31", "#55585c", "#3e4145", "#e3e4e4"),
    "white": Colours("#d4d5d4", "#e3e2de", "#e3e2de", "#4a4c50"),
    "beige": Colours("#b5ad99", "#d6cfbd", "#9e9787", "#34312b"),
    "silver": Colours("#a9abae", "#1b1c1e", "#1b1c1e", "#dddddd"),
    "navy": Colours("#22324a", "#d8d3c4", "#4e7192", "#22324a"),
    "red": Colours("#202225", "#35383c", "#9d3b2e", "#e8e6e0"),
    "pink": Colours("#dcbfbb", "#ead9d5", "#c78f8b", "#6c4644"),
    "olive": Colours("#2f322c", "#cdc7b4", "#6d7358", "#33352c"),
    "space": Colours("#54575b", "#17181a", "#17181a", "#c4c6c8"),
}
Rows = list[list[tuple[str, float]]]  # legend and width of each key, in keys; "" with a minus leaves a gap


def _letters(text: str) -> list[tuple[str, float]]:
    return [(letter, 1.0) for letter in text]


def _main_rows(german: bool) -> Rows:
    top, middle, low = ("QWERTZUIOPÜ+", "ASDFGHJKLÖÄ", "YXCVBNM,.-") if german else (
        "QWERTYUIOP[]", "ASDFGHJKL;'", "ZXCVBNM,./"
    )  # fmt: skip
    wide = [("Strg" if german else "Ctrl", 1.25), ("Fn", 1.25), ("Alt", 1.25), ("", 6.25), ("Alt", 1.25)]
    return [
        [*wide, ("Fn", 1.25), ("\u2261", 1.25), ("Strg" if german else "Ctrl", 1.25)],
        [("\u21e7", 2.25), *_letters(low), ("\u21e7", 2.75)],
        [("\u21ea", 1.75), *_letters(middle), ("\u21b5", 2.25)],
        [("\u21b9", 1.5), *_letters(top), ("#" if german else "\\", 1.5)],
        [
            ("^" if german else "`", 1.0),
            *_letters("1234567890"),
            *_letters("ß\u00b4" if german else "-="),
            ("\u232b", 2.0),
        ],
    ]


def _function_row(gap: float) -> list[tuple[str, float]]:
    row: list[tuple[str, float]] = [("Esc", 1.0), ("", -gap)]
    for first in (1, 5, 9):
        row += [(f"F{number}", 1.0) for number in range(first, first + 4)]
        row += [("", -gap / 2)] if first < 9 else []
    return row


class Key(NamedTuple):
    """A key's legend and place in keys: left, lower edge, width."""

    legend: str
    left: float
    low: float
    width: float


def layout(kind: str, german: bool) -> tuple[list[Key], float, float]:
    """Returns the keys of a layout (full, tenkeyless, compact, laptop) and its extent in keys."""
    keys: list[Key] = []

    def add(row: list[tuple[str, float]], low: float, left: float = 0.0) -> None:
        for legend, width in row:
            if width > 0:
                keys.append(Key(legend, left, low, width))
            left += abs(width)

    for number, row in enumerate(_main_rows(german)):
        add(row, float(number))
    width, depth = 15.0, 5.0
    if kind in {"full", "tenkeyless"}:
        add([*_function_row(1.0)], 5.4)
        add([("\u2190", 1), ("\u2193", 1), ("\u2192", 1)], 0, 15.35)
        add([("\u2191", 1)], 1, 16.35)
        add([("Del", 1), ("End", 1), ("Pg\u2193", 1)], 3, 15.35)
        add([("Ins", 1), ("Pos1" if german else "Home", 1), ("Pg\u2191", 1)], 4, 15.35)
        add([("Prt", 1), ("Scr", 1), ("Brk", 1)], 5.4, 15.35)
        width, depth = 18.35, 6.4
    if kind == "full":
        add([("0", 2), (",", 1)], 0, 18.7)
        add([("1", 1), ("2", 1), ("3", 1)], 1, 18.7)
        add([("4", 1), ("5", 1), ("6", 1)], 2, 18.7)
        add([("7", 1), ("8", 1), ("9", 1), ("+", 1)], 3, 18.7)
        add([("Num", 1), ("/", 1), ("*", 1), ("-", 1)], 4, 18.7)
        add([("\u21b5", 1)], 0, 21.7)
        add([("\u21b5", 1)], 1, 21.7)
        add([("+", 1)], 2, 21.7)
        width = 22.7
    if kind == "laptop":
        add([("esc", 1), *[(f"F{n}", 14 / 13) for n in range(1, 13)], ("\u23fb", 14 / 13)], 5.0)
        depth = 6.0
    return keys, width, depth


def key_sheet(
    keys: list[Key], width: float, depth: float, colours: Colours, own: np.random.Generator
) -> Image.Image:
    """Draws all key tops as seen from above, letters in the upper left or the middle."""
    scale = SHEET_PX_PER_KEY
    picture = Image.new("RGB", (int(width * scale), int(depth * scale)), colours.case)
    draw = ImageDraw.Draw(picture)
    centred, style = chance(own, 0.5), pick(own, ("dejavu", "dejavu bold", "dejavu"))
    accents = chance(own, 0.5)
    for key in keys:
        left, top = key.left * scale, (depth - key.low - 1) * scale
        plain = len(key.legend) == 1 and key.legend.isalnum()
        fill = colours.keys if plain or key.width > 3 or not accents else colours.others
        draw.rectangle((left, top, left + key.width * scale, top + scale), fill=fill)
        size = int(scale * (0.34 if len(key.legend) == 1 else 0.2))
        where, anchor = ((left + key.width * scale / 2, top + 0.45 * scale), "mm")
        if not centred:
            where, anchor = ((left + 0.26 * scale, top + 0.2 * scale), "lt")
        ink = colours.ink if fill == colours.keys else prints.contrasting(fill, (colours.ink, "#e8e6e0"), own)
        draw.text(where, key.legend, ink, font(style, size), anchor=anchor)
        if key.legend.isdigit() and centred is False:
            draw.text(
                (left + 0.62 * scale, top + 0.52 * scale),
                '!"§$%&/()='[int(key.legend) - 1],
                ink,
                font(style, size * 2 // 3),
            )
    return picture
