"""ZIP archives, entry by entry."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple


class Entry(NamedTuple):
    """A file as a made-up archive tells of it; what is None is told truly."""

    name: bytes
    data: bytes = b"photo"  # as it lies in the archive
    flags: int = 0
    method: int = zipfile.ZIP_STORED
    mode: int = 0  # of Unix
    num_bytes: int | None = None
    num_packed_bytes: int | None = None
    crc: int | None = None
    offset: int | None = None
    extra: bytes = b""


def write_zip(path: Path, *entries: Entry, list_bytes: int | None = None) -> Path:
    """Writes an archive that may lie. Source of the layout: PKWARE APPNOTE 6.3.10, 4.3."""
    body, central = bytearray(), bytearray()
    for entry in entries:
        crc = zlib.crc32(entry.data) if entry.crc is None else entry.crc
        packed = len(entry.data) if entry.num_packed_bytes is None else entry.num_packed_bytes
        sizes = (crc, packed, len(entry.data) if entry.num_bytes is None else entry.num_bytes)
        common = struct.pack(
            "<HHHHHIIIHH", 20, entry.flags, entry.method, 0, 0x21, *sizes, len(entry.name), len(entry.extra)
        )
        offset = len(body) if entry.offset is None else entry.offset
        body += b"PK\3\4" + common + entry.name + entry.extra + entry.data
        central += b"PK\1\2" + struct.pack("<H", 0x0314) + common
        central += struct.pack("<HHHII", 0, 0, 0, entry.mode << 16, offset) + entry.name + entry.extra
    length = len(central) if list_bytes is None else list_bytes
    end = struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), length, len(body), 0)
    path.write_bytes(bytes(body + central) + b"PK\5\6" + end)
    return path
