"""Messages count and list as a person would."""

from __future__ import annotations

import pytest

from tenshots.wording import counted, independent_sets, joined, some


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


def test_names_are_joined_as_one_says_them() -> None:
    assert joined(["ann"]) == "ann"
    assert joined(name for name in ("ann", "bob", "cem")) == "ann, bob and cem"
    assert joined("abcdefg") == "a, b, c, d, e and 2 more"
