"""Corrections applied to the files found: other labels, and photos left out.

A correction names a photo, that is, bytes: all copies of it get the same label, also where they lie under
several. It comes after all files are read, so that no other photo takes the place of one that is left out:
whoever left out the hard photos would otherwise be given easier ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from tenshots.intake.names.spelling import plain
from tenshots.params import nearest, nearest_or_all
from tenshots.tables import manifest
from tenshots.tables.corrections import CORRECTIONS, LEAVE_OUT, Correction, means_leave_out, raise_all
from tenshots.tables.paths import MANIFEST
from tenshots.wording import counted, joined


def applied(
    table: pd.DataFrame,
    corrections: Sequence[Correction],
    *,
    are_all_read: bool,
    unlabelled: str | None = None,
) -> pd.DataFrame:
    """Returns the table with the labels that people have given, and without the photos that they left out.

    Args:
        table: status, reason, photo_id and label (as found; empty where a path does not fit) of every file
            found; other columns are passed on.
        corrections: one per photo.
        are_all_read: False where the settings want the first photos alone (`accept.max_photos`), so that a
            photo may well be there though its hash is not known.
        unlabelled: what stands in place of a label where photos have none (`accept.unlabelled`); these stay
            as they are.

    Returns:
        With the columns label_found, correction and corrected_by (see `manifest.COLUMNS`); a photo that is
        left out is rejected, keeps its label, and its reason begins with `manifest.LEFT_OUT_BY`.

    Raises:
        DataError: a hash that no file has, or only photos without a label, or a label that no file has; all
            are listed with their lines.
    """
    result = table.assign(label_found=table["label"], correction="", corrected_by="")
    labels = sorted(set(table["label"]) - {"", unlabelled})
    is_without = table["label"] == unlabelled
    known, without = (set(table.loc[each, "photo_id"]) for each in (~is_without, is_without))
    _check(corrections, known, labels, without=without - known, are_all_read=are_all_read)
    for each in corrections:
        copies = (table["photo_id"] == each.photo_id) & (table["label"] != "") & ~is_without
        result.loc[copies, ["correction", "corrected_by"]] = [each.reason, each.who]
        if each.leaves_out:
            kept = copies & (table["status"] == "kept")
            said = f"{manifest.LEFT_OUT_BY}{each.who}: {each.reason}"
            result.loc[kept, ["status", "reason"]] = ["rejected", said]
        else:
            result.loc[copies, "label"] = each.label
    return result


def _check(
    corrections: Sequence[Correction],
    known: set[str],
    labels: Sequence[str],
    *,
    without: set[str],
    are_all_read: bool,
) -> None:
    problems = []
    for each in corrections:
        lines = "line" if len(each.lines) == 1 else "lines"
        where = f"{CORRECTIONS}, {lines} {joined(map(str, each.lines))}:"
        if each.photo_id in without:
            problems.append(
                f"{where} the photo {each.photo_id} has no label that could be corrected (see "
                f"accept.unlabelled in params.yaml); move it into the folder of its label, or delete it, and "
                "remove the line"
            )
        elif each.photo_id not in known and are_all_read:
            problems.append(
                f"{where} no file has the photo_id {each.photo_id}; copy it from {MANIFEST} or from "
                "the page, or remove the line if the photo is gone"
            )
        if not each.leaves_out and each.label not in labels:
            like = (
                nearest(each.label, [*labels, LEAVE_OUT])
                or f"{nearest_or_all(each.label, labels)}; {LEAVE_OUT!r} leaves a photo out"
            )
            problems.append(f"{where} no photo has the label {each.label!r}{like}")
    named = [label for label in labels if means_leave_out(plain(label))]
    if named and any(each.leaves_out for each in corrections):
        problems.append(
            f"{CORRECTIONS}: {LEAVE_OUT!r} leaves a photo out, but {named[0]!r} is also a label; "
            "rename its folder"
        )
    raise_all(problems)


def told(table: pd.DataFrame, corrections: Sequence[Correction]) -> list[str]:
    """Returns what became of the corrections, a sentence each; none without any.

    Args:
        table: the manifest.
        corrections: those that were applied.
    """
    if not corrections:
        return []
    found = manifest.corrected(table)
    num_out = int(found["is_left_out"].sum())
    settled = manifest.settled(table)
    num_other = len(found) - num_out - int(found["is_settled"].sum())
    done = f"{counted(num_other, 'photo')} given another label, {num_out:,} left out"
    done += f", {len(settled):,} given one of the labels that its copies had" * bool(settled)
    unknown = len({each.photo_id for each in corrections} - set(table["photo_id"]))
    unread = (
        f"; {unknown:,} of photos that were not read (see accept.max_photos in params.yaml)"
        if unknown
        else ""
    )
    return [f"{counted(len(corrections), 'correction')} in {CORRECTIONS}: {done}{unread}"]
