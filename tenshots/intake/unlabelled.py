"""Photos without a label, which layers may learn from before the training: kept apart from all others.

They lie below a folder of the photos' folder that stands where a label would, and `accept.unlabelled` says
how that is called. So they are read, standardised and compared with the others as these are, and who took
them is known.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tenshots.errors import DataError
from tenshots.params import PATH, nearest_or_all

ASIDE = "unlabelled"  # their status while the manifest is made
REASON = "without a label, for learning without labels alone (see accept.unlabelled in params.yaml)"


def set_aside(table: pd.DataFrame, label: str | None) -> pd.DataFrame:
    """Returns the table with these photos set aside, each once, and without what stood for their label.

    A file with the bytes of a photo that has a label is rejected: the other is kept.

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
    kept = table[~named & (table["status"] == "kept")].sort_values("path")
    first = pd.concat([kept, chosen]).drop_duplicates("photo_id").set_index("photo_id")["path"]
    original = chosen["photo_id"].map(first)
    twins = original != chosen["path"]
    result.loc[chosen.index[twins], "status"] = "rejected"
    result.loc[chosen.index[twins], "reason"] = "same bytes as " + original[twins]
    return result


def is_wanted(table: pd.DataFrame) -> np.ndarray:
    """Whether each file is a photo that is kept, or set aside: bool (num_files,)."""
    found: np.ndarray = table["status"].isin(["kept", ASIDE]).to_numpy()
    return found


def left_out(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the table as the manifest has it: what is set aside is no photo of the data set."""
    result = table.copy()
    chosen = result["status"] == ASIDE
    result.loc[chosen, "status"] = "rejected"
    result.loc[chosen, "reason"] = REASON
    return result
