"""What a file is, by its content alone: opened as a photo, or refused with the reason."""

from __future__ import annotations

import ctypes
import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

import pillow_heif
from PIL import (
    AvifImagePlugin,
    Image,
    ImageFile,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401 (else Pillow would load all of its formats at the first WebP)
    _imaging,
)

from tenshots.errors import RejectedPhoto
from tenshots.intake import clutter
from tenshots.intake.photos import containers

# Pillow's own limit, 179 million, would refuse the photos of some phones on opening; `photos` has another.
Image.MAX_IMAGE_PIXELS = None
# Work is spread over files: a decoder's own threads would only compete. Embedded thumbnails and depth maps
# are other pictures than the photo, and take memory.
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
# Of a PNG's colour profile, unpacked; `containers` sees to its texts.
PngImagePlugin.MAX_TEXT_CHUNK = containers.MAX_PROFILE_BYTES
# Damaged metadata says nothing about the pixels; damaged pixels are an error, not a warning.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

# HEIC has to be; Pillow does so with TIFF. Turning again would be wrong.
TURNED_BY_DECODER = ("HEIF", "TIFF")

KNOWN = "JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP, GIF"
NAMES = {"WEBP": "WebP", "HEIF": "HEIC"}  # as people call them, where Pillow's name is another
RAW = "a camera's RAW file; export it as JPEG"
VIDEO = "a video; save a frame of it as JPEG"
PHOTO_STARTS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",  # BigTIFF
    b"MM\0+": "TIFF",
}
OTHER_STARTS = {
    b"%PDF": "a PDF document; export its pictures as JPEG",
    b"%!PS": "a PostScript document; export it as JPEG",
    b"8BPS": "a Photoshop document; export it as JPEG",
    b"\0\0\0\x0cJXL ": "a JPEG XL image; export it as JPEG",
    b"\xff\x0a": "a JPEG XL image; export it as JPEG",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 image; export it as JPEG",
    b"\xff\x4f\xff\x51": "a JPEG 2000 image; export it as JPEG",
    b"\0\x05\x16\x07": "a Mac's companion file without a picture; delete it",
    b"version https://git-lfs": "a Git LFS pointer without the photo; run `git lfs pull`",
    b"PK\x03\x04": "an archive or a document, not an image",
    b"\x1aE\xdf\xa3": VIDEO,  # Matroska, WebM
    b"\0\0\x01\xba": VIDEO,  # MPEG
    b"IIRO": RAW,  # Olympus
    b"IIRS": RAW,
    b"MMOR": RAW,
    b"IIU\0": RAW,  # Panasonic
    b"II\x1a\0\0\0HEAP": RAW,  # Canon CRW
    b"FUJIFILMCCD-RAW": RAW,
    b"FOVb": RAW,  # Sigma
    b"\0MRM": RAW,  # Minolta
}
# Brands of the ISO base media format. Source: ISO/IEC 23008-12 (HEIF), annex B; the AVIF specification, 6.
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
CONTAINER_BRANDS = {b"mif1", b"msf1"}
AVIF_BRANDS = {b"avif", b"avis"}
# Sizes of the second header of a BMP, for "BM" alone begins many a text. Source: Pillow's BmpImagePlugin.
BMP_HEADER_BYTES = {12, 16, 40, 52, 56, 64, 108, 124}

# Source: TIFF 6.0; TIFF/EP (CFA) and DNG 1.7 (DNGVersion, LinearRaw).
NEW_SUBFILE_TYPE, PHOTOMETRIC, DNG_VERSION = 254, 262, 50706
RAW_PHOTOMETRIC = {32803, 34892}


_heard = threading.local()  # libtiff decodes in the thread that asks for it


def _hear(module: bytes | None, _message: bytes, _arguments: int) -> None:
    _heard.module = (module or b"libtiff").decode("ascii", "replace")


_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)(_hear)
# libtiff writes to the error stream, without the file's name, and passes over some damage. Set once for all
# threads, in Pillow's own copy of the library; where a build hides it, it goes on writing.
with suppress(AttributeError, OSError):
    ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(_HANDLER)


def complaint() -> str:
    """Returns which part of libtiff has met an error in this thread, "" if none; and forgets it."""
    return str(_heard.__dict__.pop("module", ""))


def kind(data: bytes) -> str:
    """Returns JPEG, PNG, WEBP, HEIF, AVIF, TIFF, BMP or GIF: what the first bytes of a file make it.

    Raises:
        RejectedPhoto: it is none of these; the reason says what it is where that can be told cheaply.
    """
    if not data:
        raise RejectedPhoto(clutter.EMPTY)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in BMP_HEADER_BYTES:
        return "BMP"
    for start, name in PHOTO_STARTS.items():
        if data.startswith(start):
            if name == "TIFF" and _is_raw(data):
                raise RejectedPhoto(RAW)
            return name
    if data[4:8] == b"ftyp":
        return _by_brand(data)
    raise RejectedPhoto(_other(data))


