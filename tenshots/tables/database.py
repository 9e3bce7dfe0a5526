"""The only reader and writer of the photo shards and of the tables beside them.

Shards are Parquet: eight large files travel through DVC in a second, 100,000 small ones in half a minute.
Equal rows give equal bytes, whatever their order, so that DVC sees a change only where there is one.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tenshots import errors, files
from tenshots.errors import DataError
from tenshots.tables import csv_files, encoding

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
        "note": str,
        "photo_id": str,
        "label": str,
        "group": str,
        "split": str,
        "format": str,
        "width": int,
        "height": int,
        "num_bytes": int,
        "orientation": int,
        "camera": str,
        "taken": str,
        "sharpness": float,
        "brightness": float,
        "perceptual_hash": str,
        "cluster": str,
    }
)
SPLIT_COLUMNS: Mapping[str, type] = MappingProxyType(
    {"photo_id": str, "component": str, "fold": int, "part": str}
)
PREDICTION_COLUMNS: Mapping[str, type] = MappingProxyType(
    {"photo_id": str, "label": str, "fold": int, "repeat": int}
)


class SpooledImage(NamedTuple):
    """An encoded image that lies in a `Spool`; `bytes(image)` reads it."""

    file: int
    start: int
    num_bytes: int

    def __bytes__(self) -> bytes:
        return os.pread(self.file, self.num_bytes, self.start)


class Spool:
    """Encoded images in a temporary file, until it is known which are kept and in which order.

    60,000 photos of 224 px would be 6 GB of memory. The file has no name: it goes however the process ends.
    """

    def __init__(self, folder: Path) -> None:
        """Opens the file in `folder`: on the disk that will hold the database, as /tmp may be memory."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        with files.naming(folder):
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 (closed by `close`)
        self._end = 0

    def append(self, image: bytes) -> SpooledImage:
        """Returns what stands for `image` in a table of photos, until the spool is closed.

        Raises:
            OSError: the disk is full.
        """
        with files.naming(self._folder):
            if self._file.write(image) != len(image):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._end += len(image)
        return SpooledImage(self._file.fileno(), self._end - len(image), len(image))

    def close(self) -> None:
        """Gives the disk back."""
        self._file.close()


def write_photos(photos: pd.DataFrame, folder: Path, *, num_shards: int) -> None:
    """Writes photos as `photos-*.parquet`, in place of those that `folder` has.

    Args:
        photos: columns as in `PHOTO_SCHEMA`; photo_id is 64 hexadecimal digits, once each; rows in any order;
            an image is bytes, or a `SpooledImage` that is read when its turn comes.
        folder: made where it is missing.
        num_shards: number of files, at least 1; below 2,000 photos it is 1.
    """
    _write_shards(photos.sort_values("photo_id"), folder, "photos", PHOTO_SCHEMA, num_shards)


def write_copies(copies: pd.DataFrame, folder: Path, *, num_shards: int) -> None:
    """Writes augmented copies as `copies-*.parquet`, in place of those that `folder` has.

    Args:
        copies: columns as in `COPY_SCHEMA`; (photo_id, copy) once each; rows in any order.
        folder: made where it is missing.
        num_shards: number of files, at least 1; below 2,000 copies it is 1.
    """
    _write_shards(copies.sort_values(["photo_id", "copy"]), folder, "copies", COPY_SCHEMA, num_shards)


