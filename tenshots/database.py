"""The only reader and writer of the photo shards and of the tables beside them.

Shards are Parquet: eight large files travel through DVC in a second, 100,000 small ones in half a minute.
Equal rows give equal bytes, whatever their order, so that DVC sees a change only where there is one.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from pydantic import Field

from tenshots.errors import DataError
from tenshots.params import Settings

# Below this many rows one shard is small enough for every tool, and easier to look at.
MIN_ROWS_TO_SHARD = 2_000
# Fixed, as the same rows in other groups are other bytes; 1,000 photos of 96 px are about 15 MB.
ROWS_A_GROUP = 1_000

PARTS = ("train", "val", "test")  # what a photo is for; the values of `split` and `part`

PHOTO_SCHEMA = pa.schema(
    [
        ("photo_id", pa.string()),
        ("label", pa.string()),
        ("group", pa.string()),
        ("split", pa.string()),
        ("path", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("image", pa.binary()),
    ]
)
COPY_SCHEMA = pa.schema(
    [
        ("photo_id", pa.string()),
        ("label", pa.string()),
        ("copy", pa.int32()),
        ("seed", pa.int64()),
        ("image", pa.binary()),
    ]
)

# Columns of the CSV tables and what they hold; text stays text, also where a label is "NA" or "007".
MANIFEST_COLUMNS: Mapping[str, type] = MappingProxyType(
    {
        "path": str,
        "status": str,
        "reason": str,
        "photo_id": str,
        "label": str,
        "group": str,
        "split": str,
        "format": str,
        "width": int,
        "height": int,
        "orientation": int,
        "num_bytes": int,
    }
)
SPLIT_COLUMNS: Mapping[str, type] = MappingProxyType({"photo_id": str, "fold": int, "part": str})
PREDICTION_COLUMNS: Mapping[str, type] = MappingProxyType(
    {"photo_id": str, "label": str, "fold": int, "repeat": int}
)


class DatabaseSettings(Settings):
    """Section `database` of params.yaml."""

    num_shards: int = Field(ge=1, le=1024)


def write_photos(photos: pd.DataFrame, folder: Path, *, num_shards: int) -> None:
    """Writes photos as `photos-*.parquet`, in place of those that `folder` has.

    Args:
        photos: columns as in `PHOTO_SCHEMA`; photo_id is 64 hexadecimal digits, once each; rows in any order.
        folder: made where it is missing.
        num_shards: number of files, from 1; below 2,000 photos it is 1.
    """
    _write_shards(photos.sort_values("photo_id"), folder, "photos", PHOTO_SCHEMA, num_shards)


def write_copies(copies: pd.DataFrame, folder: Path, *, num_shards: int) -> None:
    """Writes augmented copies as `copies-*.parquet`, in place of those that `folder` has.

    Args:
        copies: columns as in `COPY_SCHEMA`; (photo_id, copy) once each; rows in any order.
        folder: made where it is missing.
        num_shards: number of files, from 1; below 2,000 copies it is 1.
    """
    _write_shards(copies.sort_values(["photo_id", "copy"]), folder, "copies", COPY_SCHEMA, num_shards)


def read_photos(folder: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Returns the photos of all shards, sorted by photo_id, with all columns or those named.

    Raises:
        DataError: the folder has no photos, or a shard cannot be read.
    """
    paths = sorted(folder.glob("photos-*.parquet"))
    if not paths:
        raise DataError(f"{folder} has no photos-*.parquet; run `dvc repro`, or `dvc pull` to fetch them")
    return _read_shards(paths, PHOTO_SCHEMA, columns)


