"""A folder of files → a manifest row for each, and a standard photo for each that can be kept.

What is kept makes a data set: no photo twice, one spelling for each label and group, photos for every label.
"""

from __future__ import annotations

import hashlib
import sys
import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar

import pandas as pd
from rich.console import Console
from rich.progress import track

from tenshots.database import MANIFEST_COLUMNS, PARTS, PHOTO_SCHEMA
from tenshots.errors import DataError, RejectedPhoto
from tenshots.layout import FoundFile, Layout, find
from tenshots.photos import StandardiseSettings, standardise

# Photos of 200 million pixels stay below this; a film that lies among them must not fill the memory.
MAX_FILE_BYTES = 256 * 2**20
NUM_FOLDERS_SHOWN = 5  # in a message
SECONDS_BETWEEN_LINES = 10.0


class Ingested(NamedTuple):
    """What `ingest` makes of a folder.

    Attributes:
        manifest: one row for every file found, sorted by path; columns as in `database.MANIFEST_COLUMNS`.
        photos: one row for every photo kept, sorted by path; columns as in `database.PHOTO_SCHEMA`.
    """

    manifest: pd.DataFrame
    photos: pd.DataFrame


def ingest(folder: Path, layout: Layout, settings: StandardiseSettings, *, num_workers: int) -> Ingested:
    """Reads each file below a folder once, and standardises the photos among them.

    The result depends on the files alone, never on the number of workers or the order of the files.

    Args:
        folder: the photos folder.
        layout: how paths below it are read.
        settings: what a standard photo is.
        num_workers: threads, from 1. Pillow computes outside Python's lock, so they scale as processes do.

    Raises:
        DataError: no files, or the photos kept make no data set; see `check`.
    """
    found, empty = find(folder)
    if not found:
        raise DataError(f"the photos folder {folder} is empty; copy photos into it, or `dvc pull`")
    with ThreadPoolExecutor(num_workers) as workers:
        results = workers.map(lambda file: _examine(file, layout, settings), found)
        rows = list(_shown(results, len(found)))
    table = reject_twins(pd.DataFrame.from_records(rows))
    table = table.sort_values("path", kind="stable", ignore_index=True)
    unused = [fields.label for fields in (layout.match(f"{path}/x") for path in empty) if fields is not None]
    check(table, empty_labels=unused)
    kept = table.loc[table["status"] == "kept", PHOTO_SCHEMA.names]
    return Ingested(manifest=table[list(MANIFEST_COLUMNS)], photos=kept.reset_index(drop=True))


def summary(manifest: pd.DataFrame) -> str:
    """Returns one line: how many photos were kept, and how many files rejected by which reason."""
    num_kept = int((manifest["status"] == "kept").sum())
    line = f"{num_kept} photos kept, {len(manifest) - num_kept} files rejected"
    reasons = counted_reasons(manifest)
    return f"{line}: {reasons}" if reasons else line


