"""Which files lie in the photos folder and in its archives; see `wrappers` for how their paths are read.

The parts of one download (`ann-20241102T100037Z-001.zip`, `-002.zip`) are found as one archive.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath

from tenshots.errors import RejectedPhoto
from tenshots.intake import archives, clutter
from tenshots.intake.archives import NESTED
from tenshots.intake.layout import NO_TEXT, FoundFile, as_text, scan
from tenshots.intake.members import Member
from tenshots.intake.names import copies
from tenshots.intake.names.handins import ARCHIVE_SUFFIX
from tenshots.intake.names.pattern import Layout
from tenshots.intake.wrappers import by_person, read_without, stem_of


def find(folder: Path, layout: Layout, limits: archives.ArchiveLimits) -> tuple[list[FoundFile], list[str]]:
    """Returns every file below a folder and in its archives, sorted by path, and the folders without any.

    Links are followed as long as they stay inside the folder; others come with a reason not to read them.

    A file whose name ends in .zip, in any case, is an archive and stands for a folder: with the layout
    `{group}/{label}/{name}`, `cup/IMG_1.jpg` in `ann.zip` is found at `ann.zip/cup/IMG_1.jpg` and read as
    `ann/cup/IMG_1.jpg`. It is found itself only where it cannot be used as a whole: as the one file of its
    folder, with the reason, and the folder is listed among those without any. Files of other names are never
    opened as archives, since documents of Word or PowerPoint are zips inside.

    So one layout reads what learning platforms hand out. Moodle makes one folder per student,
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
    scanned = [file._replace(read_as=by_person(file.read_as, layout)) for file in scanned]
    found: list[FoundFile] = []
    downloads: dict[str, list[FoundFile]] = {}
    for file in sorted(scanned, key=lambda file: file.path):
        if file.reason or not is_archive(file.path):
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


def find_in(archive: Path, layout: Layout, limits: archives.ArchiveLimits) -> list[FoundFile]:
    """Returns every file in one archive, as `find` does for a folder that holds nothing else."""
    alone = FoundFile(as_text(archive.name), archive, "", as_text(archive.name))
    members, _ = _unzipped([alone], layout, limits, is_alone=True)
    return sorted((_stood_for(file)[0] for file in members), key=lambda file: file.path)


def is_archive(name: str) -> bool:
    """Whether a file of that name is read as an archive, see `find`."""
    return name.lower().endswith(ARCHIVE_SUFFIX)


def _unzipped(
    parts: Sequence[FoundFile], layout: Layout, limits: archives.ArchiveLimits, *, is_alone: bool
) -> tuple[list[FoundFile], list[str]]:
    """Returns the files in the parts of one download, and its empty folders as the layout reads them."""
    found: list[FoundFile] = []
    members: list[tuple[FoundFile, Member]] = []
    folders: list[str] = []
    empty: list[str] = []
    for archive in parts:
        try:
            held = archives.listing(archive.file, limits, clutter.is_clutter)
        except RejectedPhoto as rejection:
            stem, name = _stem(archive), archive.path.rpartition("/")[2]
            found.append(archive._replace(reason=str(rejection), read_as=f"{stem}/{name}"))
            empty.append(stem)
            continue
        members += [(archive, member) for member in held.members]
        # Behind the slash of a folder is no name, so none fits the layout as a file.
        folders += [f"{as_text(folder)}/" for folder in held.empty_folders]
    paths = [_standing_for(member) for _, member in members if member.has_safe_name] + folders
    of_people = [by_person(path, layout) for path in paths]
    readings = read_without(_stem(parts[0]), of_people, layout, is_alone=is_alone)
    read_as = dict(zip(paths, readings, strict=True))
    found += [_found_in(archive, member, read_as) for archive, member in members]
    empty += [_above(read_as[_standing_for(member)]) for _, member in members if _is_unusable(member)]
    filled = {file.read_as for file in found}
    bare = {read_as[folder].rstrip("/") for folder in folders}
    empty += [path for path in bare if not any(each.startswith(f"{path}/") for each in filled)]
    return found, empty


def _found_in(archive: FoundFile, member: Member, read_as: Mapping[str, str]) -> FoundFile:
    """Returns a file in an archive; `read_as` says what the layout reads the paths in it as."""
    text = as_text(member.name)
    # Which code page names are in, each archive tells for itself.
    outer = member.outer if member.outer and not member.outer.is_guess else None
    return FoundFile(
        path=f"{archive.path}/{text.replace(NESTED, '/')}",
        file=archive.file,
        reason=member.reason or (NO_TEXT if text != member.name else ""),
        read_as=read_as[_standing_for(member)] if member.has_safe_name else "",
        member=member,
        archive=f"{archive.path}/{as_text(outer.name)}" if outer else archive.path,
    )


def _is_unusable(member: Member) -> bool:
    """Whether it is an archive in the archive that cannot be used, so that its files are missing."""
    return member.has_safe_name and member.outer is None and NESTED in _standing_for(member)


def _above(path: str) -> str:
    return path.rpartition("/")[0]


def _standing_for(member: Member) -> str:
    """A member's path; an archive that cannot be used is the one file of the folder that it stands for."""
    name = as_text(member.name)
    is_nested = NESTED not in name and is_archive(name)
    return f"{name}{NESTED}{name.rpartition('/')[2]}" if is_nested else name


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
    return stem_of(archive.read_as)


def _num_entries(directory: Path, most: int) -> int:
    """How many files and folders lie in a folder, counted no further than `most`."""
    with os.scandir(directory) as entries:
        return len(list(islice((True for entry in entries if not clutter.is_clutter(entry.name)), most)))
