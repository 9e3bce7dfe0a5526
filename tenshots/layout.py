"""The photos folder: which files lie in it, and what their paths say (`{group}/{label}/{name}`).

A .zip among them is a folder: the files in it have paths such as `ann.zip/cup/IMG_1.jpg`.

Left out by rule, in folders and in archives, without a manifest row:

- hidden files and folders, whose name begins with a dot (.DS_Store, ._IMG_1.jpg, .git, .stfolder);
- what systems add: Thumbs.db, ehthumbs.db, desktop.ini, $RECYCLE.BIN, System Volume Information (Windows),
  __MACOSX, Icon with a carriage return (macOS), @eaDir, #recycle (Synology), lost+found (Linux);
- DVC's own files: dvc.yaml, dvc.lock, *.dvc.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from pydantic import Field, field_validator

from tenshots import archives
from tenshots.errors import DataError, RejectedPhoto, SettingsError
from tenshots.params import Settings, nearest

FIELDS = ("label", "group", "split", "name")
IGNORED_NAMES = (
    *("thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information"),
    *("__macosx", "icon\r", "@eadir", "#recycle", "lost+found", "dvc.yaml", "dvc.lock"),
)
ARCHIVE_SUFFIX = ".zip"
NO_TEXT = "its name has control characters or is no UTF-8 text; rename it"
MAX_WRAPPERS = 3  # an archive in a folder of its own, of a folder in a folder


class PhotosSettings(Settings):
    """The top-level settings `photos` and `layout` of params.yaml."""

    photos: str = Field(min_length=1)
    layout: str = Field(min_length=1)

    @field_validator("photos")
    @classmethod
    def _is_written_out(cls, photos: str) -> str:
        if not photos.isprintable():
            raise ValueError("must be the path of a folder, without control characters")
        # DVC and git take it as it stands, and would look for a folder named ~ in the project.
        if photos.startswith("~"):
            raise ValueError(f"must be written out as {str(Path(photos).expanduser())!r}")
        return photos


class FoundFile(NamedTuple):
    """A file below the photos folder, or in an archive there.

    Attributes:
        path: relative to the photos folder, POSIX; characters that are no text are written as escapes.
        file: where to read it: the file itself, or the archive that holds it.
        reason: why it must not be read; empty where it may be.
        read_as: the path for `Layout.match`; empty where the path can say nothing. Differs from `path` in
            archives, see `find`.
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
            RejectedPhoto: the file has a reason, is larger, is damaged in its archive, or cannot be read.
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
            raise RejectedPhoto(f"cannot be read ({error.strerror})") from error


class PathFields(NamedTuple):
    """What a path says about its photo; group and split are empty where the layout has no such field."""

    label: str
    group: str
    split: str
    name: str


class Layout:
    """A checked pattern over whole relative POSIX paths.

    A field holds at least one character and never crosses a `/`. Where two fields share a component, the text
    between them splits at its last place: `{group}_{name}` reads `ann_lee_07.jpg` as group `ann_lee` and
    name `07.jpg`.

    Attributes:
        pattern: as it stands in params.yaml.
    """

    def __init__(self, pattern: str) -> None:
        _check(pattern)
        self.pattern = pattern
        components = pattern.split("/")
        self._expression = _expression(pattern)
        self._folders = [_expression("/".join(components[:depth])) for depth in range(1, len(components))]

    def match(self, path: str) -> PathFields | None:
        """Returns the fields of a path relative to the photos folder, or nothing where it does not fit."""
        return _fields(self._expression, path)

    def doubts(self, paths: Iterable[str]) -> list[str]:
        """Returns a sentence on the first path that could be split in another place too, if there is one.

        Android names photos 20241102_100037.jpg, so `{group}_{name}` makes a group a day of each person.
        """
        lazy = _expression(self.pattern, greedy=False)
        for path in paths:
            fields = self.match(path)
            if fields != _fields(lazy, path) and fields is not None:
                read = ", ".join(f"{name} {value!r}" for name, value in fields._asdict().items() if value)
                return [
                    f"the layout splits {path} at the last place that it can, into {read}; if that is wrong, "
                    f"use folders such as {{group}}/{{label}}/{{name}}"
                ]
        return []

    def match_folder(self, path: str) -> PathFields | None:
        """Returns the fields that the path of a folder says already; the others are empty.

        With `{group}/{label}/{name}` the folder `ann` has the group ann, and `ann/cup` the label cup besides.
        Nothing is returned where no photo in or below the folder could fit.
        """
        depth = path.count("/")
        return _fields(self._folders[depth], path) if depth < len(self._folders) else None


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
    return sorted(found, key=lambda file: file.path), sorted(empty)


