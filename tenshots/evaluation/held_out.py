"""What the trainings of a variant answered on photos that they did not learn, once it is sure whose it is."""

from __future__ import annotations

import pandas as pd

from tenshots.errors import DataError
from tenshots.networks.model_json import SavedVariant
from tenshots.tables import probabilities
from tenshots.tables.paths import DATABASE, SPLITS
from tenshots.tables.predictions import KEYS, labels_of

PARTS = ("test", "val")


def parts(
    saved: SavedVariant, predictions: pd.DataFrame, photos: pd.DataFrame, splits: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Divides predictions by part, if each training answered the test and validation photos of its own fold.

    Args:
        saved: the variant.
        predictions: that training left, with `part` (see tables.predictions).
        photos: columns photo_id and label.
        splits: columns photo_id, fold and part.

    Returns:
        The predictions of test photos and those of validation photos, without `part`, sorted by fold, repeat
        and photo_id.

    Raises:
        DataError: photos show a label that the variant does not know, or the tables are not of one
            experiment, or a row holds no probabilities.
    """
    unknown = sorted(set(photos["label"]) - set(saved.labels))
    if unknown:
        raise DataError(f"variant {saved.variant} was never taught {', '.join(unknown)}; run `dvc repro`")
    if "part" not in predictions or labels_of(predictions) != saved.labels:
        raise DataError(
            f"the predictions of {saved.variant} must have the columns part and p_LABEL of "
            f"{', '.join(saved.labels)}, got {', '.join(map(str, predictions.columns))}; run `dvc repro`"
        )
    fold = _odd_fold(saved, predictions, photos, splits)
    if fold is not None:
        raise DataError(
            f"{SPLITS}, {DATABASE} and the predictions of {saved.variant} do not agree on fold {fold}; "
            "run `dvc repro`"
        )
    probabilities.check(predictions, f"the predictions of {saved.variant}")
    ordered = predictions.sort_values(KEYS, ignore_index=True)
    test, val = (
        ordered[ordered["part"] == part].drop(columns="part").reset_index(drop=True) for part in PARTS
    )
    return test, val


def _odd_fold(
    saved: SavedVariant, predictions: pd.DataFrame, photos: pd.DataFrame, splits: pd.DataFrame
) -> int | None:
    """Returns the first fold whose photos, labels and parts are not those that were answered."""
    wanted = splits[splits["part"].isin(PARTS)].merge(photos, on="photo_id", how="left")
    wanted["label"] = wanted["label"].fillna("")  # of a photo that is gone
    columns = ["photo_id", "label", "part"]
    for fold in sorted({*splits["fold"], *predictions["fold"], *(fit.fold for fit in saved.fits)}):
        rows = wanted[wanted["fold"] == fold]
        answered = predictions.loc[predictions["fold"] == fold, ["repeat", *columns]]
        expected = [
            (fit.repeat, *row)
            for fit in saved.fits
            if fit.fold == fold
            for row in rows[columns].itertuples(index=False, name=None)
        ]
        found = answered.itertuples(index=False, name=None)
        if not expected or sorted(expected) != sorted(found) or set(rows["part"]) != set(PARTS):
            return int(fold)
    return None
