"""Files in an archive: what the archive's list says of one, and its bytes, in memory.

Python's zipfile reads the list of files. The bytes of a file are inflated here, since zipfile lets a file of
10 declared bytes fill 449 MB before it cuts off the rest (`ZipExtFile.read`, Python 3.11.7 and 3.13.0, 200 MB
of zeros in an archive of 195 kB), and cannot bound bzip2 and LZMA at all.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import threading
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

from tenshots.errors import RejectedPhoto
from tenshots.intake import zipnames

# In an archive's list a file takes 46 bytes, its name and some 30 bytes of dates; names rarely exceed 100.
LIST_BYTES_PER_FILE = 1024
LOCAL_HEADER_BYTES = 30  # before a file's name and bytes. Source: PKWARE APPNOTE 6.3.10, 4.3.7
MAX_HELD_BYTES = 256 * 10**6  # of an archive in an archive; to inflate one takes three times as much
ENCRYPTED = 0x1 | 0x40 | 0x2000  # flag bits 0, 6 and 13. Source: PKWARE APPNOTE 6.3.10, 4.4.4


class Member(NamedTuple):
    """A file in an archive, as the archive's list describes it.

    Attributes:
        name: its path in the archive; relative and clean (no empty, . or .. parts, `/` between them) unless
            there is a reason. Control characters are left in. In an archive in it: `ann.zip//cup/1.jpg`.
        reason: why it must not be read; empty where it may be.
        has_safe_name: whether the name is clean.
        offset: where its header begins in the archive, in bytes.
        num_bytes: unpacked.
        num_packed_bytes: in the archive.
        crc: CRC-32 of the unpacked bytes.
        method: `zipfile.ZIP_STORED` or `zipfile.ZIP_DEFLATED`, or another where there is a reason.
        is_guess: whether the archive does not say in which code page the name is.
        outer: the archive in the archive that holds the file; nothing for a file in the archive itself.
    """

    name: str
    reason: str
    has_safe_name: bool
    offset: int
    num_bytes: int
    num_packed_bytes: int
    crc: int
    method: int
    is_guess: bool = False
    outer: Member | None = None


def described(info: zipfile.ZipInfo, *, writes_slashes: bool) -> tuple[Member, bool]:
    """Returns what the archive's list says of a file or folder, and whether it is a folder."""
    # `filename` ends at a NUL and depends on the platform; the name as it is written does not.
    written, is_guess = zipnames.decoded(info)
    separator = zipnames.LONE_BACKSLASH if is_guess and writes_slashes else r"\\"
    name, name_reason = zipnames.cleaned(re.sub(separator, "/", written))
    kind = stat.S_IFMT(info.external_attr >> 16)  # of Unix; other systems leave 0
    is_folder = name.endswith("/") or kind == stat.S_IFDIR
    name = name.rstrip("/") if not name_reason else name
    if kind == stat.S_IFLNK:
        reason = "a link in an archive; zip the file itself"
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        reason = "not a regular file"
    elif info.flag_bits & ENCRYPTED:
        reason = "needs a password; zip it without one"
    elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        reason = (
            f"compressed with method {info.compress_type}, but only 0 (stored) and 8 (deflate) can be read; "
            f"zip it again"
        )
    else:
        reason = ""
    member = Member(
        name=name,
        reason=name_reason or reason,
        has_safe_name=not name_reason,
        offset=info.header_offset,
        num_bytes=info.file_size,
        num_packed_bytes=info.compress_size,
        crc=info.CRC,
        method=info.compress_type,
        is_guess=is_guess,
    )
    return member, is_folder


def end(member: Member) -> int:
    """Where a file in an archive ends at the earliest, in bytes: its name comes on top."""
    return member.offset + LOCAL_HEADER_BYTES + member.num_packed_bytes


def read_member(archive: Path, member: Member) -> bytes:
    """Returns the bytes of a file in an archive; many threads may read one archive at once.

    Memory stays below about twice the declared size of the file, whatever the archive holds; an archive in it
    is kept until a file of another one is read.

    Raises:
        RejectedPhoto: the member has a reason, or its bytes are not those that the archive's list describes.
        OSError: the archive cannot be read.
    """
    if member.reason:
        raise RejectedPhoto(member.reason)
    damaged = RejectedPhoto("damaged in the archive; zip it again")
    # Deflate adds 5 bytes to each 16 kB that it cannot shrink; far more is there to fill the memory.
    if member.num_packed_bytes > member.num_bytes + member.num_bytes // 8 + 1024:
        raise damaged
    try:
        # Opening for each member takes microseconds; nothing stays open, and no thread waits for another.
        with opened(archive, member.outer) as file:
            file.seek(member.offset)
            header = file.read(LOCAL_HEADER_BYTES)
            if len(header) < LOCAL_HEADER_BYTES or not header.startswith(b"PK\3\4"):
                raise damaged
            file.seek(sum(struct.unpack("<HH", header[26:])), io.SEEK_CUR)  # its name and extra fields
            data = file.read(member.num_packed_bytes)
        if member.method == zipfile.ZIP_DEFLATED:
            # One byte beyond the declared size betrays a longer file.
            data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, member.num_bytes + 1)
    except zlib.error as error:
        raise damaged from error
    if len(data) != member.num_bytes or zlib.crc32(data) != member.crc:
        raise damaged
    return data


def open_regular(file: Path) -> int:
    """Returns a descriptor to read a file from, which is no link and no pipe even if it was swapped for one.

    Raises:
        RejectedPhoto: it is not a regular file.
        OSError: it is a link, or cannot be opened.
    """
    # Without O_NONBLOCK a pipe would wait for a writer for ever.
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise RejectedPhoto("not a regular file")
    return descriptor


# Of one archive alone, and one thread at a time: else each might hold another one.
_held = lru_cache(maxsize=1)(read_member)
_HOLDING = threading.Lock()


def opened(archive: Path, outer: Member | None, max_files: int | None = None) -> BinaryIO:
    """Opens an archive, or the archive `outer` in it, for a list of at most so many files."""
    if outer is None:
        return (
            _BoundedFile(open_regular(archive), max_files)
            if max_files
            else os.fdopen(open_regular(archive), "rb")
        )
    if outer.num_bytes > MAX_HELD_BYTES:
        raise RejectedPhoto(
            f"an archive of over {MAX_HELD_BYTES // 10**6} MB in an archive; unpack the outer one"
        )
    with _HOLDING:
        return _BoundedBytes(_held(archive, outer), max_files)


class _BoundedFile(io.FileIO):
    """A file that refuses the one read of unbounded length in zipfile: that of the archive's list."""

    def __init__(self, descriptor: int, max_files: int) -> None:
        super().__init__(descriptor)
        self._max_files = max_files

    def read(self, size: int | None = -1, /) -> bytes:
        _check_list(size, self._max_files)
        return super().read(size) or b""


class _BoundedBytes(io.BytesIO):
    """The same for an archive in an archive; shares the bytes, and copies none."""

    def __init__(self, data: bytes, max_files: int | None) -> None:
        super().__init__(data)
        self._max_files = max_files

    def read(self, size: int | None = -1, /) -> bytes:
        if self._max_files:
            _check_list(size, self._max_files)
        return super().read(size)


def _check_list(size: int | None, max_files: int) -> None:
    if size is not None and size > LIST_BYTES_PER_FILE * max_files:
        raise RejectedPhoto(
            f"its list of files takes {size} bytes, more than {max_files} files need (see "
            f"accept.max_zip_files in params.yaml)"
        )
