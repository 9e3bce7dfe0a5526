"""A folder of files → a manifest row for each, and a standard photo for each that can be kept."""

from __future__ import annotations

import hashlib
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track

from tenshots.errors import DataError, RejectedPhoto
from tenshots.files import NOWHERE, Pieces
from tenshots.intake import collection, correcting, examined, misreadings, unlabelled
from tenshots.intake.archives import ArchiveLimits
from tenshots.intake.choosing import Choice
from tenshots.intake.examined import Examined
from tenshots.intake.finding import find
from tenshots.intake.layout import FoundFile
from tenshots.intake.names.naming import one_name_each
from tenshots.intake.names.pattern import Layout, PathFields
from tenshots.intake.names.readings import Reading
from tenshots.intake.near_duplicates import duplicates, hashing
from tenshots.intake.photos.decoders import FOR_LACK, Decoders
from tenshots.intake.photos.standardising import THUMBNAIL_PX
from tenshots.intake.settings import AcceptSettings, NearDuplicateSettings
from tenshots.tables import manifest
from tenshots.tables.corrections import Correction
from tenshots.tables.database import MANIFEST_COLUMNS, PHOTO_SCHEMA, Spool
from tenshots.tables.encoding import StandardiseSettings
from tenshots.tables.unlabelled import Unlabelled

NUM_AHEAD = 4  # batches per worker that may wait for a slow one before them: what bounds the memory
# Of files that a worker is given at once: small enough to share out, and to hand over costs little beside it.
BATCH_FILES = 16
BATCH_BYTES = 200_000
SECONDS_BETWEEN_LINES = 10.0
OTHER_ARCHIVE = "an archive that is not a .zip; unpack it, or zip its photos"
BEYOND = "beyond the first {} photos of its group and label (see accept.max_photos in params.yaml)"
OTHER_ARCHIVES = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")


class Rules(NamedTuple):
    """What becomes of a file: which count as photos, what a standard photo is, which photos are alike."""

    accept: AcceptSettings
    standardise: StandardiseSettings
    near_duplicates: NearDuplicateSettings


class Ingested(NamedTuple):
    """What `ingest` makes of a folder.

    Attributes:
        manifest: one row for every file found, sorted by path; columns as in `manifest.COLUMNS`.
        photos: one row for every photo kept, sorted by path; columns as in `database.PHOTO_SCHEMA`, the
            images lie in the spool.
        bare_groups: names of groups without a photo kept, sorted; also those whose folders are empty.
        namings: which names of folders and archives were made one, a sentence each, see `naming`.
        unlabelled: photos without a label, as `photos`, and what they belong with (see `intake.unlabelled`);
            their label is empty.
    """

    manifest: pd.DataFrame
    photos: pd.DataFrame
    bare_groups: list[str]
    namings: list[str]
    unlabelled: Unlabelled


