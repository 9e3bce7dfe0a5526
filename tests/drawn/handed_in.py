"""Folders of drawn photos as students hand them in, and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd

from tenshots.files import NOWHERE, Pieces
from tenshots.intake.ingestion import Ingested, Rules, ingest
from tenshots.intake.names.pattern import Layout
from tenshots.intake.settings import AcceptSettings, NearDuplicateSettings
from tenshots.tables import database, encoding
from tenshots.tables.corrections import CORRECTIONS, HEADER, Correction
from tenshots.tables.encoding import StandardiseSettings

RULES = Rules(
    accept=AcceptSettings(
        min_px=4,
        max_megapixels=1,
        max_megabytes=1,
        background="white",
        max_zip_files=50,
        max_zip_megabytes=1,
        max_zip_ratio=100,
    ),
    standardise=StandardiseSettings(size_px=16, fit="pad", encoding="lossless"),
    near_duplicates=NearDuplicateSettings(max_distance=32, min_similarity=0.6, max_share=0.5),
)


def drawn(path: str) -> bytes:
    """A photo of its own for each path, as PNG."""
    pixels = np.random.default_rng(list(path.encode())).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return encoding.encode(pixels, "lossless")


def draw(folder: Path, *paths: str) -> None:
    """Writes a photo of its own at each path."""
    for path in paths:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(drawn(path))


def ingested(
    folder: Path,
    layout: str = "{group}/{label}/{name}",
    num_workers: int = 2,
    rules: Rules = RULES,
    pieces: Pieces = NOWHERE,
    corrected: Sequence[Correction] = (),
) -> Ingested:
    """What `ingest` makes of a folder, with the images read back from the spool."""
    with closing(database.Spool(folder.parent / "spool")) as spool:
        result = ingest(
            folder,
            Layout(layout),
            rules,
            spool,
            num_workers=num_workers,
            pieces=pieces,
            corrected=corrected,
        )
        return result._replace(
            photos=_read_back(result.photos),
            unlabelled=result.unlabelled._replace(photos=_read_back(result.unlabelled.photos)),
        )


def _read_back(photos: pd.DataFrame) -> pd.DataFrame:
    return photos.assign(image=[*map(bytes, photos["image"])])


PARAMS = """
photos: data/raw
layout: "{group}/{label}/{name}"
accept: {min_px: 4, max_megapixels: 1, max_megabytes: 1, background: white,
  max_zip_files: 9, max_zip_megabytes: 1, max_zip_ratio: 9}
near_duplicates: {max_distance: 40, min_similarity: 0.6, max_share: 0.9}
standardise: {size_px: 24, fit: crop, encoding: 90}
database: {num_shards: 8}
split: {folds: 3, test: 0.2, val: 0.3}
seed: 20
"""


def make_project(folder: Path) -> None:
    (folder / "params.yaml").write_text(PARAMS)
    write_corrections(folder)
    draw(
        folder / "data" / "raw",
        *[f"p{person}/{label}/1.png" for person in range(6) for label in ("cup", "key")],
    )


def write_corrections(folder: Path, *rows: str) -> None:
    """Writes the file of corrections with its header and these rows."""
    path = folder / CORRECTIONS
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
