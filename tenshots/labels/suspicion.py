"""Labels that look wrong, by confident learning.

A classifier that did not learn from a photo gives each label a probability. A photo confidently looks like
a label where that is at least what photos of the label get on average; the thresholds are the labels' own,
so that one on which the classifier is always cautious is not suspected as a whole, nor one on which it is
always sure spared. Counted by label and look, these photos estimate how many labels are wrong; as many photos
are suspected, those that are nearer to another label by the widest margin. The estimate is one for all labels
together: with some hundred photos, each pair of labels has but one or two.
Source: Northcutt, Jiang and Chuang 2021, Journal of Artificial Intelligence Research 70, arXiv:1911.00068:
equations 1 (thresholds and confident joint) and 3 (its calibration to all photos of a label); margin as in
its method 4.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from tenshots.tables.predictions import labels_of, mean_over_repeats, probabilities_of
from tenshots.wording import counted

ROUNDING = 1e-9  # below a threshold; a mean of equal numbers may come out a little higher than they are
CAUTION = "Look before you change a label: a photo that is merely hard is suspected, too."


class Suspicion(NamedTuple):
    """What confident learning found.

    Attributes:
        thresholds: for each label the mean probability of it among photos of it, in [0, 1]; no number (NaN)
            where there are none, and then nothing is said to look like it.
        joint: int64, shape (num_labels, num_labels): photos by the label that they have (row) and that which
            they confidently look like (column). Photos that look confidently like none are left out.
        suspects: a row for each photo suspected: photo_id, label, suggested, p_label, p_suggested (always
            higher than p_label) and rank (from 1), by falling margin between the two.
    """

    thresholds: pd.Series
    joint: np.ndarray
    suspects: pd.DataFrame


def suspicion(predictions: pd.DataFrame) -> Suspicion:
    """Finds the photos whose label looks wrong.

    Args:
        predictions: of photos by classifiers that did not learn from them, nor from their component (see
            tenshots.tables.predictions); repeats are averaged.
    """
    photos, names = mean_over_repeats(predictions), labels_of(predictions)
    shares = probabilities_of(photos)
    given = pd.Index(names).get_indexer(photos["label"])
    rows = np.arange(len(photos))
    thresholds = np.array(
        [shares[given == i, i].mean() if (given == i).any() else np.nan for i in range(len(names))]
    )
    # Of several labels that a photo confidently looks like, the most probable (section 3.1 there).
    passing = shares >= thresholds - ROUNDING  # never, where there is no number
    looks = np.where(passing, shares, -1.0).argmax(axis=1)
    confident = passing.any(axis=1)
    joint = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(joint, (given[confident], looks[confident]), 1)
    # The label nearest to each photo's own, among those of which it is known how they look.
    others = np.where(np.isnan(thresholds), -1.0, shares)
    others[rows, given] = -1.0
    suggested = others.argmax(axis=1)
    table = photos[["photo_id", "label"]].assign(
        suggested=np.array(names, dtype=object)[suggested],
        p_label=shares[rows, given],
        p_suggested=others[rows, suggested],
    )
    margins = (table["p_suggested"] - table["p_label"]).to_numpy(np.float64)
    order = np.lexsort((table["photo_id"].to_numpy(str), -margins))[: _num_wrong(joint, given)]
    table = table.iloc[order[margins[order] > 0]].reset_index(drop=True)
    return Suspicion(
        pd.Series(thresholds, index=names), joint, table.assign(rank=np.arange(1, len(table) + 1))
    )


def _num_wrong(joint: np.ndarray, given: np.ndarray) -> int:
    """Estimates how many labels are wrong: photos that look like something stand for all of their label."""
    confident = joint.sum(axis=1)
    shares = (confident - np.diag(joint)) / np.maximum(confident, 1)
    return round(float(np.bincount(given, minlength=len(joint)) @ shares))


def sentence(num_suspects: int, num_judged: int, *, accuracy: float | None) -> str:
    """Returns how many photos are suspected, how good the judge is, and what to do about it.

    Args:
        num_suspects: photos.
        num_judged: photos that could be judged.
        accuracy: share of them that the judge names as they are labelled, in [0, 1]; None where there are
            none.
    """
    if not num_judged or accuracy is None:
        return "No label could be judged."
    judge = f"a classifier that had not seen them and agrees with {100 * accuracy:.0f} % of their labels"
    if not num_suspects:
        return f"According to {judge}, none of {counted(num_judged, 'photo')} looks wrongly labelled."
    looks = "looks" if num_suspects == 1 else "look"
    return (
        f"{num_suspects:,} of {counted(num_judged, 'photo')} {looks} more like another label to {judge}. "
        f"{CAUTION}"
    )
