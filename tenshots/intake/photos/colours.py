"""Pixels of any mode and any colours → sRGB: depth, transparency, ICC profiles, H.273 codes."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from tenshots.errors import RejectedPhoto
from tenshots.intake.photos.containers import MAX_PROFILE_BYTES

# H.273 code → chromaticities x, y of red, green and blue; white is D65. Source: ITU-T H.273, table 2.
PRIMARIES = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),  # BT.709 and sRGB
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),  # BT.2020
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # Display P3
}
WHITE = (0.3127, 0.3290)  # D65
PQ, HLG = 16, 18  # H.273 codes of the transfer curves of HDR
HDR = {PQ: "PQ", HLG: "HLG"}
CURVE_POINTS = 4096  # of a 16-bit curve: interpolating between them errs by less than 8 bits can show

# D65 → D50, the white of ICC profiles. Source: Bradford, as in ICC.1:2022, annex E.
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
D50 = np.array([0.9642, 1.0, 0.8249])  # Source: ICC.1:2022, 7.2.16

# The modes that `srgb` takes; the last two carry transparency.
PLAIN_MODES = ("L", "RGB", "CMYK", "LAB", "LA", "RGBA")


def plain(image: Image.Image, *, black: int = 0, white: int = 65535) -> Image.Image:
    """Returns a decoded image in one of `PLAIN_MODES`, 8 bits per channel, at its full size.

    Args:
        image: any mode; `info["transparency"]` may name a transparent colour.
        black: the value of black where the mode is one of 16-bit grey.
        white: the value of white there; smaller than `black` where the file counts the other way.

    Raises:
        RejectedPhoto: 32-bit integer or floating-point pixels, for which no white is known.
    """
    if image.mode in ("I", "F"):
        kind = "floating-point" if image.mode == "F" else "signed or 32-bit"
        raise RejectedPhoto(f"{kind} pixels have no known white level; save it with 8 or 16 bits per channel")
    if image.mode.startswith("I;16"):  # Pillow's own conversion would clip at 255
        return _from_16_bits(image, black, white)
    if image.mode in ("LA", "RGBA") or (image.mode in PLAIN_MODES and "transparency" not in image.info):
        return image
    grey = image.mode in ("1", "L", "La")
    if image.has_transparency_data:
        return image.convert("LA" if grey else "RGBA")
    return image.convert("L" if grey else "RGB")


def srgb(image: Image.Image, profile: bytes | None, background: tuple[int, int, int]) -> Image.Image:
    """Converts from the colours of an ICC profile to sRGB and lays transparent parts over `background`.

    A profile that is broken or made for another kind of image (a CMYK profile in an RGB file) is ignored, as
    viewers do; colours are taken as sRGB then, those of CMYK as its complement.

    Args:
        image: one of `PLAIN_MODES`.
        profile: an ICC profile, or None.
        background: sRGB, 0 to 255 each.

    Returns:
        An image of mode RGB, of the same size.
    """
    if image.mode not in ("LA", "RGBA"):
        return _opaque_srgb(image, profile)
    colours = _opaque_srgb(image.convert(image.mode[:-1]), profile)
    over = Image.new("RGB", image.size, background)
    over.paste(colours, mask=image.getchannel("A"))
    return over


def fits(profile: bytes, mode: str) -> bool:
    """Returns whether an ICC profile can be used for images of a mode, one of `PLAIN_MODES`."""
    return len(profile) <= MAX_PROFILE_BYTES and _transform(profile, mode.removesuffix("A")) is not None


@lru_cache(maxsize=16)
def profile(primaries: int, transfer: int) -> bytes | None:
    """Returns an ICC profile for colours that a file names by H.273 codes, or None where they are sRGB's.

    PQ and HLG reach far above the white of paper. It becomes the white of sRGB; what is brighter is clipped.
    Other curves are taken as sRGB's, as browsers do with that of BT.709.

    Args:
        primaries: H.273 code; one that is not in `PRIMARIES` counts as BT.709.
        transfer: H.273 code.
    """
    primaries = primaries if primaries in PRIMARIES else 1
    if primaries == 1 and transfer not in HDR:
        return None
    curve = {PQ: _pq, HLG: _hlg}.get(transfer, _srgb_curve)
    return _matrix_profile(_colorants(primaries), curve)


def hdr(_primaries: int, transfer: int) -> str:
    """Returns what a person should know of colours with these H.273 codes: "" unless they are HDR."""
    return f"HDR ({HDR[transfer]}), brightest parts clipped" if transfer in HDR else ""


def _from_16_bits(image: Image.Image, black: int, white: int) -> Image.Image:
    values = np.asarray(image)
    # A table of all 65,536 levels: quick, and no larger copy of a large photo.
    levels = np.clip((np.arange(65536) - black) / (white - black), 0, 1)
    grey = Image.fromarray(np.round(levels * 255).astype(np.uint8)[values])
    clear = image.info.get("transparency")
    if clear is None:
        return grey
    opacity = Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8))
    return Image.merge("LA", (grey, opacity))


def _opaque_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    transform = _transform(profile, image.mode) if profile else None
    if transform is None:
        return image.convert("RGB")
    if transform.input_mode != image.mode:
        image = image.convert(transform.input_mode)
    try:
        return ImageCms.applyTransform(image, transform) or image  # None comes with `inPlace` alone
    except (ImageCms.PyCMSError, ValueError):
        return image.convert("RGB")


# Building a transform takes 2 ms, as long as resizing; a folder's photos share few profiles. LittleCMS lets
# threads share one: the cache of the last pixel is copied for each call.
@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Returns the transform to sRGB, or None where the profile does not fit images of `mode`."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        # Grey images may carry the profile of the colours that they were made from.
        colours = source.profile.xcolor_space.strip()
        mode = "RGB" if mode == "L" and colours == "RGB" else mode
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _colorants(primaries: int) -> np.ndarray:
    """Returns XYZ of red, green and blue as columns, (3, 3), adapted to D50 and summing to it."""
    points = np.array([(x / y, 1.0, (1 - x - y) / y) for x, y in (*PRIMARIES[primaries], WHITE)]).T
    corners, white = points[:, :3], points[:, 3]
    matrix = corners * np.linalg.solve(corners, white)
    adapt = np.linalg.solve(BRADFORD, np.diag(BRADFORD @ D50 / (BRADFORD @ white)) @ BRADFORD)
    return np.asarray(adapt @ matrix)


def _matrix_profile(colorants: np.ndarray, curve: Callable[[np.ndarray], np.ndarray]) -> bytes:
    """Returns a display profile: three colorants and a curve. Source: ICC.1:2022, sections 7 to 10."""
    levels = np.clip(curve(np.linspace(0, 1, CURVE_POINTS)), 0, 1)
    table = np.round(levels * 65535).astype(">u2").tobytes()
    tags = {
        name: b"XYZ \0\0\0\0" + np.round(values * 65536).astype(">i4").tobytes()
        for name, values in zip((b"rXYZ", b"gXYZ", b"bXYZ", b"wtpt"), (*colorants.T, D50), strict=True)
    }
    tags |= dict.fromkeys(
        (b"rTRC", b"gTRC", b"bTRC"), b"curv\0\0\0\0" + struct.pack(">I", CURVE_POINTS) + table
    )
    start = 128 + 4 + 12 * len(tags)
    directory, contents = b"", b""
    for name, content in tags.items():
        directory += struct.pack(">4sII", name, start + len(contents), len(content))
        contents += content
    body = struct.pack(">I", len(tags)) + directory + contents
    illuminant = np.round(D50 * 65536).astype(">i4").tobytes()
    header = struct.pack(
        ">I4xI4s4s4s12x4s28x12s48x",
        128 + len(body),
        0x02400000,  # version 2.4
        b"mntr",
        b"RGB ",
        b"XYZ ",
        b"acsp",
        illuminant,
    )
    return header + body


def _srgb_curve(level: np.ndarray) -> np.ndarray:
    """Source: IEC 61966-2-1."""
    return np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)


def _pq(level: np.ndarray) -> np.ndarray:
    """Light relative to paper white, 203 cd/m². Source: SMPTE ST 2084; ITU-R BT.2408 for the 203."""
    root = level ** (32 / 2523)
    light = np.maximum(root - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * root)
    return np.asarray(10_000 / 203 * light ** (8192 / 1305))


def _hlg(level: np.ndarray) -> np.ndarray:
    """Light relative to paper white, a level of 0.75. Source: ITU-R BT.2100 (gamma 1.2), BT.2408 for 0.75."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    scene = np.where(level <= 0.5, level**2 / 3, (np.exp((level - c) / a) + b) / 12)
    white = (np.exp((0.75 - c) / a) + b) / 12
    return np.asarray((scene / white) ** 1.2)
