"""The area under the ROC curve, of each label against the rest and their mean: evidence from predictions.

It is a mean over pairs of photos; its contributions are those of its two samples.
Source: Obuchowski 1997, Biometrics 53 (areas of clustered photos, from DeLong's structural components).
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from tenshots.evaluation import metrics
from tenshots.statistics.evidence import OF_AREA, Basis, Evidence, Scale
from tenshots.statistics.gathering import Rows, spread
from tenshots.statistics.tallies import Key
from tenshots.tables.predictions import labels_of, probabilities_of

ROC_AUC = "roc_auc"


def under_roc(rows: Rows) -> dict[Key, Evidence]:
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
            contributions=(moves[:, :, of].mean(axis=2) + spread(values, design.num_photos),),
            scale=Scale.SHARE,
            bases=tuple(basis for i in of for basis in pairs[i]),
            whole=Basis(everything) if key == Key(ROC_AUC) else None,
            teaching=OF_AREA,
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
