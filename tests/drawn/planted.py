"""Photos whose metadata hold what nobody should learn from a report, and how to recognise it elsewhere."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pillow_heif
from PIL import Image, PngImagePlugin

# A word for each place, so that a failure says which one leaks.
PLACES = (
    *("description", "artist", "copyright", "computer", "document", "xpauthor", "xpcomment"),
    *(
        "owner",
        "body",
        "lens",
        "lensmodel",
        "imageid",
        "makernote",
        "usercomment",
        "gpsprocessing",
        "gpsarea",
    ),
    *("xmp", "iptcbyline", "iptccaption", "photoshop", "jpegcomment", "gifcomment"),
    *("pngtext", "pngzipped", "pnginternational", "tifftext"),
)
WORDS = {place: f"planted-{place}-{zlib.crc32(place.encode()):08x}" for place in PLACES}
# 47° 31' 47.160923" N, 8° 27' 18.350719" E, as cameras write it: pairs of whole numbers
LATITUDE = ((47, 1), (31, 1), (47_160_923, 1_000_000))
LONGITUDE = ((8, 1), (27, 1), (18_350_719, 1_000_000))
NUMBERS = ("47.160923", "47160923", "47.52976", "18.350719", "18350719", "8.455097")
THUMBNAIL_COLOUR = (11, 214, 97)


def forbidden() -> dict[str, bytes]:
    """What to look for, by what it is: the words in the encodings of metadata, the place as any number."""
    found = {f"{place} ({code})": word.encode(code) for place, word in WORDS.items() for code in CODES}
    found |= {f"the place as {number}": number.encode() for number in NUMBERS}
    for order in "<>":
        for numerator, denominator in (LATITUDE[2], LONGITUDE[2]):
            found[f"the place as {order}{numerator}"] = struct.pack(f"{order}2I", numerator, denominator)
    middle = thumbnail()[200:260]
    return {**found, "the thumbnail's bytes": middle}


CODES = ("utf-8", "utf-16-le", "utf-16-be")


def thumbnail() -> bytes:
    """Returns a JPEG of one colour that no drawn photo has."""
    file = io.BytesIO()
    Image.new("RGB", (160, 120), THUMBNAIL_COLOUR).save(file, "JPEG", quality=95)
    return file.getvalue()


def exif(order: str = "<") -> bytes:
    """Returns Exif data with owner, serial numbers, place, maker's note and thumbnail (no APP1 header)."""
    tiff = _Tiff(order)
    camera = {
        0x927C: (7, b"Maker\0" + WORDS["makernote"].encode()),
        0x9286: (7, b"UNICODE\0" + WORDS["usercomment"].encode("utf-16-le")),
        0xA420: (2, WORDS["imageid"].encode() + b"\0"),
        0xA430: (2, WORDS["owner"].encode() + b"\0"),
        0xA431: (2, WORDS["body"].encode() + b"\0"),
        0xA434: (2, WORDS["lensmodel"].encode() + b"\0"),
        0xA435: (2, WORDS["lens"].encode() + b"\0"),
    }
    place = {
        0x0001: (2, b"N\0"),
        0x0002: (5, b"".join(struct.pack(f"{order}2I", *pair) for pair in LATITUDE)),
        0x0003: (2, b"E\0"),
        0x0004: (5, b"".join(struct.pack(f"{order}2I", *pair) for pair in LONGITUDE)),
        0x001B: (7, b"ASCII\0\0\0" + WORDS["gpsprocessing"].encode()),
        0x001C: (7, b"ASCII\0\0\0" + WORDS["gpsarea"].encode()),
    }
    main = {
        0x010D: (2, WORDS["document"].encode() + b"\0"),
        0x010E: (2, WORDS["description"].encode() + b"\0"),
        0x010F: (2, b"A maker\0"),  # the camera is told by data/manifest.csv, as README says
        0x013B: (2, WORDS["artist"].encode() + b"\0"),
        0x013C: (2, WORDS["computer"].encode() + b"\0"),
        0x8298: (2, WORDS["copyright"].encode() + b"\0"),
        0x8769: (4, tiff.directory(camera)),
        0x8825: (4, tiff.directory(place)),
        0x9C9C: (1, WORDS["xpcomment"].encode("utf-16-le")),
        0x9C9D: (1, WORDS["xpauthor"].encode("utf-16-le")),
    }
    picture = thumbnail()
    small = {
        0x0103: (3, struct.pack(f"{order}H", 6)),
        0x0201: (4, tiff.add(picture)),
        0x0202: (4, len(picture)),
    }
    return tiff.whole(main, small)


