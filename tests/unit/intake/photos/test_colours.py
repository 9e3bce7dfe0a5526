"""Every mode, depth and colour space that files come in ends as the sRGB that a person would see."""

from __future__ import annotations

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from tenshots.errors import RejectedPhoto
from tenshots.intake.photos import colours
from tests.drawn.scenes import BLUE, RED, close, photo_of, pixels, saved, scene, settings

# A Display P3 triple, and the same colour in sRGB. Source: by the matrices of CSS Color 4, section 17.
IN_P3, IN_SRGB = (200, 100, 50), (215, 93, 31)


def icc(space: str) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes()  # type: ignore[arg-type]


def swapped() -> bytes:
    """An sRGB profile whose red and green primaries are exchanged: it must visibly change colours."""
    data = bytearray(icc("sRGB"))
    red, green = data.index(b"rXYZ"), data.index(b"gXYZ")
    data[red : red + 4], data[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(data)


def plain(colour: Any, mode: str = "RGB", size: int = 40) -> Image.Image:  # noqa: ANN401 (Pillow's)
    return Image.new(mode, (size, size), colour)


def test_grey_palette_and_bilevel_images_become_rgb() -> None:
    grey = scene().convert("L")
    assert close(pixels(saved(grey)), np.asarray(grey.convert("RGB").resize((32, 32))).astype(int))
    for kind in ("PNG", "TIFF", "BMP", "GIF"):
        palette = scene().convert("P", palette=Image.Palette.ADAPTIVE)
        assert close(pixels(saved(palette, kind)), pixels(saved(scene())))
        assert (pixels(saved(plain(1, "1"), kind)) == 255).all()


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "I;16"), ("TIFF", "I;16"), ("TIFF", "I;16B")])
def test_sixteen_bit_grey_is_scaled_not_clipped(kind: str, mode: str) -> None:
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (64, 1))
    image = Image.frombytes(mode, (64, 64), ramp.astype(">u2" if mode == "I;16B" else "<u2").tobytes())
    seen = pixels(saved(image, kind), settings(64))
    assert np.abs(seen[32, :, 0] - np.linspace(0, 255, 64)).max() <= 2


def grey_tiff(bits: int, photometric: int, strip: bytes, size: int = 40) -> bytes:
    tags = ((256, size), (257, size), (258, bits), (259, 1), (262, photometric), (273, 122), (277, 1))
    tags += ((278, size), (279, len(strip)))
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    header = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + directory + bytes(4)
    assert len(header) == 122
    return header + strip


def test_twelve_bit_grey_is_scaled_to_its_own_white() -> None:
    white = grey_tiff(12, 1, b"\xff\xff\xff" * (40 * 20))
    half = grey_tiff(12, 1, b"\x80\x08\x00" * (40 * 20))  # 0x800, twice
    assert (pixels(white) == 255).all()
    assert (pixels(half) == 128).all()


def test_sixteen_bit_grey_may_count_down_from_white() -> None:
    assert (pixels(grey_tiff(16, 0, b"\x00\x00" * 1600)) == 255).all()
    assert (pixels(grey_tiff(16, 0, b"\xff\xff" * 1600)) == 0).all()


