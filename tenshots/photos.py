"""One file's bytes → one standard photo: a square of 8-bit sRGB, without metadata, in bounded memory."""

from __future__ import annotations

import io
from typing import Annotated, Literal, NamedTuple

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError
from pydantic import Field

from tenshots.errors import RejectedPhoto
from tenshots.params import Settings

FORMATS = ("JPEG", "PNG", "WEBP")
# The largest phone sensors have 200 million pixels (16320 x 12240); decoded that is 600 MB.
MAX_PIXELS = 200_000_000
# Pillow's own limit, 179 million, would refuse those phones' photos on opening; ours is checked right after.
Image.MAX_IMAGE_PIXELS = None

PAD_GREY = 127  # of 255: near the mean of most photos, so that borders say little to a network

# EXIF orientation → the turn that sets the photo upright. Source: CIPA DC-008 (Exif 2.32), tag 274.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ORIENTATION_TAG = 0x0112

Encoding = Literal["lossless"] | Annotated[int, Field(ge=1, le=100)]


class StandardiseSettings(Settings):
    """Section `standardise` of params.yaml."""

    size_px: int = Field(ge=16, le=1024)
    fit: Literal["pad", "crop", "stretch"]
    encoding: Encoding


class StandardPhoto(NamedTuple):
    """A standard photo, and what is known of the file that it came from.

    Attributes:
        encoded: PNG or JPEG, size_px squared, 8-bit RGB, no metadata.
        format: the file's: JPEG, PNG or WEBP.
        width: px, of the upright photo before standardising.
        height: px, likewise.
        orientation: the file's EXIF orientation, 1 to 8; 1 where it has none.
    """

    encoded: bytes
    format: str
    width: int
    height: int
    orientation: int


def standardise(data: bytes, settings: StandardiseSettings) -> StandardPhoto:
    """Turns a photo file into a standard photo.

    The format is told by content, never by name. The EXIF orientation is applied, transparency laid over
    white, 16-bit grey scaled to 8, and the colours of an embedded ICC profile become sRGB; a profile that is
    broken or made for another kind of image is ignored, as viewers do. Of several frames the first counts.

    Args:
        data: the file's bytes.
        settings: side in px, how the photo fits into the square, and the encoding.

    Raises:
        RejectedPhoto: not a JPEG, PNG or WebP image; more than 200 million pixels; damaged or incomplete.
    """
    image = _open(data)
    width, height = image.size
    if width * height > MAX_PIXELS:
        limit = MAX_PIXELS // 1_000_000
        raise RejectedPhoto(f"{width} x {height} px are more than {limit} million pixels; scale it down")
    try:
        # libjpeg decodes at 1/2, 1/4 or 1/8 for a fraction of the time; at twice the target the result stays
        # within 55 dB of a full decode (51 dB at once the target).
        scaled = _scaled(image.size, settings)
        image.draft(None, (2 * scaled[0], 2 * scaled[1]))
        image.load()
        orientation = _orientation(image)
        square = _square(image, orientation, settings)
    except MemoryError:
        raise
    # Pillow raises many kinds for broken files, struct.error and SyntaxError among them.
    except Exception as error:
        raise RejectedPhoto(f"damaged or incomplete image ({' '.join(str(error).split())})") from error
    if orientation >= 5:  # lies on its side
        width, height = height, width
    return StandardPhoto(
        encoded=encode(np.asarray(square), settings.encoding),
        format="JPEG" if image.format == "MPO" else str(image.format),
        width=width,
        height=height,
        orientation=orientation,
    )


def encode(image: np.ndarray, encoding: Encoding) -> bytes:
    """Returns an image as PNG ("lossless") or as JPEG of the quality given, without metadata.

    Args:
        image: uint8, shape (height, width, 3), RGB.
        encoding: "lossless", or a JPEG quality from 1 to 100.
    """
    buffer = io.BytesIO()
    picture = Image.fromarray(image)
    if encoding == "lossless":
        picture.save(buffer, "PNG")
    else:
        # Halved colour (4:2:0) would show in an image as small as this.
        picture.save(buffer, "JPEG", quality=encoding, subsampling="4:4:4")
    return buffer.getvalue()


def decode(data: bytes) -> np.ndarray:
    """Returns an image that `encode` wrote: uint8, shape (height, width, 3), RGB, 0 to 255."""
    return np.asarray(Image.open(io.BytesIO(data), formats=("PNG", "JPEG")).convert("RGB"))


def _open(data: bytes) -> Image.Image:
    """Reads the header alone. MPO, which phones write, is a JPEG with a second picture behind it."""
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        raise RejectedPhoto("not a JPEG, PNG or WebP image") from None
    except Exception as error:  # as above: a header can be broken in many ways
        raise RejectedPhoto(f"damaged or incomplete image ({' '.join(str(error).split())})") from error


def _scaled(size: tuple[int, int], settings: StandardiseSettings) -> tuple[int, int]:
    """Width and height in px of the whole photo at the scale at which it fits or fills the square."""
    if settings.fit == "stretch":
        return settings.size_px, settings.size_px
    scale = settings.size_px / (max(size) if settings.fit == "pad" else min(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _square(image: Image.Image, orientation: int, settings: StandardiseSettings) -> Image.Image:
    """Resizes a decoded image, then does the cheap rest (colours, turn, borders) on few pixels."""
    opaque = _opaque(image)
    side = settings.size_px
    if settings.fit == "crop":
        width, height = opaque.size
        left, top = (width - min(opaque.size)) / 2, (height - min(opaque.size)) / 2
        # A box of fractions of a pixel: the centre stays the centre however the photo is turned.
        small = opaque.resize(
            (side, side), Image.Resampling.LANCZOS, box=(left, top, width - left, height - top)
        )
    else:
        small = opaque.resize(_scaled(opaque.size, settings), Image.Resampling.LANCZOS)
    small = _srgb(small, image.info.get("icc_profile"))
    upright = small.transpose(TURNS[orientation]) if orientation in TURNS else small
    if upright.size == (side, side):
        return upright
    square = Image.new("RGB", (side, side), (PAD_GREY, PAD_GREY, PAD_GREY))
    square.paste(upright, ((side - upright.width) // 2, (side - upright.height) // 2))
    return square


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(ORIENTATION_TAG, 1)
    except Exception:  # broken EXIF data says nothing about the pixels
        return 1
    return int(value) if value in TURNS else 1


def _opaque(image: Image.Image) -> Image.Image:
    """Returns the image in one of the modes L, RGB and CMYK, transparent parts laid over white."""
    if image.mode in ("L", "RGB", "CMYK") and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):  # 16-bit grey, which Pillow's own conversion would clip at 255
        values = np.asarray(image).astype(np.int64)
        grey = (values + 128) // 257
        grey[values == image.info.get("transparency", -1)] = 255
        return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
    grey_only = image.mode in ("1", "L", "LA", "La")
    if not image.has_transparency_data:
        return image.convert("L" if grey_only else "RGB")
    seen = image.convert("RGBA")
    white = Image.new("RGBA", seen.size, "white")
    return Image.alpha_composite(white, seen).convert("L" if grey_only else "RGB")


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Converts from the colours of an ICC profile to sRGB; without a usable one they are taken as sRGB."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            colours = source.profile.xcolor_space.strip()
            coloured = image.convert("RGB") if image.mode == "L" and colours == "RGB" else image
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(coloured, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            converted = None  # broken, or made for another kind of image (a CMYK profile in an RGB file)
        if converted is not None:
            return converted
    return image.convert("RGB")
