"""Which files lie in the photos folder and in its archives, and as what the layout reads their paths.

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

import os
from collections import Counter
from collections.abc import Sequence
from itertools import islice, takewhile
from pathlib import Path, PurePosixPath

from tenshots.errors import RejectedPhoto
from tenshots.intake import archives, clutter
from tenshots.intake.archives import NESTED
from tenshots.intake.layout import NO_TEXT, FoundFile, as_text, scan
from tenshots.intake.members import Member
from tenshots.intake.names import copies, handins
from tenshots.intake.names.handins import ARCHIVE_SUFFIX
from tenshots.intake.names.pattern import Layout
from tenshots.intake.names.spelling import plain

MAX_WRAPPERS = 3  # an archive in a folder of its own, of a folder in a folder


def find(folder: Path, layout: Layout, limits: archives.ArchiveLimits) -> tuple[list[FoundFile], list[str]]:
    """Returns every file below a folder and in its archives, sorted by path, and the folders without any.

    Links are followed as long as they stay inside the folder; others come with a reason not to read them.

    A file whose name ends in .zip, in any case, is an archive and stands for a folder: with the layout
    `{group}/{label}/{name}`, `cup/IMG_1.jpg` in `ann.zip` is found at `ann.zip/cup/IMG_1.jpg` and read as
    `ann/cup/IMG_1.jpg`. It is found itself only where it cannot be used as a whole: as the one file of its
    folder, with the reason, and the folder is listed among those without any. Files of other names are never
    opened as archives, since documents of Word or PowerPoint are zips inside.

    So one layout reads what learning platforms hand out. Moodle makes a folder a student,
    `Ann Lee_12345_assignsubmission_file_/photos.zip`: the archive is alone there, its name is left out, and
    the group is `Ann Lee_12345_assignsubmission_file_` (or `Ann Lee_12345` with the layout
    `{group}_assignsubmission_file_/{label}/{name}`). Canvas, and Moodle without folders, put the student into
    the file's name, `leeann_12345_67890_photos.zip`: the group is that name.

    Args:
        folder: the photos folder.
        layout: how its paths are read.
        limits: for each archive.
    """
    scanned, empty = scan(folder)
    scanned = [file._replace(read_as=_by_person(file.read_as, layout)) for file in scanned]
    found: list[FoundFile] = []
    downloads: dict[str, list[FoundFile]] = {}
    for file in sorted(scanned, key=lambda file: file.path):
        if file.reason or not file.path.lower().endswith(ARCHIVE_SUFFIX):
            found.append(file)
        else:
            # Only Google's downloads have parts; other archives of one name differ in .zip and .ZIP.
            stem = _stem(file)
            is_part = copies.download(stem.rpartition("/")[2]) is not None
            downloads.setdefault(stem if is_part else file.path, []).append(file)
    for parts in downloads.values():
        is_alone = _num_entries((folder / parts[0].path).parent, len(parts) + 1) == len(parts)
        members, empty_folders = _unzipped(parts, layout, limits, is_alone=is_alone)
        found += members
        empty += empty_folders
    for number, file in enumerate(found):
        found[number], empty_folders = _stood_for(file)
        empty += empty_folders
    return sorted(found, key=lambda file: file.path), sorted(empty)


def _unzipped(
    parts: Sequence[FoundFile], layout: Layout, limits: archives.ArchiveLimits, *, is_alone: bool
) -> tuple[list[FoundFile], list[str]]:
    """Returns the files in the parts of one download, and its empty folders as the layout reads them."""
    found: list[FoundFile] = []
    listings: list[tuple[FoundFile, archives.Listing]] = []
    empty: list[str] = []
    for archive in parts:
        try:
            listings.append((archive, archives.listing(archive.file, limits, clutter.is_clutter)))
        except RejectedPhoto as rejection:
            stem, name = _stem(archive), archive.path.rpartition("/")[2]
            found.append(archive._replace(reason=str(rejection), read_as=f"{stem}/{name}"))
            empty.append(stem)
    members = [(archive, member) for archive, held in listings for member in held.members]
    paths = [_standing_for(member) for _, member in members if member.has_safe_name]
    # Behind the slash of a folder is no name, so none fits the layout as a file.
    folders = [f"{as_text(folder)}/" for _, held in listings for folder in held.empty_folders]
    in_folder = [_by_person(path, layout) for path in [*paths, *folders]]
    reading = _reading(_stem(parts[0]), in_folder, layout, is_alone=is_alone)
    read_as = dict(zip([*paths, *folders], reading, strict=True))
    for archive, member in members:
        text = as_text(member.name)
        # Which code page names are in, each archive tells for itself.
        outer = member.outer if member.outer and not member.outer.is_guess else None
        found.append(
            FoundFile(
                path=f"{archive.path}/{text.replace(NESTED, '/')}",
                file=archive.file,
                reason=member.reason or (NO_TEXT if text != member.name else ""),
                read_as=read_as[_standing_for(member)] if member.has_safe_name else "",
                member=member,
                archive=f"{archive.path}/{as_text(outer.name)}" if outer else archive.path,
            )
        )
        if member.has_safe_name and member.outer is None and NESTED in _standing_for(member):
            empty.append(found[-1].read_as.rpartition("/")[0])
    filled = {file.read_as for file in found}
    bare = {read_as[folder].rstrip("/") for folder in folders}
    empty += [path for path in bare if not any(each.startswith(f"{path}/") for each in filled)]
    return found, empty


def _standing_for(member: Member) -> str:
    """A member's path; an archive that cannot be used is the one file of the folder that it stands for."""
    name = as_text(member.name)
    is_archive = NESTED not in name and name.lower().endswith(ARCHIVE_SUFFIX)
    return f"{name}{NESTED}{name.rpartition('/')[2]}" if is_archive else name


