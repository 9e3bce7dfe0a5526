"""How much memory standardising one file takes, by format and kind of pixels, and what its header told.

python -m benchmarks.memory [--megapixels 24]

Draws a picture, writes it in every format and mode, and standardises each file in a process of its own with
the limits lifted. Measured: what that process took beyond its packages, on Linux alone; told: what
`tenshots.intake.photos.footprint` bounds it by.
"""

from __future__ import annotations

import argparse
import io
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

from benchmarks.ingestion import PROJECT_DIR
from tenshots.intake.photos import integrity

# In the process that is measured: Linux keeps the peak of a program apart from that of who started it.
MEASURED = """
import re, sys
from pathlib import Path
from tenshots.intake.photos import footprint, standardising
from tenshots.intake.settings import AcceptSettings
from tenshots.tables.encoding import StandardiseSettings

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024

told = []
real = footprint.decoding_bytes
footprint.decoding_bytes = lambda *arguments: told.append(real(*arguments)) or 0
accept = AcceptSettings(min_px=1, max_megapixels=1000, max_megabytes=2000, background="white",
                        max_zip_files=1, max_zip_megabytes=1, max_zip_ratio=1)
settings = StandardiseSettings(size_px=96, fit="crop", encoding="lossless")
before = peak()
standardising.standardise(Path(sys.argv[1]).read_bytes(), settings, accept)
print(peak() - before, told[-1] - footprint.PROCESS_BYTES)
"""
PNG_KINDS = {  # name → bits, colour type, further chunks. Source: PNG, third edition, 11.2.1 and 11.3.1
    "1 bit": (1, 0, {}),
    "grey": (8, 0, {}),
    "16-bit grey": (16, 0, {}),
    "16-bit grey, a clear level": (16, 0, {b"tRNS": bytes(2)}),
    "grey and alpha": (8, 4, {}),
    "palette": (8, 3, {b"PLTE": bytes(range(256)) * 3}),
    "palette, clear": (8, 3, {b"PLTE": bytes(range(256)) * 3, b"tRNS": bytes(range(256))}),
    "RGB": (8, 2, {}),
    "RGB, a clear colour": (8, 2, {b"tRNS": bytes(6)}),
    "16-bit RGB": (16, 2, {}),
    "RGBA": (8, 6, {}),
    "16-bit RGBA": (16, 6, {}),
}

Case = tuple[str, str, Callable[[], bytes]]


