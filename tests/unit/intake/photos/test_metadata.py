"""What a file says of its photo is told; what it says wrongly is not."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tenshots.intake.photos import metadata
from tests.drawn.scenes import (
    DATE_TIME,
    DATE_TIME_ORIGINAL,
    EXIF_IFD,
    MAKE,
    MODEL,
    close,
    oriented,
    photo_of,
    pixels,
    saved,
    scene,
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow on damaged EXIF data; wanted here


def with_exif(kind: str = "JPEG", original: str = "", **tags: object) -> bytes:
    exif = Image.Exif()
    for name, value in tags.items():
        exif[{"make": MAKE, "model": MODEL, "changed": DATE_TIME, "turn": metadata.ORIENTATION_TAG}[name]] = (
            value
        )
    if original:
        exif.get_ifd(EXIF_IFD)[DATE_TIME_ORIGINAL] = original
    return saved(scene(), kind, exif=exif.tobytes())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF"])
def test_camera_and_time_are_read_from_each_format(kind: str) -> None:
    photo = photo_of(with_exif(kind, make="Fairphone", model="FP5", original="2026:11:20 12:34:56"))
    assert (photo.camera, photo.taken) == ("Fairphone FP5", "2026-11-20T12:34:56")


@pytest.mark.parametrize("kind", ["BMP", "GIF", "JPEG"])
def test_a_file_without_metadata_says_nothing(kind: str) -> None:
    photo = photo_of(saved(scene(), kind))
    assert (photo.camera, photo.taken, photo.note, photo.orientation) == ("", "", "", 1)


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("NIKON CORPORATION", "NIKON D90", "NIKON D90"),
        ("Apple\0\0\0", "iPhone 15 Pro\0junk", "Apple iPhone 15 Pro"),
        ("  Google ", "Pixel\n 8", "Google Pixel 8"),
        ("", "FP5", "FP5"),
        ("Fairphone", "", "Fairphone"),
        ("x" * 500, "y", "x" * 80),
    ],
)
def test_a_camera_is_its_make_once_and_its_model(make: str, model: str, camera: str) -> None:
    assert photo_of(with_exif(make=make, model=model)).camera == camera


@pytest.mark.parametrize(
    ("original", "changed", "taken"),
    [
        ("2026:11:20 12:34:56", "2027:01:01 00:00:00", "2026-11-20T12:34:56"),
        ("0000:00:00 00:00:00", "2027:01:01 01:02:03", "2027-01-01T01:02:03"),
        ("    :  :     :  :  ", "2026-11-20T12:34:56", "2026-11-20T12:34:56"),
        ("2026:13:20 12:34:56", "soon", ""),
        ("2026:11:20 12:34:60", "", ""),
    ],
)
def test_the_time_is_that_of_the_shot_unless_it_is_nonsense(original: str, changed: str, taken: str) -> None:
    assert photo_of(with_exif(original=original, changed=changed)).taken == taken


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_a_nonsense_orientation_counts_as_none(value: int) -> None:
    assert photo_of(with_exif(turn=value)).orientation == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize(
    "damage", [b"\xff\xff\xff\xff", b"\x08\0\0\0\xff\xff", b"\x08\0\0\0\1\0\x12\1\3\0\1"]
)
def test_damaged_exif_data_reject_no_photo(kind: str, damage: bytes) -> None:
    # Written sound, damaged in place: no encoder writes such data.
    sound = with_exif(kind, make="A make that is easily found" * 3)
    exif = sound.index(b"A make that is easily found")
    start = max(sound.rindex(mark, 0, exif) for mark in (b"II*\0", b"MM\0*") if mark in sound[:exif])
    data = sound[:start] + b"II*\0" + damage + sound[start + 4 + len(damage) :]
    if kind == "PNG":
        data = with_checksums(data)
    photo = photo_of(data)
    assert (photo.camera, photo.orientation) == ("", 1)


def with_checksums(png: bytes) -> bytes:
    at, mended = 8, png[:8]
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        chunk = png[at + 4 : at + 8 + length]
        mended += png[at : at + 4] + chunk + struct.pack(">I", zlib.crc32(chunk))
        at += 12 + length
    return mended


def test_exif_data_that_cannot_be_parsed_count_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise SyntaxError("not a TIFF file")

    monkeypatch.setattr(Image.Image, "getexif", broken)
    assert photo_of(with_exif(turn=6)).orientation == 1


def test_an_orientation_of_exif_alone_does_not_turn_a_heic() -> None:
    """The format's own boxes count; a viewer that followed EXIF as well would turn twice."""
    data = oriented("HEIF", 6)
    at = data.index(b"irot")
    unturned = data[:at] + b"free" + data[at + 4 :]
    assert struct.pack(">HHIH", metadata.ORIENTATION_TAG, 3, 1, 6) in unturned
    photo = photo_of(unturned)
    assert (photo.orientation, photo.width, photo.height) == (1, 80, 120)


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_an_orientation_of_xmp_does_not_turn_what_has_boxes_for_it(kind: str) -> None:
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    data = saved(scene(), kind, xmp=xmp) if kind == "AVIF" else saved_heic_with_xmp(xmp)
    assert xmp in data
    photo = photo_of(data)
    assert (photo.orientation, photo.width, photo.height) == (1, 120, 80)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_an_orientation_that_only_xmp_names_turns_nothing(kind: str) -> None:
    """Viewers do not, either."""
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    in_png = PngInfo()
    in_png.add_itxt("XML:com.adobe.xmp", xmp.decode())
    how = {"PNG": {"pnginfo": in_png}, "TIFF": {"tiffinfo": {700: xmp}}}
    data = saved(scene(), kind, **how.get(kind, {"xmp": xmp}))
    assert xmp in data
    behind_the_pixels = []
    if kind == "PNG":
        start = data.index(b"iTXt") - 4
        end = start + 12 + int.from_bytes(data[start : start + 4], "big")
        behind_the_pixels = [data[:start] + data[end:-12] + data[start:end] + data[-12:]]
    for file in (data, *behind_the_pixels):
        photo = photo_of(file)
        assert (photo.orientation, photo.width, photo.height) == (1, 120, 80)
        assert close(photo.image.astype(int), pixels(saved(scene())), tolerance=3)


