"""The content of a file tells what it is; a reason says why it is no photo."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from typing import Any

import pytest
from PIL import AvifImagePlugin, Image

from tenshots import formats
from tenshots.errors import RejectedPhoto
from tests.unit.test_photos import ALL_FORMATS, photo_of, saved, scene

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow on damaged files; wanted here


@pytest.mark.parametrize("kind", ALL_FORMATS)
def test_the_first_bytes_tell_the_format(kind: str) -> None:
    assert formats.kind(saved(scene(), kind)) == kind


def test_tiff_is_known_in_both_byte_orders_and_above_4_gigabytes() -> None:
    assert formats.kind(saved(scene(), "TIFF", big_tiff=True)) == "TIFF"
    motorola = b"MM\0*\0\0\0\x08\0\1" + struct.pack(">HHIHH", 256, 3, 1, 40, 0) + bytes(4)
    assert formats.kind(motorola) == "TIFF"


def brands(*names: bytes) -> bytes:
    return struct.pack(">I4s4s4x", 16 + 4 * (len(names) - 1), b"ftyp", names[0]) + b"".join(names[1:])


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        ((b"heic", b"mif1"), "HEIF"),
        ((b"mif1", b"heic"), "HEIF"),
        ((b"mif1", b"avif", b"miaf"), "AVIF"),
        ((b"avif", b"mif1"), "AVIF"),
        ((b"avis", b"msf1"), "AVIF"),
        ((b"msf1", b"hevc"), "HEIF"),
    ],
)
def test_brands_tell_heic_from_avif(names: tuple[bytes, ...], kind: str) -> None:
    assert formats.kind(brands(*names)) == kind


def tiff(**tags: Any) -> bytes:  # noqa: ANN401 (values of tags)
    return saved(scene(), "TIFF", tiffinfo={int(tag[1:]): value for tag, value in tags.items()})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "an empty file"),
        (b"%PDF-1.7", "a PDF document"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "a PostScript document"),
        (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"\xef\xbb\xbf  <svg/>", "an SVG drawing"),
        (b"\n<!DOCTYPE html><html>", "a web page"),
        (brands(b"qt  ", b"qt  "), "a video"),
        (brands(b"isom", b"mp42"), "a video"),
        (b"RIFF\0\0\0\0AVI LIST", "a video"),
        (b"8BPS\0\1", "a Photoshop document"),
        (b"PK\x03\x04", "an archive or a document"),
        (b"\0\x05\x16\x07\0\2\0\0Mac OS X", "a Mac's companion file"),
        (b"version https://git-lfs.github.com/spec/v1", "a Git LFS pointer"),
        (bytes(5000), "nothing but zeros"),
        (b"BMW 320i, seen on Monday", "not an image of a known format (JPEG, PNG, WebP, HEIC, AVIF"),
        (b"P6 2 2 255 ............", "not an image of a known format"),  # Pillow could; nobody asked
        (saved(scene(), "ICO"), "not an image of a known format"),
        (b"II*\0\x10\0\0\0CR\2\0", "a camera's RAW file; export it as JPEG"),
        (brands(b"crx ", b"isom"), "a camera's RAW file"),
        (b"FUJIFILMCCD-RAW 0201", "a camera's RAW file"),
        (tiff(_50706=b"\1\4\0\0"), "a camera's RAW file"),  # DNG
        (tiff(_254=1), "a camera's RAW file"),  # NEF, ARW: a preview comes first
    ],
)
def test_what_is_no_photo_is_refused_by_its_name(data: bytes, reason: str) -> None:
    with pytest.raises(RejectedPhoto) as refused:
        photo_of(data)
    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize("photometric", [32803, 34892])
def test_pixels_behind_colour_filters_are_raw(photometric: int) -> None:
    data = bytearray(saved(scene(), "TIFF"))
    at = data.index(struct.pack("<HHI", 262, 3, 1))
    data[at + 8 : at + 10] = struct.pack("<H", photometric)
    with pytest.raises(RejectedPhoto, match="a camera's RAW file"):
        photo_of(bytes(data))


@pytest.mark.parametrize("kind", ALL_FORMATS)
def test_a_header_alone_is_a_damaged_image(kind: str) -> None:
    with pytest.raises(RejectedPhoto, match="damaged, incomplete or unusual"):
        photo_of(saved(scene(), kind)[:20])


def test_only_the_decoder_of_the_format_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(Image, "open", lambda _, formats: asked.append(formats) or Image.new("L", (1, 1)))
    formats.opened(b"", "GIF")
    assert asked == [("GIF",)]


def test_an_error_while_the_header_is_read_is_a_rejection(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("a chunk\n of -1 bytes")

    monkeypatch.setattr(Image, "open", broken)
    with pytest.raises(RejectedPhoto, match=r"unusual PNG image \(a chunk of -1 bytes\)"):
        formats.opened(b"", "PNG")


def test_running_out_of_memory_while_opening_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Image, "open", exhausted)
    with pytest.raises(MemoryError):
        formats.opened(b"", "PNG")


def test_a_security_limit_of_the_heic_library_is_a_rejection() -> None:
    data = bytearray(saved(scene(), "HEIF"))
    at = data.index(b"ispe") + 8
    data[at : at + 8] = struct.pack(">II", 13000, 13000)  # says 169 million pixels, holds 9,600
    with pytest.raises(RejectedPhoto, match="damaged, incomplete or unusual HEIC"):
        photo_of(bytes(data))


def test_an_avif_whose_exif_data_are_destroyed_is_kept() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    data = saved(scene(), "AVIF", exif=exif.tobytes(), quality=95)
    at = data.rindex(b"II*\0" if b"II*\0" in data else b"MM\0*")
    broken = data[:at] + b"XX--" + data[at + 4 :]
    with pytest.raises(ValueError, match="Exif"):
        Image.open(io.BytesIO(broken))
    photo = photo_of(broken)
    assert (photo.camera, photo.width) == ("", 120)


def test_decoders_start_no_threads_of_their_own() -> None:
    assert AvifImagePlugin.DEFAULT_MAX_THREADS == 1
    program = "import tenshots.photos, pillow_heif.options as o; print(o.DECODE_THREADS, o.THUMBNAILS)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]
