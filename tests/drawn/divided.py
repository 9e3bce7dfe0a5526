"""What any valid split is, and manifests to split."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence

import pandas as pd

PARTS = ("train", "val", "test")


def photos_of(
    rows: Sequence[tuple[str, str]], clusters: Sequence[int] = (), twins: Sequence[tuple[int, str]] = ()
) -> pd.DataFrame:
    """Returns the manifest of a kept photo for each (label, group), without a split of their own.

    Args:
        rows: label and group of each photo.
        clusters: the number of each photo's near-duplicate cluster; without them each photo is alone.
        twins: for rejected files with the bytes of a photo: its place in `rows`, and the file's own group.
    """
    ids = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(len(rows))]
    labels, groups = zip(*rows, strict=True)
    paths = [f"{number:04}.jpg" for number in range(len(rows))]
    kept = pd.DataFrame(
        {"path": paths, "status": "kept", "photo_id": ids, "label": labels, "group": groups, "split": ""}
    )
    kept["cluster"] = kept.groupby(list(clusters))["photo_id"].transform("min") if clusters else ids
    rejected = [
        {"path": f"twin {number}.jpg", "status": "rejected", "photo_id": ids[place], "label": labels[place]}
        | {"group": group, "split": "", "cluster": ""}
        for number, (place, group) in enumerate(twins)
    ]
    return pd.concat([kept, pd.DataFrame(rejected)], ignore_index=True)


def check_split(manifest: pd.DataFrame, splits: pd.DataFrame, *, num_folds: int) -> None:
    """Asserts what any valid split is."""
    photos = manifest[manifest["status"] == "kept"]
    assert list(splits.columns) == ["photo_id", "component", "fold", "part"]
    keys = splits[["fold", "photo_id"]]
    pd.testing.assert_frame_equal(keys, keys.sort_values(["fold", "photo_id"], ignore_index=True))
    merged = splits.merge(photos, on="photo_id", validate="many_to_one")
    for fold in range(num_folds):
        rows = merged[merged["fold"] == fold]
        assert sorted(rows["photo_id"]) == sorted(photos["photo_id"])
        present = set(zip(rows["label"], rows["part"], strict=True))
        assert present == set(itertools.product(set(photos["label"]), PARTS)), "every label is in every part"
        for unit in ("group", "cluster", "component"):
            named = rows[rows[unit] != ""]
            assert (named.groupby(unit)["part"].nunique() == 1).all(), f"no {unit} is divided"
    assert len(splits) == num_folds * len(photos)
    if num_folds > 1:
        tested = splits.loc[splits["part"] == "test", "photo_id"]
        assert sorted(tested) == sorted(photos["photo_id"]), "every photo is tested once"
