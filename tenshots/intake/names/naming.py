"""One name for each label and each person, however folders and archives write it.

What is certain, or what the names themselves tell, is made one name, and every time a sentence says so. What
may be one name or two is left as two (see `collection.doubts`, which tells of it).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate

from tenshots.intake.names import codepages, copies, handins, rivals
from tenshots.intake.names.pattern import PathFields
from tenshots.intake.names.readings import Reading, fields_of, renamed, stem, values
from tenshots.intake.names.spelling import composed, plain
from tenshots.wording import joined, visible

NAMES = ("label", "group")


def one_name_each(items: Sequence[Reading]) -> tuple[list[PathFields | None], list[str]]:
    """Returns the fields of each item with one name for each label and group, and sentences on what was done.

    1. Names in an unknown code page are read in the one that makes them names of other items.
    2. A label is the name of an archive or that of the folder that holds all in it, whichever others write.
    3. Labels and groups are one where they differ by what copies add, and the name without it exists:
       `cup (1)`, `cup - Copy`, `cup 2` beside `cup`. For groups that name must also say who it is, as
       `photos (1)` and `student 2` may be another person's, and it may be the folder inside: `ann 1.zip`
       and `ann 2.zip` that both hold `ann`.
    4. Groups are one where a platform says so: parts of one download, or one person's number; and where
       archives are named after one person and what they hold: `Ann Lee - cups`, `Ann Lee - books`.

    Nothing is made one where only one label or group would be left: then the names are numbers, not copies.

    The fields keep their order, and do not depend on that of the items.
    """
    sentences = _two_forms(items)
    named, more = _decoded(items)
    sentences += more
    named, more = rivals.labelled(named)
    sentences += more
    for field, ask in (("label", _labels), ("group", _groups)):
        names, more = ask(named)
        named = [renamed(item, field, names) for item in named]
        sentences += more
    return [item.fields for item in named], [*_parts(named), *sentences, *_alike_inside(named)]


def _labels(items: Sequence[Reading]) -> tuple[dict[str, str], list[str]]:
    """Returns the name of each label, and which are one name."""
    names = {label: label for label in values(items, "label")}
    for label in names:
        if (download := copies.download(label)) and not copies.says_nothing(label):
            names[label] = download[0]
    # Two archives that all systems name so may hold any two things.
    copied = _copied(names.values(), {}, lambda name: not copies.names_nothing(name))
    names = {label: copied.get(name, name) for label, name in names.items()}
    return names, [
        f"{joined(map(repr, labels))} count as one label, {label!r}, because they are named like copies; "
        f"rename the folders if they hold different things"
        for label, labels in _several(names).items()
    ]


def _groups(items: Sequence[Reading]) -> tuple[dict[str, str], list[str]]:
    """Returns the name of each group, and which are one person's."""
    owners = handins.owners(items)
    names = _handed_in(values(items, "group")) | owners
    labels = {plain(label) for label in values(items, "label")}
    inside = {names[group]: folder for group, folder in _only_folders(items).items()}
    copied = _copied(
        names.values(), inside, lambda name: plain(name) not in labels and not copies.means_anyone(name)
    )
    merged = {group: copied.get(name, name) for group, name in names.items()}
    sentences = []
    for name, groups in _several(merged).items():
        sources = joined(dict.fromkeys(source for group in groups for source in _sources(items, group)))
        if any(names[group] in copied for group in groups):
            why = "because they are named like copies; rename one if they are by two people"
        elif any(group in owners for group in groups):
            why = "because they are named after one person and what they hold; rename one if they are by two"
        elif any(map(copies.person, groups)):
            why = "because the platform gave them one person's number"
        else:
            why = "because they are parts of one download"
        sentences.append(f"{sources} count as one group, {name!r}, {why}")
    return merged, [*sentences, *handins.doubts(items, merged)]