def ingest(
    folder: Path,
    layout: Layout,
    rules: Rules,
    spool: Spool,
    *,
    num_workers: int,
    pieces: Pieces = NOWHERE,
    corrected: Sequence[Correction] = (),
) -> Ingested:
    """Reads each file below a folder once, standardises the photos among them, and finds near-duplicates.

    The result depends on the files alone, never on the number of workers or the order of the files. In memory
    stay the rows and a thumbnail of 3 kB per photo.

    Args:
        folder: the photos folder.
        layout: how paths below it are read.
        rules: what counts as a photo, what a standard photo is, which photos are alike.
        spool: where standard photos wait until all is read.
        num_workers: processes that decode, at least 1.
        pieces: keep each batch of decoded files, and have those that were decoded before by the same rules.
        corrected: what people found wrong with photos, one per photo.

    Raises:
        DataError: no files; two spellings of one name, see `collection.check_spelling`; a correction of an
            unknown photo or to an unknown label, see `correcting.applied`; the photos kept make no data set,
            see `collection.check`; a cluster of near-duplicates too large to be true, see
            `duplicates.check_shares`; no photo without a label to learn from, see `unlabelled.found`.
        SettingsError: the layout takes a split for people or labels, see `misreadings.check`.
    """
    accept = rules.accept
    limits = ArchiveLimits(accept.max_zip_files, accept.max_zip_megabytes * 10**6, accept.max_zip_ratio)
    found, empty = find(folder, layout, limits)
    if not found:
        raise DataError(f"the photos folder {folder} is empty; copy photos into it, or `dvc pull`")
    named = [Reading(file.path, file.archive, file.is_guess, layout.match(file.read_as)) for file in found]
    named += [Reading(path, "", is_guess=False, fields=layout.match_folder(path)) for path in empty]
    fields, namings = one_name_each(named)
    # Before anything is decoded, so that whoever wrote KEY and key does not wait for a thousand photos.
    collection.check_spelling(_names(found, fields))
    rows: dict[int, dict[str, object]] = {}
    # Pages of it that no photo fills take no memory.
    thumbnails = np.empty((len(found), THUMBNAIL_PX, THUMBNAIL_PX, 3), dtype=np.uint8)
    # In this order, so that an error or Ctrl-C ends what the threads wait for.
    with ThreadPoolExecutor(num_workers) as workers, Decoders(rules.standardise, accept) as decoders:
        # Behind the files' come the empty folders' fields.
        choice = Choice(found, fields, most=accept.most, unlabelled=accept.unlabelled)
        while chosen := choice.round():
            read = _in_order(
                workers,
                lambda batch: _examine(batch, layout, rules, decoders, pieces),
                _batches((found[number], fields[number]) for number in chosen),
                num_workers,
            )
            shown = _shown(chain.from_iterable(read), len(chosen))
            for number, (row, seen) in zip(chosen, shown, strict=True):
                if seen.is_photo:
                    thumbnails[number] = seen.thumbnail
                    row["image"] = spool.append(seen.encoded)
                    choice.keep(number, row["photo_id"])
                rows[number] = row
    unread = choice.left_out()
    for number in unread:
        rows[number] = _unread(found[number], fields[number]) | {
            "reason": f"{collection.LEFT_OUT}{BEYOND.format(accept.most)}"
        }
    table = pd.DataFrame.from_records([rows[number] for number in range(len(found))])
    for those in (table[table["label"] != accept.unlabelled], table):
        misreadings.check(those, layout.pattern)
    table = correcting.applied(table, corrected, are_all_read=not unread, unlabelled=accept.unlabelled)
    table = collection.reject_twins(unlabelled.set_aside(table, accept.unlabelled))
    folders = [each for each in fields[len(found) :] if each is not None]
    collection.check(table, empty_labels=[each.label for each in folders if each.label != accept.unlabelled])
    table = _with_clusters(table, thumbnails, rules.near_duplicates, num_workers=num_workers)
    kept = table[table["status"] == "kept"]
    groups = {*table["group"], *(folder.group for folder in folders)}
    groups -= {"", *table.loc[table["status"] != "rejected", "group"]}
    without = unlabelled.none()
    if accept.unlabelled is not None:
        table, without = unlabelled.found(table, thumbnails, rules.near_duplicates, num_workers=num_workers)
    return Ingested(
        manifest=table[list(manifest.COLUMNS)],
        photos=kept[PHOTO_SCHEMA.names].reset_index(drop=True),
        bare_groups=sorted(groups),
        namings=namings,
        unlabelled=without,
    )


def _names(found: Sequence[FoundFile], fields: Sequence[PathFields | None]) -> pd.DataFrame:
    """Returns path, label and group of each file; empty text where its path does not fit the layout."""
    nothing = PathFields("", "", "", "")
    rows = [
        (file.path, known.label, known.group)
        for file, known in zip(found, (each or nothing for each in fields), strict=False)
    ]
    return pd.DataFrame(rows, columns=["path", "label", "group"])


File = tuple[FoundFile, PathFields | None]


def _batches(files: Iterable[File]) -> Iterator[list[File]]:
    """Deals files to batches, a large one to its own."""
    batch: list[File] = []
    num_bytes = 0
    for file in files:
        size = file[0].num_bytes
        if batch and (len(batch) == BATCH_FILES or num_bytes + size > BATCH_BYTES):
            yield batch
            batch, num_bytes = [], 0
        batch.append(file)
        num_bytes += size
    yield batch


