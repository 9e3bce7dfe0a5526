"""Photos without a label, which layers may learn from before the training: kept apart from all others.

They lie below a folder of the photos' folder that stands where a label would, and `accept.unlabelled` says
how that is called. So they are read, standardised and compared with the others as these are, and who took
them is known. But what is found of photos with labels is found without them: they move no such photo to
another part.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tenshots.errors import DataError
from tenshots.intake.near_duplicates import duplicates, hashing
from tenshots.intake.settings import NearDuplicateSettings
from tenshots.params import PATH, nearest_or_all
from tenshots.tables.belonging import relatives
from tenshots.tables.database import PHOTO_SCHEMA
from tenshots.tables.manifest import LEFT_OUT_BY
from tenshots.tables.unlabelled import COLUMNS, Unlabelled

ASIDE = "unlabelled"  # their status while the manifest is made
REASON = "without a label, for learning without labels alone (see accept.unlabelled in params.yaml)"
HELD_OUT = "without a label, and never learnt from: it is in val or test, or belongs with one that is"


def set_aside(table: pd.DataFrame, label: str | None) -> pd.DataFrame:
    """Returns the table with these photos set aside, each once, and without what stood for their label.

    A file with the bytes of a photo that has a label is rejected: the other is kept, or left out by a
    correction.

    Args:
        table: path, status, reason, photo_id and label of every file found.
        label: how their folder is called; None: there are none.

    Raises:
        DataError: no photo lies in a folder of that name.
    """
    if label is None:
        return table
    named = table["label"] == label
    chosen = table[named & (table["status"] == "kept")].sort_values("path")
    if chosen.empty:
        known = set(table.loc[~named, "label"]) - {""}
        raise DataError(
            f"{PATH}: accept.unlabelled must be the name of a folder with photos where others have their "
            f"label, got {label!r}{nearest_or_all(label, sorted(known))}"
        )
    result = table.copy()
    result.loc[named, "label"] = ""
    result.loc[chosen.index, "status"] = ASIDE
    others = (table["status"] == "kept") | table["reason"].str.startswith(LEFT_OUT_BY)
    others = table[~named & others].sort_values("path")
    first = pd.concat([others, chosen]).drop_duplicates("photo_id").set_index("photo_id")["path"]
    original = chosen["photo_id"].map(first)
    twins = original != chosen["path"]
    result.loc[chosen.index[twins], "status"] = "rejected"
    result.loc[chosen.index[twins], "reason"] = "same bytes as " + original[twins]
    return result


def none() -> Unlabelled:
    """Returns what is found where `accept.unlabelled` names no folder."""
    return Unlabelled(pd.DataFrame(columns=PHOTO_SCHEMA.names), pd.DataFrame(columns=list(COLUMNS)))


def found(
    table: pd.DataFrame, thumbnails: np.ndarray, settings: NearDuplicateSettings, *, num_workers: int
) -> tuple[pd.DataFrame, Unlabelled]:
    """Returns the table as the manifest has it, and the photos without a label that may be learnt from.

    Those that lie in val or test by the layout may not, nor those that belong with such a one.

    Args:
        table: the columns of the manifest and of `database.PHOTO_SCHEMA`, a row for every file found;
            `cluster` is known of photos with labels.
        thumbnails: uint8 (num_files, 32, 32, 3), see `near_duplicates`.
        settings: which photos are alike.
        num_workers: threads, at least 1.

    Raises:
        DataError: none is left that may be learnt from.
    """
    aside = (table["status"] == ASIDE).to_numpy()
    result = table.copy()
    # All are compared once more: what joins two people's photos here joins them for these alone.
    compared = np.flatnonzero(aside | (table["status"] == "kept").to_numpy())
    rows = table.index[compared]
    links = duplicates.near_duplicates(thumbnails[compared], settings, num_workers=num_workers)
    scenes = pd.Series(duplicates.clusters(table.loc[rows, "photo_id"].tolist(), links.pairs), index=rows)
    beside = relatives(table.assign(scene=scenes.reindex(table.index, fill_value="")), aside)

    hashes = hashing.perceptual_hashes(thumbnails[np.flatnonzero(aside)])
    result.loc[aside, "perceptual_hash"] = [hashing.hash_text(each) for each in hashes]
    held_out = aside & table["photo_id"].isin(beside.held_out).to_numpy()
    result.loc[aside, "status"] = "rejected"
    result.loc[aside, "reason"] = REASON
    result.loc[held_out, "reason"] = HELD_OUT
    photos = table.loc[aside & ~held_out, PHOTO_SCHEMA.names].reset_index(drop=True)
    if photos.empty:
        raise DataError(
            f"{PATH}: accept.unlabelled must name folders with photos that may be learnt from, but each has "
            "the bytes of a photo with a label, lies in val or test, or belongs with one that does; add "
            "others, or remove accept.unlabelled"
        )
    pairs = beside.of_labelled
    return result, Unlabelled(
        photos, pairs[pairs["photo_id"].isin(photos["photo_id"])].reset_index(drop=True)
    )
