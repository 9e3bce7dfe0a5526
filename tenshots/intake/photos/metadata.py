"""What a photo file says of its photo: how it lies, by which camera and when, in which colours."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin

from tenshots.intake.photos import colours, formats

# EXIF orientation → the turn that sets the photo upright. Source: CIPA DC-008 (Exif 2.32), tag 274.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ORIENTATION_TAG = 0x0112

MAX_CAMERA_CHARACTERS = 80

PHOTOMETRIC, BITS_PER_SAMPLE = 262, 258  # Source: TIFF 6.0
WHITE_IS_ZERO = 0


class Facts(NamedTuple):
    """What a file says of its photo, metadata that could tell where or whose it is left out.

    Attributes:
        orientation: 1 to 8, as EXIF counts; of HEIC and AVIF what their own turn and mirror make of it.
        camera: make and model, "" if unknown.
        taken: as in 2026-11-20T12:34:56, the camera's clock; "" if unknown or nonsense.
        note: "", or that there are more frames, pages or pictures than the one read.
        profile: an ICC profile; None if there is none.
        codes: H.273 codes of primaries and transfer; None if there are none, or a profile, which goes first.
        black: the value of black where the pixels are 16-bit grey.
        white: the value of white there.
    """

    orientation: int
    camera: str
    taken: str
    note: str
    profile: bytes | None
    codes: tuple[int, int] | None
    black: int
    white: int


def read(image: Image.Image, data: bytes, name: str) -> Facts:
    """Returns what a file says of its photo. Damaged metadata count as none.

    Args:
        image: opened and not yet decoded, for decoding changes what some formats tell. Decoding a PNG may be
            needed to tell.
        data: the file's bytes.
        name: what `kind` returned.
    """
    exif = _exif(image, name)
    properties = _primary_properties(data) if name in ("HEIF", "AVIF") else []
    profile = image.info.get("icc_profile")
    codes = None if profile else _codes(data, name, properties)
    black, white = _range_of_grey(image)
    return Facts(
        orientation=_box_orientation(properties) if name == "HEIF" else _orientation(exif),
        camera=_camera(exif),
        taken=_taken(exif),
        note=", ".join(filter(None, (_frames(image, name), colours.hdr(*codes) if codes else ""))),
        profile=profile,
        codes=codes,
        black=black,
        white=white,
    )


def _range_of_grey(image: Image.Image) -> tuple[int, int]:
    """Returns the values of black and white in 16-bit grey; Pillow sees to other pixels itself."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return 0, 65535
    highest = 2 ** int(image.tag_v2.get(BITS_PER_SAMPLE, (16,))[0]) - 1
    return (highest, 0) if image.tag_v2.get(PHOTOMETRIC) == WHITE_IS_ZERO else (0, highest)


def _exif(image: Image.Image, name: str) -> Image.Exif:
    """Returns the EXIF data; empty where they are damaged.

    Raises:
        OSError: the pixels of a PNG are damaged; Pillow raises more kinds.
    """
    if name == "PNG":  # its text may stand behind the pixels
        image.load()
    try:
        if name in ("HEIF", "AVIF"):
            exif = Image.Exif()
            exif.load(image.info.get("exif") or b"")
            return exif
        if name == "PNG":
            formats.drop_xmp(image)
        return image.getexif()
    except Exception:  # any damage
        return Image.Exif()


def _orientation(exif: Image.Exif) -> int:
    value = _value(exif, ORIENTATION_TAG)
    return value if isinstance(value, int) and value in TURNS else 1


def _camera(exif: Image.Exif) -> str:
    make, model = _text(exif, ExifTags.Base.Make), _text(exif, ExifTags.Base.Model)
    # NIKON CORPORATION calls its models NIKON D90.
    if model.casefold().split()[:1] == make.casefold().split()[:1]:
        make = ""
    return f"{make} {model}".strip()[:MAX_CAMERA_CHARACTERS].strip()