def saved_heic_with_xmp(xmp: bytes) -> bytes:
    """Pillow's plugin would write the orientation as a box: it is given upright, and changed in the file."""
    return saved(scene(), "HEIF", xmp=xmp.replace(b'"6"', b'"1"')).replace(b'"1"', b'"6"')


@pytest.mark.parametrize(
    ("kind", "note"),
    [
        ("GIF", "first of 3 frames"),
        ("PNG", "first of 3 frames"),
        ("WEBP", "first of 3 frames"),
        ("AVIF", "first of 3 frames"),
        ("TIFF", "first of several pages"),
        ("HEIF", "main one of 3 pictures"),
    ],
)
def test_the_first_of_several_counts_and_is_noted(kind: str, note: str) -> None:
    others = [Image.new("RGB", scene().size, colour) for colour in ("black", "yellow")]
    frames = {"append_images": others, "save_all": True}
    photo = photo_of(saved(scene(), kind, **frames))
    assert photo.note == note
    first = photo_of(saved(scene(), kind))
    assert np.abs(photo.thumbnail.astype(int) - first.thumbnail).mean() < 5


def test_boxes_that_make_no_sense_end_the_search() -> None:
    sound = saved(scene(), "HEIF")
    assert dict(metadata._primary_properties(sound))[b"ispe"][4:] == struct.pack(">II", 120, 80)
    for at in range(0, 400, 3):
        metadata._primary_properties(sound[:at])
        metadata._primary_properties(sound[:at] + b"\xff\xff\xff\xff" + sound[at + 4 :])
        metadata._primary_properties(sound[:at] + b"\0\0\0\0" + sound[at + 4 :])