class _Tiff:
    """Writes directories of tags behind one another."""

    def __init__(self, order: str) -> None:
        self._order = order
        self._body = bytearray(8)

    def add(self, data: bytes) -> int:
        place = len(self._body)
        self._body += data + b"\0" * (len(data) % 2)
        return place

    def directory(self, tags: dict[int, tuple[int, bytes | int]], following: int = 0) -> int:
        sizes = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}
        rows = b""
        for tag, (kind, value) in sorted(tags.items()):
            data = struct.pack(f"{self._order}I", value) if isinstance(value, int) else value
            shown = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack(f"{self._order}I", self.add(data))
            rows += struct.pack(f"{self._order}2HI", tag, kind, len(data) // sizes[kind]) + shown
        return self.add(
            struct.pack(f"{self._order}H", len(tags)) + rows + struct.pack(f"{self._order}I", following)
        )

    def whole(
        self, main: dict[int, tuple[int, bytes | int]], small: dict[int, tuple[int, bytes | int]]
    ) -> bytes:
        first = self.directory(main, self.directory(small))
        start = {"<": b"II", ">": b"MM"}[self._order] + struct.pack(f"{self._order}HI", 42, first)
        return start + bytes(self._body[8:])


def xmp() -> bytes:
    """Returns a packet that names a person."""
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        f'xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" aux:SerialNumber="{WORDS["xmp"]}"/></rdf:RDF>'
        '</x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def iptc() -> bytes:
    """Returns a JPEG's APP13: Photoshop's resources, with IPTC records in one of them."""
    records = b"".join(
        b"\x1c\x02" + bytes([number]) + struct.pack(">H", len(WORDS[place])) + WORDS[place].encode()
        for number, place in ((80, "iptcbyline"), (120, "iptccaption"))
    )
    other = WORDS["photoshop"].encode()
    resources = b"".join(
        b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + b"\0" * (len(data) % 2)
        for number, data in ((0x0404, records), (0x03F0, other))
    )
    return b"Photoshop 3.0\0" + resources


def jpeg(image: Image.Image, order: str = "<") -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95, subsampling=0, exif=b"Exif\0\0" + exif(order), xmp=xmp())
    data = file.getvalue()
    segments = ((0xED, iptc()), (0xFE, WORDS["jpegcomment"].encode()))
    planted = b"".join(
        bytes([255, kind]) + struct.pack(">H", len(data) + 2) + data for kind, data in segments
    )
    return data[:2] + planted + data[2:]


def png(image: Image.Image) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", WORDS["pngtext"])
    text.add_text("Comment", WORDS["pngzipped"] * 9, zip=True)
    text.add_itxt("XML:com.adobe.xmp", WORDS["pnginternational"] + xmp().decode(), zip=True)
    file = io.BytesIO()
    image.save(file, "PNG", pnginfo=text, exif=exif(">"))
    return file.getvalue()


def tiff(image: Image.Image) -> bytes:
    file = io.BytesIO()
    tags = {0x013B: WORDS["artist"], 0x010E: WORDS["tifftext"], 0x8298: WORDS["copyright"], 700: xmp()}
    image.save(file, "TIFF", tiffinfo=tags, compression="tiff_lzw")
    return file.getvalue()


def other(image: Image.Image, kind: str) -> bytes:
    """Returns a WebP, AVIF, HEIC or GIF with all the metadata that its format takes."""
    file = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.from_pillow(image).save(file, quality=90, exif=exif(), xmp=xmp())
    elif kind == "GIF":
        image.save(file, "GIF", comment=WORDS["gifcomment"].encode())
    else:
        image.save(file, kind, quality=95, exif=exif(), xmp=xmp())
    return file.getvalue()


MAKERS: tuple[tuple[str, Callable[[Image.Image], bytes]], ...] = (
    (".jpg", jpeg),
    (".JPEG", partial(jpeg, order=">")),
    (".webp", partial(other, kind="WEBP")),
    (".heic", partial(other, kind="HEIF")),
    (".avif", partial(other, kind="AVIF")),
    (".gif", partial(other, kind="GIF")),
    (".tif", tiff),
)
ENDINGS = {".png", *(ending for ending, _ in MAKERS)}


def plant(folder: Path) -> None:
    """Gives every PNG photo of a folder metadata, and the photos of some people another format."""
    for number, path in enumerate(sorted(folder.rglob("*.png"))):
        image = Image.open(path).convert("RGB")
        if "person0" in path.parts:  # tests name these
            path.write_bytes(png(image))
            continue
        path.unlink()
        ending, make = MAKERS[number % len(MAKERS)]
        path.with_suffix(ending).write_bytes(make(image))
