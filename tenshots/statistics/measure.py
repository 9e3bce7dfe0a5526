"""The figures of a variant's test photos, and the difference of two variants, each with its 95 % interval.

What is estimated: the figure on photos of new components (new people, say), for this way of training. See
tenshots.statistics.intervals for how, and tenshots.statistics.claims for what may be said of a difference.

All figures but the area under the ROC curve are functions of a few sums (photos, right answers and answers of
each label; losses), so one pass over the predictions is enough for all of them, and so is one for their
resamples. The area is a mean over pairs of photos; its contributions are those of its two samples.
Source: Obuchowski 1997, Biometrics 53 (areas of clustered photos, from DeLong's structural components).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.stats import rankdata

from tenshots.errors import DataError
from tenshots.evaluation import metrics
from tenshots.statistics import intervals, tallies
from tenshots.statistics.intervals import MIN_TO_RESAMPLE, Basis, Design, Estimate, Evidence, Scale
from tenshots.statistics.tallies import Key
from tenshots.tables.predictions import labels_of, predicted, probabilities_of

ROC_AUC = "roc_auc"


@dataclass(frozen=True, eq=False)
class Measured:
    """The predictions of one variant, ready for estimates and comparisons.

    Attributes:
        photo_ids: of the test photos, sorted.
        right: float, shape (num_photos,): share of each photo's predictions that are right, in [0, 1].
        repeats: the numbers of the repeats, sorted.
        design: where the photos were tested.
        commonest: the commonest true label, of equals the first.
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


def measure(predictions: pd.DataFrame, components: pd.Series) -> Measured:
    """Sums up a variant's predictions of test photos.

    Args:
        predictions: all folds and repeats (see tenshots.tables.predictions).
        components: the component of each photo, indexed by photo_id.

    Raises:
        DataError: a photo lacks a repeat, or has one twice.
    """
    photo_codes, photo_ids = pd.factorize(predictions["photo_id"], sort=True)
    fold_codes, _ = pd.factorize(predictions["fold"], sort=True)
    repeat_codes, repeats = pd.factorize(predictions["repeat"], sort=True)
    _check_complete(photo_codes, fold_codes, repeat_codes)
    component_codes, _ = pd.factorize(components.loc[photo_ids].to_numpy(), sort=True)
    pairs = np.stack([component_codes[photo_codes], fold_codes], axis=1)
    cells, cell_codes = np.unique(pairs, axis=0, return_inverse=True)
    cell_codes, num_repeats = cell_codes.ravel(), len(repeats)  # NumPy 2.0 gave a column
    design = Design(
        components=cells[:, 0], folds=cells[:, 1], num_photos=np.bincount(cell_codes) / num_repeats
    )
    rows = _Rows(predictions, cell_codes, repeat_codes, num_repeats, design)
    right = (predicted(predictions) == predictions["label"].to_numpy()).astype(np.float64)
    evidence, commonest = _figures(rows)
    return Measured(
        photo_ids=np.asarray(photo_ids),
        right=np.bincount(photo_codes, right) / np.bincount(photo_codes),
        repeats=[int(repeat) for repeat in repeats],
        design=design,
        commonest=commonest,
        evidence={**evidence, **_areas(rows)},
        bins=tuple(_bins(rows)),
    )


def estimates(measured: Measured) -> dict[Key, Estimate]:
    """Returns every figure with its interval.

    Of all labels (Key(figure)): accuracy, balanced_accuracy, macro_f1 and roc_auc in [0, 1]; log_loss in nats
    and brier_loss in [0, 2]; overconfidence, the mean confidence less the accuracy, and over_guess, the
    accuracy less that of always answering the commonest label, in [-1, 1]; commonest, the share of that
    label. Of each label (Key(figure, label)): recall, precision, f1 and roc_auc in [0, 1].
    """
    return {key: intervals.estimate(evidence, measured.design) for key, evidence in measured.evidence.items()}


def reliability(measured: Measured) -> list[Estimate]:
    """Returns the share right of each bin of the reliability curve (see metrics.calibration)."""
    return [intervals.estimate(evidence, measured.design) for evidence in measured.bins]


def accuracy(predictions: pd.DataFrame, components: pd.Series) -> Estimate:
    """Estimates the share of right answers on photos of components like these, in [0, 1].

    Args:
        predictions: of test photos, all folds and repeats (see tenshots.tables.predictions).
        components: the component of each photo, indexed by photo_id.
    """
    measured = measure(predictions, components)
    return intervals.estimate(measured.evidence[Key("accuracy")], measured.design)


def difference(
    predictions: pd.DataFrame, reference: pd.DataFrame, components: pd.Series, *, num_comparisons: int = 1
) -> Estimate:
    """Estimates by how much more often `predictions` are right than `reference`, in [-1, 1].

    Args:
        predictions: of one variant's test photos, all folds and repeats.
        reference: of another's, on the same photos.
        components: the component of each photo, indexed by photo_id.
        num_comparisons: see `gain`.
    """
    return gain(
        measure(predictions, components), measure(reference, components), num_comparisons=num_comparisons
    )


