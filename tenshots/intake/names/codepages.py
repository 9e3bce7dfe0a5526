"""Names in archives that do not tell their code page: which one makes them names that others write, too.

Windows writes names into a .zip in the code page of the computer's language, and the archive does not say
which: `książka` in code page 852 reads as `ksiÑ╛ka` in 437, the one of the first PCs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Set

from tenshots.intake.names.spelling import composed, plain

READ_AS = "cp437"  # by Python's zipfile, one to one
# Those of Windows for DOS and for itself, by language; Chinese, Japanese and Korean have one for both.
# Source: Microsoft, "Code Page Identifiers"
PAGES = (
    *("cp437", "cp850", "cp852", "cp855", "cp857", "cp858", "cp860", "cp861", "cp862", "cp863", "cp865"),
    *("cp866", "cp869", "cp720", "cp737", "cp775", "cp874", "cp932", "gbk", "cp949", "big5"),
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
)


def resolved(names: Iterable[tuple[str, str]], known: Mapping[str, Set[str]]) -> dict[tuple[str, str], str]:
    """Returns what the names of one archive are, as far as names that are certain tell.

    One computer made the archive, so all of its names are in one code page: the one in which most of them are
    names that others write, too. Where several pages are as good, a name is what all of them make of it.

    Args:
        names: pairs of a field and its value in code page 437; those of ASCII are the same in all.
        known: for each field the values that are certain, as `spelling.plain` writes them.

    Returns:
        The value of each pair that is told; none at all where no page makes a known name.
    """
    unsure = sorted({pair for pair in names if not pair[1].isascii()})
    readings = {page: {pair: _read(pair[1], page) for pair in unsure} for page in PAGES}
    hits = {
        page: sum(plain(name) in known[field] for (field, _), name in reading.items() if name)
        for page, reading in readings.items()
    }
    most = max(hits.values())
    if not most:
        return {}
    meant = {pair: {readings[page][pair] for page in PAGES if hits[page] == most} for pair in unsure}
    return {pair: name for pair, (name, *others) in meant.items() if name and not others}


def _read(name: str, page: str) -> str:
    """What a name would be in a code page; nothing where it would be no name."""
    try:
        read = composed(name.encode(READ_AS).decode(page))
    except UnicodeError:
        return ""
    return "" if any(unicodedata.category(each) in ("Cc", "Co", "Cn") for each in read) else read