def read_copies(folder: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Returns the copies of all shards, sorted by photo_id and copy; no rows where the folder has none.

    Raises:
        DataError: a shard cannot be read.
    """
    return _read_shards(sorted(folder.glob("copies-*.parquet")), COPY_SCHEMA, columns)


def decode(images: Iterable[bytes]) -> np.ndarray:
    """Returns encoded standard photos (PNG or JPEG) as one array.

    Returns:
        uint8, shape (n, size_px, size_px, 3), RGB, 0 to 255; shape (0, 0, 0, 3) for no images.

    Raises:
        DataError: they do not all have one size.
    """
    opened = (Image.open(io.BytesIO(image), formats=("PNG", "JPEG")) for image in images)
    arrays = [np.asarray(image.convert("RGB")) for image in opened]
    sizes = sorted({array.shape[:2] for array in arrays})
    if len(sizes) > 1:
        raise DataError(f"standard photos must have one size, got {sizes}; run `dvc repro --force ingest`")
    return np.stack(arrays) if arrays else np.empty((0, 0, 0, 3), dtype=np.uint8)


def write_manifest(manifest: pd.DataFrame, path: Path) -> None:
    """Writes one row for every file found, sorted by path; columns as in `MANIFEST_COLUMNS`."""
    _write_csv(manifest[list(MANIFEST_COLUMNS)].sort_values("path", kind="stable"), path)


def read_manifest(path: Path) -> pd.DataFrame:
    """Returns the rows of `write_manifest`; what is unknown of a rejected file is "" or 0.

    Raises:
        DataError: no such file, or it lacks a column.
    """
    return _read_csv(path, MANIFEST_COLUMNS)


def write_splits(splits: pd.DataFrame, path: Path) -> None:
    """Writes the part of each photo in each fold, sorted by fold and photo_id."""
    _write_csv(splits[list(SPLIT_COLUMNS)].sort_values(["fold", "photo_id"]), path)


def read_splits(path: Path) -> pd.DataFrame:
    """Returns the rows of `write_splits`: photo_id, fold (from 0), part (train, val or test).

    Raises:
        DataError: no such file, or it lacks a column.
    """
    return _read_csv(path, SPLIT_COLUMNS)


def write_predictions(predictions: pd.DataFrame, path: Path) -> None:
    """Writes the probabilities of test photos, sorted by fold, repeat and photo_id.

    Args:
        predictions: photo_id, label, fold, repeat, and `p_<label>` for each label, in [0, 1].
        path: the file; its folder is made where it is missing.
    """
    probabilities = sorted(str(name) for name in predictions.columns if name not in PREDICTION_COLUMNS)
    ordered = predictions[[*PREDICTION_COLUMNS, *probabilities]]
    _write_csv(ordered.sort_values(["fold", "repeat", "photo_id"]), path)


def read_predictions(path: Path) -> pd.DataFrame:
    """Returns the rows of `write_predictions`, to the last bit.

    Raises:
        DataError: no such file, or it lacks a column.
    """
    return _read_csv(path, PREDICTION_COLUMNS)


def _write_shards(rows: pd.DataFrame, folder: Path, kind: str, schema: pa.Schema, num_shards: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob(f"{kind}-*.parquet"):
        stale.unlink()
    num_shards = num_shards if len(rows) >= MIN_ROWS_TO_SHARD else 1
    # A shard is a range of the first 32 bits of the id: rows stay sorted over all shards.
    first_bits = np.array([int(photo_id[:8], 16) for photo_id in rows["photo_id"]], dtype=np.int64)
    shards = first_bits * num_shards >> 32
    for shard in range(num_shards):
        part = rows.iloc[np.flatnonzero(shards == shard)]
        # The same rows in other chunks, or with pandas' own metadata, would be other bytes.
        arrays = [pa.array(part[field.name], field.type) for field in schema]
        table = pa.table(arrays, schema=schema)
        pq.write_table(
            table.combine_chunks(),
            folder / f"{kind}-{shard:05d}-of-{num_shards:05d}.parquet",
            row_group_size=ROWS_A_GROUP,
            compression={name: "none" if name == "image" else "zstd" for name in schema.names},
            use_dictionary=["label", "group", "split"] if "group" in schema.names else ["label"],
            write_statistics=False,  # nobody filters by them, and those of an image are the image again
        )


def _read_shards(paths: Sequence[Path], schema: pa.Schema, columns: Sequence[str] | None) -> pd.DataFrame:
    names = list(schema.names if columns is None else columns)
    tables = [pa.schema([schema.field(name) for name in names]).empty_table()]
    for path in paths:
        try:
            tables.append(pq.ParquetFile(path).read(columns=names).select(names))
        except (pa.ArrowException, OSError, KeyError) as error:
            raise DataError(f"{path} cannot be read ({error}); run `dvc repro` to make it anew") from error
    return pa.concat_tables(tables).to_pandas()


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def _read_csv(path: Path, columns: Mapping[str, type]) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=dict(columns), keep_default_na=False, encoding="utf-8")
    except FileNotFoundError:
        raise DataError(f"{path} is missing; run `dvc repro`, or `dvc pull` to fetch it") from None
    except ValueError as error:  # pandas' own errors, and text that is not UTF-8
        raise DataError(f"{path} is no such table ({error}); run `dvc repro` to make it anew") from error
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise DataError(f"{path} lacks the column {missing[0]!r}; run `dvc repro` to make it anew")
    return table
