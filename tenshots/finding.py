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
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath

from tenshots import archives, clutter, copies
from tenshots.errors import RejectedPhoto
from tenshots.layout import NO_TEXT, FoundFile, as_text, scan
from tenshots.pattern import Layout

ARCHIVE_SUFFIX = ".zip"
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
    bare: list[str] = []
    for archive in parts:
        try:
            listings.append((archive, archives.listing(archive.file, limits, clutter.is_clutter)))
        except RejectedPhoto as rejection:
            stem, name = _stem(archive), archive.path.rpartition("/")[2]
            found.append(archive._replace(reason=str(rejection), read_as=f"{stem}/{name}"))
            bare.append(stem)
    stem = _stem(parts[0])
    above, _, name = stem.rpartition("/")
    paths = [as_text(member.name) for _, held in listings for member in held.members if member.has_safe_name]
    has_owner = _says_who(above, layout)
    is_owner = _says_who(stem, layout) and not has_owner
    is_nameless = copies.is_platforms(name) or (is_owner and copies.says_nothing(name))
    # What most people call a folder says no more of who they are than the archive's name.
    is_named_inside = not any(copies.says_nothing(folder) for folder in _folders_around(paths)[:1])
    read_as = _reading(
        stem,
        paths,
        lambda path: layout.match(path) is not None,
        is_nameless=is_alone or (is_nameless and is_named_inside),
        is_doubtful=has_owner or copies.means_anyone(name),
    )
    for archive, held in listings:
        for member in held.members:
            text = as_text(member.name)
            found.append(
                FoundFile(
                    path=f"{archive.path}/{text}",
                    file=archive.file,
                    reason=member.reason or (NO_TEXT if text != member.name else ""),
                    read_as=read_as(text) if member.has_safe_name else "",
                    member=member,
                    archive=archive.path,
                )
            )
    empty = {read_as(as_text(path)) for _, held in listings for path in held.empty_folders}
    filled = {file.read_as for file in found}
    return found, [
        *bare,
        *(path for path in empty if not any(each.startswith(f"{path}/") for each in filled)),
    ]


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
    above, slash, name = archive.path[: -len(ARCHIVE_SUFFIX)].rpartition("/")
    parts = copies.download(name)
    return above + slash + ("-".join(parts) if parts else name)


def _num_entries(directory: Path, most: int) -> int:
    """How many files and folders lie in a folder, counted no further than `most`."""
    with os.scandir(directory) as entries:
        return len(list(islice((True for entry in entries if not clutter.is_clutter(entry.name)), most)))


def _says_who(folder: str, layout: Layout) -> bool:
    """Whether the layout reads in a folder's path who handed in what lies there."""
    fields = layout.match_folder(folder)
    return fields is not None and bool(fields.group)


def _reading(
    stem: str, paths: Sequence[str], fits: Callable[[str], bool], *, is_nameless: bool, is_doubtful: bool
) -> Callable[[str], str]:
    """Returns how to read a path in an archive, or in the parts of one download.

    Args:
        stem: the archive's path without .zip.
        paths: of all its files.
        fits: whether the layout reads a path.
        is_nameless: whether the archive's name is the first that may be left out.
        is_doubtful: whether it may be left out where nothing fits otherwise.
    """
    folders = _folders_around(paths)
    *above, name = stem.split("/")
    if is_nameless:
        return _best(above, [name], folders, paths, fits)[0]
    read_as, num_fitting = _best([*above, name], [], folders, paths, fits)
    return _best(above, [name], folders, paths, fits)[0] if is_doubtful and not num_fitting else read_as


def _folders_around(paths: Sequence[str]) -> list[str]:
    """Returns the folders, from the top, that hold all files."""
    around: list[str] = []
    for level in zip(*(path.split("/")[:-1] for path in paths), strict=False):
        if len(set(level)) > 1:
            break
        around.append(level[0])
    return around


def _best(
    kept: Sequence[str],
    inside: Sequence[str],
    folders: Sequence[str],
    paths: Sequence[str],
    fits: Callable[[str], bool],
) -> tuple[Callable[[str], str], int]:
    """Returns how to read a path so that most of `paths` fit, and how many of them do."""
    wrappers = [*inside, *folders][:MAX_WRAPPERS]

    def read_as(path: str, num_wrappers: int) -> str:
        parts = [*inside, *path.split("/")]
        num_left_out = num_wrappers if parts[:num_wrappers] == wrappers[:num_wrappers] else 0
        return "/".join([*kept, *parts[num_left_out:]])

    def num_fitting(num_wrappers: int) -> int:
        return sum(fits(read_as(path, num_wrappers)) for path in paths)

    number = max(range(len(wrappers) + 1), key=lambda number: (num_fitting(number), -number))
    return (lambda path: read_as(path, number)), num_fitting(number)