def _stood_for(file: FoundFile) -> tuple[FoundFile, list[str]]:
    """Returns a file that stands in for another with the reason, read as that other; and the missing folder.

    A missing archive is read as one that cannot be used, see `find`; a name without a dot is a folder's.
    """
    if file.reason:
        return file, []
    if missing := clutter.unfinished(file.path):
        inside = "/".join(file.path.split("/")[-2:])
        read_as = file.read_as.removesuffix(inside) + missing.name * file.read_as.endswith(inside)
        return file._replace(reason=missing.reason, read_as=read_as), []
    missing = clutter.stand_in(file.path.rpartition("/")[2])
    if missing is None:
        return file, []
    read_as = str(PurePosixPath(file.read_as).with_name(missing.name))
    stem = read_as.removesuffix(ARCHIVE_SUFFIX)
    if stem != read_as:
        return file._replace(reason=missing.reason, read_as=f"{stem}/{missing.name}"), [stem]
    return file._replace(reason=missing.reason, read_as=read_as), [] if "." in missing.name else [read_as]


def _stem(archive: FoundFile) -> str:
    """The path of the folder that an archive stands for; parts of one download stand for the same."""
    return _stem_of(archive.read_as)


def _stem_of(archive: str) -> str:
    above, slash, name = archive[: -len(ARCHIVE_SUFFIX)].rpartition("/")
    parts = copies.download(name)
    return above + slash + ("-".join(parts) if parts else name)


def _by_person(path: str, layout: Layout) -> str:
    """The path as the layout shall read it; one that names the platform's folders itself is not helped."""
    return copies.by_person(path) if layout.pattern.startswith("{") else path


def _num_entries(directory: Path, most: int) -> int:
    """How many files and folders lie in a folder, counted no further than `most`."""
    with os.scandir(directory) as entries:
        return len(list(islice((True for entry in entries if not clutter.is_clutter(entry.name)), most)))


def _says_who(folder: str, layout: Layout) -> bool:
    """Whether the layout reads in a folder's path who handed in what lies there."""
    fields = layout.match_folder(folder)
    return fields is not None and bool(fields.group)


def _reading(
    stem: str, paths: Sequence[str], layout: Layout, *, is_alone: bool, is_by_one: bool = False
) -> list[str]:
    """Returns as what the layout reads each path in an archive.

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
        read_as = _reading(
            _stem_of(archive),
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
