"""Messages count and list as a person would."""

from __future__ import annotations

import html
import re

import pytest

from tenshots.wording import as_code, counted, in_markdown, independent_sets, joined, some
from tests.drawn.hostile import HOSTILE, rendered


@pytest.mark.parametrize(
    ("number", "noun", "expected"),
    [
        (0, "photo", "0 photos"),
        (1, "photo", "1 photo"),
        (2000, "photo", "2,000 photos"),
    ],
)
def test_a_noun_has_its_number(number: int, noun: str, expected: str) -> None:
    assert counted(number, noun) == expected


def test_the_sets_take_the_s_and_not_their_photos() -> None:
    assert independent_sets(1) == "1 independent set of photos"
    assert independent_sets(3) == "3 independent sets of photos"


def test_long_lists_end_in_a_number_which_is_never_one() -> None:
    assert some(list("abcdef")) == list("abcdef")
    assert some(list("abcdefg")) == [*"abcde", "2 more"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_user_wrote_is_shown_as_it_is_in_markdown(text: str) -> None:
    page = rendered(f"| a |\n|---|\n| {in_markdown(text)} |")
    assert set(re.findall(r"<(\w+)", page)) == {"table", "thead", "tbody", "tr", "th", "td"}
    (shown,) = re.findall("<td>(.*)</td>", page)
    assert html.unescape(shown) == " ".join(text.split())


@pytest.mark.parametrize("text", [*HOSTILE, "``", "`"])
def test_what_a_user_wrote_is_shown_as_it_is_in_code(text: str) -> None:
    (shown,) = re.findall("<code>(.*)</code>", rendered(f"x {as_code(text)} y"))
    assert html.unescape(shown) == " ".join(text.split())


def test_plain_words_and_numbers_are_left_as_they_are() -> None:
    for text in (
        "fine_tuned",
        "p < 0.001",
        "R&D",
        "+9.4 (+1.5 to +17.3)",
        "84.1\N{NO-BREAK SPACE}%",
        "Größe",
    ):
        assert in_markdown(text) == text
    assert as_code("{group}/{label}/{name}") == "`{group}/{label}/{name}`"


def test_names_are_joined_as_one_says_them() -> None:
    assert joined(["ann"]) == "ann"
    assert joined(name for name in ("ann", "bob", "cem")) == "ann, bob and cem"
    assert joined("abcdefg") == "a, b, c, d, e and 2 more"
