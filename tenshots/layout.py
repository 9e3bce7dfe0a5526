"""The photos folder: which files lie in it, and what their paths say (`{group}/{label}/{name}`).

Left out by rule, without a manifest row: hidden files and folders (their name begins with a dot), what
Windows puts into folders (Thumbs.db, desktop.ini) and DVC's own files (dvc.yaml, dvc.lock, *.dvc).
"""

from __future__ import annotations

import difflib
import os
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import Field

from tenshots.errors import DataError, SettingsError
from tenshots.params import Settings

FIELDS = ("label", "group", "split", "name")
IGNORED_NAMES = ("thumbs.db", "desktop.ini", "dvc.yaml", "dvc.lock")


class PhotosSettings(Settings):
    """The top-level settings `photos` and `layout` of params.yaml."""

    photos: str = Field(min_length=1)
    layout: str = Field(min_length=1)


class FoundFile(NamedTuple):
    """A file below the photos folder.

    Attributes:
        path: relative to the photos folder, POSIX; characters that are no text are written as escapes.
        file: where to read it.
        reason: why it must not be read; empty where it may be.
    """

    path: str
    file: Path
    reason: str


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
        pieces = re.split(r"\{(\w+)\}", pattern)
        # Greedy fields make the last possible place split a component.
        self._expression = re.compile(
            "".join(
                f"(?P<{piece}>[^/]+)" if odd % 2 else re.escape(piece) for odd, piece in enumerate(pieces)
            ),
            re.DOTALL,
        )

    def match(self, path: str) -> PathFields | None:
        """Returns the fields of a path relative to the photos folder, or nothing where it does not fit."""
        found = self._expression.fullmatch(path)
        if found is None:
            return None
        values = found.groupdict()
        return PathFields(*(values.get(field, "") for field in FIELDS))


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
        raise DataError(
            f"the photos folder {photos} is missing; correct `photos` in params.yaml, or `dvc pull`"
        )
    return folder


def find(folder: Path) -> tuple[list[FoundFile], list[str]]:
    """Returns every file below a folder, sorted by path, and the folders that hold none.

    Links are followed as long as they stay inside the folder; others come with a reason not to read them.
    """
    found: list[FoundFile] = []
    empty: list[str] = []
    _scan(folder, "", (folder.resolve(),), found, empty)
    return sorted(found), sorted(empty)


def _check(pattern: str) -> None:
    """Raises a SettingsError for a pattern that cannot be read, or that reads paths in two ways."""
    at = f"params.yaml: layout {pattern!r}"
    fields = re.findall(r"\{(\w*)\}", pattern)
    for field in fields:
        if field not in FIELDS:
            close = difflib.get_close_matches(field, FIELDS, n=1)
            hint = f"; did you mean {{{close[0]}}}?" if close else ""
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


def _scan(
    directory: Path, prefix: str, ancestors: Sequence[Path], found: list[FoundFile], empty: list[str]
) -> None:
    """Adds what lies below `directory`; `ancestors` are the real folders from the top down to it."""
    num_before = len(found)
    try:
        entries = list(os.scandir(directory))
    except OSError as error:
        found.append(FoundFile(prefix.rstrip("/"), directory, f"folder cannot be read ({error.strerror})"))
        return
    for entry in entries:
        path, file = prefix + _as_text(entry.name), Path(entry.path)
        if _is_ignored(entry.name):
            continue
        reason = _link_reason(file, ancestors) if entry.is_symlink() else ""
        if path != prefix + entry.name:
            reason = "its name is not plain UTF-8 text; rename it"
        if not reason and entry.is_dir():
            _scan(file, f"{path}/", (*ancestors, file.resolve()), found, empty)
            continue
        if not reason and not entry.is_file():
            reason = "not a regular file"
        found.append(FoundFile(path, file, reason))
    if len(found) == num_before:
        empty.append(prefix.rstrip("/"))


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


def _link_reason(link: Path, ancestors: Sequence[Path]) -> str:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a circle of links, before Python 3.13
        return "a link that leads nowhere"
    if not target.is_relative_to(ancestors[0]):
        return "a link that leaves the photos folder; copy the file into it"
    if target in ancestors:
        return "a link to a folder that holds it"
    return ""
