"""A plain random split of single photos, whoever took them: what this project's split is compared with."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tenshots.seeds import derived_seed


def random_splits(photos: pd.DataFrame, splits: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Returns the plain random split that `leakage` counts the siblings of, so that it can be learnt from.

    Single photos are dealt, whoever took them, stratified by label, with as many folds and as large parts.

    Args:
        photos: photo_id and label of every photo that `splits` names.
        splits: what `splitting.split` made of them.
        seed: the experiment's.

    Returns:
        Columns photo_id, component, fold and part, sorted by fold and photo_id.
    """
    ordered = splits.sort_values(["fold", "photo_id"], ignore_index=True)
    labels = photos.sort_values("photo_id")["label"]
    parts = ordered["part"].to_numpy().astype("<U5").reshape(-1, len(labels))
    return ordered.assign(part=random_parts(labels, parts, seed).ravel())


def num_with_sibling(splits: pd.DataFrame) -> int:
    """Counts the test photos, fold by fold, that have a photo of their component in training."""
    trained = splits.loc[splits["part"] == "train", ["component", "fold"]].drop_duplicates()
    return len(splits[splits["part"] == "test"].merge(trained, on=["component", "fold"]))


def random_parts(labels: pd.Series, parts: np.ndarray, seed: int) -> np.ndarray:
    """Returns the parts of single photos dealt at random, stratified, in the shape and shares of `parts`."""
    generator = np.random.default_rng(derived_seed(seed, "leakage"))
    num_folds, num_photos = parts.shape
    order = np.lexsort((generator.permutation(num_photos), labels.to_numpy().astype(str)))
    dealt = np.full_like(parts, "train")
    for fold in range(num_folds):
        # Photos lie in random order within each label, so that a sample at even distances is stratified.
        tested = (
            np.arange(num_photos) % num_folds == fold
            if num_folds > 1
            else _spread(num_photos, int((parts[fold] == "test").sum()))
        )
        dealt[fold, order[tested]] = "test"
        rest = order[~tested]
        num_rest, num_val = (parts[fold] != "test").sum(), (parts[fold] == "val").sum()
        dealt[fold, rest[_spread(len(rest), int(len(rest) * num_val // max(num_rest, 1)))]] = "val"
    return dealt


def _spread(number: int, num_chosen: int) -> np.ndarray:
    """Returns a mask, shape (number,), of `num_chosen` places that lie evenly."""
    return np.diff(np.arange(number + 1) * num_chosen // max(number, 1)) > 0
