"""The manifest with its corrections, and what it says of its files as a whole, in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from tenshots.errors import DataError
from tenshots.tables import csv_files, database
from tenshots.wording import counted, some, visible

# Beside what is known of a file: how people corrected it (see tenshots.tables.corrections). That is the label
# that its path says, whereas `label` is the one that counts; and the reason and who, empty without one.
# Here and not in `database`, on which every training depends.
COLUMNS: Mapping[str, type] = MappingProxyType(
    {**database.MANIFEST_COLUMNS, "label_found": str, "correction": str, "corrected_by": str}
)
LEFT_OUT_BY = "left out by "  # so begins the reason of a photo that a correction leaves out


def write(manifest: pd.DataFrame, path: Path) -> None:
    """Writes one row for every file found, sorted by path; columns as in `COLUMNS`."""
    csv_files.write(manifest[list(COLUMNS)].sort_values("path", kind="stable"), path)


def read(path: Path) -> pd.DataFrame:
    """Returns the rows of `write`; what is unknown of a rejected file is "" or 0.

    Raises:
        DataError: no such file, or it lacks a column.
    """
    database.read_manifest(path)  # says what is wrong with the file as a whole
    table = csv_files.read(path, COLUMNS)
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise DataError(f"{path} lacks the column {missing[0]!r}; run `dvc repro` to rebuild it")
    return table


def corrected(manifest: pd.DataFrame) -> pd.DataFrame:
    """Returns the photos that corrections gave another label, or left out, sorted by path.

    Args:
        manifest: one row for every file found.

    Returns:
        Of each photo the row of the copy that is kept, or of the first that is left out: photo_id, path,
        group, split, label_found, label, correction, corrected_by, is_left_out, and is_settled (bool):
        whether a copy had the label all along (see `settled`).
    """
    is_left_out = (manifest["status"] == "rejected") & manifest["reason"].str.startswith(LEFT_OUT_BY)
    is_changed = (manifest["status"] == "kept") & (manifest["label"] != manifest["label_found"])
    columns = ["photo_id", "path", "group", "split", "label_found", "label", "correction", "corrected_by"]
    rows = manifest.assign(is_left_out=is_left_out)[is_left_out | is_changed].sort_values("path")
    rows["is_settled"] = rows["photo_id"].isin(settled(manifest))
    flags = ["is_left_out", "is_settled"]
    found: pd.DataFrame = rows.drop_duplicates("photo_id")[[*columns, *flags]].reset_index(drop=True)
    return found


def settled(manifest: pd.DataFrame) -> set[str]:
    """Returns the photo_id of each photo whose copies had several labels, one of which a correction chose."""
    named = manifest[(manifest["correction"] != "") & (manifest["label_found"] != "")]
    kept = set(named.loc[named["status"] == "kept", "photo_id"])
    of_photo = named[named["photo_id"].isin(kept)].groupby("photo_id")
    return {
        str(photo_id)
        for photo_id, rows in of_photo
        if rows["label_found"].nunique() > 1 and rows["label"].iloc[0] in set(rows["label_found"])
    }


def counted_reasons(table: pd.DataFrame) -> str:
    """Returns how many files were rejected by which reason: `damaged (3), empty (1)`, the largest first."""
    return frequencies(common_reasons(table))


def common_reasons(table: pd.DataFrame) -> pd.Series:
    """Returns why each rejected file was, without what would make every reason one of its own.

    That is a twin's path, a size, a number, a name, or a detail in brackets; the index is that of `table`.
    """
    reasons = table.loc[table["status"] == "rejected", "reason"]
    for varying, common in (
        (r" \(.*\)", ""),
        (r"^same bytes as .*", "same bytes as another file"),
        (rf"^{LEFT_OUT_BY}.*", "left out by a correction"),
        (r"^(too (?:large|small)): .*", r"\1"),
        (r"^its size is \S+ MB, more than", "its size is more than"),
        (r"^its first frame fills .* px, less", "its first frame fills less"),
        (r"^it unpacks to \S+ MB, more than", "it unpacks to more than"),
        (r"^it holds [\d,]+ files, more than", "it holds more files than"),
        (r"^it unpacks to \d+ times its size, more than", "it unpacks to more times its size than"),
        (r"^its list of files takes \d+ bytes, more than", "its list of files takes more bytes than"),
        (r"^it holds \d+ files named .*; rename", "it holds several files of one name; rename"),
        (r"^its files .* share bytes", "two of its files share bytes"),
    ):
        reasons = reasons.str.replace(varying, common, regex=True)
    return reasons


def frequencies(texts: pd.Series) -> str:
    """Returns each text and how often it stands there: `damaged (3), empty (1)`, the most frequent first."""
    counts = sorted(texts.value_counts().items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{text} ({number:,})" for text, number in counts)


def swap_question(manifest: pd.DataFrame, few: int = 0) -> str:
    """Asks whether groups and labels are swapped, naming both, or returns empty text.

    Args:
        manifest: status, label and group of every file found.
        few: groups, about which it is asked even if there are fewer labels; above that only where there are
            as many labels.
    """
    kept = manifest[manifest["status"] == "kept"]
    names = {column: sorted(set(kept[column])) for column in ("group", "label")}
    numbers = {column: len(each) for column, each in names.items()}
    if "" in names["group"] or numbers["group"] > max(few, numbers["label"]):
        return ""
    listed = [
        f"{counted(numbers[column], column)} ({', '.join(some([*map(visible, names[column])]))})"
        for column in names
    ]
    return (
        f"are {{group}} and {{label}} swapped in params.yaml: layout? As it is: {' and '.join(listed)}; "
        f"swapped: {counted(numbers['label'], 'group')} and {counted(numbers['group'], 'label')}. If they "
        f"are, the networks learn to tell people apart"
    )