def _taken(exif: Image.Exif) -> str:
    try:
        original = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal, "")
    except Exception:  # any damage
        original = ""
    for text in (str(original), _text(exif, ExifTags.Base.DateTime)):
        # Some programs write dashes, or a T between date and time.
        found = re.match(r"(\d{4})[:/-](\d\d)[:/-](\d\d)[ T](\d\d):(\d\d):(\d\d)", text.strip())
        if found:
            try:
                return datetime(*(int(part) for part in found.groups())).isoformat()  # type: ignore[arg-type]
            except ValueError:  # 0000:00:00, of a clock never set
                continue
    return ""


def _value(exif: Image.Exif, tag: int) -> object:
    try:
        return exif.get(tag)
    except Exception:  # a value is parsed when it is asked for
        return None


def _text(exif: Image.Exif, tag: int) -> str:
    value = _value(exif, tag) or ""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return " ".join("".join(c if c.isprintable() else " " for c in text.split("\0")[0]).split())


def _frames(image: Image.Image, name: str) -> str:
    if name == "JPEG":
        return ""  # the second picture of a phone's is made of the first
    try:
        if name == "TIFF":  # only whether: to count 100,000 pages takes Pillow a minute and a half
            return "first of several pages" if getattr(image, "is_animated", False) else ""
        number = getattr(image, "n_frames", 1)
    except Exception:  # damage beyond the first
        return "first of several pages" if name == "TIFF" else "first of several frames"
    if number == 1:
        return ""
    return f"main one of {number} pictures" if name == "HEIF" else f"first of {number} frames"


def _codes(data: bytes, name: str, properties: list[tuple[bytes, bytes]]) -> tuple[int, int] | None:
    if name == "PNG":
        # The chunk comes before the pixels. Source: PNG, third edition, 11.3.2.6 (cICP).
        at = data.find(b"\0\0\0\x04cICP", 0, max(data.find(b"IDAT"), 0))
        return (data[at + 8], data[at + 9]) if at >= 0 else None
    for box, content in properties:
        if box == b"colr" and content[:4] == b"nclx" and len(content) >= 8:
            return int.from_bytes(content[4:6], "big"), int.from_bytes(content[6:8], "big")
    return None


def _box_orientation(properties: list[tuple[bytes, bytes]]) -> int:
    """Returns the EXIF orientation that turn and mirror amount to. Source: ISO/IEC 23008-12, 6.5."""
    stored = np.arange(4, dtype=np.uint8).reshape(2, 2)
    upright = stored
    for box, content in properties:
        if box == b"irot" and content:
            upright = np.rot90(upright, content[0] & 3)  # anticlockwise
        elif box == b"imir" and content:
            upright = np.flip(upright, content[0] & 1)  # 0: top and bottom change places
    picture = Image.fromarray(stored)
    return next(
        (key for key, turn in TURNS.items() if (np.asarray(picture.transpose(turn)) == upright).all()), 1
    )


def _primary_properties(data: bytes) -> list[tuple[bytes, bytes]]:
    """Returns type and content of each property of a HEIF file's main picture, in the order of their use.

    Neither pillow-heif nor Pillow tells all of them. Source: ISO/IEC 14496-12, 8.11; ISO/IEC 23008-12, 9.3.
    """
    meta = next((content for box, content in formats.boxes(data) if box == b"meta"), b"")
    inside = dict(formats.boxes(meta[4:]))
    properties = dict(formats.boxes(inside.get(b"iprp", b"")))
    known = list(formats.boxes(properties.get(b"ipco", b"")))
    primary = inside.get(b"pitm", b"")[4:]
    table = properties.get(b"ipma", b"")
    id_bytes, index_bytes = (4 if table[:1] > b"\0" else 2), (2 if table[3:4] > b"\0" and table[3] & 1 else 1)
    at = 8
    while at + id_bytes < len(table):
        item = table[at : at + id_bytes]
        number = table[at + id_bytes]
        at += id_bytes + 1
        if int.from_bytes(item, "big") == int.from_bytes(primary, "big"):
            found = (table[at + index_bytes * i : at + index_bytes * (i + 1)] for i in range(number))
            # The highest bit says that a property is essential.
            indices = [
                int.from_bytes(index, "big") & (0x7FFF if index_bytes == 2 else 0x7F) for index in found
            ]
            return [known[index - 1] for index in indices if 0 < index <= len(known)]
        at += number * index_bytes
    return []
