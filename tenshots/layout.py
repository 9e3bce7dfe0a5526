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
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from tenshots import archives
from tenshots.errors import DataError, RejectedPhoto, SettingsError
from tenshots.params import Settings, nearest
from tenshots.spelling import composed

FIELDS = ("label", "group", "split", "name")
IGNORED_NAMES = (
    *("thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information"),
    *("__macosx", "icon\r", "@eadir", "#recycle", "lost+found", "dvc.yaml", "dvc.lock"),
)
NO_TEXT = "its name has control characters or is no UTF-8 text; rename it"


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
            archives, see `find`.
        member: which file of the archive it is; nothing for a file in a folder.
        archive: the archive's path; empty for a file in a folder.
    """

    path: str
    file: Path
    reason: str
    read_as: str
    member: archives.Member | None = None
    archive: str = ""

    @property
    def is_guess(self) -> bool:
        """Whether an archive does not tell the code page of the file's name, see `archives.listing`."""
        return self.member is not None and self.member.is_guess

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
    """What a path says about its photo, in NFC; empty where the layout has no such field."""

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
    pieces = re.split(r"\{(\w+)\}", composed(pattern))
    # Greedy fields make the last possible place split a component.
    some = "[^/]+" if greedy else "[^/]+?"
    return re.compile(
        "".join(f"(?P<{piece}>{some})" if odd % 2 else re.escape(piece) for odd, piece in enumerate(pieces)),
        re.DOTALL,
    )


def _fields(expression: re.Pattern[str], path: str) -> PathFields | None:
    found = expression.fullmatch(composed(path))
    if found is None:
        return None
    values = found.groupdict()
    return PathFields(*(values.get(field, "") for field in FIELDS))


def scan(
    directory: Path, prefix: str, ancestors: Sequence[Path], found: list[FoundFile], empty: list[str]
) -> None:
    """Adds the files and the empty folders below `directory`, links followed, archives unopened.

    Args:
        directory: where to look.
        prefix: its path in the photos folder, with a slash behind it; empty at the top.
        ancestors: the real folders from the top down to it.
        found: where files are added.
        empty: where folders without any file are added.
    """
    num_before = len(found)
    try:
        entries = list(os.scandir(directory))
    except OSError as error:
        path = prefix.rstrip("/")
        found.append(FoundFile(path, directory, f"folder cannot be read ({error.strerror})", path))
        return
    for entry in entries:
        path, file, reason = prefix + as_text(entry.name), Path(entry.path), ""
        if is_ignored(entry.name):
            continue
        if entry.is_symlink():
            file, reason = _target(file, ancestors)
        if path != prefix + entry.name:
            reason = NO_TEXT
        if not reason and entry.is_dir():
            scan(file, f"{path}/", (*ancestors, file.resolve()), found, empty)
            continue
        if not reason and not entry.is_file():
            reason = "not a regular file"
        found.append(FoundFile(path, file, reason, path))
    if len(found) == num_before:
        empty.append(prefix.rstrip("/"))


def _check_size(num_bytes: int, max_bytes: int) -> None:
    if num_bytes > max_bytes:
        raise RejectedPhoto(
            f"{num_bytes:,} bytes are more than {max_bytes / 10**6:g} MB (see accept.max_megabytes in "
            f"params.yaml)"
        )


def is_ignored(name: str) -> bool:
    """Whether a file or folder is left out by rule."""
    return name.startswith(".") or name.lower() in IGNORED_NAMES or name.endswith(".dvc")


def as_text(name: str) -> str:
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
