"""Whether a file holds all of its pixels: what is whole is kept, what is cut is refused or noted."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tenshots.errors import RejectedPhoto
from tenshots.intake.photos import integrity
from tests.drawn.scenes import noisy, photo_of, saved, scene

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow on damaged files; wanted here
JPEGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "progressive": {"progressive": True},
    "full colour": {"quality": 95, "subsampling": 0},
    "own tables": {"optimize": True, "quality": 40},
    "restarts": {"restart_marker_rows": 1},
    "finest": {"quality": 100},
    "grey": {"mode": "L"},
    "CMYK": {"mode": "CMYK", "progressive": True},
}


def jpeg(kind: str) -> bytes:
    """A photo of edges and noise, of a size that is no multiple of 16."""
    options = dict(JPEGS[kind])
    picture = scene(300, 203)
    picture.paste(noisy(140, 90), (60, 100))
    return saved(picture.convert(options.pop("mode", "RGB")), "JPEG", **options)


@pytest.mark.parametrize("kind", JPEGS)
def test_a_jpeg_without_its_end_is_kept_and_noted(kind: str) -> None:
    data = jpeg(kind)
    sound = photo_of(data)
    for cut in (data[:-2], data[:-1], data[:-2] + bytes(5000)):
        photo = photo_of(cut)
        assert photo.note == integrity.WITHOUT_END
        assert photo.image.tobytes() == sound.image.tobytes()


@pytest.mark.parametrize("kind", JPEGS)
def test_a_jpeg_that_lost_pixels_is_refused(kind: str) -> None:
    data = jpeg(kind)
    for num_lost in (6, 12, 30, 100, len(data) // 4, len(data) // 2):
        left = data[:-num_lost]
        for cut in (left, left + bytes(num_lost)):
            with pytest.raises(RejectedPhoto, match="damaged, incomplete or unusual JPEG"):
                photo_of(cut)


def test_a_jpeg_cut_between_two_restarts_is_refused() -> None:
    """All that is left is whole intervals; a decoder passes over what follows until the next restart."""
    data = jpeg("restarts")
    restarts = [found.start() for found in integrity.RESTART.finditer(data, data.index(b"\xff\xda"))]
    assert len(restarts) > 5
    for at in restarts:
        for cut in (data[:at], data[: at + 2]):
            assert not integrity._jpeg_is_whole(cut)
    assert integrity._jpeg_is_whole(data[:-2])


@pytest.mark.parametrize("kind", ["plain", "full colour", "own tables", "finest", "grey"])
def test_a_grey_lower_part_under_an_end_put_behind_it_is_refused(kind: str) -> None:
    data = jpeg(kind)
    for share in (0.3, 0.6, 0.9):
        with pytest.raises(RejectedPhoto, match="its lower part is missing"):
            photo_of(data[: int(len(data) * share)] + b"\xff\xd9")


@pytest.mark.parametrize("level", [0, 127, 128, 255])
def test_a_sound_jpeg_may_end_in_one_colour(level: int) -> None:
    picture = Image.new("RGB", (300, 200), (level,) * 3)
    picture.paste(noisy(300, 100))
    for options in ({}, {"progressive": True}, {"optimize": True}):
        assert photo_of(saved(picture, "JPEG", **options)).note == ""


def test_a_progressive_jpeg_without_its_last_scans_is_refused() -> None:
    """What is left decodes to a whole but coarse picture, whatever is put behind it."""
    data = jpeg("progressive")
    last_scan = data.rindex(b"\xff\xda")
    last_table = data.rindex(b"\xff\xc4", 0, last_scan)
    with pytest.raises(RejectedPhoto, match="image file is truncated"):
        photo_of(data[:last_table])
    assert integrity._scans(data[:last_table]) == (last_table, False)
    assert integrity._scans(data) == (len(data) - 2, True)


def test_a_png_without_its_last_chunk_is_kept_where_its_checksum_fits() -> None:
    data = saved(noisy(80, 60))
    for cut in (data[:-1], data[:-12], data[:-16], data[:-12] + bytes(600)):
        photo = photo_of(cut)
        assert photo.note == integrity.WITHOUT_END
        assert photo.image.tobytes() == photo_of(data).image.tobytes()
    for cut in (data[:-17], data[:-20], data[:-100], data[:-100] + bytes(100)):
        with pytest.raises(RejectedPhoto, match="PNG"):
            photo_of(cut)


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_of(
    rows: list[bytes], *, height: int, colour: tuple[int, int] = (8, 2), interlaced: bool = False
) -> bytes:
    """A PNG 60 px wide whose header says `height`, of these rows, in a zlib stream that is sound."""
    parts = (
        chunk(b"IHDR", struct.pack(">IIBBBBB", 60, height, *colour, 0, 0, interlaced)),
        chunk(b"PLTE", bytes(range(240)) * 3) if colour[1] == 3 else b"",
        chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))),
        chunk(b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


PNG_COLOURS = {
    "black and white": (1, 0),
    "four greys": (2, 0),
    "grey": (8, 0),
    "grey of 16 bits": (16, 0),
    "RGB": (8, 2),
    "RGB of 16 bits": (16, 2),
    "palette of 16": (4, 3),
    "palette": (8, 3),
    "grey and opacity": (8, 4),
    "RGBA": (8, 6),
}


def random_rows(num: int, num_bytes: int, *, highest: int = 255) -> list[bytes]:
    values = np.random.default_rng(0).integers(1, highest + 1, (num, num_bytes), dtype=np.uint8)
    return [row.tobytes() for row in values]


@pytest.mark.parametrize("kind", PNG_COLOURS)
def test_a_png_whose_rows_end_early_is_refused_and_a_black_part_is_not(kind: str) -> None:
    """All streams end in order: only the header tells that rows are missing, which decoders leave black."""
    bits, colour_type = PNG_COLOURS[kind]
    num_bytes = -(-60 * bits * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour_type] // 8)
    rows = random_rows(50, num_bytes, highest=239 if kind == "palette" else 255)
    colour = (bits, colour_type)
    assert photo_of(png_of(rows, height=50, colour=colour)).note == ""
    for num in (1, 25, 49):
        with pytest.raises(RejectedPhoto, match=r"PNG image \(its lower part is missing\)"):
            photo_of(png_of(rows[:num], height=50, colour=colour))
        black = rows[:num] + [bytes(num_bytes)] * (50 - num)
        assert photo_of(png_of(black, height=50, colour=colour)).height == 50


@pytest.mark.parametrize("height", [50, 51, 400])  # of 400, more bytes name filters than a row has
def test_an_interlaced_png_whose_rows_end_early_is_refused(height: int) -> None:
    values = np.random.default_rng(0).integers(1, 256, (height, 60, 3), dtype=np.uint8)
    black = np.where(np.arange(height)[:, np.newaxis, np.newaxis] < 30, values, np.uint8(0))
    steps = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    for picture in (values, black):
        rows = [
            row.tobytes()
            for top, left, down, across in steps  # Source: PNG, third edition, 8.1
            for row in picture[top::down, left::across]
        ]
        data = png_of(rows, height=height, interlaced=True)
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), picture)
        assert photo_of(data).note == ""
        for num_lost in (1, 20, len(rows) - 3):
            with pytest.raises(RejectedPhoto, match="its lower part is missing"):
                photo_of(png_of(rows[:-num_lost], height=height, interlaced=True))


def test_an_animated_png_has_the_rows_of_its_first_picture() -> None:
    picture = Image.new("RGB", (120, 80))
    picture.paste(noisy(120, 40))
    data = saved(picture, save_all=True, append_images=[noisy(120, 80)])
    assert photo_of(data).note == "first of 2 frames"
    # Of IHDR's size, whatever fcTL says.
    half = png_of(random_rows(25, 180), height=50)
    animated = chunk(b"acTL", struct.pack(">II", 1, 0))
    smaller = chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 60, 25, 0, 0, 1, 1, 0, 0))
    with pytest.raises(RejectedPhoto, match="its lower part is missing"):
        photo_of(half[:33] + animated + smaller + half[33:])


@pytest.mark.parametrize("interlaced", [False, True])
def test_a_cut_png_is_said_to_be_cut(interlaced: bool) -> None:
    """And not what a decoder says that is asked for the same pixels again."""
    data = png_of(random_rows(90, 180), height=60, interlaced=interlaced)
    cut = data[: len(data) // 2]
    with pytest.raises(OSError, match=r"\w") as said:
        Image.open(io.BytesIO(cut)).load()
    with pytest.raises(RejectedPhoto) as refused:
        photo_of(cut)
    assert str(said.value).partition("(")[0].strip() in str(refused.value)


def test_a_png_without_its_end_needs_all_rows() -> None:
    rows = random_rows(50, 180)
    assert photo_of(png_of(rows, height=50)[:-12]).note == integrity.WITHOUT_END
    with pytest.raises(RejectedPhoto, match="its end is missing"):
        photo_of(png_of(rows[:40], height=50)[:-12])


def test_a_png_is_not_unpacked_beyond_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Black packs at 1 to 1000: a trap of 250 MB would unpack to a quarter of a terabyte."""
    num_bytes, unpacking = 0, zlib.decompressobj

    class Counted:
        eof = False

        def __init__(self) -> None:
            self.unpack = unpacking()

        def decompress(self, packed: bytes) -> bytes:
            nonlocal num_bytes
            num_bytes += len(unpacked := self.unpack.decompress(packed))
            return unpacked

    trap = png_of([bytes(180)] * 200_000, height=50)
    monkeypatch.setattr(zlib, "decompressobj", Counted)
    assert integrity._png_is_whole(trap, has_end=True)
    assert num_bytes < 5_000_000


