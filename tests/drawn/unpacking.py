"""All that lies in a file, however it is packed: a search does not stop at compression or encoding."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import re
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pyarrow.parquet
from PIL import Image

MOST_BYTES = 1 << 28  # of what one stream unpacks to
_BASE64 = re.compile(rb"base64,([A-Za-z0-9+/=\s]{24,})")
_STREAMS = {b"\x1f\x8b": gzip.decompress, b"BZh": bz2.decompress, b"\xfd7zXZ\0": lzma.decompress}


def files(*places: Path) -> Iterator[tuple[str, bytes]]:
    """Yields each file below the places, and all that is packed in it, as (where, bytes)."""
    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file():
                yield from unpacked(str(path), path.read_bytes())
                if path.suffix == ".db":
                    yield from _rows(path)


def unpacked(where: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yields `data` and, again and again, what is packed in it."""
    yield where, data
    for name, part in _parts(data):
        yield from unpacked(f"{where} > {name}", part)


def images(where: str, data: bytes) -> Iterator[tuple[str, Image.Image]]:
    """Yields the picture that the data are, if they are one."""
    if data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8")):
        yield where, Image.open(io.BytesIO(data)).convert("RGB")


def _parts(data: bytes) -> Iterator[tuple[str, bytes]]:
    for start, decompress in _STREAMS.items():
        if data.startswith(start):
            yield decompress.__module__, decompress(data)
    if data[:1] == b"x" and len(data) > 2 and struct.unpack(">H", data[:2])[0] % 31 == 0:
        unzipped = _inflated(data)
        if unzipped:
            yield "zlib", unzipped
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name, archive.read(name)
    if data.startswith(b"PAR1"):
        yield from _cells(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        yield from _chunks(data)
    for number, found in enumerate(_BASE64.finditer(data)):
        yield f"base64 {number}", base64.b64decode(found[1])


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, MOST_BYTES)
    except zlib.error:
        return b""


def _cells(data: bytes) -> Iterator[tuple[str, bytes]]:
    table = pyarrow.parquet.read_table(io.BytesIO(data))
    for key, value in (table.schema.metadata or {}).items():
        yield f"metadata {key!r}", value
    for name in table.column_names:
        for row, value in enumerate(table[name].to_pylist()):
            yield f"{name} {row}", value if isinstance(value, bytes) else str(value).encode()


def _chunks(data: bytes) -> Iterator[tuple[str, bytes]]:
    place = 8
    while place + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        chunk = data[place + 8 : place + 8 + size]
        if kind in (b"zTXt", b"iTXt", b"iCCP"):
            # After a keyword and some flags comes a stream, at a place that differs by kind
            yield kind.decode(), b" ".join(_inflated(chunk[start:]) for start in range(min(len(chunk), 120)))
        place += 12 + size


def _rows(path: Path) -> Iterator[tuple[str, bytes]]:
    """The rows of a database: a long value is split over its pages, so the file alone may hide it."""
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
    try:
        yield f"{path} > rows", "\n".join(connection.iterdump()).encode(errors="surrogateescape")
    finally:
        connection.close()
