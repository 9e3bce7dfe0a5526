"""Whether a file holds all of its pixels: what is whole is kept, what is cut is refused or noted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from tenshots import integrity
from tenshots.errors import RejectedPhoto
from tests.unit.test_photos import noisy, photo_of, saved, scene

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


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "WEBP"])
def test_dark_photos_are_not_taken_for_cut_ones(kind: str) -> None:
    dark = np.random.default_rng(0).integers(0, 3, (300, 400, 3), dtype=np.uint8)
    assert photo_of(saved(Image.fromarray(dark), kind, lossless=True)).note == ""
