"""Text that a picture can show: in matplotlib's own letters (DejaVu Sans), the same on every machine.

They have Latin, Greek, Cyrillic, Arabic, Hebrew and more, but no Chinese, Japanese, Korean or Devanagari, for
which a picture would show empty boxes. A font for these takes megabytes, and the machine's own would draw
other pixels elsewhere.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.ft2font import FT2Font

NOTE = r"\u and digits: a character that these letters lack"


def path(*, bold: bool = False) -> Path:
    """Returns the file of the letters."""
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"DejaVuSans{'-Bold' if bold else ''}.ttf"


def drawable(text: str) -> str:
    r"""Returns the text with each character that the letters lack as its number, such as `\u676f`."""
    known = _characters()
    return "".join(
        character if ord(character) in known else character.encode("ascii", "backslashreplace").decode()
        for character in text
    )


@cache
def _characters() -> frozenset[int]:
    plain, bold = (FT2Font(str(path(bold=bold))).get_charmap() for bold in (False, True))
    return frozenset(plain) & frozenset(bold)
