"""Sound images of all formats, encodings and kinds of pixels that can be written, small and with metadata."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pillow_heif
from PIL import ExifTags, Image, ImageCms, TiffImagePlugin

from benchmarks import memory
from benchmarks.fuzz import Original
from tenshots.intake.photos import formats  # noqa: F401 (lets Pillow write HEIC)

WIDTH_PX, HEIGHT_PX = 52, 36
FORMATS = {"WebP": "WEBP", "HEIC": "HEIF"}  # Pillow's name, where the table of `memory` has another
XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>"""
COMPRESSIONS = ("packbits", "tiff_deflate", "tiff_lzw", "jpeg", "lzma", "zstd")
FAXES = ("tiff_ccitt", "group3", "group4", "packbits")
# Runs, and pixels one by one, in lines with ends; the end. Source: Pillow's BmpRleDecoder
RLE8 = b"\x04\x01\0\0\x02\x02\x02\x01\0\0\0\x04\x01\x02\x01\x02\0\0\0\x02\x01\x01\x02\x01\0\x01"


def originals() -> list[Original]:
    """Returns them all, in an order that stays."""
    rgb = picture()
    found = [
        Original(FORMATS.get(name, name), kind, write())
        for name, kind, write in memory.cases(WIDTH_PX, HEIGHT_PX)
    ]
    return [*found, *_with_metadata(rgb), *_jpegs(rgb), *_pngs(rgb), *_tiffs(rgb), *_others(rgb)]


def picture() -> Image.Image:
    """Returns a slope of colours with some noise, which leaves no coder without work."""
    pixels = np.asarray(memory.drawn(WIDTH_PX, HEIGHT_PX)).astype(int)
    noise = np.random.default_rng(0).integers(-20, 21, pixels.shape)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def _with_metadata(rgb: Image.Image) -> Iterator[Original]:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Maker", "Camera 1"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:11:20 12:34:56"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 1.0, 2.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile[:24] + bytes(12) + profile[36:]  # without the time. Source: ICC.1:2022, 7.2.8
    for name in ("JPEG", "PNG", "WEBP", "AVIF", "HEIF"):
        told: dict[str, Any] = {"exif": exif.tobytes(), "icc_profile": profile, "quality": 60}
        yield _saved(rgb, name, "EXIF, ICC", **told)
        yield _saved(rgb, name, "EXIF, ICC, XMP", **told, xmp=XMP)
    tags = {274: 6, 700: XMP, 34675: profile, 271: "Maker", 272: "Camera 1"}
    yield _saved(rgb, "TIFF", "EXIF, ICC, XMP", tiffinfo=tags)


def _jpegs(rgb: Image.Image) -> Iterator[Original]:
    for kind, mode, options in (
        ("restarts", "RGB", {"restart_marker_rows": 1}),
        ("progressive, restarts", "RGB", {"restart_marker_rows": 1, "progressive": True}),
        ("4:1:0", "RGB", {"subsampling": "4:2:2", "optimize": True}),
        ("CMYK, ICC", "CMYK", {"icc_profile": b"\0" * 200}),
        ("comment", "L", {"comment": b"private" * 20}),
    ):
        yield _saved(rgb.convert(mode), "JPEG", kind, **options)
    two = _saved(rgb, "MPO", "two pictures", save_all=True, append_images=[rgb.rotate(180)])
    yield two._replace(format="JPEG")


def _pngs(rgb: Image.Image) -> Iterator[Original]:
    frames = [rgb.rotate(180), rgb.resize((20, 20))]
    yield _saved(rgb, "PNG", "animated", save_all=True, append_images=frames[:1], duration=100)
    yield _saved(
        rgb, "PNG", "animated, default image", save_all=True, append_images=frames, default_image=True
    )
    yield _saved(rgb.quantize(11), "PNG", "palette of 4 bits", bits=4, transparency=3)
    text = zlib.compress(b"exif" * 50)
    chunks = {b"gAMA": struct.pack(">I", 45455), b"cICP": b"\x09\x10\0\x01", b"zTXt": b"Comment\0\0" + text}
    for interlaced in (False, True):
        data = memory.png(WIDTH_PX, HEIGHT_PX, 8, 2, chunks, interlaced=interlaced)
        yield Original("PNG", f"gAMA, cICP, zTXt{', Adam7' * interlaced}", data)


def _tiffs(rgb: Image.Image) -> Iterator[Original]:
    for compression in COMPRESSIONS:
        yield _saved(rgb, "TIFF", compression, compression=compression)
    for compression in FAXES:
        yield _saved(rgb.convert("1"), "TIFF", f"1 bit, {compression}", compression=compression)
    yield _saved(rgb, "TIFF", "pages", save_all=True, append_images=[rgb.convert("L"), rgb.convert("P")])
    yield _saved(rgb, "TIFF", "BigTIFF", big_tiff=True)
    yield _saved(rgb.convert("YCbCr"), "TIFF", "YCbCr, JPEG", compression="jpeg")
    yield _saved(rgb.convert("P"), "TIFF", "palette, LZW", compression="tiff_lzw")
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[317] = 2  # a predictor. Source: TIFF 6.0, 14
    yield _saved(rgb, "TIFF", "LZW, predictor", compression="tiff_lzw", tiffinfo=info)
    for kind, values in (
        ("16-bit, big end first", np.asarray(rgb.convert("L")).astype(">u2") * 257),
        ("floating point", np.asarray(rgb.convert("L")).astype(np.float32)),
        ("32 bits", np.asarray(rgb.convert("L")).astype(np.int32)),
    ):
        yield _saved(Image.fromarray(values), "TIFF", kind)


def _others(rgb: Image.Image) -> Iterator[Original]:
    frames = [rgb.rotate(90), rgb.rotate(180)]
    yield _saved(rgb, "GIF", "animated", save_all=True, append_images=frames, duration=50, loop=0)
    yield _saved(rgb, "GIF", "not interlaced", interlace=False, comment=b"private")
    yield _saved(rgb, "WEBP", "animated, lossless", save_all=True, append_images=frames, lossless=True)
    yield _saved(rgb, "AVIF", "4:2:2", subsampling="4:2:2", speed=10)
    yield _saved(rgb.convert("RGBA"), "BMP", "RGBA")
    palette = b"\0\0\0\0\0\0\xff\0\xff\0\0\0"
    head = struct.pack("<IiiHHIIiiII", 40, 4, 4, 1, 8, 1, len(RLE8), 2835, 2835, 3, 0)
    at = 14 + len(head) + len(palette)
    file = struct.pack("<2sIHHI", b"BM", at + len(RLE8), 0, 0, at)
    yield Original("BMP", "runs", file + head + palette + RLE8)
    file_of_two = pillow_heif.from_pillow(rgb)
    file_of_two.add_from_pillow(rgb.rotate(180))
    buffer = io.BytesIO()
    file_of_two.save(buffer, quality=50, primary_index=1)
    yield Original("HEIF", "two pictures", buffer.getvalue())


def _saved(image: Image.Image, name: str, kind: str, **options: Any) -> Original:  # noqa: ANN401 (Pillow's)
    return Original(name, kind, memory.saved(image, name, **options)())
