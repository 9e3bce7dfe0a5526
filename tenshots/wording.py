"""Numbers and lists in messages, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

NUM_SHOWN = 5  # names in a sentence


def counted(number: int, noun: str) -> str:
    """Returns `1 photo`, `2,000 photos`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def independent_sets(number: int) -> str:
    """Returns what components are called (see tenshots.splitting): `3 independent sets of photos`."""
    return f"{counted(number, 'independent set')} of photos"


def some(names: Sequence[str]) -> list[str]:
    """Returns the first five names and how many more there are; all six, as `1 more` is no shorter."""
    num_more = len(names) - NUM_SHOWN
    return [*names[:NUM_SHOWN], f"{num_more} more"] if num_more > 1 else list(names)


def joined(names: Iterable[str]) -> str:
    """Returns `ann, bob and cem`, of many the first five; a name is never empty."""
    *first, last = some(list(names))
    return f"{', '.join(first)} and {last}" if first else last
