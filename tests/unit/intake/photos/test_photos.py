"""What a standard photo is, for every kind of file that phones and scanners write."""

from __future__ import annotations

import io
import threading
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFile

from tenshots import params
from tenshots.errors import RejectedPhoto, SettingsError
from tenshots.intake.photos import footprint, standardising
from tenshots.intake.photos.standardising import standardise
from tenshots.intake.settings import AcceptSettings
from tenshots.tables.encoding import decode, encode
from tests.drawn.scenes import (
    ALL_FORMATS,
    BLUE,
    GREEN,
    RED,
    WHITE,
    accept,
    close,
    noisy,
    oriented,
    photo_of,
    pixels,
    saved,
    scene,
    settings,
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow on damaged files; wanted here


TURNABLE = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF")


@pytest.mark.parametrize("kind", ALL_FORMATS)
def test_each_format_gives_the_same_photo(kind: str) -> None:
    photo = photo_of(saved(scene(), kind, quality=95))
    assert (photo.format, photo.width, photo.height, photo.orientation) == (kind, 120, 80, 1)
    corners = photo.image[[4, 4, 27, 27], [4, 27, 4, 27]].astype(int)
    assert close(corners, np.array([RED, GREEN, BLUE, WHITE]), tolerance=8)
    assert photo.note == ""


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
@pytest.mark.parametrize("kind", TURNABLE)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_sets_the_photo_upright(orientation: int, kind: str, fit: str) -> None:
    photo = photo_of(oriented(kind, orientation, quality=95), settings(fit=fit))
    assert (photo.orientation, photo.width, photo.height) == (orientation, 120, 80)
    expected = photo_of(saved(scene(), kind, quality=95), settings(fit=fit))
    assert close(photo.image.astype(int), expected.image.astype(int), tolerance=3)
    assert close(photo.thumbnail.astype(int), expected.thumbnail.astype(int), tolerance=3)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "jpeg"])
def test_a_tiff_is_turned_once_whatever_its_compression(compression: str) -> None:
    for orientation in range(1, 9):
        photo = photo_of(oriented("TIFF", orientation, compression=compression))
        assert (photo.orientation, photo.width, photo.height) == (orientation, 120, 80)
        assert close(photo.image.astype(int), pixels(saved(scene())), tolerance=3)


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
def test_the_thumbnail_is_the_whole_upright_photo_without_borders(fit: str) -> None:
    thumbnail = photo_of(oriented("JPEG", 6, quality=95), settings(fit=fit)).thumbnail
    assert (thumbnail.dtype, thumbnail.shape) == (
        np.uint8,
        (standardising.THUMBNAIL_PX, standardising.THUMBNAIL_PX, 3),
    )
    corners = thumbnail[[0, 0, -1, -1], [0, -1, 0, -1]].astype(int)
    assert close(corners, np.array([RED, GREEN, BLUE, WHITE]), tolerance=8)


def test_a_panorama_is_not_decoded_smaller_than_its_thumbnail_needs() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (25, 400, 3), dtype=np.uint8)
    photo = Image.fromarray(noise).resize((4000, 250), Image.Resampling.BICUBIC)
    by_jpeg = photo_of(saved(photo, "JPEG", quality=95), settings(96, fit="pad")).thumbnail
    by_png = photo_of(saved(photo), settings(96, fit="pad")).thumbnail
    assert np.abs(by_jpeg.astype(int) - by_png).mean() < 3  # 2.2; at 1/8, where 31 px are left of 250, more


def test_pad_keeps_the_whole_photo_between_grey_borders() -> None:
    image = pixels(saved(scene(120, 60)), settings(fit="pad"))
    assert (image[:8] == standardising.PAD_GREY).all()
    assert (image[24:] == standardising.PAD_GREY).all()
    assert close(image[10, 4], np.array(RED))
    assert close(image[22, 28], np.array(WHITE))


def test_pad_scales_a_small_photo_up() -> None:
    assert (pixels(saved(Image.new("RGB", (4, 2), RED)), settings(fit="pad"))[8:24] == RED).all()


def test_crop_keeps_the_centre() -> None:
    image = Image.new("RGB", (300, 100), BLUE)
    image.paste(RED, (100, 0, 200, 100))
    assert close(pixels(saved(image), settings(fit="crop"))[:, 2:30], np.array(RED), tolerance=1)


def test_an_extreme_strip_still_makes_a_photo() -> None:
    for fit in ("pad", "crop", "stretch"):
        assert pixels(saved(Image.new("RGB", (2000, 1), RED)), settings(fit=fit)).shape == (32, 32, 3)


