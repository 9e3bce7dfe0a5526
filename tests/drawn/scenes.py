"""Drawn scenes as files of every format, and what is asked of the standard photo."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from tenshots.intake.photos.metadata import ORIENTATION_TAG, TURNS
from tenshots.intake.photos.standardising import StandardPhoto, standardise
from tenshots.intake.settings import AcceptSettings
from tenshots.tables.encoding import StandardiseSettings

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


def accept(**changes: Any) -> AcceptSettings:  # noqa: ANN401 (any setting)
    values = {
        "min_px": 1,
        "max_megapixels": 200,
        "max_megabytes": 256,
        "background": "white",
        "max_zip_files": 2000,
        "max_zip_megabytes": 4000,
        "max_zip_ratio": 100,
    }
    return AcceptSettings.model_validate(values | changes)


def photo_of(data: bytes, wanted: StandardiseSettings | None = None, **changes: Any) -> StandardPhoto:  # noqa: ANN401
    return standardise(data, wanted or settings(), accept(**changes))


def pixels(data: bytes, wanted: StandardiseSettings | None = None, **changes: Any) -> np.ndarray:  # noqa: ANN401
    return photo_of(data, wanted, **changes).image.astype(int)


def turned(upright: Image.Image, orientation: int) -> Image.Image:
    """The picture as a file of this orientation holds it: a turn by 90 degrees is undone by one by 270."""
    inverse = {6: 8, 8: 6}.get(orientation, orientation)
    return upright.transpose(TURNS[inverse]) if orientation > 1 else upright


def oriented(kind: str, orientation: int, **options: Any) -> bytes:  # noqa: ANN401 (Pillow's options)
    """The scene in a file that lies on its side, upside down or mirrored, and says so."""
    if kind == "TIFF":
        return saved(turned(scene(), orientation), kind, tiffinfo={ORIENTATION_TAG: orientation}, **options)
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    return saved(turned(scene(), orientation), kind, exif=exif.tobytes(), **options)


def close(one: np.ndarray, other: np.ndarray, tolerance: float = 6) -> bool:
    return bool(np.abs(one - other).mean() < tolerance)


ALL_FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF", "BMP", "GIF")


def noisy(width: int, height: int) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


MAKE, MODEL, DATE_TIME, EXIF_IFD, DATE_TIME_ORIGINAL = 0x010F, 0x0110, 0x0132, 0x8769, 0x9003
