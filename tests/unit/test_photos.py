"""What a standard photo is, for every kind of file that phones and scanners write."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFile

from tenshots import photos
from tenshots.errors import RejectedPhoto
from tenshots.photos import StandardiseSettings, decode, encode, standardise

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 30), (30, 30, 220), (250, 250, 250)


def settings(
    size_px: int = 32, fit: str = "stretch", encoding: str | int = "lossless"
) -> StandardiseSettings:
    return StandardiseSettings.model_validate({"size_px": size_px, "fit": fit, "encoding": encoding})


def scene(width: int = 120, height: int = 80) -> Image.Image:
    """Four quarters: red, green above blue, white. No turn or mirror image of it is itself."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    image.paste(WHITE, (width // 2, height // 2, width, height))
    return image


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:  # noqa: ANN401 (Pillow's options)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(data: bytes, wanted: StandardiseSettings | None = None) -> np.ndarray:
    return decode(standardise(data, wanted or settings()).encoded).astype(int)


def close(one: np.ndarray, other: np.ndarray, tolerance: float = 6) -> bool:
    return bool(np.abs(one - other).mean() < tolerance)


@pytest.mark.parametrize(
    ("kind", "options"), [("JPEG", {"quality": 95}), ("PNG", {}), ("WEBP", {"quality": 95})]
)
def test_each_format_gives_the_same_photo(kind: str, options: dict[str, Any]) -> None:
    photo = standardise(saved(scene(), kind, **options), settings())
    assert (photo.format, photo.width, photo.height, photo.orientation) == (kind, 120, 80, 1)
    corners = decode(photo.encoded)[[4, 4, 27, 27], [4, 27, 4, 27]].astype(int)
    assert close(corners, np.array([RED, GREEN, BLUE, WHITE]), tolerance=8)


