"""A photo file without the metadata that are too large or damaged, so that its pixels alone decide about it.

What decoders are asked for stays where it is sound: EXIF data, the colour profile, what frames there are.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

# Above it metadata are left out: EXIF data take some 100 kB, and a preview in them as much again.
MAX_METADATA_BYTES = 1_000_000
MAX_PROFILE_BYTES = 4_000_000  # of a colour profile; the tables of a large one for printing take 3 MB

# Source: PNG, third edition, 11; the frames are those of its section 11.3.6.
PNG_PIXELS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"fdAT"}
PNG_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
PNG_FIXED_BYTES = {b"acTL": 8, b"fcTL": 26, b"cICP": 4}
PNG_EXIF_KEY = b"Raw profile type exif\0"  # as ImageMagick writes EXIF data
# Source: WebP container specification, RFC 9649, 2.5 to 2.7.
WEBP_PIXELS = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"}
WEBP_METADATA = {b"ICCP": (0x20, MAX_PROFILE_BYTES), b"EXIF": (0x08, MAX_METADATA_BYTES)}  # flag, largest
APP0, APP1, APP2, APP14, APP15, COMMENT, SCAN = (
    0xE0,
    0xE1,
    0xE2,
    0xEE,
    0xEF,
    0xFE,
    0xDA,
)  # ITU-T T.81, annex B


class Piece(NamedTuple):
    """A chunk of PNG or WebP, or a segment of JPEG.

    Attributes:
        kind: its name; of a segment the marker's second byte.
        content: what it holds.
        whole: the piece as it stands in the file.
        is_sound: whether it is all there and its checksum, if it has one, fits.
    """

    kind: bytes
    content: memoryview
    whole: memoryview
    is_sound: bool


def has_oversize(data: bytes, name: str) -> bool:
    """Returns whether a file's metadata would fill the memory, or take long, if they were read.

    Args:
        data: the file's bytes.
        name: what `formats.kind` returned.
    """
    if name == "PNG":
        return _png_is_oversize(data)
    if name == "JPEG":  # nothing in it is packed, but Pillow joins EXIF data segment by segment
        return sum(len(piece.content) for piece in _jpeg_pieces(data) if _is_exif(piece)) > MAX_METADATA_BYTES
    if name == "WEBP":
        return any(
            len(piece.content) > WEBP_METADATA.get(piece.kind, (0, MAX_METADATA_BYTES))[1]
            for piece in webp_pieces(data)
            if piece.kind not in WEBP_PIXELS
        )
    return False


def bare(data: bytes, name: str) -> bytes:
    """Returns a file without the metadata that no photo needs, that are too large, or that are damaged.

    Only of PNG, JPEG, WebP and AVIF; other files come back as they are, for their decoders pass over what
    they do not understand.

    Args:
        data: the file's bytes.
        name: what `formats.kind` returned.
    """
    strip = _STRIPPED.get(name)
    return strip(data) if strip else data


def png_pieces(data: bytes) -> Iterator[Piece]:
    """Yields the chunks of a PNG file until its end, or until the first that makes no sense.

    `is_sound` of IDAT, which zlib checks, does not tell of its checksum.
    """
    view, at = memoryview(data), 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        content = view[at + 8 : at + 8 + length]
        end = at + 12 + length
        is_sound = end <= len(data)
        if is_sound and kind != b"IDAT":
            is_sound = zlib.crc32(content, zlib.crc32(kind)) == struct.unpack_from(">I", data, end - 4)[0]
        yield Piece(kind, content, view[at:end], is_sound)
        if kind == b"IEND":
            return
        at = end


def webp_pieces(data: bytes) -> Iterator[Piece]:
    """Yields the chunks of a WebP file."""
    view, at = memoryview(data), 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        end = at + 8 + length
        yield Piece(kind, view[at + 8 : end], view[at : end + length % 2], end <= len(data))
        at = end + length % 2


def scan_start(data: bytes) -> int:
    """Returns where the first scan of a JPEG begins."""
    *_, last = _jpeg_pieces(data)
    return len(data) - len(last.whole)


def _png_is_oversize(data: bytes) -> bool:
    num_bytes = 0
    for piece in png_pieces(data):
        if piece.kind == b"iCCP" and _profile_is_oversize(piece):
            return True
        if piece.kind in PNG_TEXTS or piece.kind == b"eXIf":
            num_bytes += len(piece.content)
            # Never more is unpacked than decides, so many small traps take no longer than one.
            num_bytes += len(_unpacked_text(piece, MAX_METADATA_BYTES - num_bytes + 1))
        if num_bytes > MAX_METADATA_BYTES:
            return True
    return False


def _profile_is_oversize(piece: Piece) -> bool:
    packed = bytes(piece.content[:MAX_PROFILE_BYTES]).partition(b"\0")[2][1:]
    return len(piece.content) > MAX_PROFILE_BYTES or (
        len(_unpacked(packed, MAX_PROFILE_BYTES + 1)) > MAX_PROFILE_BYTES
    )


def _unpacked_text(piece: Piece, max_bytes: int) -> bytes:
    """Returns the text of a chunk as far as `max_bytes` go, where it is packed and undamaged."""
    if max_bytes < 1 or piece.kind not in (b"zTXt", b"iTXt"):
        return b""
    rest = bytes(piece.content).partition(b"\0")[2]
    if piece.kind == b"zTXt":
        return _unpacked(rest[1:], max_bytes)
    if piece.kind == b"iTXt" and rest[:1] == b"\1":
        return _unpacked(rest[2:].partition(b"\0")[2].partition(b"\0")[2], max_bytes)
    return b""


def _unpacked(packed: bytes, max_bytes: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, max_bytes)
    except zlib.error:
        return b""


def _bare_png(data: bytes) -> bytes:
    return data[:8] + b"".join(piece.whole for piece in png_pieces(data) if _png_needs(piece))


def _png_needs(piece: Piece) -> bool:
    if piece.kind in PNG_PIXELS or not piece.is_sound:
        return piece.kind in PNG_PIXELS  # damage of the pixels is for the decoder to find
    if piece.kind in PNG_FIXED_BYTES:
        return len(piece.content) == PNG_FIXED_BYTES[piece.kind]
    if piece.kind == b"iCCP":  # its name, up to 79 bytes, ends at a zero; the next is the packing's method
        method = bytes(piece.content[:81]).partition(b"\0")[2][:1]
        return method == b"\0" and not _profile_is_oversize(piece)
    if piece.kind == b"eXIf":
        return len(piece.content) <= MAX_METADATA_BYTES
    return (
        piece.kind in PNG_TEXTS
        and bytes(piece.content[: len(PNG_EXIF_KEY)]) == PNG_EXIF_KEY
        and len(piece.content) <= MAX_METADATA_BYTES
        and len(_unpacked_text(piece, MAX_METADATA_BYTES + 1)) <= MAX_METADATA_BYTES
    )


def _jpeg_pieces(data: bytes) -> Iterator[Piece]:
    """Yields the segments before the pixels; what follows them is the last, with the kind of a scan."""
    view, at = memoryview(data), 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != SCAN:
        end = at + 2 + max(struct.unpack_from(">H", data, at + 2)[0], 2)
        yield Piece(data[at + 1 : at + 2], view[at + 4 : end], view[at:end], end <= len(data))
        at = end
    yield Piece(bytes([SCAN]), view[at:], view[at:], is_sound=True)


def _is_exif(piece: Piece) -> bool:
    return piece.kind == bytes([APP1]) and bytes(piece.content[:6]) == b"Exif\0\0"


def _bare_jpeg(data: bytes) -> bytes:
    kept = [memoryview(data)[:2]]
    has_exif = False
    for piece in _jpeg_pieces(data):
        marker, start = piece.kind[0], bytes(piece.content[:12])
        is_needed = (
            not (APP0 <= marker <= APP15 or marker == COMMENT)
            # The shortest that Pillow can read. Sources: JFIF 1.02; ICC.1:2022, annex B.4; Adobe TN 5116.
            or (marker == APP0 and start[:5] == b"JFIF\0" and len(piece.content) >= 14)
            or (marker == APP2 and start == b"ICC_PROFILE\0" and len(piece.content) > 14)
            or (marker == APP14 and start[:5] == b"Adobe" and len(piece.content) >= 12)
            or (_is_exif(piece) and not has_exif)
        )
        has_exif |= _is_exif(piece)
        if is_needed:
            kept.append(piece.whole)
    return b"".join(kept)


def _bare_webp(data: bytes) -> bytes:
    kept, flags = [], 0
    for piece in webp_pieces(data):
        flag, largest = WEBP_METADATA.get(piece.kind, (0, 0))
        if piece.kind in WEBP_PIXELS or (piece.is_sound and 0 < len(piece.content) <= largest):
            kept.append(bytes(piece.whole))
            flags |= flag
    # Its header says which metadata follow; what it says of pixels (alpha, frames) stays.
    kept = [
        piece[:8] + bytes([piece[8] & ~0x2C | flags]) + piece[9:] if piece[:4] == b"VP8X" else piece
        for piece in kept
        if len(piece) > 8
    ]
    content = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def _without_exif(data: bytes) -> bytes:
    """Returns an AVIF file whose EXIF data are of no known kind now, for libavif refuses damaged ones."""
    return re.sub(rb"(infe.{8,10}?)Exif", rb"\1none", data[:65536], count=1, flags=re.DOTALL) + data[65536:]


_STRIPPED: dict[str, Callable[[bytes], bytes]] = {
    "PNG": _bare_png,
    "JPEG": _bare_jpeg,
    "WEBP": _bare_webp,
    "AVIF": _without_exif,
}
