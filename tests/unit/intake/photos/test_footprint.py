"""What a photo takes while it is decoded is told by its header, and bounds which photos are read."""

from __future__ import annotations

import re
import struct
import sys
from typing import Any

import pytest
from PIL import Image

from benchmarks import memory
from tenshots.errors import RejectedPhoto
from tenshots.intake.photos import footprint, formats, standardising
from tests.drawn.scenes import accept, photo_of, saved

GB = 1_000_000_000
DRAWN = Image.new("RGB", (64, 64), "olive")


def told(data: bytes, draft: tuple[int, int] | None = (192, 192)) -> float:
    """The bytes told of a file, beyond the process, in GB."""
    name = formats.kind(data)
    image, data, _ = formats.opened(data, name)
    full_size = image.size
    image.draft(None, draft)
    return (footprint.decoding_bytes(image, data, name, full_size, 96) - footprint.PROCESS_BYTES) / GB


def jpeg(width: int, height: int, mode: str = "RGB", **options: Any) -> bytes:  # noqa: ANN401 (Pillow's)
    """A JPEG whose header says another size than it has; nobody decodes it here."""
    data = saved(DRAWN.convert(mode), "JPEG", **options)
    marker = b"\xff\xc2" if options.get("progressive") else b"\xff\xc0"
    at = data.index(marker) + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def webp(width: int, height: int) -> bytes:
    data = saved(DRAWN, "WEBP", lossless=True)
    return data[:21] + (width - 1 | height - 1 << 14).to_bytes(4, "little") + data[25:]


def heic(width: int, height: int, **options: Any) -> bytes:  # noqa: ANN401 (pillow-heif's)
    data = saved(DRAWN, "HEIF", **options)
    return data.replace(struct.pack(">II", 64, 64), struct.pack(">II", width, height))


def png(width: int, height: int, bits: int = 8, colour_type: int = 2, **chunks: bytes) -> bytes:
    return memory.png(
        width,
        height,
        bits,
        colour_type,
        {name.encode(): content for name, content in chunks.items()},
        interlaced=False,
    )


@pytest.mark.parametrize(
    ("data", "least", "most"),
    [
        (jpeg(16000, 12500), 0.012, 0.02),  # a phone's 200 million pixels, decoded at 1/8 row by row
        (jpeg(16000, 12500, progressive=True), 0.6, 0.62),  # 1.5 coefficients of 2 bytes per pixel
        (jpeg(14000, 14000, "CMYK", progressive=True), 1.56, 1.6),
        (jpeg(14000, 14000, "L", progressive=True), 0.39, 0.41),
        (jpeg(14000, 14000, progressive=True, subsampling=0), 1.17, 1.2),
        (jpeg(30000, 5000, progressive=True), 0.45, 0.48),  # a panorama
        (heic(8160, 6120), 0.37, 0.51),  # a phone's 50 million
        (heic(8160, 6120, chroma=444), 0.46, 1.1),
        (png(3000, 2000), 0.024, 0.026),
        (png(3000, 2000, 8, 6), 0.048, 0.05),
        (png(3000, 2000, 16, 0), 0.036, 0.038),
        (png(3000, 2000, 16, 0, tRNS=bytes(2)), 0.084, 0.092),
        (png(3000, 2000, 8, 3, PLTE=bytes(768)), 0.03, 0.032),
        (memory.rle_bmp(3000, 2000, is_grey=True), 0.0192, 0.0205),
        (memory.rle_bmp(3000, 2000, is_grey=False), 0.03, 0.032),
        (memory.tiled_tiff(2000, 1000, 8, 3, 2000), 0.0195, 0.022),
        (memory.tiled_tiff(2000, 1000, 8, 3, 256), 0.008, 0.009),
    ],
)
def test_a_header_tells_what_was_measured(data: bytes, least: float, most: float) -> None:
    assert least <= told(data) <= most


def test_a_jpeg_in_several_scans_is_held_whole_though_it_is_not_progressive() -> None:
    data = jpeg(4000, 3000)
    scan = data.index(b"\xff\xda")
    one_component = b"\xff\xda" + struct.pack(">HBBB", 8, 1, 1, 0) + b"\0\x3f\0"
    assert told(data) < 0.002
    assert told(data[:scan] + one_component + data[scan + 14 :]) == pytest.approx(0.037, rel=0.04)


def test_a_jpeg_decoded_at_its_full_size_takes_that() -> None:
    assert told(jpeg(4000, 3000), (4000, 3000)) == pytest.approx(0.05, rel=0.04)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (webp(14000, 14000), "WebP"),
        (jpeg(14000, 14000, "CMYK", progressive=True), "JPEG"),
        (heic(12000, 9000), "HEIC"),
        (png(14000, 14000, 8, 6), "PNG"),
    ],
)
def test_what_would_take_more_than_a_gigabyte_is_refused_before_it_is_decoded(
    data: bytes, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standardising.integrity, "load", lambda *_: pytest.fail("decoded"))
    with pytest.raises(RejectedPhoto) as refused:
        photo_of(data)
    assert re.search(
        rf"^too large: \d+ x \d+ px of {name} take \d\.\d GB to decode, more", str(refused.value)
    )
    assert "raise accept.max_megapixels in params.yaml: each megapixel allows 5 MB" in str(refused.value)


def test_a_larger_limit_of_pixels_raises_that_of_memory() -> None:
    standardising._check_memory(3_000_000_000, (14000, 14000), "WEBP", accept(max_megapixels=600))
    with pytest.raises(RejectedPhoto, match=r"take 3\.1 GB to decode, more than 3 GB"):
        standardising._check_memory(3_100_000_000, (14000, 14000), "WEBP", accept(max_megapixels=600))


def test_no_small_limit_of_pixels_lowers_that_of_memory() -> None:
    """Who accepts a million pixels accepts those of a transparent PNG, too, which take 8 MB."""
    assert photo_of(png(1000, 1000, 8, 6), max_megapixels=1).width == 1000


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a program's own peak")
@pytest.mark.parametrize(
    "kind",
    [
        "JPEG RGB, progressive",
        "WebP RGBA",
        "AVIF RGBA 4:4:4",
        "HEIC RGB 4:2:0",
        "PNG palette, clear",
        "TIFF RGB, one tile",
        "BMP grey palette, in runs",
    ],
)
def test_what_is_told_is_not_less_than_what_decoding_takes(kind: str) -> None:
    """On files of 4 million pixels, 12 to 65 MB; benchmarks/memory.py measures them all."""
    width, height = 2400, 1650
    write = next(write for name, pixels, write in memory.cases(width, height) if f"{name} {pixels}" == kind)
    measured, bound = memory.measure(write())
    slack = 6_000_000  # of tables, code pages and small files' own buffers
    assert measured <= bound + slack
    assert measured >= bound / 3 - slack  # nor is it told that photos take far more than they do
