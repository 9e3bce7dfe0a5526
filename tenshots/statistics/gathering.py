"""Predictions in, evidence out: on every figure that is a function of a few sums, and on reliability.

All figures but the area under the ROC curve are functions of a few sums (photos, right answers and answers of
each label; losses), so one pass over the predictions is enough for all of them, and so is one for their
resamples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from tenshots.evaluation import metrics
from tenshots.statistics import tallies
from tenshots.statistics.evidence import Design, Evidence, Scale, ratio
from tenshots.statistics.resampling import MIN_TO_RESAMPLE, resampled_totals
from tenshots.statistics.tallies import Key
from tenshots.tables.predictions import labels_of, probabilities_of


@dataclass(frozen=True, eq=False)
class Rows:
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


def figures(rows: Rows) -> tuple[dict[Key, Evidence], str]:
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
            contributions=(moves[:, :, column] + spread(values[:, column], foundation.sizes),),
            scale=scale,
            bases=foundation.bases,
            whole=foundation.whole,
            replicates=None if replicates is None else replicates[:, column],
            num_rarer=foundation.num_rarer if scale is Scale.SHARE else None,
            exact=scale is Scale.SHARE,
            teaching=tallies.teaching(key),
        )
    return evidence, labels[commonest]


def bins(rows: Rows) -> Iterator[Evidence]:
    """Yields the evidence on the share right of each bin of the reliability curve."""
    confidence, right = metrics.confidences(rows.predictions)
    for chosen in metrics.confidence_bins(confidence):
        amounts = rows.summed(1.0 * right[chosen], chosen)
        sizes = rows.summed(np.ones(len(chosen)), chosen)
        yield ratio(amounts, sizes, rows.design, Scale.SHARE, resampled=False)


def spread(values: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Lays what moves a whole repeat on its cells, by their sizes: shape (num_cells, num_repeats)."""
    total = sizes.sum()
    weights = sizes / total if total > 0 else np.full(len(sizes), 1 / len(sizes))
    laid: np.ndarray = weights[:, np.newaxis] * (values - values.mean())
    return laid


def _sums(rows: Rows) -> np.ndarray:
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
    drawn = resampled_totals(csr_array(by_component.reshape(num_components, -1)))
    # Repeat by repeat: with many labels all of them at once would fill the memory.
    means: np.ndarray = np.mean(
        [
            tallies.values(drawn[:, r * num_sums : (r + 1) * num_sums], commonest=commonest)
            for r in range(num_repeats)
        ],
        axis=0,
    )
    return means