def main(argv: Sequence[str] | None = None) -> None:
    """Prints a Markdown table: format, kind, bytes per pixel measured and told, and both in MB."""
    parser = argparse.ArgumentParser(description="Measures the memory that standardising a file takes.")
    parser.add_argument("--megapixels", type=int, default=24)
    num_pixels = parser.parse_args(argv).megapixels * 1_000_000
    height = int((num_pixels * 2 / 3) ** 0.5)
    print("| format | pixels | file MB | measured MB | told MB | measured bytes per pixel |")
    print("|---|---|---|---|---|---|")
    for name, kind, write in cases(num_pixels // height, height):
        data = write()
        measured, told = measure(data)
        print(
            f"| {name} | {kind} | {len(data) / 1e6:.1f} | {measured / 1e6:.0f} | {told / 1e6:.0f} "
            f"| {measured / num_pixels:.1f} |",
            flush=True,
        )


def measure(data: bytes) -> tuple[int, int]:
    """Returns the bytes that standardising a file took in a process of its own, and those that were told."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, file.name],
            cwd=PROJECT_DIR,
            capture_output=True,
            text=True,
            check=True,
        )
    measured, told = map(int, done.stdout.split())
    return measured, told


def cases(width: int, height: int) -> Iterator[Case]:
    """Yields format, kind and writer of each file, of a picture of this size in px."""
    rgb = drawn(width, height)
    for mode in ("L", "RGB", "CMYK"):
        yield "JPEG", mode, saved(rgb.convert(mode), "JPEG")
        yield "JPEG", f"{mode}, progressive", saved(rgb.convert(mode), "JPEG", progressive=True)
    yield "JPEG", "RGB 4:4:4, progressive", saved(rgb, "JPEG", progressive=True, subsampling=0)
    for kind, drawing in PNG_KINDS.items():
        yield "PNG", kind, partial(png, width, height, *drawing, interlaced=False)
        yield "PNG", f"{kind}, Adam7", partial(png, width, height, *drawing, interlaced=True)
    yield from _video_cases(rgb)
    yield from _tiff_cases(rgb)
    for mode in ("1", "L", "P", "RGB"):
        yield "BMP", mode, saved(rgb.convert(mode), "BMP")
    yield "BMP", "palette, in runs", partial(rle_bmp, width, height, is_grey=False)
    yield "BMP", "grey palette, in runs", partial(rle_bmp, width, height, is_grey=True)
    yield "GIF", "palette", saved(rgb.convert("P"), "GIF")
    yield "GIF", "palette, a clear colour", saved(rgb.convert("P"), "GIF", transparency=3)
    yield "GIF", "two frames", saved(rgb.convert("P"), "GIF", **_second_frame(rgb))


def _video_cases(rgb: Image.Image) -> Iterator[Case]:
    rgba = _with_alpha(rgb)
    yield "WebP", "RGB", saved(rgb, "WEBP", method=0)
    yield "WebP", "RGBA", saved(rgba, "WEBP", method=0)
    yield "WebP", "RGBA, lossless", saved(rgba, "WEBP", method=0, lossless=True, quality=0)
    yield "WebP", "two frames", saved(rgb, "WEBP", method=0, **_second_frame(rgb))
    yield "AVIF", "grey", saved(rgb.convert("L"), "AVIF", speed=10)
    yield "AVIF", "RGB 4:2:0", saved(rgb, "AVIF", speed=10)
    yield "AVIF", "RGB 4:4:4", saved(rgb, "AVIF", speed=10, subsampling="4:4:4")
    yield "AVIF", "RGBA 4:4:4", saved(rgba, "AVIF", speed=10, subsampling="4:4:4")
    yield "AVIF", "two frames", saved(rgb, "AVIF", speed=10, **_second_frame(rgb))
    for kind, mode, chroma in (
        ("grey", "L", 420),
        ("RGB 4:2:0", "RGB", 420),
        ("10-bit RGB 4:2:0", "RGB;16", 420),
        ("RGB 4:4:4", "RGB", 444),
        ("10-bit RGB 4:4:4", "RGB;16", 444),
        ("10-bit RGBA 4:4:4", "RGBA;16", 444),
    ):
        yield "HEIC", kind, heic(rgba.convert(mode.partition(";")[0]), mode, chroma)


def _tiff_cases(rgb: Image.Image) -> Iterator[Case]:
    for mode in ("1", "L", "P", "RGB", "CMYK", "YCbCr"):
        yield "TIFF", mode, saved(rgb.convert(mode), "TIFF")
    yield "TIFF", "L*a*b*", saved(Image.new("LAB", rgb.size), "TIFF")
    yield "TIFF", "RGBA", saved(_with_alpha(rgb), "TIFF")
    grey = Image.fromarray(np.asarray(rgb.convert("L")).astype(np.uint16) * 257)
    yield "TIFF", "16-bit grey", saved(grey, "TIFF", compression="tiff_lzw")
    yield "TIFF", "RGB, LZW", saved(rgb, "TIFF", compression="tiff_lzw")
    yield "TIFF", "RGB, LZW, one strip", saved(rgb, "TIFF", compression="tiff_lzw", strip_size=2**31 - 1)
    yield "TIFF", "RGB, lying on its side", saved(rgb, "TIFF", tiffinfo={274: 6})
    yield "TIFF", "RGB, tiles of 256 px", partial(tiled_tiff, *rgb.size, 8, 3, 256)
    yield "TIFF", "RGB, one tile", partial(tiled_tiff, *rgb.size, 8, 3, max(rgb.size))
    yield "TIFF", "16-bit RGBA, one tile", partial(tiled_tiff, *rgb.size, 16, 4, max(rgb.size))


def _second_frame(rgb: Image.Image) -> dict[str, Any]:
    return {"save_all": True, "append_images": [rgb.transpose(Image.Transpose.ROTATE_180)]}


def _with_alpha(rgb: Image.Image) -> Image.Image:
    rgba = rgb.copy()
    rgba.putalpha(rgb.getchannel(0))
    return rgba


def drawn(width: int, height: int) -> Image.Image:
    """Returns a slope of colours in each direction."""
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    pixels[..., 0] = np.linspace(0, 255, width)
    pixels[..., 1] = np.linspace(0, 255, height)[:, None]
    pixels[..., 2] = 90
    return Image.fromarray(pixels)


def saved(image: Image.Image, kind: str, **options: Any) -> Callable[[], bytes]:  # noqa: ANN401 (Pillow's)
    """Returns a writer by Pillow."""

    def write() -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    return write


def heic(image: Image.Image, mode: str, chroma: int) -> Callable[[], bytes]:
    """Returns a writer of HEIC; modes that end in ;16 are kept with 10 bits."""

    def write() -> bytes:
        pixels = np.asarray(image)
        deep = pixels.astype(np.uint16) * 257 if mode.endswith(";16") else pixels
        file, buffer = pillow_heif.from_bytes(mode, image.size, deep.tobytes()), io.BytesIO()
        file.save(buffer, quality=50, chroma=chroma, enc_params={"preset": "ultrafast"})
        return buffer.getvalue()

    return write


def png(
    width: int, height: int, bits: int, colour_type: int, chunks: dict[bytes, bytes], *, interlaced: bool
) -> bytes:
    """Returns a black PNG. Source: PNG, third edition, 7, 8 and 11."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, interlaced)
    rows = bytes(integrity.num_row_bytes(header))
    parts = {b"IHDR": header, **chunks, b"IDAT": zlib.compress(rows, 1), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in parts.items()
    )


def rle_bmp(width: int, height: int, *, is_grey: bool) -> bytes:
    """Returns a BMP of one colour in runs of at most 255 px. Source: Microsoft, "Bitmap Compression"."""
    row = b"".join(bytes([min(255, width - at), 3]) for at in range(0, width, 255)) + b"\0\0"
    code = row * height + b"\0\1"
    start = 14 + 40 + 4 * 256
    head = struct.pack("<IHHI", start + len(code), 0, 0, start)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(code), 0, 0, 256, 0)
    palette = b"".join(bytes([level, level, level if is_grey else 0, 0]) for level in range(256))
    return b"BM" + head + info + palette + code


