"""The content of a file tells what it is; a reason says why it is no photo."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import AvifImagePlugin, Image

from tenshots.errors import RejectedPhoto
from tenshots.intake.photos import formats
from tests.drawn.scenes import ALL_FORMATS, noisy, photo_of, saved, scene

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
    data[at : at + 8] = struct.pack(">II", 9000, 9000)  # says 81 million pixels, holds 9,600
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
    program = (
        "import tenshots.intake.photos.standardising, pillow_heif.options as o; "
        "print(o.DECODE_THREADS, o.THUMBNAILS)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]


def test_libtiff_writes_no_line_and_its_damage_is_noted(capfd: pytest.CaptureFixture[str]) -> None:
    """It decodes a broken fax on; each thread hears of its own file alone."""
    sound = saved(scene(600, 400).convert("1"), "TIFF", compression="group4")
    broken = bytearray(sound)
    start = Image.open(io.BytesIO(sound)).tag_v2[273][0]  # type: ignore[attr-defined]  # where the strip lies
    broken[start + 20 : start + 24] = b"\xff\0\xaa\x55"
    with ThreadPoolExecutor(4) as workers:
        notes = [*workers.map(lambda data: photo_of(data).note, [sound, bytes(broken)] * 20)]
    assert notes == ["", "damaged in places (Fax4Decode)"] * 20
    corrupt = bytearray(saved(noisy(80, 60), "TIFF", compression="tiff_adobe_deflate"))
    at = Image.open(io.BytesIO(corrupt)).tag_v2[273][0]  # type: ignore[attr-defined]
    corrupt[at + 100 : at + 200] = bytes(100)
    with pytest.raises(RejectedPhoto, match="damaged, incomplete or unusual TIFF image"):
        photo_of(bytes(corrupt))
    assert capfd.readouterr().err == ""


def gif(canvas: tuple[int, int], frame: tuple[int, int]) -> bytes:
    """A GIF of one black frame in the upper left corner of its canvas. Source: GIF89a, 18 to 22."""
    black = saved(Image.new("P", frame), "GIF")
    at = black.index(b",")  # the frame as Pillow packs it, with a table of colours before it
    return black[:6] + struct.pack("<HH", *canvas) + black[10:at] + black[at:]


def animated_webp(canvas: tuple[int, int], frame: tuple[int, int]) -> bytes:
    pixels = saved(Image.new("RGB", frame), "WEBP")[12:]
    content = bytes(6) + b"".join((side - 1).to_bytes(3, "little") for side in frame) + b"d\0\0\0" + pixels
    sides = b"".join((side - 1).to_bytes(3, "little") for side in canvas)
    body = b"WEBPVP8X\x0a\0\0\0\2\0\0\0" + sides + b"ANIM\6\0\0\0" + bytes(6)
    body += b"ANMF" + struct.pack("<I", len(content)) + content
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("write", [gif, animated_webp])
def test_a_frame_far_smaller_than_its_canvas_is_no_photo(
    write: Callable[[tuple[int, int], tuple[int, int]], bytes],
) -> None:
    tiny = write((14000, 14000), (1, 1))
    assert len(tiny) < 1000
    with pytest.raises(RejectedPhoto, match=r"its first frame fills 1 x 1 of 14000 x 14000 px, less than a"):
        photo_of(tiny)
    with pytest.raises(RejectedPhoto, match="its first frame fills 90 x 90 of 400 x 400 px"):
        photo_of(write((400, 400), (90, 90)))
    for frame in ((100, 100), (400, 30), (400, 400)):
        assert photo_of(write((400, 400), frame)).width == 400
    with pytest.raises(RejectedPhoto, match="too small: 400 x 30 px"):
        photo_of(write((400, 400), (400, 30)), min_px=32)


def test_an_animated_png_counts_by_its_first_frame() -> None:
    frames = [scene(), Image.new("RGB", scene().size)]
    data = saved(frames[0], "PNG", save_all=True, append_images=frames[1:])
    at = data.index(b"fcTL")
    control = data[at : at + 30]
    small = control[:8] + struct.pack(">IIII", 12, 8, 0, 0) + control[24:]
    shrunk = data[:at] + small + struct.pack(">I", zlib.crc32(small)) + data[at + 34 :]
    assert photo_of(data).width == 120
    with pytest.raises(RejectedPhoto, match="its first frame fills 12 x 8 of 120 x 80 px"):
        photo_of(shrunk)
