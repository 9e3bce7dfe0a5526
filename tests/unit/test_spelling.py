"""Which names are spellings of one, and how they are shown."""

from __future__ import annotations

import pytest

from tenshots.spelling import composed, plain, visible


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cup", "CUP"),
        ("straße", "STRASSE"),
        ("cle\u0301", "clé"),
        ("coffee cup", " coffee  cup\u00a0"),
        ("cup", "c\u00adup\u200b\ufeff"),
        ("cup", "\u202acup\u202c\u2066\u2069\u200e"),
        ("\u2764\ufe0f", "\u2764"),  # a heart, drawn in colour or as text
        ("\u0645\u06cc\u200c\u0631\u0648\u0645", "\u0645\u06cc\u0631\u0648\u0645"),  # Persian, with a joiner
    ],
)
def test_spellings_of_one_name_are_alike(one: str, other: str) -> None:
    assert plain(one) == plain(other)


@pytest.mark.parametrize(("one", "other"), [("cup", "cups"), ("coffee cup", "coffeecup"), ("e", "é")])
def test_other_names_are_not(one: str, other: str) -> None:
    assert plain(one) != plain(other)


def test_what_cannot_be_seen_is_shown_and_all_else_is_left() -> None:
    assert visible("cup\u200b \u202eé 杯子\n") == "cup\\u200b \\u202eé 杯子\\n"
    assert composed("cle\u0301\u200b") == "clé\u200b"
