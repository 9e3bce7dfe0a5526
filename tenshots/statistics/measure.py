"""The figures of a variant's test photos, each with its 95 % interval.

What is estimated: the figure on photos of new components (new people, say), for this way of training. See
tenshots.statistics.intervals for how, and tenshots.statistics.gains for the difference of two variants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tenshots.errors import DataError
from tenshots.statistics import areas, gathering, intervals, trainings
from tenshots.statistics.evidence import Design, Evidence, Teachers
from tenshots.statistics.intervals import Estimate
from tenshots.statistics.tallies import Key
from tenshots.tables.predictions import predicted


@dataclass(frozen=True, eq=False)
class Measured:
    """The predictions of one variant, ready for estimates and comparisons.

    Attributes:
        photo_ids: of the test photos, sorted.
        right: float, shape (num_photos,): share of each photo's predictions that are right, in [0, 1].
        repeats: the numbers of the repeats, sorted.
        design: where the photos were tested.
        commonest: the commonest true label; ties go to the first.
        evidence: of each figure; of the area under the ROC curve only where each label is shown.
        bins: of the reliability curve, by rising confidence: the share right.
    """

    photo_ids: np.ndarray
    right: np.ndarray
    repeats: list[int]
    design: Design
    commonest: str
    evidence: Mapping[Key, Evidence]
    bins: tuple[Evidence, ...]


def measure(predictions: pd.DataFrame, components: pd.Series, teachers: Teachers | None = None) -> Measured:
    """Sums up a variant's predictions of test photos.

    Args:
        predictions: all folds and repeats (see tenshots.tables.predictions).
        components: the component of each photo that is tested or teaches, indexed by photo_id.
        teachers: who taught, if `components` does not tell because it holds the tested photos alone.

    Raises:
        DataError: a photo lacks a repeat, or has one more than once.
    """
    photo_codes, photo_ids = pd.factorize(predictions["photo_id"], sort=True)
    fold_codes, _ = pd.factorize(predictions["fold"], sort=True)
    repeat_codes, repeats = pd.factorize(predictions["repeat"], sort=True)
    _check_complete(photo_codes, fold_codes, repeat_codes)
    component_codes, tested = pd.factorize(components.loc[photo_ids].to_numpy(), sort=True)
    pairs = np.stack([component_codes[photo_codes], fold_codes], axis=1)
    cells, cell_codes = np.unique(pairs, axis=0, return_inverse=True)
    cell_codes, num_repeats = cell_codes.ravel(), len(repeats)  # NumPy 2.0 gave a column
    if teachers is None:
        several = bool(fold_codes.any())
        teachers = Teachers(int(components.nunique()) - (0 if several else len(tested)), tested=several)
    design = Design(
        components=cells[:, 0],
        folds=cells[:, 1],
        num_photos=np.bincount(cell_codes) / num_repeats,
        num_teaching=teachers.number,
        crossed=teachers.tested,
    )
    rows = gathering.Rows(predictions, cell_codes, repeat_codes, num_repeats, design)
    right = (predicted(predictions) == predictions["label"].to_numpy()).astype(np.float64)
    found, commonest = gathering.figures(rows)
    return Measured(
        photo_ids=np.asarray(photo_ids),
        right=np.bincount(photo_codes, right) / np.bincount(photo_codes),
        repeats=[int(repeat) for repeat in repeats],
        design=design,
        commonest=commonest,
        evidence={**found, **areas.under_roc(rows)},
        bins=tuple(gathering.bins(rows)),
    )


def every_figure(measured: Measured, others: Sequence[Measured] = ()) -> dict[Key, Estimate]:
    """Returns every figure with its interval.

    Of all labels (Key(figure)): accuracy, balanced_accuracy, macro_f1 and roc_auc in [0, 1]; log_loss in nats
    and brier_loss in [0, 2]; overconfidence, the mean confidence less the accuracy, and over_guess, the
    accuracy less that of always answering the commonest label, in [-1, 1]; commonest, the share of that
    label. Of each label (Key(figure, label)): recall, precision, f1 and roc_auc in [0, 1].

    Args:
        measured: a variant.
        others: the other variants, which tell more of what seeds do (see trainings.pooled).
    """
    return {key: figure(key, measured, others) for key in measured.evidence}


def figure(key: Key, measured: Measured, others: Sequence[Measured] = ()) -> Estimate:
    """Returns one figure with its interval; for the arguments see `every_figure`."""
    evidence = measured.evidence[key]
    alike = [
        evidence,
        *(other.evidence[key] for other in others if len(other.repeats) == len(measured.repeats)),
    ]
    seeds = trainings.pooled(alike, measured.design, num_free=len(alike))
    return intervals.estimate(evidence, measured.design, seeds=seeds)


def reliability(measured: Measured) -> list[Estimate]:
    """Returns the share right of each bin of the reliability curve (see metrics.calibration)."""
    return [intervals.estimate(each, measured.design) for each in measured.bins]


def accuracy(predictions: pd.DataFrame, components: pd.Series) -> Estimate:
    """Estimates the share of right answers on photos of components like these, in [0, 1].

    Args:
        predictions: of test photos, all folds and repeats (see tenshots.tables.predictions).
        components: as in `measure`.
    """
    return figure(Key("accuracy"), measure(predictions, components))


def components_of(splits: pd.DataFrame) -> pd.Series:
    """Returns the component of each photo, indexed by photo_id.

    Args:
        splits: columns photo_id and component (see splitting.division); a row for each fold of a photo.
    """
    first = splits.drop_duplicates("photo_id")
    return pd.Series(first["component"].to_numpy(), index=first["photo_id"].to_numpy())


def _check_complete(photos: np.ndarray, folds: np.ndarray, repeats: np.ndarray) -> None:
    tested = np.unique(np.stack([photos, folds], axis=1), axis=0)
    rows = np.unique(np.stack([photos, folds, repeats], axis=1), axis=0)
    if len(rows) != len(photos) or len(rows) != len(tested) * (int(repeats.max()) + 1):
        raise DataError(
            "predictions must hold each test photo once in every repeat of its fold, got "
            f"{len(photos)} rows of {len(tested)} photos; run `dvc repro`"
        )
