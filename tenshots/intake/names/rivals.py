"""Labels that may be the name of an archive or that of the folder that holds all in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tenshots.intake.names import copies
from tenshots.intake.names.readings import Reading, renamed, stem, values
from tenshots.intake.names.spelling import composed, plain
from tenshots.wording import joined, visible


def labelled(items: Sequence[Reading]) -> tuple[list[Reading], list[str]]:
    """Returns the items with the label that others write, where an archive and the folder in it name two."""
    held: dict[str, list[Reading]] = defaultdict(list)
    for item in items:
        if item.archive and item.fields is not None:
            held[item.archive].append(item)
    pairs = {archive: pair for archive, theirs in held.items() if (pair := _rivals(archive, theirs))}
    known = {plain(name) for name in values((item for item in items if item.archive not in pairs), "label")}
    named: dict[str, str] = {}
    unsure: dict[str, str] = {}
    for archive, (label, other) in sorted(pairs.items()):
        if plain(other) in known and plain(label) not in known:
            named[archive] = other
        elif plain(other) in known or (plain(label) not in known and plain(label) == plain(stem(archive))):
            unsure[archive] = f"{visible(archive)} ({label!r}, not {other!r})"
    sentences = [
        f"the label in {visible(archive)} is {name!r}, as others write it, not {pairs[archive][0]!r}"
        for archive, name in named.items()
    ]
    if unsure:
        sentences.append(
            f"archives and the folders in them have two names, either of which may be the label: "
            f"{joined(unsure.values())}; rename the archive or the folder if the other one is meant"
        )
    return [
        renamed(item, "label", {pairs[item.archive][0]: named[item.archive]})
        if item.archive in named
        else item
        for item in items
    ], sentences


def _rivals(archive: str, items: Sequence[Reading]) -> tuple[str, str] | None:
    """Returns the label of all files in an archive, and the name that may be it as well, if there is one.

    Those are the name of the archive, unless it says who handed in, and that of the folder of the files.
    """
    name = stem(archive)
    fields = {(item.fields.label, item.fields.group) for item in items if item.fields is not None}
    folders = {item.path[len(archive) + 1 :].rpartition("/")[0].rpartition("/")[2] for item in items}
    if len(fields) > 1 or len(folders) > 1 or copies.download(name):
        return None
    ((label, group),), (folder,) = fields, folders
    pair = {plain(each): composed(each) for each in (name, folder)}
    other = "".join(each for key, each in pair.items() if key != plain(label))
    is_one = plain(label) not in pair or not other or plain(folder) in map(plain, copies.originals(name))
    says_who = bool(group) and plain(name).startswith(plain(group)) and plain(label) == plain(folder)
    return None if is_one or says_who or copies.names_nothing(other) else (label, other)
