"""Which photo files come out upright and in their colours, whoever wrote them.

python -m benchmarks.formats

Run from the project's top folder. Draws one picture, four coloured quarters with a letter, writes it in every
format, lying in each of the eight ways, with every encoder on this machine, and standardises the files. No
encoder needs to be installed but those of the project itself; the missing ones are named.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageCms

from tenshots import params
from tenshots.errors import RejectedPhoto
from tenshots.intake.photos import colours
from tenshots.intake.photos.metadata import ORIENTATION_TAG, TURNS
from tenshots.intake.photos.standardising import standardise
from tenshots.intake.settings import AcceptSettings
from tenshots.tables.encoding import StandardiseSettings

WIDTH_PX, HEIGHT_PX, SIZE_PX = 240, 160, 96
QUARTERS = ((200, 40, 40), (40, 170, 60), (50, 60, 190), (200, 190, 90))
SETTINGS = StandardiseSettings(size_px=SIZE_PX, fit="stretch", encoding="lossless")
TOOLS = ("convert", "ffmpeg", "heif-enc", "avifenc", "cwebp", "exiftool")
# EXIF orientation → quarter turns anticlockwise, then the mirror, as the options of avifenc count them.
AVIF_TURNS: dict[int, tuple[str, ...]] = {
    1: (),
    2: ("--imir", "1"),
    3: ("--irot", "2"),
    4: ("--imir", "0"),
    5: ("--irot", "1", "--imir", "0"),
    6: ("--irot", "3"),
    7: ("--irot", "3", "--imir", "0"),
    8: ("--irot", "1"),
}

Write = Callable[[Image.Image, int, Path], bytes]


class Encoder(NamedTuple):
    """One way to write a file.

    Attributes:
        format: as people call it, with what is special about the file.
        name: the programs at work.
        tools: those of them that must be installed.
        write: stored picture, orientation, an empty folder → the file's bytes.
        orientations: those that the encoder can say.
    """

    format: str
    name: str
    tools: tuple[str, ...]
    write: Write
    orientations: tuple[int, ...] = tuple(range(1, 9))


def main() -> None:
    """Prints a Markdown table: format, encoder, how many files are upright, worst error of a colour."""
    print(f"missing encoders: {', '.join(tool for tool in TOOLS if not shutil.which(tool)) or 'none'}\n")
    print("| format | encoder | upright | worst colour error (of 255) | remarks |")
    print("|---|---|---|---|---|")
    accept = params.section(params.read(), "accept", AcceptSettings)
    for encoder in (*plain_encoders(), *special_encoders()):
        if not all(shutil.which(tool) for tool in encoder.tools):
            continue
        num_upright, worst, remarks = tried(encoder, accept)
        print(
            f"| {encoder.format} | {encoder.name} | {num_upright}/{len(encoder.orientations)} "
            f"| {worst:.1f} | {'; '.join(sorted(remarks))} |",
            flush=True,
        )


def tried(encoder: Encoder, accept: AcceptSettings) -> tuple[int, float, set[str]]:
    """Returns the number of files upright, the worst colour error among them, and what went wrong."""
    num_upright, worst, remarks = 0, 0.0, set()
    for orientation in encoder.orientations:
        with tempfile.TemporaryDirectory() as folder:
            try:
                data = encoder.write(stored(drawn(), orientation), orientation, Path(folder))
            except (OSError, subprocess.CalledProcessError) as error:
                remarks.add(f"{encoder.name} fails: {str(error)[:60]}")
                continue
        try:
            photo = standardise(data, SETTINGS, accept)
        except RejectedPhoto as reason:
            remarks.add(str(reason))
            continue
        seen = photo.image
        upright = (photo.width, photo.height) == (WIDTH_PX, HEIGHT_PX) and lies_as_drawn(seen)
        num_upright += upright
        if upright:
            worst = max(worst, colour_error(seen, grey="grey" in encoder.format))
        if photo.orientation != orientation:
            remarks.add(f"says orientation {photo.orientation} for {orientation}")
        if photo.note:
            remarks.add(photo.note)
    return num_upright, worst, remarks


def drawn() -> Image.Image:
    """Returns four quarters, the first with a light F: no turn or mirror image of it is itself."""
    pixels = np.zeros((HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8)
    middle_y, middle_x = HEIGHT_PX // 2, WIDTH_PX // 2
    pixels[:middle_y, :middle_x], pixels[:middle_y, middle_x:] = QUARTERS[:2]
    pixels[middle_y:, :middle_x], pixels[middle_y:, middle_x:] = QUARTERS[2:]
    pixels[16:64, 16:24] = pixels[16:24, 16:48] = pixels[36:44, 16:40] = 230
    return Image.fromarray(pixels)


def stored(upright: Image.Image, orientation: int) -> Image.Image:
    """Returns the picture as a file with this orientation holds it."""
    inverse = {6: 8, 8: 6}.get(orientation, orientation)
    return upright.transpose(TURNS[inverse]) if inverse in TURNS else upright


def lies_as_drawn(seen: np.ndarray) -> bool:
    """Returns whether the picture is nearer to the upright one than to each of its turns, by brightness."""
    luma = np.asarray(Image.fromarray(seen).convert("L")).astype(int)
    square = drawn().resize((SIZE_PX, SIZE_PX), Image.Resampling.LANCZOS).convert("L")
    errors = [np.abs(luma - np.asarray(turned).astype(int)).mean() for turned in _all_turns(square)]
    return int(np.argmin(errors)) == 0


def colour_error(seen: np.ndarray, *, grey: bool) -> float:
    """Returns the largest difference, in a channel and over the quarters, of their mean colours."""
    expected = drawn().convert("L").convert("RGB") if grey else drawn()
    pixels = np.asarray(expected.resize((SIZE_PX, SIZE_PX), Image.Resampling.LANCZOS)).astype(float)
    places = [(y, x) for y in (34, 66) for x in (30, 66)]  # near the corners that meet, away from the letter
    return max(
        float(np.abs((seen[y : y + 8, x : x + 8] - pixels[y : y + 8, x : x + 8]).mean((0, 1))).max())
        for y, x in places
    )


def plain_encoders() -> Iterator[Encoder]:
    """Yields the ways to write 8-bit sRGB."""
    for name, pillow, options in (
        ("JPEG", "JPEG", {"quality": 95}),
        ("PNG", "PNG", {}),
        ("WebP", "WEBP", {"quality": 95}),
        ("WebP", "WEBP", {"lossless": True}),
        ("HEIC", "HEIF", {"quality": 90}),
        ("AVIF", "AVIF", {"quality": 90}),
        ("TIFF", "TIFF", {}),
        ("TIFF", "TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", "TIFF", {"compression": "jpeg", "quality": 95}),
    ):
        said = "".join(f", {key} {value}" for key, value in options.items() if key != "quality")
        by = "pillow-heif" if name == "HEIC" else "Pillow"
        yield Encoder(name, by + said, (), _by_pillow(pillow, **options))
    for name, suffix in (("JPEG", "jpg"), ("PNG", "png"), ("WebP", "webp"), ("TIFF", "tif")):
        tool = _by_tool("convert", "IN", "-quality", "95", f"OUT.{suffix}")
        yield Encoder(name, "ImageMagick, exiftool", ("convert", "exiftool"), tool)
        quality = ("-quality", "95") if suffix == "webp" else ("-q:v", "2")
        tool = _by_tool("ffmpeg", "-i", "IN", "-frames:v", "1", *quality, f"OUT.{suffix}")
        yield Encoder(name, "ffmpeg, exiftool", ("ffmpeg", "exiftool"), tool)
    tool = _by_tool("cwebp", "-quiet", "-q", "95", "IN", "-o", "OUT.webp")
    yield Encoder("WebP", "cwebp, exiftool", ("cwebp", "exiftool"), tool)
    # heif-enc 1.15 copies an EXIF orientation and writes no turn, without which it does not count in these.
    yield Encoder("HEIC", "heif-enc", ("heif-enc",), _by_heif_enc("heic"), (1,))
    yield Encoder("AVIF", "heif-enc", ("heif-enc",), _by_heif_enc("avif"), (1,))
    yield Encoder("AVIF", "avifenc", ("avifenc",), _by_avifenc())
    tool = _by_tool("ffmpeg", "-i", "IN", "-still-picture", "1", "-crf", "10", "OUT.avif", turn=False)
    yield Encoder("AVIF", "ffmpeg", ("ffmpeg",), tool, (1,))
    tool = _by_tool("convert", "IN", "-quality", "95", "OUT.heic", turn=False)
    yield Encoder("HEIC", "ImageMagick", ("convert",), tool, (1,))
    for name, suffix in (("BMP", "bmp"), ("GIF", "gif")):
        yield Encoder(name, "Pillow", (), _by_pillow(name), (1,))
        tool = _by_tool("convert", "IN", f"OUT.{suffix}", turn=False)
        yield Encoder(name, "ImageMagick", ("convert",), tool, (1,))
        tool = _by_tool("ffmpeg", "-i", "IN", f"OUT.{suffix}", turn=False)
        yield Encoder(name, "ffmpeg", ("ffmpeg",), tool, (1,))


def special_encoders() -> Iterator[Encoder]:
    """Yields the ways to write other modes, depths and colours; each lying on its side."""
    side = (6,)
    pillow, magick = ("Pillow", ()), ("ImageMagick, exiftool", ("convert", "exiftool"))
    for name, kind, mode in (
        ("JPEG CMYK", "JPEG", "CMYK"),
        ("TIFF CMYK", "TIFF", "CMYK"),
        ("JPEG grey", "JPEG", "L"),
        ("PNG grey", "PNG", "L"),
        ("PNG palette", "PNG", "P"),
        ("TIFF palette", "TIFF", "P"),
        ("TIFF YCbCr", "TIFF", "YCbCr"),
        ("TIFF L*a*b*", "TIFF", "LAB"),
    ):
        yield Encoder(name, *pillow, _by_pillow(kind, mode=mode), side)
    for kind in ("PNG", "TIFF"):
        yield Encoder(f"{kind} 16-bit grey", *pillow, _by_pillow(kind, mode="I;16"), side)
    for kind in ("PNG", "WEBP", "HEIF", "AVIF", "TIFF"):
        yield Encoder(f"{kind} half transparent", *pillow, _by_pillow(kind, mode="RGBA"), side)
        profile = colours.profile(12, 13)
        yield Encoder(f"{kind} P3 by ICC", *pillow, _by_pillow(kind, in_p3=True, icc_profile=profile), side)
    for name, options in (
        ("png 16-bit", ("-depth", "16", "-define", "png:bit-depth=16")),
        ("tif 16-bit", ("-depth", "16")),
        ("tif 16-bit grey", ("-grayscale", "Rec601Luma", "-depth", "16")),
        ("jpg CMYK", ("-colorspace", "CMYK", "-quality", "95")),
        ("tif CMYK, deflated", ("-colorspace", "CMYK", "-compress", "zip")),
        ("png palette", ("-type", "palette")),
    ):
        suffix = name.split()[0]
        shown = name.replace("tif", "TIFF").replace("jpg", "JPEG").replace("png", "PNG")
        yield Encoder(shown, *magick, _by_tool("convert", "IN", *options, f"OUT.{suffix}"), side)
    for depth in ("10", "12"):
        yield Encoder(f"AVIF {depth}-bit", "avifenc", ("avifenc",), _by_avifenc("-d", depth), side)
        tool = _by_heif_enc("heic", "-b", depth, deep=True)
        yield Encoder(f"HEIC {depth}-bit", "heif-enc", ("heif-enc", "convert"), tool, (1,))
    p3 = ("--cicp", "12/13/6")
    yield Encoder("AVIF P3 by nclx", "avifenc", ("avifenc",), _by_avifenc(*p3, in_p3=True), side)
    nclx: dict[str, Any] = {"color_primaries": 12, "transfer_characteristics": 13, "matrix_coefficients": 6}
    tool = _by_pillow("HEIF", in_p3=True, full_range_flag=1, **nclx)
    yield Encoder("HEIC P3 by nclx", "pillow-heif", (), tool, side)


def _all_turns(image: Image.Image) -> Iterator[Image.Image]:
    yield image
    for turn in TURNS.values():
        yield image.transpose(turn)


def _in_p3(image: Image.Image) -> Image.Image:
    """Returns the levels by which Display P3 names the colours of an sRGB image. Source: CSS Color 4, 17."""
    level = np.asarray(image) / 255
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    matrix = np.array(
        [[0.8224620, 0.1775380, 0], [0.0331942, 0.9668058, 0], [0.0170826, 0.0723974, 0.9105199]]
    )
    linear = linear @ matrix.T
    level = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return Image.fromarray(np.round(level * 255).clip(0, 255).astype(np.uint8))


def _in_mode(image: Image.Image, mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    if mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        done = ImageCms.profileToProfile(image, ImageCms.createProfile("sRGB"), lab, outputMode="LAB")
        return done or image
    if mode == "RGBA":  # colours such that half of them over white is what was drawn
        pixels = np.clip(2 * np.asarray(image).astype(int) - 255, 0, 255)
        seen = np.dstack([pixels, np.full(pixels.shape[:2], 128)])
        seen[np.asarray(image).min(2) < 128] = (0, 0, 0, 0)
        opaque = np.asarray(image).min(2) < 128  # too dark for that
        seen[opaque] = np.dstack([np.asarray(image), np.full(opaque.shape, 255)])[opaque]
        return Image.fromarray(seen.astype(np.uint8))
    return image.convert(mode)


def _by_pillow(kind: str, *, mode: str = "RGB", in_p3: bool = False, **options: Any) -> Write:  # noqa: ANN401 (Pillow's)
    def write(image: Image.Image, orientation: int, _: Path) -> bytes:
        buffer = io.BytesIO()
        image = _in_mode(_in_p3(image) if in_p3 else image, mode)
        if kind == "TIFF":
            image.save(buffer, kind, tiffinfo={ORIENTATION_TAG: orientation}, **options)
        elif orientation > 1:
            exif = Image.Exif()
            exif[ORIENTATION_TAG] = orientation
            image.save(buffer, kind, exif=exif.tobytes(), **options)
        else:
            image.save(buffer, kind, **options)
        return buffer.getvalue()

    return write


def _by_tool(*command: str, turn: bool = True) -> Write:
    """Returns a writer by a program that reads IN and writes OUT; exiftool adds the orientation."""

    def write(image: Image.Image, orientation: int, folder: Path) -> bytes:
        image.save(folder / "in.png")
        words = [folder / "in.png" if word == "IN" else word for word in command]
        output = folder / next(word for word in command if word.startswith("OUT."))
        _run(*(output if str(word).startswith("OUT.") else word for word in words))
        if turn:
            _run("exiftool", "-q", "-overwrite_original", "-n", f"-IFD0:Orientation={orientation}", output)
        return output.read_bytes()

    return write


def _by_heif_enc(suffix: str, *options: str, deep: bool = False) -> Write:
    def write(image: Image.Image, _: int, folder: Path) -> bytes:
        source, output = folder / "in.png", folder / f"out.{suffix}"
        image.save(source)
        if deep:
            _run("convert", source, "-depth", "16", "-define", "png:bit-depth=16", source)
        _run("heif-enc", "-q", "95", *options, source, "-o", output)
        return output.read_bytes()

    return write


def _by_avifenc(*options: str, in_p3: bool = False) -> Write:
    def write(image: Image.Image, orientation: int, folder: Path) -> bytes:
        (_in_p3(image) if in_p3 else image).save(folder / "in.png")
        output = folder / "out.avif"
        turns = AVIF_TURNS[orientation]
        _run("avifenc", "--min", "5", "--max", "15", *options, *turns, folder / "in.png", output)
        return output.read_bytes()

    return write


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)


if __name__ == "__main__":
    main()