def _examine(
    batch: list[File], layout: Layout, rules: Rules, decoders: Decoders, pieces: Pieces
) -> list[tuple[dict[str, Any], Examined]]:
    """Reads and decodes a batch; returns each file's row, twins and clusters not yet known, and the photo."""
    read = [_read(*file, layout, rules.accept) for file in batch]
    photos = [(row["photo_id"], data) for row, data in read if data is not None]
    decoded = iter(_decoded(photos, rules, decoders, pieces))
    found = []
    for row, data in read:
        seen = Examined({}) if data is None else next(decoded)
        if seen.is_photo:
            more = {"status": "kept"}
        else:
            more = {"reason": OTHER_ARCHIVE} if row["path"].lower().endswith(OTHER_ARCHIVES) else {}
        found.append((row | seen.known | more, seen))
    return found


def _decoded(
    photos: list[tuple[str, bytes]], rules: Rules, decoders: Decoders, pieces: Pieces
) -> list[Examined]:
    """Decodes files, given with the hash of each, unless they have been decoded before."""
    if not photos:
        return []
    name = hashlib.sha256("".join(photo_id for photo_id, _ in photos).encode()).hexdigest()
    piece = pieces.get(name)
    if piece is not None:
        return examined.unpacked(piece)
    answers = decoders.standardise([data for _, data in photos])
    found = [examined.examined(answer, rules.standardise) for answer in answers]
    if not any(str(answer) in FOR_LACK for answer in answers if isinstance(answer, RejectedPhoto)):
        pieces.put(name, examined.packed(found))
    return found


def _read(
    found: FoundFile, fields: PathFields | None, layout: Layout, accept: AcceptSettings
) -> tuple[dict[str, Any], bytes | None]:
    """Returns the row of a file as if it were rejected, and its bytes; none where it is."""
    row = _unread(found, fields)
    try:
        data = found.read(accept.max_megabytes * 10**6)
    except RejectedPhoto as rejection:
        return row | {"reason": str(rejection)}, None
    row |= {"photo_id": hashlib.sha256(data).hexdigest(), "num_bytes": len(data)}
    if fields is None:
        return row | {"reason": f"path does not fit the layout {layout.pattern}"}, None
    return row, data


def _unread(found: FoundFile, fields: PathFields | None) -> dict[str, Any]:
    """Returns what the row of a file says before it is read, as if it were rejected."""
    row: dict[str, Any] = {name: kind() for name, kind in MANIFEST_COLUMNS.items()}
    row |= {"path": found.path, "status": "rejected", "image": b""}
    if fields is not None:
        row |= {"label": fields.label, "group": fields.group, "split": fields.split}
    return row


def _with_clusters(
    table: pd.DataFrame, thumbnails: np.ndarray, settings: NearDuplicateSettings, *, num_workers: int
) -> pd.DataFrame:
    """Returns the manifest with the perceptual hash and the cluster of each photo kept."""
    kept = np.flatnonzero(table["status"] == "kept")
    rows = table.iloc[kept]
    thumbnails = thumbnails[kept]
    links = duplicates.near_duplicates(thumbnails, settings, num_workers=num_workers)
    paths, labels, groups = (rows[column].tolist() for column in ("path", "label", "group"))
    duplicates.check_shares(paths, labels, groups, links, max_share=settings.max_share)
    hashes = hashing.perceptual_hashes(thumbnails)
    result = table.copy()
    result.loc[rows.index, "cluster"] = duplicates.clusters(rows["photo_id"].tolist(), links.pairs)
    result.loc[rows.index, "perceptual_hash"] = [hashing.hash_text(each) for each in hashes]
    return result


Item = TypeVar("Item")
Result = TypeVar("Result")


def _in_order(
    workers: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item], num_workers: int
) -> Iterator[Result]:
    """Maps in threads and keeps the order; unlike `workers.map` it runs only so far ahead."""
    waiting: deque[Future[Result]] = deque()
    for item in items:
        waiting.append(workers.submit(work, item))
        if len(waiting) > NUM_AHEAD * num_workers:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


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