@pytest.mark.parametrize("fit", ["pad", "crop", "stretch"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_sets_the_photo_upright(orientation: int, kind: str, fit: str) -> None:
    upright = scene()
    # The file holds the turned scene; the inverse of a turn by 90 degrees is that by 270.
    inverse = {6: 8, 8: 6}.get(orientation, orientation)
    stored = upright.transpose(photos.TURNS[inverse]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[photos.ORIENTATION_TAG] = orientation
    photo = standardise(saved(stored, kind, exif=exif.tobytes(), quality=95), settings(fit=fit))
    assert (photo.orientation, photo.width, photo.height) == (orientation, 120, 80)
    expected = pixels(saved(upright, kind, quality=95), settings(fit=fit))
    assert close(decode(photo.encoded).astype(int), expected, tolerance=3)


def test_a_nonsense_orientation_counts_as_none() -> None:
    exif = Image.Exif()
    exif[photos.ORIENTATION_TAG] = 9
    assert standardise(saved(scene(), "JPEG", exif=exif.tobytes()), settings()).orientation == 1


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize(
    "exif", [b"Exif\x00\x00II*\x00\xff\xff\xff\xff", b"Exif\x00\x00no TIFF header at all"]
)
def test_broken_exif_data_say_nothing_about_the_pixels(exif: bytes) -> None:
    assert standardise(saved(scene(), "JPEG", exif=exif), settings()).orientation == 1


def test_exif_data_that_cannot_be_parsed_count_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise SyntaxError("not a TIFF file")

    monkeypatch.setattr(Image.Image, "getexif", broken)
    assert standardise(saved(scene(), "JPEG"), settings()).orientation == 1


def test_an_error_while_the_header_is_read_is_a_rejection(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("a chunk of -1 bytes")

    monkeypatch.setattr(Image, "open", broken)
    with pytest.raises(RejectedPhoto, match=r"damaged or incomplete image \(a chunk of -1 bytes\)"):
        standardise(b"", settings())


def test_pad_keeps_the_whole_photo_between_grey_borders() -> None:
    image = pixels(saved(scene(120, 60)), settings(fit="pad"))
    assert (image[:8] == photos.PAD_GREY).all()
    assert (image[24:] == photos.PAD_GREY).all()
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
    assert standardise(data, settings()).format == "JPEG"
    assert close(pixels(data), pixels(saved(scene(800, 600))))


def test_the_content_tells_the_format_and_others_are_refused() -> None:
    for data in (saved(scene(), "GIF"), saved(scene(), "BMP"), b"hello", b"", b"<svg/>"):
        with pytest.raises(RejectedPhoto, match="not a JPEG, PNG or WebP image"):
            standardise(data, settings())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_file_cut_short_is_refused(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (80, 120, 3), dtype=np.uint8)
    data = saved(Image.fromarray(noise), kind)
    for kept in (0.9, 0.5, 0.1):
        with pytest.raises(RejectedPhoto, match="damaged or incomplete"):
            standardise(data[: int(len(data) * kept)], settings())


def test_a_broken_header_is_refused() -> None:
    data = bytearray(saved(scene()))
    data[16:20] = b"\0\0\0\0"  # the width; the checksum no longer fits
    with pytest.raises(RejectedPhoto):
        standardise(bytes(data), settings())


def test_a_decompression_bomb_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "MAX_PIXELS", 120 * 80 - 1)
    data = saved(scene())
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("decoded"))
    with pytest.raises(RejectedPhoto, match="120 x 80 px are more than"):
        standardise(data, settings())


def test_pillows_own_limit_does_not_refuse_what_ours_allows() -> None:
    assert photos.MAX_PIXELS > 16320 * 12240  # the largest phone sensors
    assert Image.MAX_IMAGE_PIXELS is None


def test_running_out_of_memory_is_no_verdict_over_the_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(photos, "_square", exhausted)
    with pytest.raises(MemoryError):
        standardise(saved(scene()), settings())


def test_grey_palette_and_bilevel_images_become_rgb() -> None:
    grey = pixels(saved(scene().convert("L")))
    assert close(
        grey, np.repeat(np.asarray(scene().convert("L").resize((32, 32)))[..., None], 3, 2).astype(int)
    )
    assert close(pixels(saved(scene().convert("P", palette=Image.Palette.ADAPTIVE))), pixels(saved(scene())))
    assert (pixels(saved(Image.new("1", (40, 40), 1))) == 255).all()


def test_sixteen_bit_grey_is_scaled_not_clipped() -> None:
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (64, 1))
    image = pixels(saved(Image.fromarray(ramp)), settings(64))
    assert np.abs(image[32, :, 0] - np.linspace(0, 255, 64)).max() <= 2


def test_transparent_parts_lie_over_white() -> None:
    clear = Image.new("RGBA", (40, 40), (*RED, 0))
    assert (pixels(saved(clear)) == 255).all()
    assert (pixels(saved(clear, "WEBP", lossless=True)) == 255).all()
    half = pixels(saved(Image.new("RGBA", (40, 40), (0, 0, 0, 128))))
    assert np.abs(half - 127).max() <= 1
    assert (pixels(saved(Image.new("LA", (40, 40), (0, 0)))) == 255).all()
    assert (pixels(saved(Image.new("L", (40, 40), 7), transparency=7)) == 255).all()
    assert (pixels(saved(Image.new("RGB", (40, 40), RED), transparency=RED)) == 255).all()
    palette = scene().convert("P", palette=Image.Palette.ADAPTIVE)
    assert (pixels(saved(palette, transparency=palette.getpixel((2, 2))))[4, 4] == 255).all()
    deep = Image.fromarray(np.full((40, 40), 300, dtype=np.uint16))
    assert (pixels(saved(deep, transparency=300)) == 255).all()


def test_cmyk_jpeg_becomes_rgb() -> None:
    assert close(pixels(saved(Image.new("CMYK", (40, 40), (0, 255, 255, 0)), "JPEG")), np.array((255, 0, 0)))


def profile(space: str) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes()  # type: ignore[arg-type]


def wide_gamut() -> bytes:
    """An sRGB profile whose red and green primaries are exchanged: it must visibly change colours."""
    data = bytearray(profile("sRGB"))
    red, green = data.index(b"rXYZ"), data.index(b"gXYZ")
    data[red : red + 4], data[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(data)


def test_an_srgb_profile_changes_nothing() -> None:
    assert np.abs(pixels(saved(scene(), icc_profile=profile("sRGB"))) - pixels(saved(scene()))).max() <= 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_colours_of_a_profile_become_srgb(kind: str) -> None:
    data = saved(Image.new("RGB", (40, 40), (220, 30, 30)), kind, icc_profile=wide_gamut(), quality=95)
    assert close(pixels(data), np.array((30, 220, 30)), tolerance=12)


def test_a_grey_image_may_carry_an_rgb_profile() -> None:
    assert close(
        pixels(saved(Image.new("L", (40, 40), 90), "JPEG", icc_profile=profile("sRGB"))), np.array(90), 2
    )


def test_a_broken_or_foreign_profile_is_ignored() -> None:
    plain = pixels(saved(scene()))
    for unusable in (b"no profile", profile("LAB"), wide_gamut()[:200]):
        assert (pixels(saved(scene(), icc_profile=unusable)) == plain).all()


def test_a_standard_photo_has_no_metadata() -> None:
    exif = Image.Exif()
    exif[0x010E] = "at home, 52.1 N"
    data = saved(scene(), "JPEG", exif=exif.tobytes(), icc_profile=profile("sRGB"), comment=b"private")
    for encoding in ("lossless", 80):
        encoded = standardise(data, settings(encoding=encoding)).encoded
        image = Image.open(io.BytesIO(encoded))
        assert image.mode == "RGB"
        assert not image.getexif()
        assert not {"icc_profile", "comment", "exif"} & set(image.info)
        assert b"52.1" not in encoded


def test_lossless_is_png_and_a_number_is_jpeg_of_that_quality() -> None:
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    assert encode(image, "lossless").startswith(b"\x89PNG")
    assert (decode(encode(image, "lossless")) == image).all()
    assert encode(image, 90).startswith(b"\xff\xd8")
    assert len(encode(image, 20)) < len(encode(image, 90))


def test_the_same_file_gives_the_same_bytes() -> None:
    data = saved(scene(), "JPEG")
    assert standardise(data, settings(fit="pad")) == standardise(data, settings(fit="pad"))