def _handed_in(groups: Sequence[str]) -> dict[str, str]:
    """Returns the name of each group without what platforms add, as far as they tell whose it is."""
    names = {group: group for group in groups}
    for person, theirs in _gathered(groups, copies.person).items():
        if person and len(theirs) > 1:
            names |= dict.fromkeys(theirs, person)
    downloads = {group: download for group in groups if (download := copies.download(group))}
    families = {copies.family(group) for group in groups if group not in downloads}
    for group, (owner, time) in downloads.items():
        times = {each for other, each in downloads.values() if plain(other) == plain(owner)}
        is_one = len(times) == 1 and plain(owner) not in families and not copies.says_nothing(owner)
        names[group] = owner if is_one else f"{owner}-{time}"
    return names


def _copied(names: Iterable[str], inside: Mapping[str, str], may: Callable[[str], bool]) -> dict[str, str]:
    """Returns the names that are copies of another, or of the one folder inside, and of which.

    Args:
        names: of all labels or groups.
        inside: for archives the one folder that all their files lie in.
        may: whether a name may have copies.
    """
    names = sorted(set(names))
    spellings = {name: [plain(original) for original in copies.originals(name)] for name in names}
    # The folder inside a download has the archive's name anyway, and so proves nothing.
    proven = {
        folder
        for name, folder in inside.items()
        if plain(folder) in spellings[name] and not copies.download(name)
    }
    known = {plain(name): name for name in [*sorted(proven, reverse=True), *reversed(names)]}
    copied: dict[str, str] = {}
    for name in names:
        originals = [known[each] for each in reversed(spellings[name]) if each in known]
        if original := next(filter(may, originals), ""):
            copied[name] = original
    copied = {name: copied.get(original, original) for name, original in copied.items()}
    return copied if len({copied.get(name, name) for name in names}) > 1 else {}


def _only_folders(items: Iterable[Reading]) -> dict[str, str]:
    """Returns for each group that archives alone hold the one folder at their top, where there is one."""
    tops: dict[str, set[str]] = defaultdict(set)
    for item in items:
        if item.fields is not None and item.fields.group:
            folder, below, _ = item.path[len(item.archive) + 1 :].partition("/")
            tops[item.fields.group].add(folder if item.archive and below else "")
    return {
        group: composed(min(folders))
        for group, folders in tops.items()
        if len(folders) == 1 and "" not in folders
    }


def _decoded(items: Sequence[Reading]) -> tuple[list[Reading], list[str]]:
    """Returns the items with names in the code page that makes them known, and which are still guesses."""
    certain = {pair for item in items for pair in set(fields_of(item)) - set(_guesses(item))}
    known = {each: {plain(name) for field, name in certain if field == each} for each in NAMES}
    by_archive: dict[str, list[Reading]] = defaultdict(list)
    for item in items:
        if item.is_guess:
            by_archive[item.archive].append(item)
    told: dict[str, dict[tuple[str, str], str]] = {}
    sentences, guesses = [], []
    for archive, unsure in sorted(by_archive.items()):
        names = {pair for item in unsure for pair in _guesses(item)}
        told[archive] = codepages.resolved(names, known)
        read = {f"{name!r} as {meant!r}" for (_, name), meant in told[archive].items() if name != meant}
        if read:
            sentences.append(
                f"{visible(archive)} does not say how its names are encoded; they were read in the encoding "
                f"that makes them match names found elsewhere: {joined(sorted(read))}"
            )
        if not told[archive] or names - told[archive].keys():
            guesses.append(f"{visible(archive)} ({_unsure_name(unsure)!r})")
    if guesses:
        sentences.append(
            f"the code page of the names in {joined(guesses)} is unknown, so some may be misread; if one is, "
            f"unpack the archive, correct the name, and put the folder in the archive's place"
        )
    decoded = []
    for item in items:
        if item.is_guess and item.fields is not None:
            meant = {field: told[item.archive].get((field, name), name) for field, name in _guesses(item)}
            item = item._replace(fields=item.fields._replace(**meant))
        decoded.append(item)
    return decoded, sentences


def _unsure_name(items: Iterable[Reading]) -> str:
    """The first folder whose name is a guess, or else the first file."""
    folders: set[str] = set()
    files: set[str] = set()
    for item in items:
        *above, name = item.path[len(item.archive) + 1 :].split("/")
        folders.update(part for part in above if not part.isascii())
        files.add(name)
    return min(folders or {name for name in files if not name.isascii()} or files)


