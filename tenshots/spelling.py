"""When two names are one name written in two ways, and how a name is shown."""

from __future__ import annotations

import re
import unicodedata

# Look like nothing, or like a blank: what Unicode lets programs ignore (fillers, joiners, soft hyphens, marks
# of direction, variation selectors, tags), and the empty cell of Braille.
# Source: Unicode 16.0, DerivedCoreProperties.txt, Default_Ignorable_Code_Point
UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
FORMAT_CATEGORY = "Cf"
# Scripts with letters that look alike. Source: Unicode Technical Standard 39, confusables.txt
ALIKE = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU")


def composed(name: str) -> str:
    """Returns the name with accents on their letters (NFC), as all systems but macOS write it."""
    return unicodedata.normalize("NFC", name)


def plain(name: str) -> str:
    """Returns what all spellings of a name share: they differ in case, form, width, blanks or the unseen.

    Only for comparing: a joiner means something in Persian and in emoji, so the name itself keeps it.
    """
    seen = UNSEEN.sub("", unicodedata.normalize("NFKC", UNSEEN.sub("", name)))
    seen = "".join(each for each in seen if unicodedata.category(each) != FORMAT_CATEGORY)
    return unicodedata.normalize("NFKC", " ".join(seen.casefold().split()))


def visible(name: str) -> str:
    """Returns the name with escapes for what nobody can see in it, such as a zero-width space."""
    return "".join(_escaped(each) if UNSEEN.match(each) or not each.isprintable() else each for each in name)


def exact(name: str) -> str:
    """Returns the name in quotes, also with escapes for what others stand for, such as a wide c."""
    is_plain = unicodedata.is_normalized
    return f"'{''.join(each if is_plain('NFKC', each) else _escaped(each) for each in visible(name))}'"


def strangers(name: str) -> list[str]:
    """Returns which letters of a word are of another script than most of it though they look alike.

    Someone's keyboard was still set to Russian: the first letter of `cup` is CYRILLIC SMALL LETTER ES.
    """
    found: list[str] = []
    for word in re.findall(r"[^\W\d_]+", name):
        scripts = [unicodedata.name(letter, "").partition(" ")[0] for letter in word]
        counts = {script: scripts.count(script) for script in ALIKE if script in scripts}
        usual = max(counts, key=lambda script: counts[script], default="")
        found += [
            f"{letter!r} is {unicodedata.name(letter)}"
            for letter, script in zip(word, scripts, strict=True)
            if script in counts and script != usual
        ]
    return list(dict.fromkeys(found))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