def gain(measured: Measured, reference: Measured, *, num_comparisons: int = 1) -> Estimate:
    """Estimates by how much the accuracy of `measured` exceeds that of `reference`, in [-1, 1].

    Both are compared on each photo (a hard photo is hard for both), which leaves less noise than comparing
    two intervals. A training of fold f and repeat r starts from the same seed in every variant, so repeats
    are paired; where the variants have other repeats, their noise adds up.

    Args:
        measured: one variant.
        reference: another, on the same photos.
        num_comparisons: how many such intervals shall hold together, from 1 (see intervals.estimate).

    Raises:
        DataError: the variants were tested on other photos, or in other folds.
    """
    design, other = measured.design, reference.design
    if (
        not np.array_equal(measured.photo_ids, reference.photo_ids)
        or not np.array_equal(design.folds, other.folds)
        or not np.array_equal(design.num_photos, other.num_photos)
    ):
        raise DataError("the variants were not tested on the same photos in the same folds; run `dvc repro`")
    evidence = intervals.minus(
        measured.evidence[Key("accuracy")],
        reference.evidence[Key("accuracy")],
        paired=measured.repeats == reference.repeats,
    )
    found = intervals.estimate(evidence, design, num_comparisons=num_comparisons)
    if found.num_components >= intervals.MIN_COMPONENTS:
        return found
    return found._replace(between=_planned_variance(measured.right - reference.right, design.num_components))


def components_of(splits: pd.DataFrame) -> pd.Series:
    """Returns the component of each photo, indexed by photo_id.

    Args:
        splits: columns photo_id and component (see splitting.division); a row for each fold of a photo.
    """
    first = splits.drop_duplicates("photo_id")
    return pd.Series(first["component"].to_numpy(), index=first["photo_id"].to_numpy())


