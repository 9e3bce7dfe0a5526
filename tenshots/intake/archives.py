"""Photos handed in as a .zip: the files in it are listed and bounded, and later read one by one, in memory.

An archive in an archive, as learning platforms make them of a class's hand-ins, is listed with the outer one;
its bytes are held in memory while its files are read. Archives in those are not opened.

Nothing is ever unpacked to disk, so no name and no link in an archive can lead anywhere; those that try are
rejected all the same. How a file in an archive is read is in `members`.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise, takewhile
from pathlib import Path
from typing import NamedTuple

from tenshots.errors import RejectedPhoto
from tenshots.intake import clutter
from tenshots.intake.members import Member, described, end, opened

NESTED = "//"  # between the name of an archive in an archive and that of a file in it; in no other name


class ArchiveLimits(NamedTuple):
    """The most that one archive may hold, archives in it included.

    Attributes:
        max_files: files, ignored ones not counted.
        max_bytes: of all files unpacked.
        max_ratio: of these bytes to those of the archive as it lies on the disk.
    """

    max_files: int
    max_bytes: int
    max_ratio: float


class Listing(NamedTuple):
    """What an archive holds.

    Attributes:
        members: its files, less the ignored ones, in the order of the archive; at least one, no name twice.
            In place of an archive its files, unless it cannot be used: then itself, with the reason.
        empty_folders: paths of folders in which, at any depth, no such file lies; sorted.
    """

    members: list[Member]
    empty_folders: list[str]


def listing(archive: Path, limits: ArchiveLimits, is_ignored: Callable[[str], bool]) -> Listing:
    """Lists the files in an archive without unpacking any.

    Names are UTF-8 where they say so, where a field beside them (Info-ZIP Unicode Path) holds them so, or
    where they are valid UTF-8 (macOS writes it without saying). Else they are in the code page of the
    computer that made the archive, which it does not tell: such names are read in code page 437, and marked
    as guesses. A backslash, which old Windows tools write, separates as `/` does; but where an archive also
    writes `/`, one behind a byte that is not ASCII is half of a letter (`表` in Shift-JIS).

    Args:
        archive: a .zip file.
        limits: above one of them the whole archive is rejected.
        is_ignored: whether a file or folder of a name is left out, with all that lies in it.

    Raises:
        RejectedPhoto: it is no .zip, damaged, cut, empty or over a limit; two files share a name or bytes.
    """
    outermost = _listing(archive, None, limits, is_ignored)
    if not any(map(_is_archive, outermost.members)):
        return outermost
    members: list[Member] = []
    empty = list(outermost.empty_folders)
    for outer in outermost.members:
        if not _is_archive(outer):
            members.append(outer)
            continue
        try:
            held = _listing(archive, outer, limits, is_ignored)
        except RejectedPhoto as rejection:
            members.append(outer._replace(reason=str(rejection)))
            continue
        members += [_held_in(outer, member) for member in held.members]
        empty += [f"{outer.name}{NESTED}{folder}" for folder in held.empty_folders]
        _check_sums(members, archive.stat().st_size, limits)
    return Listing(members, sorted(empty))


def _is_archive(member: Member) -> bool:
    return not member.reason and member.name.lower().endswith(".zip")


def _held_in(outer: Member, member: Member) -> Member:
    reason = "an archive in an archive in an archive; unpack the outer one" * _is_archive(member)
    return member._replace(
        name=f"{outer.name}{NESTED}{member.name}",
        reason=member.reason or reason,
        is_guess=member.is_guess or outer.is_guess,
        outer=outer,
    )


def _listing(
    archive: Path, outer: Member | None, limits: ArchiveLimits, is_ignored: Callable[[str], bool]
) -> Listing:
    """Lists the files in an archive, or in the archive `outer` in it; archives among them stay files."""
    try:
        with opened(archive, outer, limits.max_files) as file:
            num_archive_bytes = file.seek(0, io.SEEK_END)
            file.seek(0)
            if not num_archive_bytes:
                raise RejectedPhoto(clutter.EMPTY)
            starts_as_zip = file.read(2) == b"PK"
            with zipfile.ZipFile(file) as archived:
                infos = archived.infolist()
    except (RejectedPhoto, MemoryError):
        raise
    except OSError as error:
        raise RejectedPhoto(clutter.unreadable(error)) from error
    # zipfile raises many kinds for made-up archives, struct.error and UnicodeDecodeError among them.
    except Exception as error:
        if not starts_as_zip:
            raise RejectedPhoto("not a .zip archive, though its name says so") from error
        raise RejectedPhoto(f"damaged or incomplete .zip archive ({' '.join(str(error).split())})") from error
    members: list[Member] = []
    folders: set[str] = set()
    writes_slashes = any("/" in info.orig_filename for info in infos)
    for info in infos:
        member, is_folder = described(info, writes_slashes=writes_slashes)
        parts = member.name.split("/") if member.has_safe_name else []
        kept = list(takewhile(lambda part: not is_ignored(part), parts))
        is_file = len(kept) == len(parts) and not is_folder
        if is_file:
            members.append(member)
        folders.update(_folders(kept[:-1] if is_file else kept))
    _check(members, num_archive_bytes, limits)
    safe = (member.name.split("/") for member in members if member.has_safe_name)
    filled = {folder for parts in safe for folder in _folders(parts[:-1])}
    return Listing(members, sorted(folders - filled))


def _folders(parts: list[str]) -> Iterable[str]:
    """All folders on the way down to the last of `parts`."""
    return ("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))


def _check(members: list[Member], num_archive_bytes: int, limits: ArchiveLimits) -> None:
    """Raises a RejectedPhoto where the archive as a whole must not be read."""
    if not members:
        raise RejectedPhoto("an archive without files")
    if any(member.offset < 0 or end(member) > num_archive_bytes for member in members):
        raise RejectedPhoto(
            "its files lie beyond its end: cut short, or one of several parts; zip them again"
        )
    _check_sums(members, num_archive_bytes, limits)
    name, count = Counter(member.name for member in members).most_common(1)[0]
    if count > 1:
        raise RejectedPhoto(f"it holds {count} files named {name!r}; rename them")
    for one, other in pairwise(sorted(members, key=lambda member: member.offset)):
        # Bombs that unpack the same bytes again and again. Source: Fifield 2019, USENIX WOOT.
        if end(one) > other.offset:
            raise RejectedPhoto(f"its files {one.name!r} and {other.name!r} share bytes; zip them again")


def _check_sums(members: list[Member], num_archive_bytes: int, limits: ArchiveLimits) -> None:
    if len(members) > limits.max_files:
        raise RejectedPhoto(
            f"it holds {len(members):,} files, more than {limits.max_files:,} (see accept.max_zip_files "
            f"in params.yaml)"
        )
    num_bytes = sum(member.num_bytes for member in members)
    if num_bytes > limits.max_bytes:
        raise RejectedPhoto(
            f"it unpacks to {num_bytes / 10**6:,.12g} MB, more than {limits.max_bytes / 10**6:,.12g} MB (see "
            f"accept.max_zip_megabytes in params.yaml)"
        )
    if num_bytes > limits.max_ratio * num_archive_bytes:
        raise RejectedPhoto(
            f"it unpacks to {-(-num_bytes // num_archive_bytes)} times its size, more than "
            f"{limits.max_ratio:g} (see accept.max_zip_ratio in params.yaml)"
        )
