"""Saved variants: rebuilds the network, loads the weights of each training, and predicts photos.

Evaluation and prediction of new photos both go through `probabilities`, so what was measured is what is
used.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from tenshots.errors import DataError
from tenshots.networks.stored import SavedTraining, SavedVariant, probabilities, rebuild
from tenshots.tables.database import decode
from tenshots.tables.paths import DATABASE, SPLITS
from tenshots.tables.predictions import KEYS, table


def evaluate(
    saved: SavedVariant,
    folder: Path,
    photos: pd.DataFrame,
    splits: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predicts, with each training, the test and the validation photos of its own fold.

    Args:
        saved: the variant.
        folder: its weights.
        photos: columns photo_id, label and image (encoded).
        splits: columns photo_id, fold and part.

    Returns:
        The predictions of test photos and those of validation photos (see tables.predictions), sorted by
        fold, repeat and photo_id.

    Raises:
        DataError: a photo or a fold is missing, or photos show a label that the variant does not know: the
            tables are not of one experiment.
    """
    model = rebuild(saved)
    tables: dict[str, list[pd.DataFrame]] = {"test": [], "val": []}
    for fold, rows, fits in _folds(saved, photos, splits):
        images = decode(rows["image"])
        for fit in fits:
            answers = table(
                rows,
                probabilities(model, folder / fit.weights, images),
                saved.labels,
                fold=fold,
                repeat=fit.repeat,
            )
            for part, wanted in tables.items():
                wanted.append(answers[(rows["part"] == part).to_numpy()])
    test, val = (pd.concat(rows).sort_values(KEYS, ignore_index=True) for rows in tables.values())
    return test, val


def _folds(
    saved: SavedVariant, photos: pd.DataFrame, splits: pd.DataFrame
) -> Iterator[tuple[int, pd.DataFrame, list[SavedTraining]]]:
    """Yields each fold, its photos to predict (with their part), and the trainings that saw neither."""
    unknown = sorted(set(photos["label"]) - set(saved.labels))
    if unknown:
        raise DataError(f"variant {saved.variant} was never taught {', '.join(unknown)}; run `dvc repro`")
    for fold in sorted({fit.fold for fit in saved.fits}):
        parts = splits[(splits["fold"] == fold) & splits["part"].isin(["test", "val"])]
        rows = parts[["photo_id", "part"]].merge(photos, on="photo_id", how="inner", validate="one_to_one")
        if len(rows) != len(parts) or set(rows["part"]) != {"test", "val"}:
            raise DataError(
                f"{SPLITS} and {DATABASE} do not agree on fold {fold} of {saved.variant}; run `dvc repro`"
            )
        yield fold, rows, [fit for fit in saved.fits if fit.fold == fold]
