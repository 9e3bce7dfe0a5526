"""What a picture's letters lack is a number in it, and no empty box."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageChops

from tenshots import lettering
from tenshots.interpretation import drawing
from tenshots.tracking import figures


@pytest.mark.parametrize("text", ["größe", "книга", "كتاب", "βιβλίο", "$x_1$ <b>"])
def test_what_the_letters_have_stays(text: str) -> None:
    assert lettering.drawable(text) == text


def test_what_they_lack_becomes_its_number() -> None:
    assert lettering.drawable("a 杯子 \N{SLIGHTLY SMILING FACE}") == r"a \u676f\u5b50 \U0001f642"


def test_what_only_the_plain_or_only_the_bold_letters_have_becomes_its_number() -> None:
    """A label stands in both: plain at an axis, bold in a page's headings."""
    plain, bold = "\N{MATHEMATICAL SANS-SERIF CAPITAL A}", "\N{MATHEMATICAL SANS-SERIF BOLD CAPITAL A}"
    for character, is_bold in ((plain, False), (bold, True)):
        for each in (False, True):
            has_it = ord(character) in FT2Font(str(lettering.path(bold=each))).get_charmap()
            assert has_it == (each == is_bold)
    assert lettering.drawable(plain + bold) == r"\U0001d5a0\U0001d5d4"


@pytest.mark.filterwarnings("error:Glyph")  # as matplotlib says of an empty box
def test_pictures_of_such_labels_differ_and_say_what_the_numbers_are() -> None:
    counts = np.array([[5, 1], [0, 4]])
    pictures = [
        figures.confusion_png(counts, labels, title="a")
        for labels in (["杯子", "b"], ["书", "b"], ["c", "b"])
    ]
    assert len(set(pictures)) == 3
    plain, noted = (Image.open(io.BytesIO(picture)) for picture in (pictures[2], pictures[0]))
    foot = (0, plain.height - 20, plain.width, plain.height)
    white = Image.new("RGB", (plain.width, 20), "white")
    ink = [ImageChops.difference(each.convert("RGB").crop(foot), white).getbbox() for each in (plain, noted)]
    assert ink[1] is not None  # the note
    assert ink[0] != ink[1]
    assert np.any(np.asarray(drawing.line("杯")) != np.asarray(drawing.line("子")))  # both were one box
