"""Numbers and lists in messages, in words, and what users wrote as text in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

NUM_SHOWN = 5  # names in a sentence
# What could start markup: tags and entities, and the signs of Markdown and GitHub's dialect; an underscore
# within a word and a lone < could not.
MARKUP = re.compile(r"<(?=[A-Za-z/!?])|&(?=#?\w+;)|[\\`*|\[\]~$]|(?<![^\W_])_|_(?![^\W_])|\A[#>]")
ENTITIES = {"<": "&lt;", "&": "&amp;"}  # not every reader of Markdown knows a backslash before them


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


def in_markdown(text: object) -> str:
    """Writes any text for Markdown: on one line, and no character of it ends a cell or starts markup."""
    return MARKUP.sub(lambda found: ENTITIES.get(found[0], f"\\{found[0]}"), _flat(text))


def as_code(text: object) -> str:
    """Writes any text as code for Markdown: on one line, in as many backticks as it needs."""
    flat = _flat(text)
    longest = max((len(run) for run in re.findall("`+", flat)), default=0)
    space = " " if longest or not flat else ""  # else a backtick at its end would count as the fence's
    return f"{'`' * (longest + 1)}{space}{flat}{space}{'`' * (longest + 1)}"


def _flat(text: object) -> str:
    return re.sub("[ \\t\\r\\n\\f\\v]+", " ", str(text)).strip(" ")  # no-break spaces stay