def _check(pattern: str) -> None:
    """Raises a SettingsError for a pattern that cannot be read, or that reads paths in two ways."""
    at = f"params.yaml: layout {pattern!r}"
    fields = re.findall(r"\{(\w*)\}", pattern)
    for field in fields:
        if field not in FIELDS:
            hint = nearest(field, FIELDS)
            raise SettingsError(f"{at} has the unknown field {{{field}}}, known are {_listed(FIELDS)}{hint}")
        if fields.count(field) > 1:
            raise SettingsError(f"{at} must name {{{field}}} at most once")
    for field in ("label", "name"):
        if field not in fields:
            raise SettingsError(f"{at} must name {{{field}}}, as in {{group}}/{{label}}/{{name}}")
    if re.search(r"[{}]", re.sub(r"\{\w+\}", "", pattern)):
        raise SettingsError(f"{at} has a brace that belongs to no field; known are {_listed(FIELDS)}")
    if "}{" in pattern:
        raise SettingsError(f"{at} must have text between two fields, such as _ or /")
    if not pattern.endswith("{name}"):
        raise SettingsError(
            f"{at} must end with {{name}}, which holds the rest of the file's name and its extension"
        )
    if any(component in ("", ".", "..") for component in pattern.split("/")):
        raise SettingsError(f"{at} must be relative to the photos folder, without empty, . or .. folders")


def _listed(fields: tuple[str, ...]) -> str:
    return ", ".join(f"{{{field}}}" for field in fields)


def _expression(pattern: str, *, greedy: bool = True) -> re.Pattern[str]:
    pieces = re.split(r"\{(\w+)\}", pattern)
    # Greedy fields make the last possible place split a component.
    some = "[^/]+" if greedy else "[^/]+?"
    return re.compile(
        "".join(f"(?P<{piece}>{some})" if odd % 2 else re.escape(piece) for odd, piece in enumerate(pieces)),
        re.DOTALL,
    )


def _fields(expression: re.Pattern[str], path: str) -> PathFields | None:
    found = expression.fullmatch(path)
    if found is None:
        return None
    values = found.groupdict()
    return PathFields(*(values.get(field, "") for field in FIELDS))


def _scan(
    directory: Path, prefix: str, ancestors: Sequence[Path], found: list[FoundFile], empty: list[str]
) -> None:
    """Adds what lies below `directory`; `ancestors` are the real folders from the top down to it."""
    num_before = len(found)
    try:
        entries = list(os.scandir(directory))
    except OSError as error:
        path = prefix.rstrip("/")
        found.append(FoundFile(path, directory, f"folder cannot be read ({error.strerror})", path))
        return
    for entry in entries:
        path, file, reason = prefix + _as_text(entry.name), Path(entry.path), ""
        if _is_ignored(entry.name):
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
        members, empty = archives.listing(archive.file, limits, _is_ignored)
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
        return len(list(islice((True for entry in entries if not _is_ignored(entry.name)), 2))) == 1


def _check_size(num_bytes: int, max_bytes: int) -> None:
    if num_bytes > max_bytes:
        raise RejectedPhoto(
            f"{num_bytes:,} bytes are more than {max_bytes / 10**6:g} MB (see accept.max_megabytes in "
            f"params.yaml)"
        )


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name.lower() in IGNORED_NAMES or name.endswith(".dvc")


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
        return link, "a link that leads nowhere"
    if not target.is_relative_to(ancestors[0]):
        return link, "a link that leaves the photos folder; copy the file into it"
    if target in ancestors:
        return link, "a link to a folder that holds it"
    return target, ""
