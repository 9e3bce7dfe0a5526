"""Numbers and lists in messages, in words, and what users wrote, as text in messages and in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

NUM_SHOWN = 5  # names in a sentence
# What could start markup: tags and entities, and the signs of Markdown and GitHub's dialect; an underscore
# within a word and a lone < could not.
MARKUP = re.compile(r"<(?=[A-Za-z/!?])|&(?=#?\w+;)|[\\`*|\[\]~$]|(?<![^\W_])_|_(?![^\W_])|\A[#>]")
# Look like nothing, or like a blank: what Unicode lets programs ignore (fillers, joiners, soft hyphens, marks
# of direction, variation selectors, tags), and the empty cell of Braille.
# Source: Unicode 16.0, DerivedCoreProperties.txt, Default_Ignorable_Code_Point
UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
ENTITIES = {"<": "&lt;", "&": "&amp;"}  # not every reader of Markdown knows a backslash before them


def counted(number: int, noun: str) -> str:
    """Returns `1 photo`, `2,000 photos`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def independent_sets(number: int) -> str:
    """Returns what components are called (see splitting.division): `3 independent sets of photos`."""
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


def visible(name: str) -> str:
    """Returns the name with escapes for what nobody can see in it, such as a zero-width space."""
    return "".join(escaped(each) if UNSEEN.match(each) or not each.isprintable() else each for each in name)


def escaped(character: str) -> str:
    """Returns a character as Python writes it in ASCII: of a no-break space, its number in hexadecimal."""
    return character.encode("unicode_escape").decode("ascii")