def test_a_large_jpeg_decoded_small_is_nearly_the_full_decode() -> None:
    """The shortcut through `draft` stays within 40 dB on a scene of smooth colours and edges."""
    ramp = np.linspace(0, 255, 1600)
    data = np.stack(
        [np.tile(ramp, (1200, 1)), np.tile(ramp[:1200, None], (1, 1600)), np.full((1200, 1600), 90.0)], -1
    )
    data[300:700, 400:900] = 240
    jpeg = saved(Image.fromarray(data.astype(np.uint8)), "JPEG", quality=95)
    full = Image.open(io.BytesIO(jpeg)).convert("RGB").resize((224, 224), Image.Resampling.LANCZOS)
    error = ((pixels(jpeg, settings(224)) - np.asarray(full).astype(int)) ** 2).mean()
    assert 10 * np.log10(255**2 / error) > 40


def test_mpo_which_phones_write_counts_as_jpeg() -> None:
    data = saved(
        scene(800, 600), "MPO", save_all=True, append_images=[Image.new("RGB", (800, 600))], quality=95
    )
    assert Image.open(io.BytesIO(data)).format == "MPO"
    photo = photo_of(data)
    assert (photo.format, photo.note) == ("JPEG", "")
    assert close(pixels(data), pixels(saved(scene(800, 600))))


def test_lossless_is_png_and_a_number_is_jpeg_of_that_quality() -> None:
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    assert encode(image, "lossless").startswith(b"\x89PNG")
    assert (decode(encode(image, "lossless")) == image).all()
    assert encode(image, 90).startswith(b"\xff\xd8")
    assert len(encode(image, 20)) < len(encode(image, 90))
    sampling = [layer[1:3] for layer in Image.open(io.BytesIO(encode(image, 90))).layer]  # type: ignore[attr-defined]
    assert sampling == [(1, 1)] * 3  # 4:4:4


def test_jpegs_are_decoded_at_twice_the_target_at_least() -> None:
    """On edges and texture; 133 px is decoded at 400 px, which at 1/8 would be 200."""
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(60, 196, (240, 320, 3), dtype=np.uint8))
    photo = coarse.resize((1600, 1200), Image.Resampling.NEAREST)
    jpeg = saved(photo, "JPEG", quality=92)
    for size_px in (96, 133, 200):
        full = Image.open(io.BytesIO(jpeg)).resize((size_px, size_px), Image.Resampling.LANCZOS)
        error = ((pixels(jpeg, settings(size_px)) - np.asarray(full).astype(int)) ** 2).mean()
        assert 10 * np.log10(255**2 / error) > 45


@pytest.mark.parametrize("kind", ALL_FORMATS)
def test_a_file_cut_short_is_refused(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (80, 120, 3), dtype=np.uint8)
    data = saved(Image.fromarray(noise), kind)
    for kept in (0.99, 0.9, 0.5, 0.1, 0.02):
        with pytest.raises(RejectedPhoto, match="damaged, incomplete or unusual"):
            photo_of(data[: int(len(data) * kept)])


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
def test_a_compressed_tiff_cut_short_is_refused(compression: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (80, 120, 3), dtype=np.uint8)
    data = saved(Image.fromarray(noise), "TIFF", compression=compression)
    for kept in (0.99, 0.9, 0.5, 0.1):
        with pytest.raises(RejectedPhoto, match="damaged, incomplete or unusual TIFF"):
            photo_of(data[: int(len(data) * kept)])


