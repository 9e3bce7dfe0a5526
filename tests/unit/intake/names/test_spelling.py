"""Which names are spellings of one, and how they are shown."""

from __future__ import annotations

import pytest

from tenshots.intake.names.spelling import composed, exact, plain, strangers
from tenshots.wording import visible

UNSEEN = [*"\u3164\u2800\u034f\u115f\uffa0\u17b4\u180e\u2060\U000e0020\u200b\ufe0f"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cup", "CUP"),
        ("straße", "STRASSE"),
        ("cle\u0301", "clé"),
        ("coffee cup", " coffee  cup\u00a0"),
        ("cup", "c\u00adup\u200b\ufeff"),
        ("cup", "\u202acup\u202c\u2066\u2069\u200e"),
        *[("cup", f"c{unseen}up") for unseen in UNSEEN],
        ("cup", "\uff43\uff55\uff50"),  # full width
        ("\u30ab\u30c3\u30d7", "\uff76\uff6f\uff8c\uff9f"),  # Japanese, half width
        ("\ufb01lm", "film"),  # a ligature
        ("\u2764\ufe0f", "\u2764"),  # a heart, drawn in colour or as text
        ("\u0645\u06cc\u200c\u0631\u0648\u0645", "\u0645\u06cc\u0631\u0648\u0645"),  # Persian, with a joiner
    ],
)
def test_spellings_of_one_name_are_alike(one: str, other: str) -> None:
    assert plain(one) == plain(other)


@pytest.mark.parametrize(
    ("one", "other"), [("cup", "cups"), ("coffee cup", "coffeecup"), ("e", "é"), ("\u0441up", "cup")]
)
def test_other_names_are_not(one: str, other: str) -> None:
    assert plain(one) != plain(other)


def test_what_cannot_be_seen_is_shown_and_all_else_is_left() -> None:
    assert visible("cup\u200b \u202eé 杯子\n") == "cup\\u200b \\u202eé 杯子\\n"
    assert composed("cle\u0301\u200b") == "clé\u200b"
    for unseen in UNSEEN:
        assert visible(f"cup{unseen}").isascii()


def test_a_character_that_stands_for_another_is_shown_by_its_number() -> None:
    assert exact("\uff43up é\u3164") == "'\\uff43up é\\u3164'"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("\u0441up", ["'\u0441' is CYRILLIC SMALL LETTER ES"]),
        ("tea c\u03c5\u03c5p", ["'\u03c5' is GREEK SMALL LETTER UPSILON"]),
        ("\u0447\u0430\u0448\u043aa", ["'a' is LATIN SMALL LETTER A"]),
        *[
            (name, [])
            for name in (
                "cup",
                "чашка",
                "USB \u043a\u0430\u0431\u0435\u043b\u044c",
                "\u03b1-Teilchen",
                "杯子 cup",
                "カップcup",
                "clé",
                "5 µm",
            )
        ],
    ],
)
def test_letters_of_another_script_are_told_within_a_word(name: str, expected: list[str]) -> None:
    assert strangers(name) == expected