def filled_up(data: bytes, share: float) -> bytes:
    """A file of full length whose end became zeros, from the last share of it on."""
    kept = int(len(data) * (1 - share))
    return data[:kept] + bytes(len(data) - kept)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("BMP", {}),
        ("TIFF", {}),
        *[("TIFF", {"tiffinfo": {274: turn}}) for turn in range(2, 9)],
        ("WEBP", {"quality": 95}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_a_tail_of_zeros_is_noted_where_the_pixels_show_it(kind: str, options: dict[str, Any]) -> None:
    data = saved(noisy(400, 300), kind, **options)
    assert photo_of(data).note == ""
    photo = photo_of(filled_up(data, 0.3))
    assert photo.note == integrity.FLAT_END
    assert photo.format == kind


def photo_like(width: int, height: int) -> Image.Image:
    """Soft patches with a photo's noise."""
    patches = np.asarray(noisy(width // 8, height // 8).resize((width, height), Image.Resampling.BICUBIC))
    noise = np.random.default_rng(1).integers(-8, 9, patches.shape)
    return Image.fromarray(np.clip(patches + noise, 0, 255).astype(np.uint8))


def test_a_webp_that_lost_little_is_noted() -> None:
    """Decoders go on with what they guess of blocks without bits; of a large file that is no plain colour."""
    data = saved(photo_like(1600, 1200), "WEBP")
    assert photo_of(data).note == ""
    for share in (0.01, 0.03, 0.3):
        assert photo_of(filled_up(data, share)).note == integrity.FLAT_END


@pytest.mark.parametrize(
    ("kind", "size", "share"),
    [("HEIF", (320, 240), 0.4), ("AVIF", (320, 240), 0.2), ("HEIF", (320, 240), 0.03)],
)
def test_a_short_tail_of_zeros_is_refused_too(kind: str, size: tuple[int, int], share: float) -> None:
    data = saved(photo_like(*size), kind)
    assert 70 < len(data) * share < 4096
    with pytest.raises(RejectedPhoto, match="a part of it is missing"):
        photo_of(filled_up(data, share))


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_a_failed_sector_within_the_pixels_is_refused(kind: str) -> None:
    data = saved(photo_like(640, 480), kind)
    at = len(data) // 2
    with pytest.raises(RejectedPhoto, match="damaged, incomplete or unusual"):
        photo_of(data[:at] + bytes(600) + data[at + 600 :])


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_filling_behind_the_pixels_is_no_part_of_them(kind: str) -> None:
    data = saved(photo_like(320, 240), kind)
    at = data.index(b"mdat") - 4
    assert at + int.from_bytes(data[at : at + 4], "big") == len(data)
    longer = data[:at] + (len(data) - at + 5000).to_bytes(4, "big") + data[at + 4 :] + bytes(5000)
    assert photo_of(longer).note == photo_of(data).note == ""


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "GIF", "PNG", "JPEG"])
def test_a_tail_of_zeros_is_refused_where_no_sound_file_has_one(kind: str) -> None:
    with pytest.raises(RejectedPhoto, match="damaged, incomplete or unusual"):
        photo_of(filled_up(saved(noisy(400, 300), kind), 0.3))


def test_exif_data_behind_the_pixels_may_be_filled_up_with_zeros() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    data = saved(noisy(400, 300), "HEIF", exif=exif.tobytes() + bytes(50_000))
    assert data.endswith(bytes(4096))
    assert photo_of(data).camera == "Maker"
    pixels_end = data.rindex(b"Maker") - 200
    with pytest.raises(RejectedPhoto, match="damaged, incomplete"):
        photo_of(data[: pixels_end - 20_000] + bytes(len(data) - pixels_end + 20_000))


def test_a_bmp_that_is_written_from_its_top_ends_at_its_bottom() -> None:
    data = saved(noisy(400, 300), "BMP")
    rows = data[54:]
    stored = b"".join(rows[at : at + 1200] for at in range(len(rows) - 1200, -1, -1200))
    downwards = data[:22] + (-300).to_bytes(4, "little", signed=True) + data[26:54] + stored
    assert photo_of(downwards).image.tobytes() == photo_of(data).image.tobytes()
    assert photo_of(filled_up(downwards, 0.2)).note == integrity.FLAT_END


@pytest.mark.parametrize("kind", ["BMP", "TIFF"])
def test_a_black_row_at_the_end_of_a_dark_photo_does_not_make_it_flat(kind: str) -> None:
    dark = np.random.default_rng(0).integers(0, 3, (400, 400, 3), dtype=np.uint8)
    dark[0 if kind == "BMP" else -1] = 0
    data = saved(Image.fromarray(dark), kind)
    assert data.endswith(integrity.SECTOR)
    assert photo_of(data).note == ""
    dark[:100] = dark[-100:] = 0
    assert photo_of(saved(Image.fromarray(dark), kind)).note == integrity.FLAT_END


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "WEBP"])
def test_dark_photos_are_not_taken_for_cut_ones(kind: str) -> None:
    dark = np.random.default_rng(0).integers(0, 3, (300, 400, 3), dtype=np.uint8)
    assert photo_of(saved(Image.fromarray(dark), kind, lossless=True)).note == ""
