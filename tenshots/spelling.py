"""When two names are one name written in two ways."""

from __future__ import annotations

import re
import unicodedata

# Look like nothing: format characters (zero-width spaces and joiners, soft hyphens, marks of direction), and
# variation selectors, which choose between two drawings of the character before them.
UNSEEN_CATEGORY = "Cf"
VARIATION_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def composed(name: str) -> str:
    """Returns the name with accents on their letters (NFC), as all systems but macOS write it."""
    return unicodedata.normalize("NFC", name)


def plain(name: str) -> str:
    """Returns what all spellings of a name share: they differ in case, Unicode form, blanks or the unseen.

    Only for comparing: a joiner means something in Persian and in emoji, so the name itself keeps it.
    """
    seen = VARIATION_SELECTORS.sub("", composed(name))
    seen = "".join(each for each in seen if unicodedata.category(each) != UNSEEN_CATEGORY)
    return composed(" ".join(seen.casefold().split()))


def visible(name: str) -> str:
    """Returns the name with escapes for what nobody can see in it, such as a zero-width space."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in name
    )