def test_an_end_that_decoders_do_not_miss_is_missed() -> None:
    png, jpeg = saved(scene()), saved(scene(400, 300), "JPEG")
    filled_up = jpeg[: len(jpeg) // 2] + bytes(len(jpeg) // 2)
    for data in (png[:-17], png[:-40], filled_up):
        with pytest.raises(RejectedPhoto, match=r"its end is missing|image file is truncated"):
            photo_of(data)
    for kind in ("HEIF", "AVIF"):
        data = saved(noisy(400, 300), kind)
        with pytest.raises(RejectedPhoto, match=r"its end is missing|damaged"):
            photo_of(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
        assert photo_of(data).format == kind
    for data in (png + b"more", jpeg + b"more", jpeg + bytes(100)):  # a phone's own data behind the photo
        assert photo_of(data).note == ""


@pytest.mark.parametrize("kind", ["WEBP", "HEIF", "AVIF", "JPEG"])
def test_a_sound_file_may_end_in_zeros(kind: str) -> None:
    """The code of a plain strip, or a camera's notes behind the pixels."""
    boxed = Image.new("RGB", (1200, 900))
    boxed.paste(noisy(1200, 600))
    exif = Image.Exif()
    exif[0x927C] = b"maker" + bytes(600)
    assert photo_of(saved(boxed, kind, exif=exif.tobytes())).format == kind


def test_a_broken_header_is_refused() -> None:
    data = bytearray(saved(scene()))
    data[16:20] = b"\0\0\0\0"  # the width; the checksum no longer fits
    with pytest.raises(RejectedPhoto, match="damaged, incomplete or unusual PNG image"):
        photo_of(bytes(data))


def test_a_decompression_bomb_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(Image.new("1", (1001, 1000)))
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("decoded"))
    with pytest.raises(
        RejectedPhoto, match=r"too large: 1001 x 1000 px are more than 1 million .*accept\.max_m"
    ):
        photo_of(data, max_megapixels=1)


def test_a_limit_is_the_largest_photo_allowed() -> None:
    assert photo_of(saved(Image.new("1", (1000, 1000))), max_megapixels=1).width == 1000


def test_a_photo_with_a_short_side_is_too_small() -> None:
    with pytest.raises(RejectedPhoto, match=r"too small: 300 x 31 px.* at least 32 px \(accept\.min_px"):
        photo_of(saved(Image.new("L", (300, 31))), min_px=32)
    assert photo_of(saved(Image.new("L", (32, 300))), min_px=32).height == 300


def test_pillows_own_limit_does_not_refuse_what_ours_allows() -> None:
    assert Image.MAX_IMAGE_PIXELS is None


def test_a_large_photo_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    turn = threading.Lock()
    held = []
    reduced = standardising._reduced

    def watched(*arguments: Any) -> Any:  # noqa: ANN401 (passed on)
        held.append(turn.locked())
        return reduced(*arguments)

    monkeypatch.setattr(standardising, "_reduced", watched)
    monkeypatch.setattr(standardising, "LARGE_BYTES", footprint.PROCESS_BYTES + 300_000)
    large = scene(480, 320)
    files = [
        saved(scene()),
        saved(large, "JPEG"),  # decoded small
        saved(large, "JPEG", progressive=True),  # held whole all the same
        saved(large, "PNG"),
    ]
    for data in files:
        standardise(data, settings(), accept(), turn=turn)
    assert held == [False, False, True, True]
    assert not turn.locked()


def test_running_out_of_memory_is_no_verdict_over_the_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(standardising, "_reduced", exhausted)
    with pytest.raises(MemoryError):
        photo_of(saved(scene()))


def test_sharpness_and_brightness_are_those_of_the_photo_without_its_borders() -> None:
    plain = photo_of(saved(Image.new("L", (64, 32), 51)), settings(fit="pad"))
    assert (plain.sharpness, plain.brightness) == (0, 0.2)
    # One bright pixel on black: the Laplacian is -4 there, 1 at its four neighbours and 0 at the 895 others.
    dot = Image.new("L", (32, 32))
    dot.putpixel((10, 10), 255)
    assert photo_of(saved(dot)).sharpness == pytest.approx((16 + 4) / 900)
    assert photo_of(saved(dot)).brightness == pytest.approx(1 / 1024)


def test_an_even_bend_of_brightness_is_no_sharpness() -> None:
    bend = np.tile(np.arange(16, dtype=np.uint8) ** 2, (16, 1))  # its Laplacian is 2 everywhere
    assert photo_of(saved(Image.fromarray(bend)), settings(16)).sharpness == 0


def test_a_blurred_photo_is_less_sharp() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8))
    blurred = noise.resize((16, 16)).resize((64, 64))
    assert photo_of(saved(blurred)).sharpness < photo_of(saved(noise)).sharpness / 2


def test_a_strip_narrower_than_the_laplacian_has_no_sharpness() -> None:
    assert photo_of(saved(Image.new("RGB", (2000, 2), RED)), settings(fit="pad")).sharpness == 0


def test_no_output_has_metadata() -> None:
    exif = Image.Exif()
    exif[0x010E] = "at home, 52.1 N"
    exif.get_ifd(0x8825)[1] = "N 52.1"
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ("JPEG", "PNG", "WEBP", "HEIF", "AVIF"):
        data = saved(scene(), kind, exif=exif.tobytes(), icc_profile=srgb, comment=b"private")
        assert b"52.1" in data
        photo = photo_of(data)
        assert "52.1" not in str(photo)
        for encoding in ("lossless", 80):
            encoded = encode(photo.image, encoding)
            image = Image.open(io.BytesIO(encoded))
            assert image.mode == "RGB"
            assert not image.getexif()
            assert not {"icc_profile", "comment", "exif"} & set(image.info)
            assert b"52.1" not in encoded


@pytest.mark.parametrize("kind", ALL_FORMATS)
def test_the_same_file_gives_the_same_bytes(kind: str) -> None:
    data = saved(scene(), kind)
    one, other = photo_of(data, settings(fit="pad")), photo_of(data, settings(fit="pad"))
    assert one._replace(image=None, thumbnail=None) == other._replace(image=None, thumbnail=None)
    assert (one.image == other.image).all()
    assert (one.thumbnail == other.thumbnail).all()


@pytest.mark.parametrize("colour", ["whit", "#12", "#11223344", "hsl(120, 100%", ""])
def test_a_background_must_be_an_opaque_colour(colour: str) -> None:
    values = accept().model_dump() | {"background": colour}
    with pytest.raises(SettingsError, match=r"accept\.background must be a colour name such as white"):
        params.check(values, AcceptSettings, at="accept")
