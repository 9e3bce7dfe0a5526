"""Test photos as they were found, before anyone corrected them: what cleaning the labels must not flatter.

Who cleans labels decides which photos are easy: each photo that is left out, or whose label is made what a
network answers, lifts the accuracy. So it is also measured on the labels as they were found, and a photo that
was left out counts as wrong there, the worst that it can be. It is these photos that have been looked at.
"""

from __future__ import annotations

import pandas as pd

from tenshots.statistics import measure
from tenshots.tables import manifest
from tenshots.tables.predictions import PREFIX, labels_of

OWN = "left out: "  # before a photo_id: an independent set of its own; no set of the splits is called so


def left_out(table: pd.DataFrame, splits: pd.DataFrame) -> pd.DataFrame:
    """Returns the photos that a correction leaves out and that would otherwise be tested.

    A photo would be tested if all others are, if its folder says so, or if others of its group are. Where
    nothing tells, it counts as one that would be: leaving it out must not help.

    Args:
        table: the manifest.
        splits: photo_id, component, fold and part (see tenshots.splitting.division).

    Returns:
        photo_id, label (as found), component (that of its group, or one of its own) and fold.
    """
    corrected = manifest.corrected(table)
    photos = corrected[corrected["is_left_out"]]
    tested = splits[splits["part"] == "test"]
    are_all_tested = set(tested["photo_id"]) == set(splits["photo_id"])
    of_group = table[(table["status"] == "kept") & (table["group"] != "")].drop_duplicates("group")
    first = dict(zip(of_group["group"], of_group["photo_id"], strict=True))
    components = measure.components_of(splits)
    folds = tested.drop_duplicates("component").set_index("component")["fold"]
    numbers = sorted(set(tested["fold"]))
    found = []
    for position, row in enumerate(photos.to_dict("records")):
        sibling = first.get(row["group"])
        component = OWN + (row["group"] or row["photo_id"]) if sibling is None else components[sibling]
        if not are_all_tested and (
            row["split"] not in ("", "test") or (sibling is not None and component not in folds.index)
        ):
            continue
        fold = int(folds.get(component, numbers[position % len(numbers)]))
        found.append((row["photo_id"], row["label_found"], component, fold))
    return pd.DataFrame(found, columns=["photo_id", "label", "component", "fold"])


def test_photos(table: pd.DataFrame, splits: pd.DataFrame) -> pd.DataFrame:
    """Returns photo_id and label, both as found, of the photos that were tested or left out, a row each.

    Args:
        table: the manifest.
        splits: photo_id, component, fold and part.
    """
    kept = table[(table["status"] == "kept") & table["photo_id"].isin(_tested(splits))]
    found = kept[["photo_id"]].assign(label=kept["label_found"])
    return pd.concat([found, left_out(table, splits)[["photo_id", "label"]]], ignore_index=True)


def predictions(
    given: pd.DataFrame, table: pd.DataFrame, splits: pd.DataFrame
) -> tuple[pd.DataFrame, pd.Series]:
    """Returns a variant's predictions against the labels as found, and the component of each photo in them.

    Args:
        given: of test photos, all folds and repeats (see tenshots.tables.predictions).
        table: the manifest.
        splits: photo_id, component, fold and part.

    Returns:
        Predictions, of a photo that was left out one of another label in each repeat; and components, indexed
        by photo_id.
    """
    kept = table[table["status"] == "kept"]
    found = dict(zip(kept["photo_id"], kept["label_found"], strict=True))
    relabelled = given.assign(label=[found[photo_id] for photo_id in given["photo_id"]])
    out = left_out(table, splits)
    # A label of which no photo is left has no column, but is the truth of some.
    names = sorted({*labels_of(given), *relabelled["label"], *out["label"]})
    wrong = [
        {"photo_id": row["photo_id"], "label": row["label"], "fold": row["fold"], "repeat": repeat}
        | {f"{PREFIX}{next(name for name in names if name != row['label'])}": 1.0}
        for row in out.to_dict("records")
        for repeat in sorted(set(given["repeat"]))
    ]
    columns = [*given.columns, *(PREFIX + name for name in names if PREFIX + name not in given.columns)]
    rows = [relabelled, *([pd.DataFrame(wrong)] if wrong else [])]
    filled = pd.concat(rows, ignore_index=True).reindex(columns=columns).fillna(0.0)
    components = measure.components_of(splits)
    return filled, pd.concat([components, pd.Series(out["component"].to_numpy(), index=out["photo_id"])])


def _tested(splits: pd.DataFrame) -> pd.Series:
    return splits.loc[splits["part"] == "test", "photo_id"]