def _two_forms(items: Iterable[Reading]) -> list[str]:
    """Returns which labels and groups are written with accents on their letters and behind them."""
    forms: dict[tuple[str, str], set[bool]] = defaultdict(set)
    for item in items:
        for field, name in fields_of(item):
            if not name.isascii():
                forms[field, name].add(name in item.path)
    return [
        f"the {field} {name!r} is written in two Unicode forms, as macOS and other systems do; they count "
        f"as one"
        for (field, name), written in sorted(forms.items())
        if len(written) > 1
    ]


def _parts(items: Iterable[Reading]) -> list[str]:
    """Returns which archives are parts of one download, and which parts are missing."""
    parts: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    groups: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for item in items:
        # Also those that hold archives.
        for archive in accumulate(item.archive.split("/"), "{}/{}".format):
            if archive.lower().endswith(".zip") and (download := copies.download(stem(archive))):
                key = archive.rpartition("/")[0], *download
                parts[key].add(archive)
                groups[key].update(name for field, name in fields_of(item) if field == "group")
    sentences = []
    for key, archives in sorted(parts.items()):
        if len(archives) > 1:
            sentences.append(
                f"{joined(map(visible, sorted(archives)))} are parts of one download and are read as one"
                + (f", as {joined(sorted(map(repr, groups[key])))}" if groups[key] else "")
            )
        numbers = {copies.part(stem(archive)) for archive in archives}
        if missing := sorted(set(range(1, max(numbers))) - numbers):
            sentences.append(
                f"{visible(max(archives))} is part {max(numbers)} of a download that lacks "
                f"{joined(f'part {number}' for number in missing)}; if photos are missing, download the "
                f"folder again"
            )
    return sentences


def _alike_inside(items: Sequence[Reading]) -> list[str]:
    """Returns which archives are groups of their own though they hold one folder, as one person's would.

    Not where all do: then it is what the task calls it. Nor where one archive holds several of the groups:
    then the folder is around them, as in a class's download.
    """
    labels = {plain(label) for label in values(items, "label")}
    held: dict[str, set[str]] = defaultdict(set)
    for item in items:
        held[item.archive].update(name for field, name in fields_of(item) if field == "group")
    folders = _only_folders(items)
    alike = _gathered(sorted(folders), lambda group: plain(folders[group]))
    num_groups = len(values(items, "group"))
    sentences = []
    for folder, groups in sorted(alike.items()):
        is_nobodys = folder in labels or copies.says_nothing(folder) or len(groups) == num_groups
        is_nobodys |= any(len(theirs.intersection(groups)) > 1 for theirs in held.values())
        if len(set(map(copies.family, groups))) > 1 and not is_nobodys:
            sources = joined(source for group in groups for source in _sources(items, group))
            sentences.append(
                f"{sources} each hold a folder named {folders[groups[0]]!r} and count as {len(groups)} "
                f"groups; put them into one folder if they are by one person"
            )
    return sentences


def _sources(items: Iterable[Reading], group: str) -> list[str]:
    """Returns the archives that are a group by their names, or else its name."""
    archives = {item.archive for item in items if item.fields is not None and item.fields.group == group}
    by_name = all(composed(archive.rpartition("/")[2]).startswith(group) for archive in archives)
    return [*map(visible, sorted(archives))] if by_name else [repr(group)]


def _guesses(item: Reading) -> list[tuple[str, str]]:
    """Those of them that are in an unknown code page: the name of the archive itself is not."""
    inside = composed(item.path[len(item.archive) :]) if item.is_guess else ""
    return [(field, name) for field, name in fields_of(item) if not name.isascii() and name in inside]


def _gathered(names: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    gathered: dict[str, list[str]] = defaultdict(list)
    for name in names:
        gathered[key(name)].append(name)
    return gathered


def _several(names: Mapping[str, str]) -> dict[str, list[str]]:
    """Returns the names that stand for several, and for which."""
    gathered = _gathered(sorted(names), names.__getitem__)
    return {name: sources for name, sources in sorted(gathered.items()) if len(sources) > 1}
