"""How the layout reads the paths of files in archives: without the levels that packing them added.

Who zips a folder adds a level: `photos/cup/IMG_1.jpg` in `ann.zip`. So an archive's wrappers may be left out
of what the layout reads (never of the path). Wrappers are the folders that hold all of its files, and before
them the name of the archive where nothing else lies in its folder, or where it says nothing of who handed in
(`OneDrive_1_11-2-2024.zip`). From the outside in, as many are left out as make most of its files fit the
layout; at a tie the fewest, so none where all files fit as they are. All files of an archive are treated
alike, and so are the parts of one download (`ann-20241102T100037Z-001.zip`, `-002.zip`), which are read as
one archive.

Where nothing fits so, the archive's name is left out, too, if the folder around the archive says already who
handed in (`ann/photos.zip` and `ann/more.zip` are both by ann), or if the name means nobody in particular
(`Class photos-20241102T100037Z-001.zip` holds a folder for each person).

An archive in an archive stands for a folder, too, and is read as it would be in the outer one's folder. Where
the outer one is what a platform hands out of a whole class (its name means nobody, in it lie names that
platforms give to people, or it is a folder of people's archives from Drive, see `handins`), it is read as if
it were unpacked in its place. Elsewhere an archive is by one person, and the names of those in it are never
taken for people's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from pathlib import PurePosixPath

from tenshots.intake.archives import NESTED
from tenshots.intake.names import copies, handins
from tenshots.intake.names.handins import ARCHIVE_SUFFIX
from tenshots.intake.names.pattern import Layout
from tenshots.intake.names.spelling import plain

MAX_WRAPPERS = 3  # an archive in a folder of its own, of a folder in a folder


def stem_of(archive: str) -> str:
    """Returns the path of the folder that an archive stands for; parts of one download stand for the same."""
    above, slash, name = archive[: -len(ARCHIVE_SUFFIX)].rpartition("/")
    parts = copies.download(name)
    return above + slash + ("-".join(parts) if parts else name)


def by_person(path: str, layout: Layout) -> str:
    """The path as the layout shall read it; one that names the platform's folders itself is not helped."""
    return copies.by_person(path) if layout.pattern.startswith("{") else path


def _says_who(folder: str, layout: Layout) -> bool:
    """Whether the layout reads in a folder's path who handed in what lies there."""
    fields = layout.match_folder(folder)
    return fields is not None and bool(fields.group)


def read_without(
    stem: str, paths: Sequence[str], layout: Layout, *, is_alone: bool, is_by_one: bool = False
) -> list[str]:
    """Returns what the layout reads each path in an archive as.

    Args:
        stem: the archive's path without .zip.
        paths: of all its files and empty folders.
        layout: how paths are read.
        is_alone: whether nothing else lies in the archive's folder.
        is_by_one: whether it lies in the archive of one person, so that its name may not be another one's.
    """
    above, _, name = stem.rpartition("/")
    folders = _folders_around(paths)
    has_owner = _says_who(above, layout)
    is_owner = _says_who(stem, layout) and not has_owner
    is_of_people = handins.is_folder_of_people(name, folders, paths)
    if not has_owner and (is_of_people or handins.is_of_class(name, folders, paths)):
        task, _ = copies.download(name) or (name, "")
        is_around = takewhile(lambda each: plain(each) == plain(task) or copies.says_nothing(each), folders)
        around = folders[:1] if is_of_people else list(is_around)
        inside = [path.removeprefix("/".join([*around, ""])) for path in paths]
        read_as, num_fitting = _best(_parts(above), [], [], inside, layout, owner="")
        if num_fitting:
            return read_as
    is_nobodys = copies.says_nothing if is_owner else copies.names_nothing
    # What most people call a folder says no more than the archive's name.
    if is_alone or (is_nobodys(name) and not any(map(copies.says_nothing, folders[:1]))):
        return _best(_parts(above), [name], folders, paths, layout, owner=stem)[0]
    read_as, num_fitting = _best(_parts(stem), [], folders, paths, layout, owner=stem)
    if num_fitting or is_by_one or not (has_owner or copies.means_anyone(name)):
        return read_as
    return _best(_parts(above), [name], folders, paths, layout, owner=stem)[0]


def _parts(path: str) -> list[str]:
    return path.split("/") if path else []


def _folders_around(paths: Sequence[str]) -> list[str]:
    """Returns the folders, from the top, that hold all files."""
    around: list[str] = []
    files = [path.partition(NESTED)[0] for path in paths if not path.endswith("/")]
    for level in zip(*(path.split("/")[:-1] for path in files), strict=False):
        if len(set(level)) > 1:
            break
        around.append(level[0])
    return around


def _best(
    kept: Sequence[str],
    inside: Sequence[str],
    folders: Sequence[str],
    paths: Sequence[str],
    layout: Layout,
    *,
    owner: str,
) -> tuple[list[str], int]:
    """Returns how to read paths so that most of them fit, and how many do.

    Args:
        kept: parts of the path that are never left out.
        inside: those that may be.
        folders: around all files, which may be left out behind them.
        paths: in the archive.
        layout: how paths are read.
        owner: the path of the archive where it is by one person.
    """
    wrappers = [*inside, *folders][:MAX_WRAPPERS]

    def read_as(path: str, num_wrappers: int) -> str:
        parts = [*inside, *path.split("/")]
        num_left_out = num_wrappers if parts[:num_wrappers] == wrappers[:num_wrappers] else 0
        return "/".join([*kept, *parts[num_left_out:]])

    readings = [
        _through_archives([read_as(path, number) for path in paths], layout, owner)
        for number in range(len(wrappers) + 1)
    ]
    numbers = [sum(layout.match(path) is not None for path in reading) for reading in readings]
    best = max(range(len(readings)), key=lambda number: (numbers[number], -number))
    return readings[best], numbers[best]


def _through_archives(paths: list[str], layout: Layout, owner: str) -> list[str]:
    """Returns the paths with those in archives in the archive read as those of archives in its folder."""
    held: dict[str, list[int]] = {}
    for number, path in enumerate(paths):
        archive, mark, _ = path.partition(NESTED)
        if mark:
            held.setdefault(archive, []).append(number)
    if not held:
        return paths
    entries = {entry for path in paths for entry in _on_the_way(path.partition(NESTED)[0])}
    siblings = Counter(entry.rpartition("/")[0] for entry in entries)
    result = list(paths)
    for archive, numbers in held.items():
        inside = [paths[number].partition(NESTED)[2] for number in numbers]
        read_as = read_without(
            stem_of(archive),
            inside,
            layout,
            is_alone=siblings[archive.rpartition("/")[0]] == 1,
            is_by_one=bool(owner) and archive.startswith(f"{owner}/"),
        )
        for number, path in zip(numbers, read_as, strict=True):
            result[number] = path
    return result


def _on_the_way(path: str) -> list[str]:
    """The path itself and all folders that it lies in."""
    return [path, *(str(folder) for folder in PurePosixPath(path).parents if folder.name)]
