"""Metadata never decide about sound pixels: too large or damaged, they are left out, which is noted."""

from __future__ import annotations

import random
import struct
import tracemalloc
import zlib

import pytest
from PIL import Image

from tenshots.errors import RejectedPhoto
from tenshots.intake.photos import colours, containers
from tenshots.intake.photos.metadata import ORIENTATION_TAG
from tests.drawn.scenes import MAKE, close, photo_of, saved, scene

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow on damaged files; wanted here
NOISE = random.Random(0).randbytes(3_000_000)  # packs to as much
OVERSIZE, DAMAGED = "oversize metadata left out", "damaged metadata left out"
XMP = b"XML:com.adobe.xmp\0\1\0\0\0"


def chunk(name: bytes, content: bytes, crc: int | None = None) -> bytes:
    crc = zlib.crc32(name + content) if crc is None else crc
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)


def png_with(added: bytes, *, behind: bool = False) -> bytes:
    """The scene with a chunk behind its header, or behind its pixels."""
    png = saved(scene())
    at = len(png) - 12 if behind else 33
    return png[:at] + added + png[at:]


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def jpeg_with(added: bytes) -> bytes:
    jpeg = saved(scene(), "JPEG", quality=95)
    return jpeg[:2] + added + jpeg[2:]


def webp_with(flag: int, name: bytes, content: bytes) -> bytes:
    """The scene in an extended WebP with a chunk behind its pixels."""
    exif = Image.Exif()
    exif[MAKE] = "Maker"
    webp = saved(scene(), "WEBP", quality=95, exif=exif.tobytes())
    webp = webp[:20] + bytes([webp[20] | flag]) + webp[21:]
    body = webp[12:] + name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize(
    "added",
    [
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(NOISE)),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(3_000_000))),
        chunk(b"iTXt", XMP + zlib.compress(NOISE)),
        chunk(b"iTXt", XMP + zlib.compress(b"x" * 2_000_000)),
        chunk(b"tEXt", b"Comment\0" + b"x" * 2_000_000),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(300_000))) * 4,
        chunk(b"eXIf", b"II*\0" + NOISE),
        chunk(b"iCCP", b"P3\0\0" + zlib.compress(bytes(5_000_000))),
        chunk(b"iCCP", b"P3\0\0" + NOISE * 2),
    ],
    ids=["text", "text bomb", "XMP", "XMP bomb", "plain", "many", "EXIF", "profile bomb", "profile"],
)
def test_oversize_metadata_of_a_png_are_skipped_and_noted(added: bytes, behind: bool) -> None:
    photo = photo_of(png_with(added, behind=behind))
    assert photo.note == OVERSIZE
    assert (photo.image == photo_of(saved(scene())).image).all()


def test_oversize_metadata_are_not_inflated() -> None:
    """A text that would unpack to 300 MB takes the memory of one; ten take no longer than it."""
    packed = zlib.compressobj(9)
    bomb = b"".join(packed.compress(bytes(1_000_000)) for _ in range(300)) + packed.flush()
    data = png_with(chunk(b"zTXt", b"Comment\0\0" + bomb) * 10)
    tracemalloc.start()
    assert containers.has_oversize(data, "PNG")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000


def test_a_colour_profile_above_a_megabyte_counts() -> None:
    """Pillow alone would refuse the file."""
    profile = colours.profile(12, 13)  # Display P3
    assert profile is not None
    padded = struct.pack(">I", 2_500_000) + profile[4:] + bytes(2_500_000 - len(profile))
    photo = photo_of(png_with(chunk(b"iCCP", b"P3\0\0" + zlib.compress(padded))))
    small = photo_of(png_with(chunk(b"iCCP", b"P3\0\0" + zlib.compress(profile))))
    assert photo.note == small.note == ""
    assert photo.image.tobytes() == small.image.tobytes() != photo_of(saved(scene())).image.tobytes()


@pytest.mark.parametrize(
    "added",
    [
        chunk(b"tEXt", b"Comment\0hello", crc=5),
        chunk(b"gAMA", b"\0"),
        chunk(b"pHYs", b"abc"),
        chunk(b"acTL", b"abc"),
        chunk(b"fcTL", b"abc"),
        chunk(b"iCCP", b"P3\0\7abc"),
        chunk(b"iCCP", b"abc"),
        chunk(b"iTXt", b"no zero"),
    ],
    ids=["checksum", "gamma", "density", "frames", "frame", "method", "name", "text"],
)
def test_damaged_metadata_of_a_png_reject_no_photo(added: bytes) -> None:
    photo = photo_of(png_with(added))
    assert photo.note in (DAMAGED, "")
    assert (photo.image == photo_of(saved(scene())).image).all()