class Opened(NamedTuple):
    """A photo whose header is read and whose pixels are not yet decoded.

    Attributes:
        image: Pillow's.
        data: the file's bytes that it is read from; without the metadata that were left out.
        note: "", or that metadata were left out.
    """

    image: ImageFile.ImageFile
    data: bytes
    note: str


def opened(data: bytes, name: str) -> Opened:
    """Opens a photo; no decoder is tried but that of its format.

    Metadata never decide about the pixels: those too large are left out before, damaged ones where it cannot
    be opened with them.

    Args:
        data: the file's bytes.
        name: what `kind` returned.

    Raises:
        RejectedPhoto: the header is damaged, or of a kind that Pillow cannot read.
    """
    if containers.has_oversize(data, name):
        data = containers.bare(data, name)
        return Opened(_opened(data, name), data, "oversize metadata left out")
    try:
        return Opened(_opened(data, name), data, "")
    except RejectedPhoto as rejection:
        bare = containers.bare(data, name)
        if bare == data:
            raise
        try:
            return Opened(_opened(bare, name), bare, "damaged metadata left out")
        except RejectedPhoto:
            raise rejection from None


def frame_size(image: ImageFile.ImageFile, data: bytes, name: str) -> tuple[int, int]:
    """Returns width and height in px of the picture that is decoded; its canvas may be larger.

    Args:
        image: opened and not yet decoded.
        data: the file's bytes.
        name: what `kind` returned.
    """
    if name in ("GIF", "PNG") and image.tile and image.tile[0].extents:
        left, top, right, bottom = image.tile[0].extents
        return right - left, bottom - top
    if name == "WEBP":
        for piece in containers.webp_pieces(data):
            if piece.kind == b"ANMF":  # Source: RFC 9649, 2.7.1.1
                across, down = (int.from_bytes(piece.content[at : at + 3], "little") + 1 for at in (6, 9))
                return across, down
    return image.size


def drop_xmp(image: Image.Image) -> None:
    """Makes Pillow forget a photo's XMP data, in place: it would turn by an orientation that they name."""
    for key in ("xmp", "XML:com.adobe.xmp"):
        image.info.pop(key, None)


def damaged(name: str, error: Exception) -> str:
    """Returns the reason for refusing a file of the format `name` that a decoder stumbled over."""
    says = "" if isinstance(error, UnidentifiedImageError) else " ".join(str(error).split())
    return f"damaged, incomplete or unusual {NAMES.get(name, name)} image" + (f" ({says})" if says else "")


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yields type and content of the boxes of ISO/IEC 14496-12 until the first that makes no sense."""
    at = 0
    while at + 8 <= len(data):
        size, head_bytes = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, head_bytes = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        elif size == 0:
            size = len(data) - at
        if size < head_bytes:
            return
        yield data[at + 4 : at + 8], data[at + head_bytes : at + size]
        at += size


def _opened(data: bytes, name: str) -> ImageFile.ImageFile:
    try:
        image = Image.open(io.BytesIO(data), formats=(name,))
    except MemoryError:
        raise
    # Pillow raises many kinds for broken files, struct.error and SyntaxError among them.
    except Exception as error:
        raise RejectedPhoto(damaged(name, error)) from error
    drop_xmp(image)
    return image


def _by_brand(data: bytes) -> str:
    end = min(int.from_bytes(data[:4], "big"), len(data), 4096)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, end - 3, 4))]
    # The first is the major one; mif1 and msf1 leave the coding to those after it.
    if brands[0] in AVIF_BRANDS or (AVIF_BRANDS & {*brands} and brands[0] in CONTAINER_BRANDS):
        return "AVIF"
    if (HEIF_BRANDS | CONTAINER_BRANDS) & {*brands}:
        return "HEIF"
    raise RejectedPhoto(RAW if brands[0] == b"crx " else VIDEO)


def _other(data: bytes) -> str:
    for start, reason in OTHER_STARTS.items():
        if data.startswith(start):
            return reason
    if data[:4] == b"RIFF" and data[8:12] == b"AVI ":
        return VIDEO
    text = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<svg", b"<?xml", b"<!doctype svg")) and b"<svg" in text:
        return "an SVG drawing, not a photo; export it as PNG"
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page, not an image; download the photo itself"
    if not data.strip(b"\0"):
        return "nothing but zeros, as a broken transfer leaves; copy it again"
    return f"not an image of a known format ({KNOWN})"


def _is_raw(data: bytes) -> bool:
    """A RAW file is a TIFF whose first picture is a preview, or one of pixels behind colour filters."""
    if data[8:10] == b"CR":  # Canon CR2
        return True
    try:
        file = io.BytesIO(data)
        big = data[2:3] == b"+" or data[3:4] == b"+"
        tags = TiffImagePlugin.ImageFileDirectory_v2(file.read(16 if big else 8))
        file.seek(tags.next)
        tags.load(file)
        return (
            DNG_VERSION in tags
            or tags.get(PHOTOMETRIC) in RAW_PHOTOMETRIC
            or bool(int(tags.get(NEW_SUBFILE_TYPE, 0)) & 1)
        )
    except Exception:  # as in `opened`, which says so
        return False
