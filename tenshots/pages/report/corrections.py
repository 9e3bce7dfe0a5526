"""Corrections on the page: those in force, what they change, and rows for further ones.

Key of reports/comparison.json:

    corrections      {num_relabelled, num_left_out, photos: [{photo_id, label_found, label (null where it is
                     left out)}], as_found: null without any, else {sentence, num_left_out (of the test
                     photos), variants: of each its test accuracy on the labels as they were found, {value,
                     interval, no_interval}; see tenshots.statistics.as_found}}

Who corrected a photo, and why, is said by data/corrections.csv and by the page alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tenshots.pages.report.pictures import Album
from tenshots.statistics import as_found, intervals, measure
from tenshots.statistics.intervals import NUM_DIGITS
from tenshots.statistics.phrases import interval_text, percent
from tenshots.tables import corrections, manifest
from tenshots.tables.corrections import Correction
from tenshots.wording import counted, in_markdown

MAX_SHOWN = 100  # corrections on the page; data/corrections.csv has all


@dataclass(frozen=True)
class View:
    """What the page shows of corrections.

    Attributes:
        in_force: of each photo photo_id, path, label_found, label (empty where it is left out), correction,
            corrected_by, and held (whether the page has its picture).
        num_more: corrections that are not shown.
        as_found: what they change (see above); None without any.
        lines: for the file, by photo_id: one for each suspect that nobody has looked at yet.
    """

    in_force: Sequence[Mapping[str, Any]]
    num_more: int
    as_found: Mapping[str, Any] | None
    lines: Mapping[str, str]


def told(
    predictions: Mapping[str, pd.DataFrame], table: pd.DataFrame, splits: pd.DataFrame
) -> dict[str, Any]:
    """Returns the key above of reports/comparison.json.

    Args:
        predictions: of each variant, on test photos.
        table: the manifest.
        splits: photo_id, component, fold and part.
    """
    found = manifest.corrected(table)
    num_out = int(found["is_left_out"].sum())
    return {
        "corrections": {
            "num_relabelled": len(found) - num_out - int(found["is_settled"].sum()),
            "num_left_out": num_out,
            "photos": [
                {
                    "photo_id": row["photo_id"],
                    "label_found": row["label_found"],
                    "label": None if row["is_left_out"] else row["label"],
                }
                for row in found.to_dict("records")
            ],
            "as_found": _as_found(predictions, table, splits) if len(found) else None,
        }
    }


def _as_found(
    predictions: Mapping[str, pd.DataFrame], table: pd.DataFrame, splits: pd.DataFrame
) -> dict[str, Any]:
    found = manifest.corrected(table)
    num_out = len(as_found.left_out(table, splits))
    num_others = int((~found["is_left_out"] & found["photo_id"].isin(_photos(predictions))).sum())
    estimates = {
        name: measure.accuracy(*as_found.predictions(each, table, splits))
        for name, each in predictions.items()
    }
    return {
        "sentence": _sentence(num_others, num_out),
        "num_left_out": num_out,
        "variants": {
            name: {"value": round(each.value, NUM_DIGITS), **intervals.written(each)}
            for name, each in estimates.items()
        },
    }


def _photos(predictions: Mapping[str, pd.DataFrame]) -> set[str]:
    return set(next(iter(predictions.values()))["photo_id"])


def _sentence(num_relabelled: int, num_out: int) -> str:
    parts = []
    if num_relabelled:
        have = "has" if num_relabelled == 1 else "have"
        parts.append(f"{counted(num_relabelled, 'test photo')} {have} another label since")
    if num_out:
        was, they = ("was", "it counts") if num_out == 1 else ("were", "they count")
        parts.append(f"{counted(num_out, 'test photo')} {was} left out, and here {they} as wrong")
    told = "; ".join(parts) or "no test photo was corrected"
    return (
        f"Test accuracy on the labels as they were found, before corrections: {told}. Correcting test photos "
        "may by itself raise the other figures, but never these."
    )


def view(compared: Mapping[str, Any], table: pd.DataFrame, album: Album) -> View:
    """Returns what the page shows of corrections; of further ones a row for each suspect in `compared`.

    Args:
        compared: what reports/comparison.json holds.
        table: the manifest.
        album: takes the pictures; of photos that are left out there are none.
    """
    every = manifest.corrected(table)
    found = every.head(MAX_SHOWN)
    held = set(album.take(found["photo_id"], "data"))
    told = compared["corrections"]
    return View(
        in_force=[
            {
                **{str(name): value for name, value in row.items()},
                "label": "" if row["is_left_out"] else row["label"],
                "held": row["photo_id"] in held,
            }
            for row in found.to_dict("records")
        ],
        num_more=len(every) - len(found),
        as_found=told["as_found"],
        lines=proposed(compared["suspects"]["photos"], table),
    )


def proposed(suspects: Sequence[Mapping[str, Any]], table: pd.DataFrame) -> dict[str, str]:
    """Returns a line of data/corrections.csv for each suspect that has no correction, by photo_id.

    Who says so is left empty, and refused like that: a person must have looked.
    """
    known = set(table.loc[table["correction"] != "", "photo_id"])
    return {
        each["photo_id"]: corrections.rows(
            [
                Correction(
                    photo_id=each["photo_id"],
                    label=each["suggested"],
                    reason=f"looks like {each['suggested']} to {each['judge']} (p {each['p_suggested']:.2f})",
                    who="",
                    lines=(),
                )
            ]
        ).rstrip("\n")
        for each in suspects
        if each["photo_id"] not in known
    }


def markdown(compared: Mapping[str, Any]) -> str:
    """Returns the accuracies on the labels as they were found, in Markdown; nothing without corrections."""
    found = compared["corrections"]["as_found"]
    if found is None:
        return ""
    rows = [
        f"| {in_markdown(name)} | {percent(each['value'])} {interval_text(each['interval'])} |"
        for name, each in found["variants"].items()
    ]
    head = ["| variant | on the labels as they were found (95 % interval) |", "|---|---|"]
    return "\n".join(["", in_markdown(found["sentence"]), "", *head, *rows, ""])
