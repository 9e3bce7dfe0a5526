"""Whether a file holds all of its pixels: what decoders do not miss where a download or a card broke off."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import zlib

import numpy as np
from PIL import Image, ImageFile

from tenshots.intake.photos import containers, formats

# Source: PNG, third edition, 11.2.1 and 8.1: samples per pixel by colour type; of each pass of an interlaced
# picture the first column and row, and the steps between them.
PNG_END = b"IEND\xaeB`\x82"
PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PNG_PASSES = (
    ((0, 0, 1, 1),),
    ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
JPEG_END = b"\xff\xd9"
NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # in coded pixels 255 is followed by 0 or a restart
NUM_GUESSES = 8  # of bits that a decoder may want for; with four, one cut in 150 went unseen by chance
RESTART = re.compile(rb"\xff[\xd0-\xd7]")
GUESS_PIXELS = 16_000_000  # at most, of a photo that is decoded to compare guesses
MISSING_GREY = (127, 128)  # what libjpeg leaves of blocks without bits, in whatever colours

FILLED = bytes(64)  # no sound JPEG ends in so many
SECTOR = bytes(512)  # what fails on a card or in a download ends in whole ones
# Zeros that no pixels of HEIC or AVIF hold in a row, by how they are coded. HEVC never writes three; AV1 may
# fill up what its parts end in. Sources: ITU-T H.265, 7.4.2; AV1 bitstream specification, 8.2.4.
CODED = {b"hvc1": FILLED, b"hev1": FILLED, b"av01": SECTOR}
LEVEL_STEP = 0.5  # of 255: rows nearer to each other than that are a smear; photos have noise of 0.6 and more
# EXIF orientation → the side of the upright photo at which the file's pixels end
LAST_SIDES = {1: "bottom", 2: "bottom", 3: "top", 4: "top", 5: "right", 6: "left", 7: "left", 8: "right"}

WITHOUT_END = "the end of the file is missing, but no pixels are"
FLAT_END = "ends in one flat colour and in zeros, so it may be incomplete"


def load(
    image: ImageFile.ImageFile, data: bytes, name: str, draft_size: tuple[int, int]
) -> tuple[ImageFile.ImageFile, str]:
    """Returns a photo decoded, with a note where the end of its file is missing but none of its pixels.

    A transfer that broke off may leave a file of full length that ends in zeros, which decode as grey or as a
    smear; decoders say nothing, either, where an end was put behind what is left.

    Args:
        image: opened.
        data: the file's bytes.
        name: what `formats.kind` returned.
        draft_size: width and height in px that were asked of `draft`.

    Raises:
        OSError: pixels are missing; Pillow raises more kinds for other damage.
    """
    if name == "JPEG" and data.rfind(JPEG_END, containers.scan_start(data)) < 0:
        return _load_jpeg_without_end(image, data, draft_size)
    formats.complaint()  # of an earlier file
    image.load()
    note = f"damaged in places ({module})" if (module := formats.complaint()) else ""
    if name == "JPEG" and _ends_in_grey(image) and not _jpeg_is_whole(data):  # so few are decoded again
        raise OSError("its lower part is missing")
    if name == "PNG":
        has_end = PNG_END in data[-65536:] or PNG_END in data
        if (not has_end or _ends_blank(image)) and not _png_is_whole(data, has_end=has_end):
            raise OSError("its lower part is missing" if has_end else "its end is missing")
        note = "" if has_end else WITHOUT_END
    if name in ("HEIF", "AVIF") and _code_has_zeros(data):
        raise OSError("a part of it is missing")
    return image, note


def note_of_flat_end(image: ImageFile.ImageFile, data: bytes, name: str, orientation: int) -> str:
    """Returns `FLAT_END` where a file ends in zeros and its last pixels show it, else "".

    Only of formats whose sound files may end so, where it cannot be told: plain black is written as zeros.

    Args:
        image: decoded; of a TIFF as it is after its turn.
        data: the file's bytes.
        name: what `formats.kind` returned.
        orientation: 1 to 8, as EXIF counts; that of a TIFF counts here.
    """
    if name == "WEBP":
        if not any(
            bytes(piece.content[-len(SECTOR) :]) == SECTOR
            for piece in containers.webp_pieces(data)
            if piece.kind in (b"VP8 ", b"VP8L")
        ):
            return ""
        side = "corner"
    elif name in ("TIFF", "BMP") and data.endswith(SECTOR):
        rises = name == "BMP" and int.from_bytes(data[22:26], "little", signed=True) > 0
        side = "top" if rises else LAST_SIDES[orientation if name == "TIFF" else 1]
    else:
        return ""
    width, height = image.size
    share = max(2, (height if side in ("top", "bottom") else width) // 64)
    box = {
        # Where bits are missing, WebP goes on with patterns, which are flat only within its last blocks.
        "corner": (width - width // 4, height - 2, width, height),
        "bottom": (0, height - share, width, height),
        "top": (0, 0, width, share),
        "left": (0, 0, share, height),
        "right": (width - share, 0, width, height),
    }[side]
    band = np.asarray(image.crop(box)).astype(np.int32)
    steps = np.abs(np.diff(band, axis=1 if side in ("left", "right") else 0))
    return FLAT_END if steps.size and steps.mean() < LEVEL_STEP else ""


def num_row_bytes(header: bytes) -> int:
    """Returns how many bytes the rows of a PNG have before zlib packs them.

    Args:
        header: the content of its IHDR, whose size an animation's first picture has, too.
    """
    width, height, bits, colour_type, _, _, is_interlaced = struct.unpack(">IIBBBBB", header)
    num_bytes = 0
    for left, top, across, down in PNG_PASSES[bool(is_interlaced)]:
        columns, rows = -(-max(0, width - left) // across), -(-max(0, height - top) // down)
        # Each row begins with a byte that names its filter.
        num_bytes += rows * (1 + -(-columns * bits * PNG_SAMPLES[colour_type] // 8)) if columns else 0
    return num_bytes


def _load_jpeg_without_end(
    image: ImageFile.ImageFile, data: bytes, draft_size: tuple[int, int]
) -> tuple[ImageFile.ImageFile, str]:
    is_filled_up = data.endswith(FILLED)
    try:
        if is_filled_up:
            raise OSError("its end is missing")
        image.load()  # which may wait for bits behind the last that it needs
    except OSError:
        left = data.rstrip(b"\0") if is_filled_up else data.removesuffix(JPEG_END[:1])
        if not _jpeg_is_whole(left):
            raise
        image = Image.open(io.BytesIO(left + JPEG_END), formats=("JPEG",))
        image.draft(None, draft_size)
        image.load()
    return image, WITHOUT_END


def _ends_in_grey(image: ImageFile.ImageFile) -> bool:
    last = image.crop((0, image.height - 1, image.width, image.height)).getextrema()
    levels = last if isinstance(last[0], tuple) else (last,)
    return all(low in MISSING_GREY and high == low for low, high in levels)


def _ends_blank(image: ImageFile.ImageFile) -> bool:
    """Returns whether the last row of a PNG, or of an interlaced one of the last two, may not have come."""
    last = np.asarray(image.crop((0, image.height - 2, image.width, image.height)))
    return image.height < 2 or not all(row.any() for row in last)  # Pillow leaves such rows at zero


def _png_is_whole(data: bytes, *, has_end: bool) -> bool:
    """Returns whether a PNG holds all of its rows and, where its end is missing, their checksum."""
    unpack = zlib.decompressobj()
    num_bytes = wanted = 0
    header = b""
    try:
        for piece in containers.png_pieces(data):
            if piece.kind == b"IHDR":
                header = bytes(piece.content[:13])
            elif piece.kind == b"IDAT":
                wanted = wanted or num_row_bytes(header)
                for start in range(0, len(piece.content), 4096):  # zlib packs at most 1 to 1032
                    if unpack.eof or num_bytes > wanted:  # a trap may hold more without an end
                        break
                    num_bytes += len(unpack.decompress(piece.content[start : start + 4096]))
    except zlib.error:
        return False
    return num_bytes >= wanted > 0 and (has_end or unpack.eof)


def _jpeg_is_whole(data: bytes) -> bool:
    """Returns whether the coded pixels of a JPEG suffice, so that nothing behind them changes a pixel.

    libjpeg knows, but Pillow does not pass it on. So it is given one random continuation after another: where
    bits are missing, they are read from it, and other pixels come out.
    """
    end, is_complete = _scans(data)
    restarts = RESTART.findall(data, 0, end)
    next_restart = bytes([0xFF, 0xD0 + (restarts[-1][1] + 1) % 8 if restarts else 0xD0])
    seen = set()
    for number in range(NUM_GUESSES if is_complete else 0):
        bits = hashlib.shake_128(bytes([number])).digest(64).replace(b"\xff", b"\xfe")
        seen.add(_decoded(data[:end] + bits + next_restart + bits + JPEG_END))
        if len(seen) > 1:
            break
    return len(seen) == 1


def _decoded(data: bytes) -> bytes:
    """Returns the hash of a JPEG's pixels, at a scale at which they are few enough."""
    image = Image.open(io.BytesIO(data), formats=("JPEG",))
    num_pixels = image.width * image.height
    scale = next((scale for scale in (1, 2, 4) if num_pixels <= GUESS_PIXELS * scale**2), 8)
    image.draft(None, (image.width // scale, image.height // scale))
    return hashlib.sha256(image.tobytes()).digest()


def _scans(data: bytes) -> tuple[int, bool]:
    """Returns where the coded pixels of a JPEG end, and whether each coefficient of each component is coded.

    Source: ITU-T T.81, annexes B and G.
    """
    at = end = 2
    missing: dict[int, list[bool]] = {}
    while at + 4 <= len(data):
        marker = data[at + 1]
        if marker == 0xFF and data[at] == 0xFF:  # filling
            at += 1
            continue
        head = data[at + 4 : at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")]
        if marker == 0xD9 or data[at] != 0xFF:
            break
        at += 4 + len(head)
        if marker in range(0xC0, 0xD0) and marker not in (0xC4, 0xC8, 0xCC):  # the frame
            missing = {head[first]: [True] * 64 for first in range(6, len(head) - 2, 3)}
        elif marker == 0xDA and head:
            num = head[0]
            if len(head) < 4 + 2 * num:
                return end, False
            first, last, precision = head[1 + 2 * num : 4 + 2 * num]
            for component in head[1 : 1 + 2 * num : 2]:
                for number in range(first, last + 1):
                    missing.get(component, [True] * 64)[number & 63] = precision & 15 > 0
            found = NEXT_MARKER.search(data, at)
            at = end = found.start() if found else len(data)
    return end, bool(missing) and not any(map(any, missing.values()))


def _code_has_zeros(data: bytes) -> bool:
    """Returns whether coded pixels of a HEIC or AVIF hold zeros that their code never has."""
    return any(data.find(CODED[kind], at, at + length) >= 0 for kind, at, length in _coded_items(data))


def _coded_items(data: bytes) -> list[tuple[bytes, int, int]]:
    """Returns code, start and length of each part of a HEIF's pixels. Source: ISO/IEC 14496-12, 8.11."""
    meta = next((content for box, content in formats.boxes(data) if box == b"meta"), b"")
    inside = dict(formats.boxes(meta[4:]))
    infos, places = inside.get(b"iinf", b""), io.BytesIO(inside.get(b"iloc", b""))
    kinds = {}
    for box, info in formats.boxes(infos[6 if infos[:1] == b"\0" else 8 :]):
        id_bytes = 2 if info[:1] == b"\2" else 4
        if box == b"infe" and (kind := info[6 + id_bytes : 10 + id_bytes]) in CODED:
            kinds[int.from_bytes(info[4 : 4 + id_bytes], "big")] = kind

    def number(num_bytes: int) -> int:
        return int.from_bytes(places.read(num_bytes), "big")

    version, sizes = number(4) >> 24, number(2)
    offset_bytes, length_bytes, base_bytes = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_bytes = sizes & 15 if version else 0
    id_bytes = 2 if version < 2 else 4
    found = []
    for _ in range(min(number(id_bytes), len(data) // 8)):
        item, method = number(id_bytes), number(2 if version else 0) & 15
        number(2)  # of another file; no photo has one
        base = number(base_bytes)
        for _ in range(number(2)):
            number(index_bytes)
            at, length = base + number(offset_bytes), number(length_bytes)
            if item in kinds and method == 0:
                found.append((kinds[item], at, length))
    return found