def png(depth: int, colour_type: int, pixel: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    header = struct.pack(">IIBBBBB", 40, 40, depth, colour_type, 0, 0, 0)
    rows = zlib.compress((b"\0" + pixel * 40) * 40)
    parts = ((b"IHDR", header), *chunks, (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def test_sixteen_bit_colours_are_scaled_not_clipped() -> None:
    deep = struct.pack(">HHH", *(257 * value for value in RED))
    assert close(pixels(png(16, 2, deep)), np.array(RED), 1)
    assert close(pixels(png(16, 6, deep + b"\xff\xff")), np.array(RED), 1)
    assert close(pixels(png(16, 4, struct.pack(">HH", 257 * 90, 65535))), np.array(90), 1)


@pytest.mark.parametrize("mode", ["F", "I"])
def test_pixels_without_a_known_white_are_refused(mode: str) -> None:
    with pytest.raises(RejectedPhoto, match=r"pixels have no known white level; save it with 8 or 16 bits"):
        photo_of(saved(plain(1, mode), "TIFF"))


@pytest.mark.parametrize(("name", "colour"), [("white", (255, 255, 255)), ("#102030", (16, 32, 48))])
def test_transparent_parts_show_the_background(name: str, colour: tuple[int, int, int]) -> None:
    clear = plain((*RED, 0), "RGBA")
    for kind, options in (
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("TIFF", {}),
        ("AVIF", {}),
        ("HEIF", {}),
    ):
        assert (pixels(saved(clear, kind, **options), background=name) == colour).all(), kind
    grey = Image.merge("LA", (plain(0, "L"), plain(0, "L")))
    assert (pixels(saved(grey), background=name) == colour).all()
    assert (pixels(saved(plain(7, "L"), transparency=7), background=name) == colour).all()
    assert (pixels(saved(plain(RED), transparency=RED), background=name) == colour).all()
    palette = scene().convert("P", palette=Image.Palette.ADAPTIVE)
    for kind in ("PNG", "GIF"):
        data = saved(palette, kind, transparency=palette.getpixel((2, 2)))
        assert (pixels(data, background=name)[4, 4] == colour).all()
    deep = Image.fromarray(np.full((40, 40), 300, dtype=np.uint16))
    assert (pixels(saved(deep, transparency=300), background=name) == colour).all()


def test_half_transparent_parts_mix_with_the_background() -> None:
    half = pixels(saved(plain((0, 0, 0, 128), "RGBA")))
    assert np.abs(half - 127).max() <= 1
    assert np.abs(pixels(saved(plain((200, 128), "LA")), background="black") - 100).max() <= 1


def test_the_colour_of_clear_pixels_does_not_bleed_into_their_neighbours() -> None:
    image = plain((255, 0, 0, 0), "RGBA", 64)
    image.paste((0, 0, 255, 255), (0, 0, 32, 64))
    assert pixels(saved(image), background="black")[:, :, 0].max() == 0


def test_the_background_is_of_srgb_whatever_the_profile() -> None:
    clear = plain((*RED, 0), "RGBA")
    assert (pixels(saved(clear, icc_profile=swapped()), background="#c81e32") == (200, 30, 50)).all()


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_becomes_rgb(kind: str) -> None:
    assert close(pixels(saved(plain((0, 255, 255, 0), "CMYK"), kind)), np.array((255, 0, 0)))


def test_ycbcr_and_lab_tiff_become_rgb() -> None:
    assert close(pixels(saved(plain(BLUE).convert("YCbCr"), "TIFF")), np.array(BLUE), 3)
    red = Image.merge("LAB", [plain(value, "L") for value in (137, 208, 195)])  # L* 54, a* 80, b* 67
    assert close(pixels(saved(red, "TIFF")), np.array((255, 0, 0)), 8)


def test_an_srgb_profile_changes_nothing() -> None:
    assert np.abs(pixels(saved(scene(), icc_profile=icc("sRGB"))) - pixels(saved(scene()))).max() <= 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF"])
def test_the_colours_of_a_profile_become_srgb(kind: str) -> None:
    photo = photo_of(saved(plain(RED), kind, icc_profile=swapped(), quality=95))
    assert close(photo.thumbnail.astype(int), np.array((30, 220, 30)), tolerance=12)
    assert close(
        pixels(saved(plain(RED), kind, icc_profile=swapped(), quality=95)), np.array((30, 220, 30)), 12
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF"])
def test_display_p3_by_profile_becomes_srgb(kind: str) -> None:
    data = saved(plain(IN_P3), kind, icc_profile=colours.profile(12, 13), quality=98)
    assert close(pixels(data), np.array(IN_SRGB), tolerance=4)


def test_the_thumbnail_has_the_colours_of_the_profile_too() -> None:
    """A HEIC of a phone and the JPEG that a friend got of it are one photo."""
    thumbnail = photo_of(saved(plain(RED), "JPEG", icc_profile=swapped(), quality=95)).thumbnail
    assert close(thumbnail.astype(int), np.array((30, 220, 30)), 12)


def test_display_p3_by_code_becomes_srgb() -> None:
    nclx = {"color_primaries": 12, "transfer_characteristics": 13, "matrix_coefficients": 6}
    heic = saved(plain(IN_P3), "HEIF", quality=98, full_range_flag=1, **nclx)
    assert close(pixels(heic), np.array(IN_SRGB), tolerance=4)
    assert close(pixels(png(8, 2, bytes(IN_P3), (b"cICP", b"\x0c\x0d\0\1"))), np.array(IN_SRGB), tolerance=2)
    avif = saved(plain(IN_P3), "AVIF", quality=98)
    at = avif.index(b"nclx") + 4
    coded = avif[:at] + struct.pack(">HH", 12, 13) + avif[at + 4 :]
    assert close(pixels(coded), np.array(IN_SRGB), tolerance=4)
    assert close(pixels(avif), np.array(IN_P3), tolerance=4)


def test_a_profile_goes_before_a_code() -> None:
    data = png(8, 2, bytes(RED), (b"cICP", b"\x09\x10\0\1"))
    at = data.index(b"\0\0\0\x04cICP")
    content = b"x\0\0" + zlib.compress(icc("sRGB"))
    chunk = struct.pack(">I", len(content)) + b"iCCP" + content
    data = data[:at] + chunk + struct.pack(">I", zlib.crc32(chunk[4:])) + data[at:]
    assert close(pixels(data), np.array(RED), tolerance=1)
    assert photo_of(data).note == ""


def test_hdr_is_brought_to_the_white_of_paper_and_noted() -> None:
    # Source: ITU-R BT.2408, table 1: paper white of 203 cd/m2 is a signal of 58 % in PQ and of 75 % in HLG.
    for code, name, white in ((16, "PQ", 148), (18, "HLG", 192)):
        photo = photo_of(png(8, 2, bytes((white,) * 3), (b"cICP", bytes((9, code, 0, 1)))))
        assert photo.note == f"HDR ({name}), brightest parts clipped"
        assert (photo.thumbnail >= 252).all()
        assert (pixels(png(8, 2, bytes(3), (b"cICP", bytes((9, code, 0, 1))))) == 0).all()


@pytest.mark.parametrize(
    ("code", "signal", "level"),
    # The grey card of ITU-R BT.2408, table 1: 26 cd/m2, a signal of 38 % in both. Then 0.5 and 0.6, by hand:
    # 92 cd/m2 of 203, and ((exp(0.0401 / 0.1788) + 0.2847) / 12 / 0.265) ** 1.2, in sRGB.
    [(16, 97, 100), (18, 97, 100), (16, 128, 181), (18, 153, 173)],
)
def test_hdr_below_the_white_of_paper_keeps_its_light(code: int, signal: int, level: int) -> None:
    seen = pixels(png(8, 2, bytes((signal,) * 3), (b"cICP", bytes((1, code, 0, 1)))))
    assert np.abs(seen - level).max() <= 2


def test_colours_of_no_or_unknown_code_are_srgb() -> None:
    for codes in ((1, 13), (1, 1), (2, 2), (22, 4), (0, 0)):
        assert colours.profile(*codes) is None


def test_a_grey_image_may_carry_an_rgb_profile() -> None:
    assert close(pixels(saved(plain(90, "L"), "JPEG", icc_profile=icc("sRGB"))), np.array(90), 2)
    brighter = colours.profile(1, 16)
    assert (pixels(saved(plain(148, "L"), icc_profile=brighter)) >= 252).all()


def test_a_broken_or_foreign_profile_is_ignored() -> None:
    without = pixels(saved(scene()))
    for unusable in (b"no profile", icc("LAB"), swapped()[:200]):
        assert (pixels(saved(scene(), icc_profile=unusable)) == without).all()
    cmyk = plain((0, 255, 255, 0), "CMYK")
    assert close(pixels(saved(cmyk, "JPEG", icc_profile=icc("sRGB"))), np.array((255, 0, 0)))


def test_threads_may_share_the_transform_of_a_profile() -> None:
    profile = colours.profile(12, 13)
    random = np.random.default_rng(0)
    images = [Image.fromarray(random.integers(0, 256, (64, 64, 3), dtype=np.uint8)) for _ in range(64)]
    alone = [colours.srgb(image, profile, (0, 0, 0)).tobytes() for image in images]
    with ThreadPoolExecutor(8) as threads:
        together = threads.map(lambda image: colours.srgb(image, profile, (0, 0, 0)).tobytes(), images * 8)
        assert list(together) == alone * 8
