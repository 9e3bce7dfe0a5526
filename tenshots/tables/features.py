"""Frozen features on disk: what a network's backbone makes of photos and of their copies, computed once.

A folder per data set and network holds

    features.json     {wanted: false} where nobody wants them; else {wanted: true, backbone (the settings that
                      they depend on), photo_ids and copy_ids (hashes of the ids, row by row), num_rows,
                      num_features}
    features.npy      float32 (num_rows, num_features): a row per photo, then one per copy if these are wanted
    mirrored.npy      float32 (num_photos, num_features): of the photos' mirror images, left to right; there
                      are none of copies

and data/checked/features a file per data set and network: {wanted: the settings that they depend on, or null
where nobody wants them; copies: whether those of copies are wanted, too}.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tenshots import files
from tenshots.errors import DataError, missing

REMEDY = "run `dvc repro`"
DESCRIPTION, ROWS, MIRRORED = "features.json", "features.npy", "mirrored.npy"


class Features(NamedTuple):
    """Frozen features.

    Attributes:
        rows: float32 (num_rows, num_features): of photos, then of copies.
        mirrored: float32 (num_photos, num_features): of the photos' mirror images, in the same order.
    """

    rows: np.ndarray
    mirrored: np.ndarray


class Wanted(NamedTuple):
    """Which features are wanted of a data set and network.

    Attributes:
        backbone: the settings that they depend on, as plain values.
        copies: those of copies, too; else of photos alone.
    """

    backbone: Mapping[str, Any]
    copies: bool


def write_wanted(wanted: Wanted | None, path: Path) -> None:
    """Writes which features are wanted, the same bytes in whatever order the settings came.

    Args:
        wanted: None where nobody wants features.
        path: below data/checked/features; its folder is made where it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    values = {"wanted": wanted and dict(wanted.backbone), "copies": bool(wanted and wanted.copies)}
    text = json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False)
    files.write(path, text + "\n")


def read_wanted(path: Path) -> Wanted | None:
    """Returns which features are wanted; None where nobody wants any.

    Raises:
        DataError: it is missing, or is no such file.
    """
    found = _json(path)
    try:
        backbone, copies = found["wanted"], found["copies"]
    except KeyError:
        raise DataError(f"{path} does not say which features are wanted; {REMEDY}") from None
    return None if backbone is None else Wanted(backbone, copies)


def write(
    folder: Path,
    features: Features,
    *,
    photo_ids: Sequence[str],
    copy_ids: Sequence[str] = (),
    backbone: Mapping[str, Any],
) -> None:
    """Writes features in place of what the folder has.

    Args:
        folder: of a data set and network.
        features: of photos, and of copies if there are `copy_ids`.
        photo_ids: of the photos, whose rows come first.
        copy_ids: of each copy the photo that it is of.
        backbone: the settings that they depend on.
    """
    described = {
        "wanted": True,
        "backbone": dict(backbone),
        "photo_ids": _hash(photo_ids),
        "copy_ids": _hash(copy_ids),
        "num_rows": len(features.rows),
        "num_features": int(features.rows.shape[1]),
    }
    with files.whole_folder(folder) as part:
        files.write(part / ROWS, _npy(features.rows))
        files.write(part / MIRRORED, _npy(features.mirrored))
        files.write(part / DESCRIPTION, json.dumps(described, indent=2, sort_keys=True) + "\n")


def write_none(folder: Path) -> None:
    """Writes that nobody wants features here, in place of what the folder has."""
    with files.whole_folder(folder) as part:
        files.write(part / DESCRIPTION, json.dumps({"wanted": False}, indent=2) + "\n")


def read(
    folder: Path, *, photo_ids: Sequence[str], copy_ids: Sequence[str] = (), backbone: Mapping[str, Any]
) -> Features:
    """Returns the features of these photos and copies.

    Args:
        folder: of a data set and network.
        photo_ids: as `write` was told.
        copy_ids: as `write` was told; none: of photos alone, whether there are copies or not.
        backbone: the settings that they must depend on.

    Raises:
        DataError: they are missing, damaged, or of other photos or of another backbone.
    """
    path = folder / DESCRIPTION
    described = _json(path)
    if not described.get("wanted"):
        raise DataError(f"{path} says that nobody wants features, but they are; {REMEDY}")
    if described.get("backbone") != backbone:
        raise DataError(f"{path} is of another backbone than params.yaml names; {REMEDY}")
    for key, ids in (("photo_ids", photo_ids), ("copy_ids", copy_ids)):
        if ids and described.get(key) != _hash(ids):
            raise DataError(f"{path} is of other photos; {REMEDY}")
    num_rows, num_features = described.get("num_rows"), described.get("num_features")
    rows = _rows(folder / ROWS, (num_rows, num_features))
    mirrored = _rows(folder / MIRRORED, (len(photo_ids), num_features))
    return Features(rows[: len(photo_ids) + len(copy_ids)], mirrored)


def _rows(path: Path, shape: tuple[object, object]) -> np.ndarray:
    try:
        rows: np.ndarray = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
    except FileNotFoundError:
        raise missing(path) from None
    except (ValueError, EOFError) as error:  # no such file, cut short, or one that holds Python objects
        raise DataError(f"{path} holds no array ({' '.join(str(error).split())}); {REMEDY}") from None
    if not isinstance(rows, np.ndarray):  # an archive of arrays
        raise DataError(f"{path} holds no array; {REMEDY}")
    if rows.dtype != np.float32 or rows.shape != shape:
        raise DataError(
            f"{path} must hold float32 of shape {shape}, got {rows.dtype} of shape {rows.shape}; {REMEDY}"
        )
    return rows


def _npy(rows: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, np.ascontiguousarray(rows, dtype=np.float32), allow_pickle=False)
    return file.getvalue()


def _hash(photo_ids: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(photo_ids).encode()).hexdigest()


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise missing(path) from None
    except ValueError as error:
        raise DataError(f"{path} cannot be read ({' '.join(str(error).split())}); {REMEDY}") from None
    if not isinstance(found, dict):
        raise DataError(f"{path} must hold names and values; {REMEDY}")
    return found
