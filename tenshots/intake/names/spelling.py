"""When two names are one name written in two ways, and how a name is shown."""

from __future__ import annotations

import re
import unicodedata

from tenshots.wording import UNSEEN, escaped, visible

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


def exact(name: str) -> str:
    """Returns the name in quotes, also with escapes for what others stand for, such as a wide c."""
    is_plain = unicodedata.is_normalized
    return f"'{''.join(each if is_plain('NFKC', each) else escaped(each) for each in visible(name))}'"


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