def tiled_tiff(width: int, height: int, bits: int, samples: int, tile_px: int) -> bytes:
    """Returns a black TIFF of deflated tiles. Source: TIFF 6.0, 2 and 15; its Technical Note 2."""
    tile_px = -(-tile_px // 16) * 16
    tile = zlib.compress(bytes(tile_px * tile_px * samples * bits // 8), 1)
    num_tiles = -(-width // tile_px) * -(-height // tile_px)
    tags: list[tuple[int, str, list[int]]] = [
        *((256, "I", [width]), (257, "I", [height]), (258, "H", [bits] * samples), (259, "H", [8])),
        *((262, "H", [2]), (277, "H", [samples]), (322, "I", [tile_px]), (323, "I", [tile_px])),
        *((324, "I", [8] * num_tiles), (325, "I", [len(tile)] * num_tiles)),  # all are the same bytes
        *([(338, "H", [2])] if samples == 4 else []),
    ]
    at = 8 + len(tile) + len(tile) % 2
    directory, values = struct.pack("<H", len(tags)), b""
    for tag, code, content in tags:
        packed = struct.pack(f"<{len(content)}{code}", *content)
        place = struct.pack("<I", at + 6 + 12 * len(tags) + len(values))
        directory += struct.pack("<HHI", tag, {"H": 3, "I": 4}[code], len(content))
        directory += place if len(packed) > 4 else packed.ljust(4, b"\0")
        values += packed + b"\0" * (len(packed) % 2) if len(packed) > 4 else b""
    return (
        struct.pack("<2sHI", b"II", 42, at) + tile + b"\0" * (len(tile) % 2) + directory + bytes(4) + values
    )


if __name__ == "__main__":
    main()
