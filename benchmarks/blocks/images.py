"""Blocks that read and write files: photos of each format, and what the pipeline leaves behind."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from benchmarks.blocks import Block
from tenshots import params
from tenshots.intake.photos import formats, standardising
from tenshots.intake.settings import AcceptSettings
from tenshots.tables import database, encoding
from tenshots.tables.encoding import StandardiseSettings, encode

HERE = Path(__file__).parent
DEMO = HERE.parents[1] / "data" / "demo"
CHOSEN = (
    "jpg",
    "png",
    "webp",
    "heic",
)  # of the demo photos; AVIF, which none of them is, lies beside this file
NUM_PHOTOS = 3


def files(ending: str) -> list[bytes]:
    """Returns the same few photos of a format on every machine."""
    folder = HERE if ending == "avif" else DEMO
    return [path.read_bytes() for path in sorted(folder.rglob(f"*.{ending}"))[:NUM_PHOTOS]]


def decoded(ending: str) -> list[np.ndarray]:
    """Every pixel as the decoder gives it."""
    return [
        np.asarray(formats.opened(data, formats.kind(data)).image.convert("RGB")) for data in files(ending)
    ]


def standard(ending: str, *, quality: int | None = None) -> list[bytes]:
    """What `ingest` makes of them."""
    accept = params.section(params.read(), "accept", AcceptSettings)
    settings = StandardiseSettings(size_px=96, fit="pad", encoding=quality or "lossless")
    found = [standardising.standardise(data, settings, accept) for data in files(ending)]
    return [
        part
        for photo in found
        for part in (encode(photo.image, settings.encoding), photo.thumbnail.tobytes())
    ]


def saved(format_: str, **options: int) -> bytes:
    """A picture as Pillow's encoder writes it."""
    target = io.BytesIO()
    Image.fromarray(decoded("png")[0][:256, :256]).save(target, format_, **options)
    return target.getvalue()


def resized() -> list[np.ndarray]:
    """Pillow's filters."""
    picture = Image.fromarray(decoded("png")[0])
    return [
        np.asarray(picture.resize((97, 61), getattr(Image.Resampling, name), reducing_gap=gap))
        for name in ("BILINEAR", "BICUBIC", "LANCZOS", "BOX")
        for gap in (None, 2.0)
    ]


def shards() -> list[bytes]:
    """Photos in Parquet, as the database keeps them."""
    images = [encoding.encode(picture[:64, :64], "lossless") for picture in decoded("png")]
    rows = pd.DataFrame(
        {
            "photo_id": [f"{number:064x}" for number in range(len(images))],
            "label": "cup",
            "group": "ann",
            "split": "",
            "path": [f"ann/cup/{number}.png" for number in range(len(images))],
            "width": 64,
            "height": 64,
            "image": images,
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        database.write_photos(rows, Path(folder), num_shards=2)
        return [path.read_bytes() for path in sorted(Path(folder).rglob("*.parquet"))]


BLOCKS: dict[str, Block] = {
    **{f"decode {ending}": lambda ending=ending: decoded(ending) for ending in (*CHOSEN, "avif")},  # type: ignore[misc]
    **{f"standardise {ending}": lambda ending=ending: standard(ending) for ending in (*CHOSEN, "avif")},  # type: ignore[misc]
    "standardise as JPEG": lambda: standard("jpg", quality=90),
    "resize by Pillow": resized,
    "encode PNG": lambda: saved("PNG"),
    "encode JPEG": lambda: saved("JPEG", quality=85),
    "encode WebP": lambda: saved("WEBP", quality=85),
    "encode AVIF": lambda: saved("AVIF", quality=60, max_threads=1),
    "Parquet": shards,
}
