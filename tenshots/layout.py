"""The photos folder: which files lie in it, and how the layout shall read their paths.

A .zip among them is a folder: the files in it have paths such as `ann.zip/cup/IMG_1.jpg`. See `clutter` for
what is left out by rule, and `pattern` for how a path is read.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pydantic import Field

from tenshots import archives, clutter
from tenshots.errors import DataError, RejectedPhoto, SettingsError
from tenshots.params import Settings
from tenshots.pattern import Layout

ARCHIVE_SUFFIX = ".zip"
NO_TEXT = "its name has control characters or is no UTF-8 text; rename it"
MAX_WRAPPERS = 3  # an archive in a folder of its own, of a folder in a folder


class PhotosSettings(Settings):
    """The top-level settings `photos` and `layout` of params.yaml."""

    photos: str = Field(min_length=1)
    layout: str = Field(min_length=1)


class FoundFile(NamedTuple):
    """A file below the photos folder, or in an archive there.

    Attributes:
        path: relative to the photos folder, POSIX; characters that are no text are written as escapes.
        file: where to read it: the file itself, or the archive that holds it.
        reason: why it must not be read; empty where it may be.
        read_as: the path for `Layout.match`; empty where the path can say nothing. Differs from `path` in
            archives, see `find`, and where the file stands in for another, see `clutter`.
        member: which file of the archive it is; nothing for a file in a folder.
    """

    path: str
    file: Path
    reason: str
    read_as: str
    member: archives.Member | None = None

    def read(self, max_bytes: int) -> bytes:
        """Returns the file's bytes; many threads may read at once, also in one archive.

        Args:
            max_bytes: of the file, in an archive unpacked; nothing of a larger one is read.

        Raises:
            RejectedPhoto: the file has a reason, is empty, too large or damaged, or cannot be read.
        """
        if self.reason:
            raise RejectedPhoto(self.reason)
        try:
            if self.member is not None:
                _check_size(self.member.num_bytes, max_bytes)
                return archives.read_member(self.file, self.member)
            with os.fdopen(archives.open_regular(self.file), "rb") as file:
                num_bytes = os.fstat(file.fileno()).st_size
                _check_size(num_bytes, max_bytes)
                return file.read(num_bytes)
        except OSError as error:
            raise RejectedPhoto(clutter.unreadable(error)) from error


def photos_dir(photos: str, project_dir: Path) -> Path:
    """Returns the folder that the setting `photos` names.

    Raises:
        SettingsError: a relative path leaves the project, as it stands or through a link.
        DataError: there is no such folder.
    """
    folder = project_dir / photos
    inside = folder.resolve().is_relative_to(project_dir.resolve())
    if not Path(photos).is_absolute() and not inside:
        raise SettingsError(
            f"params.yaml: photos must not leave the repository, as temporary and queued experiments would "
            f"not find it, got {photos!r}; copy the photos to data/raw, run `dvc add data/raw` and set "
            f"`photos: data/raw`, or give an absolute path"
        )
    if not folder.is_dir():
        wrong = "is no folder" if folder.exists() else "is missing"
        raise DataError(f"the photos folder {photos} {wrong}; correct `photos` in params.yaml, or `dvc pull`")
    return folder


def find(folder: Path, layout: Layout, limits: archives.ArchiveLimits) -> tuple[list[FoundFile], list[str]]:
    """Returns every file below a folder and in its archives, sorted by path, and the folders without any.

    Links are followed as long as they stay inside the folder; others come with a reason not to read them.

    A file whose name ends in .zip, in any case, is an archive and stands for a folder: with the layout
    `{group}/{label}/{name}`, `cup/IMG_1.jpg` in `ann.zip` is found at `ann.zip/cup/IMG_1.jpg` and read as
    `ann/cup/IMG_1.jpg`. It is found itself only where it cannot be used as a whole: as the one file of its
    folder, with the reason, and the folder is listed among those without any. Files of other names are never
    opened as archives, since documents of Word or PowerPoint are zips inside.

    Who zips a folder adds a level: `photos/cup/IMG_1.jpg` in `ann.zip`. So an archive's wrappers may be left
    out of what the layout reads (never of the path). Wrappers are the name of the archive where nothing else
    lies in its folder, and the folders that hold all of its files. From the outside in, as many are left out
    as make most of its files fit the layout; at a tie the fewest, so none where all files fit as they are.
    All files of an archive are treated alike.

    So the same layout reads what learning platforms hand out. Moodle makes a folder a student,
    `Ann Lee_12345_assignsubmission_file_/photos.zip`: the archive is alone there, its name is left out, and
    the group is `Ann Lee_12345_assignsubmission_file_` (or `Ann Lee_12345` with the layout
    `{group}_assignsubmission_file_/{label}/{name}`). Canvas, and Moodle without folders, put the student into
    the file's name, `leeann_12345_67890_photos.zip`: the group is that name.

    Args:
        folder: the photos folder.
        layout: how its paths are read.
        limits: for each archive.
    """
    scanned: list[FoundFile] = []
    empty: list[str] = []
    _scan(folder, "", (folder.resolve(),), scanned, empty)
    found: list[FoundFile] = []
    for file in scanned:
        if file.reason or not file.path.lower().endswith(ARCHIVE_SUFFIX):
            found.append(file)
            continue
        is_alone = _holds_one((folder / file.path).parent)
        members, empty_folders = _unzipped(file, layout, limits, is_alone=is_alone)
        found += members
        empty += empty_folders
    for number, file in enumerate(found):
        found[number], empty_folders = _stood_for(file)
        empty += empty_folders
    return sorted(found, key=lambda file: file.path), sorted(empty)


def _scan(
    directory: Path, prefix: str, ancestors: Sequence[Path], found: list[FoundFile], empty: list[str]
) -> None:
    """Adds what lies below `directory`; `ancestors` are the real folders from the top down to it."""
    num_before = len(found)
    try:
        entries = list(os.scandir(directory))
    except OSError as error:
        path = prefix.rstrip("/")
        found.append(FoundFile(path, directory, f"folder {clutter.unreadable(error)}", path))
        return
    for entry in entries:
        path, file, reason = prefix + _as_text(entry.name), Path(entry.path), ""
        if clutter.is_clutter(entry.name):
            continue
        if entry.is_symlink():
            file, reason = _target(file, ancestors)
        if path != prefix + entry.name:
            reason = NO_TEXT
        if not reason and entry.is_dir():
            _scan(file, f"{path}/", (*ancestors, file.resolve()), found, empty)
            continue
        if not reason and not entry.is_file():
            reason = "not a regular file"
        found.append(FoundFile(path, file, reason, path))
    if len(found) == num_before:
        empty.append(prefix.rstrip("/"))


def _unzipped(
    archive: FoundFile, layout: Layout, limits: archives.ArchiveLimits, *, is_alone: bool
) -> tuple[list[FoundFile], list[str]]:
    """Returns the files in an archive, and its empty folders as the layout reads them; see `find`."""
    stem = archive.path[: -len(ARCHIVE_SUFFIX)]
    try:
        members, empty = archives.listing(archive.file, limits, clutter.is_clutter)
    except RejectedPhoto as rejection:
        read_as_only = f"{stem}/{archive.path.rpartition('/')[2]}"
        return [archive._replace(reason=str(rejection), read_as=read_as_only)], [stem]
    texts = [_as_text(member.name) for member in members]
    safe = [text for text, member in zip(texts, members, strict=True) if member.has_safe_name]
    *above, name = stem.split("/")
    kept = above if is_alone else [*above, name]
    inside = [name] if is_alone else []
    wrappers = [*inside, *_shared([text.split("/")[:-1] for text in safe])][:MAX_WRAPPERS]

    def read_as(text: str, num_wrappers: int) -> str:
        parts = [*inside, *text.split("/")]
        num_left_out = num_wrappers if parts[:num_wrappers] == wrappers[:num_wrappers] else 0
        return "/".join([*kept, *parts[num_left_out:]])

    def num_fitting(num_wrappers: int) -> int:
        return sum(layout.match(read_as(text, num_wrappers)) is not None for text in safe)

    num_wrappers = max(range(len(wrappers) + 1), key=lambda number: (num_fitting(number), -number))
    found = [
        FoundFile(
            path=f"{archive.path}/{text}",
            file=archive.file,
            reason=member.reason or (NO_TEXT if text != member.name else ""),
            read_as=read_as(text, num_wrappers) if member.has_safe_name else "",
            member=member,
        )
        for text, member in zip(texts, members, strict=True)
    ]
    return found, [read_as(_as_text(path), num_wrappers) for path in empty]


def _stood_for(file: FoundFile) -> tuple[FoundFile, list[str]]:
    """Returns a file that stands in for another with the reason, read as that other; and the missing folder.

    A missing archive is read as one that cannot be used, see `find`; a name without a dot is a folder's.
    """
    missing = clutter.stand_in(file.path.rpartition("/")[2])
    if missing is None or file.reason:
        return file, []
    read_as = str(PurePosixPath(file.read_as).with_name(missing.name))
    stem = read_as.removesuffix(ARCHIVE_SUFFIX)
    if stem != read_as:
        return file._replace(reason=missing.reason, read_as=f"{stem}/{missing.name}"), [stem]
    return file._replace(reason=missing.reason, read_as=read_as), [] if "." in missing.name else [read_as]


def _shared(folders: Sequence[Sequence[str]]) -> list[str]:
    """The folders, from the top, that hold all files; `folders` are those of each file."""
    shared: list[str] = []
    for level in zip(*folders, strict=False):
        if len(set(level)) > 1:
            break
        shared.append(level[0])
    return shared


def _holds_one(directory: Path) -> bool:
    with os.scandir(directory) as entries:
        return len(list(islice((True for entry in entries if not clutter.is_clutter(entry.name)), 2))) == 1


def _check_size(num_bytes: int, max_bytes: int) -> None:
    if not num_bytes:
        raise RejectedPhoto(clutter.EMPTY)
    if num_bytes > max_bytes:
        raise RejectedPhoto(
            f"{num_bytes:,} bytes are more than {max_bytes / 10**6:g} MB (see accept.max_megabytes in "
            f"params.yaml)"
        )


def _as_text(name: str) -> str:
    """Escapes bytes that are no UTF-8 and control characters, which would break the lines of a table."""
    return "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in ("Cc", "Cs")
        else character
        for character in name
    )


def _target(link: Path, ancestors: Sequence[Path]) -> tuple[Path, str]:
    """Returns the file or folder that a link leads to, and why it must not be followed."""
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a circle of links, before Python 3.13
        is_online = clutter.ONLINE_LINK.fullmatch(str(link.readlink()))
        return link, clutter.ONLINE_ONLY if is_online else "a link that leads nowhere"
    if not target.is_relative_to(ancestors[0]):
        return link, "a link that leaves the photos folder; copy the file into it"
    if target in ancestors:
        return link, "a link to a folder that holds it"
    return target, ""