@dataclass(frozen=True, eq=False)
class _Rows:
    """Predictions, and the cell and repeat of each row; int, shape (num_rows,)."""

    predictions: pd.DataFrame
    cells: np.ndarray
    repeats: np.ndarray
    num_repeats: int
    design: Design

    def summed(self, values: np.ndarray, chosen: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Sums a value of each chosen row: float, shape (num_cells, num_repeats)."""
        codes = self.cells[chosen] * self.num_repeats + self.repeats[chosen]
        shape = (len(self.design.folds), self.num_repeats)
        return np.bincount(codes, values, minlength=shape[0] * shape[1]).reshape(shape)


def _check_complete(photos: np.ndarray, folds: np.ndarray, repeats: np.ndarray) -> None:
    tested = np.unique(np.stack([photos, folds], axis=1), axis=0)
    rows = np.unique(np.stack([photos, folds, repeats], axis=1), axis=0)
    if len(rows) != len(photos) or len(rows) != len(tested) * (int(repeats.max()) + 1):
        raise DataError(
            "predictions must hold each test photo once in every repeat of its fold, got "
            f"{len(photos)} rows of {len(tested)} photos; run `dvc repro`"
        )


def _planned_variance(gains: np.ndarray, num_components: int) -> float:
    """Returns the variance of the mean gain that components of this size have at the assumed correlation.

    Two or three components say next to nothing of how components differ, but their photos say how much a
    photo's gain varies. It is for planning only (the design effect of Kish 1965, Survey Sampling).
    """
    inflated = 1 + (len(gains) / num_components - 1) * intervals.CORRELATION
    return float(gains.var()) * inflated / len(gains)


def _figures(rows: _Rows) -> tuple[dict[Key, Evidence], str]:
    """Returns the evidence on every figure that is a function of sums, and the commonest label."""
    labels, design = labels_of(rows.predictions), rows.design
    sums = _sums(rows)
    totals = sums.sum(axis=0)
    commonest = int(totals[0, : len(labels)].argmax())
    values = tallies.values(totals, commonest=commonest)
    moves = np.stack(
        [sums[:, r] @ tallies.slopes(totals[r], commonest=commonest).T for r in range(rows.num_repeats)],
        axis=1,
    )
    by_component = design.by_component(sums)
    replicates = _replicates(by_component, commonest) if design.num_components >= MIN_TO_RESAMPLE else None
    found = tallies.foundations(sums.mean(axis=1), by_component.mean(axis=1), labels)
    evidence = {}
    for column, key in enumerate(tallies.keys(labels)):
        scale, foundation = tallies.scale(key), found[key]
        evidence[key] = Evidence(
            value=float(values[:, column].mean()),
            contributions=(moves[:, :, column] + _shared(values[:, column], foundation.sizes),),
            scale=scale,
            bases=foundation.bases,
            replicates=None if replicates is None else replicates[:, column],
            num_rarer=foundation.num_rarer if scale is Scale.SHARE else None,
            exact=scale is Scale.SHARE,
        )
    return evidence, labels[commonest]


def _sums(rows: _Rows) -> np.ndarray:
    """Returns the sums of each cell and repeat (see `tallies`): (num_cells, num_repeats, num_sums)."""
    truth, answers = metrics.truths(rows.predictions), probabilities_of(rows.predictions).argmax(axis=1)
    hits = np.where(truth == answers, truth, -1)  # -1 is no label
    counts = [
        rows.summed(np.ones(np.count_nonzero(codes == i)), np.flatnonzero(codes == i))
        for codes in (truth, hits, answers)
        for i in range(len(labels_of(rows.predictions)))
    ]
    others = [
        rows.summed(each)
        for each in (
            metrics.log_losses(rows.predictions),
            metrics.brier_losses(rows.predictions),
            metrics.confidences(rows.predictions)[0],
        )
    ]
    sums: np.ndarray = np.stack([*counts, *others], axis=-1)
    return sums


def _replicates(by_component: np.ndarray, commonest: int) -> np.ndarray:
    """Returns the figures of resampled components, the means over repeats: (num_replicates, num_figures)."""
    num_components, num_repeats, num_sums = by_component.shape
    drawn = intervals.resampled_totals(csr_array(by_component.reshape(num_components, -1)))
    # Repeat by repeat: with many labels all of them at once would fill the memory.
    means: np.ndarray = np.mean(
        [
            tallies.values(drawn[:, r * num_sums : (r + 1) * num_sums], commonest=commonest)
            for r in range(num_repeats)
        ],
        axis=0,
    )
    return means


def _shared(values: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Lays what moves a whole repeat on its cells, by their sizes: shape (num_cells, num_repeats)."""
    total = sizes.sum()
    weights = sizes / total if total > 0 else np.full(len(sizes), 1 / len(sizes))
    laid: np.ndarray = weights[:, np.newaxis] * (values - values.mean())
    return laid


def _areas(rows: _Rows) -> dict[Key, Evidence]:
    """Returns the evidence on the area under the ROC curve, of each label against the rest and their mean.

    There are no replicates: t on the logit is the usual interval (Pepe 2003, section 5.2.5).
    """
    if metrics.roc_auc_reason(rows.predictions):
        return {}
    labels, design = labels_of(rows.predictions), rows.design
    truth, probabilities = metrics.truths(rows.predictions), probabilities_of(rows.predictions)
    areas = np.zeros((rows.num_repeats, len(labels)))
    moves = np.zeros((len(design.folds), rows.num_repeats, len(labels)))
    for repeat in range(rows.num_repeats):
        chosen = np.flatnonzero(rows.repeats == repeat)
        for i in range(len(labels)):
            areas[repeat, i], shifts = _area(probabilities[chosen, i], truth[chosen] == i)
            moves[:, repeat, i] = np.bincount(rows.cells[chosen], shifts, minlength=len(design.folds))
    once = rows.repeats == 0
    shown = [design.by_component(rows.summed(1.0 * (once & (truth == i)))[:, 0]) for i in range(len(labels))]
    everything = design.by_component(design.num_photos)
    pairs = [
        (
            Basis(sizes, f" that show {label}"),
            Basis(everything - sizes, f" that show another label than {label}"),
        )
        for label, sizes in zip(labels, shown, strict=True)
    ]
    found = {}
    columns = {Key(ROC_AUC, label): [i] for i, label in enumerate(labels)}
    for key, of in {Key(ROC_AUC): list(range(len(labels))), **columns}.items():
        values = areas[:, of].mean(axis=1)
        found[key] = Evidence(
            value=float(values.mean()),
            contributions=(moves[:, :, of].mean(axis=2) + _shared(values, design.num_photos),),
            scale=Scale.SHARE,
            bases=tuple(basis for i in of for basis in pairs[i]),
        )
    return found


def _area(scores: np.ndarray, positive: np.ndarray) -> tuple[float, np.ndarray]:
    """Returns the area under the ROC curve, and by how much each row moves it: shape (num_rows,)."""
    num_positive = int(positive.sum())
    num_negative = len(scores) - num_positive
    ranks = rankdata(scores)
    shares = np.zeros(len(scores))
    # The share of the other sample that lies on the right side of each score, ties by half.
    shares[positive] = (ranks[positive] - rankdata(scores[positive])) / num_negative
    shares[~positive] = 1 - (ranks[~positive] - rankdata(scores[~positive])) / num_positive
    area = float(shares[positive].mean())
    return area, (shares - area) / np.where(positive, num_positive, num_negative)


def _bins(rows: _Rows) -> Iterator[Evidence]:
    """Yields the evidence on the share right of each bin of the reliability curve."""
    confidence, right = metrics.confidences(rows.predictions)
    for chosen in metrics.confidence_bins(confidence):
        amounts = rows.summed(1.0 * right[chosen], chosen)
        sizes = rows.summed(np.ones(len(chosen)), chosen)
        yield intervals.ratio(amounts, sizes, rows.design, Scale.SHARE, resampled=False)