def reject_twins(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the table with only one of the kept files of the same bytes kept: that of the smallest path.

    Args:
        table: path, status, reason, photo_id (the hash of the bytes) and label; other columns are passed on.

    Raises:
        DataError: files of the same bytes lie under different labels; all such pairs are listed.
    """
    kept = table[table["status"] == "kept"].sort_values("path")
    first = kept.drop_duplicates("photo_id").set_index("photo_id")
    later = kept[kept.duplicated("photo_id")]
    original = later["photo_id"].map(first["path"])
    torn = later["photo_id"].map(first["label"]) != later["label"]
    if torn.any():
        pairs = [f"{one} and {other}" for one, other in zip(original[torn], later["path"][torn], strict=True)]
        raise DataError(
            f"{len(pairs)} pairs of files have the same bytes under different labels: {'; '.join(pairs)}; "
            f"delete the one of each pair that is wrong"
        )
    result = table.copy()
    result.loc[later.index, "status"] = "rejected"
    result.loc[later.index, "reason"] = "same bytes as " + original
    return result


def check(table: pd.DataFrame, *, empty_labels: Sequence[str] = ()) -> None:
    """Checks that the files of a manifest make a data set.

    Args:
        table: path, status, reason, label, group and split; label is empty where a path does not fit.
        empty_labels: labels whose folders hold no file at all.

    Raises:
        DataError: labels or groups differ only in case, Unicode form or blanks; no photo kept; one label
            alone; a label without photos; a split other than train, val and test.
    """
    for column in ("label", "group"):
        _check_spelling(table, column)
    kept = table[table["status"] == "kept"]
    labels = sorted(set(kept["label"]))
    if not labels:
        raise DataError(f"no file is a usable photo; reasons: {counted_reasons(table)}")
    bare = sorted({*table["label"], *empty_labels} - {*labels, ""})
    if bare:
        reasons = counted_reasons(table[table["label"].isin(bare)]) or "no files"
        raise DataError(
            f"{_listed(bare)}: a label without a usable photo ({reasons}); add photos or remove its folder"
        )
    if len(labels) == 1:
        raise DataError(
            f"all {len(kept)} photos have the label {labels[0]!r}; telling kinds of object apart needs two, "
            f"so add photos of another kind or correct `layout` in params.yaml"
        )
    _check_given_splits(kept)


def counted_reasons(table: pd.DataFrame) -> str:
    """Returns how many files were rejected by which reason, the most frequent first: `3 damaged, 1 empty`."""
    # The path of the twin would make every such reason a reason of its own.
    reasons = table.loc[table["status"] == "rejected", "reason"].str.replace(
        r"^same bytes as .*", "same bytes as another file", regex=True
    )
    counts = sorted(reasons.value_counts().items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number} {reason}" for reason, number in counts)


def _examine(found: FoundFile, layout: Layout, settings: StandardiseSettings) -> dict[str, object]:
    """Returns the manifest row of one file, with its standard photo as `image` (empty where rejected)."""
    fields = layout.match(found.path)
    row: dict[str, object] = dict.fromkeys(MANIFEST_COLUMNS, "")
    row |= {"path": found.path, "status": "rejected", "image": b""}
    row |= {"width": 0, "height": 0, "orientation": 0, "num_bytes": 0}
    if fields is not None:
        row |= {"label": fields.label, "group": fields.group, "split": fields.split}
    try:
        data = _read(found)
        row |= {"photo_id": hashlib.sha256(data).hexdigest(), "num_bytes": len(data)}
        if fields is None:
            raise RejectedPhoto(f"path does not fit the layout {layout.pattern}")
        photo = standardise(data, settings)
    except RejectedPhoto as rejection:
        return row | {"reason": str(rejection)}
    return row | {
        "status": "kept",
        "format": photo.format,
        "width": photo.width,
        "height": photo.height,
        "orientation": photo.orientation,
        "image": photo.encoded,
    }


def _read(found: FoundFile) -> bytes:
    if found.reason:
        raise RejectedPhoto(found.reason)
    try:
        if found.file.stat().st_size > MAX_FILE_BYTES:
            raise RejectedPhoto(f"larger than {MAX_FILE_BYTES // 2**20} MB")
        return found.file.read_bytes()
    except OSError as error:
        raise RejectedPhoto(f"cannot be read ({error.strerror})") from error


def _check_spelling(table: pd.DataFrame, column: str) -> None:
    spellings: dict[str, list[str]] = {}
    for name in sorted(set(table[column]) - {""}):
        plain = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).strip().casefold())
        spellings.setdefault(plain, []).append(name)
    clashes = [names for names in spellings.values() if len(names) > 1]
    if not clashes:
        return
    # !a shows apart what looks alike on a screen.
    listed = "; ".join(
        " and ".join(f"{name!a} (in {_folders(table, column, name)})" for name in names) for names in clashes
    )
    raise DataError(
        f"{column}s differ only in case, Unicode form or blanks: {listed}; rename them to one spelling"
    )


def _check_given_splits(kept: pd.DataFrame) -> None:
    given = set(kept["split"])
    unknown = sorted(given - {*PARTS, ""})
    if unknown:
        listed = "; ".join(f"{name!r} (in {_folders(kept, 'split', name)})" for name in unknown)
        raise DataError(
            f"the layout's {{split}} must be train, val or test, got {listed}; rename the folders"
        )


def _folders(table: pd.DataFrame, column: str, name: str) -> str:
    paths = table.loc[table[column] == name, "path"]
    folders = sorted({path.rpartition("/")[0] or "the photos folder itself" for path in paths})
    more = len(folders) - NUM_FOLDERS_SHOWN
    return ", ".join(folders[:NUM_FOLDERS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


Item = TypeVar("Item")


def _shown(items: Iterable[Item], total: int) -> Iterator[Item]:
    """Passes items on and shows how far they are: a bar on a terminal, a line now and then in a log."""
    if sys.stderr.isatty():
        yield from track(items, "ingest", total=total, console=Console(stderr=True), transient=True)
        return
    last = time.monotonic()
    for number, item in enumerate(items, start=1):
        if time.monotonic() - last > SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            print(f"ingest: {number} of {total} files", file=sys.stderr, flush=True)
        yield item