def read_photos(folder: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Returns the photos of all shards, sorted by photo_id, with all columns or those named.

    Raises:
        DataError: the folder has no photos, or a shard cannot be read.
    """
    paths = sorted(folder.glob("photos-*.parquet"))
    if not paths:
        raise errors.missing(folder / "photos-*.parquet")
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
    arrays = [encoding.decode(image) for image in images]
    sizes = sorted({array.shape[:2] for array in arrays})
    if len(sizes) > 1:
        raise DataError(f"standard photos must have one size, got {sizes}; run `dvc repro --force ingest`")
    return np.stack(arrays) if arrays else np.empty((0, 0, 0, 3), dtype=np.uint8)


def write_manifest(manifest: pd.DataFrame, path: Path) -> None:
    """Writes one row for every file found, sorted by path; columns as in `MANIFEST_COLUMNS`."""
    csv_files.write(manifest[list(MANIFEST_COLUMNS)].sort_values("path", kind="stable"), path)


def read_manifest(path: Path) -> pd.DataFrame:
    """Returns the rows of `write_manifest`; what is unknown of a rejected file is "" or 0.

    Raises:
        DataError: no such file, or it lacks a column.
    """
    return _read_csv(path, MANIFEST_COLUMNS)


def write_splits(splits: pd.DataFrame, path: Path) -> None:
    """Writes the part of each photo in each fold, sorted by fold and photo_id."""
    csv_files.write(splits[list(SPLIT_COLUMNS)].sort_values(["fold", "photo_id"]), path)


def read_splits(path: Path) -> pd.DataFrame:
    """Returns the rows of `write_splits`: photo_id, component, fold (from 0), part (train, val or test).

    Raises:
        DataError: no such file, or it lacks a column.
    """
    return _read_csv(path, SPLIT_COLUMNS)


def write_predictions(predictions: pd.DataFrame, path: Path) -> None:
    """Writes the probabilities of photos, sorted by fold, repeat and photo_id.

    Args:
        predictions: photo_id, label, fold, repeat, `part` where not all are test photos, and `p_<label>` for
            each label, in [0, 1].
        path: the file; its folder is made where it is missing.
    """
    keys = [name for name in (*PREDICTION_COLUMNS, "part") if name in predictions.columns]
    probabilities = sorted(str(name) for name in predictions.columns if name not in keys)
    ordered = predictions[[*keys, *probabilities]]
    csv_files.write(ordered.sort_values(["fold", "repeat", "photo_id"]), path)


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
        path = folder / f"{kind}-{shard:05d}-of-{num_shards:05d}.parquet"
        with (
            files.naming(path),
            pq.ParquetWriter(
                path,
                schema,
                compression={name: "none" if name == "image" else "zstd" for name in schema.names},
                use_dictionary=["label", "group", "split"] if "group" in schema.names else ["label"],
                write_statistics=False,  # nobody filters by them, and those of an image are the image again
            ) as writer,
        ):
            for start in range(0, len(part), ROWS_A_GROUP):
                writer.write_table(_table(part[start : start + ROWS_A_GROUP], schema))


def _table(rows: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """Returns rows as one chunk: in others, or with pandas' own metadata, they would be other bytes."""
    columns = {**rows, "image": [bytes(image) for image in rows["image"]]}
    return pa.table([pa.array(columns[field.name], field.type) for field in schema], schema=schema)


def _read_shards(paths: Sequence[Path], schema: pa.Schema, columns: Sequence[str] | None) -> pd.DataFrame:
    names = list(schema.names if columns is None else columns)
    read = [pa.schema([schema.field(name) for name in names]).empty_table()]
    for path in paths:
        if not path.stem.endswith(f"-of-{len(paths):05d}"):  # as where a full disk stopped the writing
            raise DataError(
                f"{path.parent} must have as many files as {path.name} says, got {len(paths)}; "
                "run `dvc repro` to rebuild them"
            )
        try:
            read.append(pq.ParquetFile(path).read(columns=names).select(names))
        except (pa.ArrowException, OSError, KeyError) as error:
            raise DataError(f"{path} cannot be read ({error}); run `dvc repro` to rebuild it") from error
    return pa.concat_tables(read).to_pandas()


def _read_csv(path: Path, columns: Mapping[str, type]) -> pd.DataFrame:
    try:
        table = csv_files.read(path, columns)
    except FileNotFoundError:
        raise errors.missing(path) from None
    except ValueError as error:  # pandas' own errors, and text that is not UTF-8
        raise DataError(
            f"{path} cannot be read as a table ({error}); run `dvc repro` to rebuild it"
        ) from error
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise DataError(f"{path} lacks the column {missing[0]!r}; run `dvc repro` to rebuild it")
    return table