def test_what_is_sound_beside_damaged_metadata_still_counts() -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG], exif[MAKE] = 6, "Maker"
    png = saved(scene(), exif=exif.tobytes(), icc_profile=colours.profile(12, 13))
    photo = photo_of(png[:33] + chunk(b"tEXt", b"a\0b", crc=5) + chunk(b"gAMA", b"") + png[33:])
    sound = photo_of(png)
    assert (photo.note, photo.orientation, photo.camera) == (DAMAGED, 6, "Maker")
    assert photo.image.tobytes() == sound.image.tobytes()


def test_damaged_pixels_of_a_png_stay_damaged_without_its_metadata() -> None:
    png = bytearray(png_with(chunk(b"gAMA", b"")))
    png[16:20] = bytes(4)  # the width; the checksum no longer fits
    with pytest.raises(RejectedPhoto, match="damaged, incomplete or unusual PNG"):
        photo_of(bytes(png))


@pytest.mark.parametrize(
    "added",
    [
        segment(0xE2, b"ICC_PROFILE\0"),
        segment(0xE0, b"JFIF"),
        segment(0xEE, b"Adobe"),
        segment(0xED, b"Photoshop 3.0\0008BIM\4\4"),
    ],
    ids=["ICC", "JFIF", "Adobe", "Photoshop"],
)
def test_a_damaged_segment_of_a_jpeg_rejects_no_photo(added: bytes) -> None:
    photo = photo_of(jpeg_with(added))
    assert photo.note == DAMAGED
    assert photo.image.tobytes() == photo_of(saved(scene(), "JPEG", quality=95)).image.tobytes()


def test_a_jpeg_keeps_what_its_colours_and_its_turn_need() -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    for mode in ("RGB", "CMYK"):  # Adobe's segment says what the four colours are
        sound = saved(scene().convert(mode), "JPEG", exif=exif.tobytes(), icc_profile=colours.profile(12, 13))
        photo, expected = photo_of(sound[:2] + segment(0xEE, b"Adobe") + sound[2:]), photo_of(sound)
        assert photo.note.startswith(DAMAGED)
        assert (photo.orientation, photo.image.tobytes()) == (6, expected.image.tobytes())


def test_exif_data_of_thousands_of_segments_take_no_long_time() -> None:
    """Pillow joins them one by one: a file of 256 MB would take minutes."""
    exif = Image.Exif()
    exif[MAKE] = "Maker"
    more = segment(0xE1, b"Exif\0\0" + bytes(60_000)) * 500
    photo = photo_of(jpeg_with(segment(0xE1, b"Exif\0\0" + exif.tobytes()[6:]) + more))
    assert (photo.note, photo.camera) == (OVERSIZE, "Maker")


@pytest.mark.parametrize(("flag", "name"), [(0x20, b"ICCP"), (0x08, b"EXIF"), (0x04, b"XMP "), (0, b"abcd")])
def test_oversize_metadata_of_a_webp_are_skipped_and_noted(flag: int, name: bytes) -> None:
    sound = webp_with(0, b"abcd", b"")
    photo = photo_of(webp_with(flag, name, bytes(5_000_000)))
    assert (photo.note, photo.camera) == (OVERSIZE, "Maker")
    assert photo.image.tobytes() == photo_of(sound).image.tobytes()


def test_a_webp_cut_within_its_metadata_is_kept() -> None:
    data = webp_with(0x04, b"XMP ", NOISE[:5000])
    for cut in (2000, 4999):
        photo = photo_of(data[:-cut])
        assert (photo.note, photo.camera) == (DAMAGED, "Maker")
    pixels_end = data.index(b"EXIF")
    with pytest.raises(RejectedPhoto, match="WebP"):
        photo_of(data[: pixels_end - 20])


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "TIFF", "GIF"])
def test_other_formats_may_hold_as_much_as_they_like(kind: str) -> None:
    many = {"TIFF": {"tiffinfo": {700: NOISE}}, "GIF": {"comment": NOISE}}
    photo = photo_of(saved(scene(), kind, **many.get(kind, {"xmp": NOISE})))
    assert photo.note == ""
    assert photo.image.tobytes() == photo_of(saved(scene(), kind)).image.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF"])
@pytest.mark.parametrize("profile", [NOISE[:5000], NOISE + NOISE[:1_500_000]], ids=["noise", "too large"])
def test_a_colour_profile_that_cannot_be_used_is_noted(kind: str, profile: bytes) -> None:
    photo = photo_of(saved(scene(), kind, quality=95, icc_profile=profile))
    assert photo.note in ("unusable colour profile", OVERSIZE)
    plain = photo_of(saved(scene(), kind, quality=95))
    assert close(photo.image.astype(int), plain.image.astype(int), tolerance=1)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_sound_files_are_decoded_as_they_are(kind: str) -> None:
    data = saved(scene(), kind)
    assert not containers.has_oversize(data, kind)
    for cut in range(0, len(data), max(1, len(data) // 50)):  # never an error, whatever is left
        containers.has_oversize(data[:cut], kind)
        containers.bare(data[:cut], kind)
