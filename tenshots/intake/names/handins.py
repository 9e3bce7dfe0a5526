"""Whose the archives are that a platform hands out of a whole class in one.

Google Drive packs the folder of a task in Classroom as `Optics lab-20241102T100037Z-001.zip`, with archives
such as `Ann Lee - cups.zip` in it, or `cups - Ann Lee.zip` where a form collected them. Nothing in that name
tells a class's folder from a person's, so what is assumed is always said.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from tenshots.intake.archives import NESTED
from tenshots.intake.names import copies
from tenshots.intake.names.readings import Reading, stem, values
from tenshots.intake.names.spelling import composed, plain
from tenshots.wording import joined, visible

ARCHIVE_SUFFIX = ".zip"
PHOTO = re.compile(r".*\.(jpe?g|png|webp|hei[cf]|avif|tiff?|bmp|gif)", re.IGNORECASE | re.DOTALL)
HYPHEN = " - "  # between who and what, in either order


def is_of_class(name: str, folders: Sequence[str], paths: Sequence[str]) -> bool:
    """Whether an archive holds archives or folders of several people, as platforms pack them.

    Args:
        name: of the archive without .zip.
        folders: around all its files.
        paths: of all its files and empty folders.
    """
    inside = {path.split("/")[len(folders)] for path in paths if path.count("/") > len(folders)}
    if any(copies.person(each) for each in [*folders, *inside]):
        return True
    return copies.means_anyone(name) and any(NESTED in path for path in paths)


def is_folder_of_people(name: str, folders: Sequence[str], paths: Sequence[str]) -> bool:
    """Whether an archive is the download of one folder from Drive, in which each archive is a person's.

    Not where a photo lies beside them, where each holds one kind of object and no two the same, as one
    person's do, or where they are copies of one. The arguments are those of `is_of_class`.
    """
    if not folders or copies.download(name) is None:
        return False
    kinds: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        archive, mark, file = path.removeprefix(f"{folders[0]}/").partition(NESTED)
        if "/" in archive.rstrip("/") or (not mark and PHOTO.fullmatch(archive)):
            return False
        if mark:
            folder = file.rpartition("/")[0].rpartition("/")[2]
            kinds[stem(archive)] |= set() if copies.names_nothing(folder) else {plain(folder)} - {""}
    all_kinds = [kind for held in kinds.values() for kind in held]
    if max(map(len, kinds.values()), default=0) < 2 and len(set(all_kinds)) == len(all_kinds):
        return False
    families = {copies.family(each) for each in kinds if not copies.says_nothing(each)}
    return len(families) > 1 or (len(kinds) > 1 and any(map(copies.ANYONE.fullmatch, families)))


def owners(items: Iterable[Reading]) -> dict[str, str]:
    """Returns for groups that are one person's archives who that is: Ann Lee of `Ann Lee - cups`.

    That is certain where one half of the name says what the archive holds, a label or photos, and the other
    one does not. Only people with several groups are returned.
    """
    items = list(items)
    labels = set(map(plain, values(items, "label")))
    groups = values(items, "group")
    archives = {name for item in items for name in _archives(item)}
    theirs: dict[str, list[str]] = defaultdict(list)
    who = {group: _who(group, labels) if group in archives else "" for group in groups}
    for group in groups:
        theirs[plain(who[group] or group)].append(group)
    return {
        group: next((each for each in several if not who[each]), who[several[0]])
        for several in theirs.values()
        if len(several) > 1 and any(who[each] for each in several)
        for group in several
    }


def doubts(items: Iterable[Reading], names: Mapping[str, str]) -> list[str]:
    """Returns which archives may be one person's or several people's, and as whose they count.

    Args:
        items: with groups as the layout reads them.
        names: of each group the one that it counts as.
    """
    items = sorted(items, key=lambda item: item.path)
    labels = set(map(plain, values(items, "label")))
    persons = Counter(names.values())
    counted: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    outer: dict[str, set[str]] = defaultdict(set)
    archives: dict[str, str] = {}
    for item in items:
        path, stems = _archive_paths(item), _archives(item)
        group = "" if item.fields is None else item.fields.group
        if group in stems:
            archives.setdefault(group, path[stems.index(group)])
        if group and len(path) > 1 and not copies.person(stems[1]):
            download = "-".join(copies.download(stems[0]) or path[:1])
            counted[download][group].add(stems[1])
            outer[download].add(path[0])
    sentences = []
    for download, groups in sorted(counted.items()):
        where = joined(map(visible, sorted(outer[download])))
        people = sorted({names[group] for group, held in groups.items() if group in held})
        if len(people) > 1:
            sentences.append(
                f"in {where} each archive counts as a different person's: {joined(map(repr, people))}; if "
                f"several are by one person, unpack it and put these into a folder with that person's name"
            )
        for group, held in sorted(groups.items()):
            others = sorted(each for each in held if not _is_thing(each, labels))
            if len(others) > 1:
                sentences.append(
                    f"in {where} the archives {joined(map(repr, others))} count as one person's, "
                    f"{names[group]!r}; if they are by several people, move them into the photos folder"
                )
    return [
        *sentences,
        *_alike({group: archives[group] for group in archives if persons[names[group]] == 1}, labels),
    ]


def _alike(archives: Mapping[str, str], labels: Collection[str]) -> list[str]:
    """Returns which archives, by group, may be one person's as half their names are the same.

    Not what all begin with, or most end with: that is the task, or what it asks for.
    """
    alike: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for group in sorted(archives):
        halves = [group.partition(HYPHEN)[0], group.rpartition(HYPHEN)[2]] if HYPHEN in group else []
        for is_end, half in enumerate(halves):
            if not _is_thing(half, labels):
                alike[bool(is_end), plain(half)].append(group)
    return [
        f"{joined(visible(archives[group]) for group in several)} count as {len(several)} groups; if "
        f"they are by one person, unpack them into one folder"
        for (is_end, _), several in sorted(alike.items())
        if 1 < len(several) < len(archives) and (not is_end or len(several) <= len(archives) / 2)
    ]


def _who(group: str, labels: Collection[str]) -> str:
    """Returns the half of a name that says who, where the other one says what; or nothing."""
    first, last = group.partition(HYPHEN), group.rpartition(HYPHEN)
    for who, what in ((first[0], first[2]), (last[2], last[0])):
        if what and _is_thing(what, labels) and not _is_thing(who, labels):
            return who
    return ""


def _is_thing(name: str, labels: Collection[str]) -> bool:
    """Whether a name says what an archive holds, or means anyone: `cups`, `my photos`, `students`, `12`."""
    words = re.findall(r"[^\W\d_]+", plain(name))
    is_label = plain(name) in labels or any({word, word.removesuffix("s")} & set(labels) for word in words)
    return is_label or not words or copies.means_anyone(name)


def _archive_paths(item: Reading) -> list[str]:
    """Returns the paths of the archives around a file, the outermost first."""
    parts = item.path.split("/") if item.archive else []
    return [
        "/".join(parts[: number + 1])
        for number, part in enumerate(parts)
        if part.lower().endswith(ARCHIVE_SUFFIX)
    ]


def _archives(item: Reading) -> list[str]:
    return [composed(stem(path)) for path in _archive_paths(item)]
