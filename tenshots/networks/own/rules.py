"""What an argument of a layer may be: a sentence's worth of rule, and the test of a value."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from tenshots.params import shown

MAX_SIDE = 1024  # of windows, steps and borders: photos have no more pixels per side
MAX_FILTERS = 4096  # as in the other families
MAX_UNITS = 65_536


class Rule(NamedTuple):
    """A rule for one argument.

    Attributes:
        says: what a value must be, to follow "must be": "an integer from 1 to 4096".
        fits: whether a value is that.
    """

    says: str
    fits: Callable[[object], bool]

    def broken_by(self, value: object) -> str:
        """Returns the end of a message on a value that breaks the rule: "must be …, got …"; else nothing."""
        if self.fits(value):
            return ""
        remedy = "; remove the quotes" if isinstance(value, str) and _is_plain(value) else ""
        return f"must be {self.says}, got {shown(value)}{remedy}"


def _is_plain(text: str) -> bool:
    """Whether it would be a number, or true or false, without quotes."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return text in ("true", "false")


def _is_integer(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def integer(least: int, most: int) -> Rule:
    """Returns the rule of a whole number."""
    return Rule(f"an integer from {least} to {most}", lambda value: _is_integer(value, least, most))


def sides(least: int, most: int = MAX_SIDE) -> Rule:
    """Returns the rule of one whole number for both sides, or one for the height and one for the width."""

    def fits(value: object) -> bool:
        numbers = value if isinstance(value, list) and len(value) == 2 else [value]
        return all(_is_integer(number, least, most) for number in numbers)

    example = max(least, 3)
    return Rule(
        f"an integer from {least} to {most}, or two of them for height and width, as [{example}, {example}]",
        fits,
    )


def borders() -> Rule:
    """Returns the rule of what is added or cut off: as `sides`, or [[top, bottom], [left, right]]."""
    plain = sides(0)

    def fits(value: object) -> bool:
        if isinstance(value, list) and len(value) == 2 and all(isinstance(each, list) for each in value):
            return all(len(each) == 2 and plain.fits(each) for each in value)
        return plain.fits(value)

    return Rule(f"{plain.says}, or [[top, bottom], [left, right]]", fits)


def number(least: float, most: float, *, above: bool = False, below: bool = False) -> Rule:
    """Returns the rule of a number from `least` to `most`, without these where `above` or `below` says so."""

    def fits(value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return False
        return (least < value if above else least <= value) and (value < most if below else value <= most)

    lower = f"above {least}" if above else f"of at least {least}"
    upper = f"below {most}" if below else f"at most {most}"
    return Rule(f"a number {lower} and {upper}", fits)


def text(*known: str) -> Rule:
    """Returns the rule of a word from a list."""
    return Rule(f"one of {', '.join(known)}", lambda value: isinstance(value, str) and value in known)


def flag() -> Rule:
    """Returns the rule of true or false."""
    return Rule("true or false", lambda value: isinstance(value, bool))


def optional(rule: Rule) -> Rule:
    """Returns the rule of a value that may also be left empty, as Keras has it by default."""
    return Rule(rule.says, lambda value: value is None or rule.fits(value))


def shape() -> Rule:
    """Returns the rule of what a photo's numbers are arranged as: a row of them, or maps."""

    def fits(value: object) -> bool:
        if not isinstance(value, list) or len(value) not in (1, 3) or value.count(-1) > 1:
            return False
        return all(_is_integer(side, 1, 2**30) or side == -1 for side in value)

    return Rule(
        "[numbers] or [height, width, channels], each at least 1, one of which may be -1: whatever is left",
        fits,
    )
