"""The photos folder: which files lie in it, and how the layout shall read their paths.

A .zip among them is a folder: the files in it have paths such as `ann.zip/cup/IMG_1.jpg`. See `clutter` for
what is left out by rule, `finding` for archives, and `pattern` for how a path is read.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import Field, field_validator

from tenshots.errors import DataError, RejectedPhoto, SettingsError
from tenshots.intake import clutter, members
from tenshots.params import Settings, shown
from tenshots.tables import paths

NO_TEXT = "its name has control characters or is not UTF-8 text; rename it"
# What the stages write; DVC refuses a stage that reads what it, or one after it, writes.
OUTPUTS = (
    *(paths.CHECKED, paths.DATABASE, paths.MANIFEST, paths.SPLITS.parent, paths.INSPECTION),
    *(
        paths.FEATURES,
        paths.AUGMENTED,
        paths.ON_THE_FLY,
        paths.MODELS,
        paths.EVALUATIONS,
        paths.VISUALISATIONS,
        paths.STUDIES,
    ),
    *(paths.CROISSANT, paths.REPORTS),
)


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
            raise ValueError(f"must be written in full, as {str(Path(photos).expanduser())!r}")
        folder = Path(os.path.abspath(photos))  # noqa: PTH100 (links are not followed, as DVC does not either)
        for output in map(Path.cwd().joinpath, OUTPUTS):
            if folder.is_relative_to(output) or output.is_relative_to(folder):
                raise ValueError("must be a folder that the pipeline does not write to, such as data/raw")
        return photos


class FoundFile(NamedTuple):
    """A file below the photos folder, or in an archive there.

    Attributes:
        path: relative to the photos folder, POSIX; characters that are no text are written as escapes.
        file: where to read it: the file itself, or the archive that holds it.
        reason: why it must not be read; empty where it may be.
        read_as: the path for `Layout.match`; empty where the path can say nothing. Differs from `path` in
            archives, see `find`, and where the file stands in for another, see `clutter`.
        member: which file of the archive it is; nothing for a file in a folder.
        archive: the archive's path; empty for a file in a folder.
    """

    path: str
    file: Path
    reason: str
    read_as: str
    member: members.Member | None = None
    archive: str = ""

    @property
    def is_guess(self) -> bool:
        """Whether an archive does not tell the code page of the file's name, see `archives.listing`."""
        return self.member is not None and self.member.is_guess

    @property
    def num_bytes(self) -> int:
        """How many bytes it has, by the folder or the archive; 0 where these do not say."""
        try:
            return self.member.num_bytes if self.member else self.file.stat().st_size
        except OSError:
            return 0

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
                return members.read_member(self.file, self.member)
            with os.fdopen(members.open_regular(self.file), "rb") as file:
                num_bytes = os.fstat(file.fileno()).st_size
                _check_size(num_bytes, max_bytes)
                return file.read(num_bytes)
        except OSError as error:
            raise RejectedPhoto(clutter.unreadable(error)) from error


def photos_dir(photos: str, project_dir: Path) -> Path:
    """Returns the folder that the setting `photos` names.

    Raises:
        SettingsError: a relative path leaves the project, as it stands or through a link.
        DataError: there is no such folder, or it cannot be looked at.
    """
    folder = project_dir / photos
    there = exists(photos, project_dir)
    inside = folder.resolve().is_relative_to(project_dir.resolve())
    if not Path(photos).is_absolute() and not inside:
        raise SettingsError(
            f"params.yaml: the path `photos` must not leave the repository, because temporary and "
            f"queued experiments would not find it, got {photos!r}; copy the photos to data/raw, set "
            f"`photos: data/raw` and run `python -m stages.check && dvc add data/raw`, or give an absolute "
            f"path"
        )
    if not folder.is_dir():
        wrong = "is not a folder" if there else "is missing"
        raise DataError(f"the photos folder {photos} {wrong}; correct `photos` in params.yaml, or `dvc pull`")
    return folder


def exists(photos: str, project_dir: Path) -> bool:
    """Returns whether there is anything at the path that the setting `photos` names.

    Raises:
        DataError: the system does not tell: the path is too long, or leads in a circle or where it may not.
    """
    try:
        (project_dir / photos).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise DataError(
            f"the photos folder {shown(photos)} cannot be opened ({error.strerror}); correct `photos` in "
            f"params.yaml, or allow the folders around it with chmod u+rx"
        ) from None
    return True


def scan(folder: Path) -> tuple[list[FoundFile], list[str]]:
    """Returns every file below a folder, archives as one file each, and the folders without any; unsorted."""
    found: list[FoundFile] = []
    empty: list[str] = []
    _scan(folder, "", (folder.resolve(),), found, empty)
    return found, empty


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
        path, file, reason = prefix + as_text(entry.name), Path(entry.path), ""
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


def _check_size(num_bytes: int, max_bytes: int) -> None:
    if not num_bytes:
        raise RejectedPhoto(clutter.EMPTY)
    if num_bytes > max_bytes:
        raise RejectedPhoto(
            f"its size is {num_bytes / 10**6:,.12g} MB, more than {max_bytes / 10**6:,.12g} MB "
            f"(see accept.max_megabytes in params.yaml)"
        )


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
        is_online = clutter.ONLINE_LINK.fullmatch(link_text(link))
        return link, clutter.ONLINE_ONLY if is_online else "a link that leads nowhere"
    if not target.is_relative_to(ancestors[0]):
        return link, "a link that leaves the photos folder; copy the file into it"
    if target in ancestors:
        return link, "a link to a folder that holds it"
    return target, ""


def link_text(link: Path) -> str:
    """Returns what a link says that it leads to, or nothing where the system does not tell."""
    try:
        return str(link.readlink())
    except OSError:  # such as those of another user's processes
        return ""
