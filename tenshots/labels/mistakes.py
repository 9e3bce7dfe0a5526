"""What a page shows of data and mistakes: functions over the tables and files that the stages leave.

Nothing here reads a file, computes with TensorFlow or writes HTML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tenshots.labels.answers import Answer, answer_of, answered_by, entropies, shares_of
from tenshots.tables.predictions import labels_of
from tenshots.wording import counted


@dataclass(frozen=True)
class Disagreement:
    """A photo on which variants differ; `divergence`, in [0, 1], says how much; one answer per variant."""

    photo_id: str
    label: str
    divergence: float
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Answered:
    """A photo in a cell of a confusion matrix; probabilities of answer and true label, in [0, 1]."""

    photo_id: str
    confidence: float
    p_label: float


@dataclass(frozen=True)
class Member:
    """A photo of a near-duplicate cluster."""

    photo_id: str
    path: str
    label: str
    group: str


@dataclass(frozen=True)
class Cluster:
    """Near-duplicates: two photos or more, by path; whether they are of several groups, or labels."""

    cluster: str
    photos: tuple[Member, ...]
    across_groups: bool
    across_labels: bool


@dataclass(frozen=True)
class Leak:
    """What a random split of single photos would have leaked.

    Attributes:
        num_test_photos: of all its folds.
        num_with_sibling: of these, how many have a photo of the same component (see splitting.division) in
            the training part of their fold.
        num_near_duplicates: how many have a near-duplicate there.
        num_now: how many of the test photos of the split that was made have a sibling there.
        sentence: all this in words.
    """

    num_test_photos: int
    num_with_sibling: int
    num_near_duplicates: int
    num_now: int
    sentence: str


def disagreements(predictions: Mapping[str, pd.DataFrame]) -> list[Disagreement]:
    """Returns the photos on whose answer the variants differ, those that divide them most first.

    How much is the generalised Jensen-Shannon divergence of their probabilities, the entropy of the mean less
    the mean entropy, as a share of the highest possible: 0 where all say the same, 1 where each is certain of
    another label. Source: Lin 1991, IEEE Transactions on Information Theory 37, section IV.

    Args:
        predictions: of each variant; photos that one of them was not tested on are left out.
    """
    if len(predictions) < 2:
        return []
    answered = {variant: answered_by(rows) for variant, rows in predictions.items()}
    tables = list(answered.values())
    common = sorted(set.intersection(*(set(table.index) for table in tables)))
    named = np.stack([table.loc[common, "predicted"].to_numpy(str) for table in tables])
    differ = [photo for photo, column in zip(common, named.T, strict=True) if len(set(column)) > 1]
    names = sorted(set.union(*(set(labels_of(rows)) for rows in predictions.values())))
    shares = np.stack([shares_of(rows, names, differ) for rows in predictions.values()])
    highest = np.log(min(len(tables), len(names)))
    divergences = (entropies(shares.mean(axis=0)) - entropies(shares).mean(axis=0)) / highest
    found = [
        Disagreement(
            photo_id=photo,
            label=str(tables[0].loc[photo, "label"]),
            divergence=float(divergence),
            answers=tuple(answer_of(variant, table.loc[photo]) for variant, table in answered.items()),
        )
        for photo, divergence in zip(differ, divergences, strict=True)
    ]
    return sorted(found, key=lambda one: (-one.divergence, one.photo_id))


def confusion_cells(predictions: pd.DataFrame) -> dict[tuple[str, str], tuple[Answered, ...]]:
    """Returns the photos of each cell of a variant's confusion matrix.

    Returns:
        Of every pair (true label, answer) its photos, the surest answer first; none where the cell is empty.
        The cells of wrong answers come first, that of the surest answer before the others; then the right
        ones.
    """
    table, names = answered_by(predictions), labels_of(predictions)
    ordered = table.reset_index().sort_values(["confidence", "photo_id"], ascending=[False, True])
    cells: dict[tuple[str, str], list[Answered]] = {
        (label, answer): [] for label in names for answer in names
    }
    for row in ordered.itertuples():
        cells[row.label, row.predicted].append(Answered(row.photo_id, row.confidence, row.p_label))

    def first(cell: tuple[str, str]) -> tuple[bool, float]:
        photos = cells[cell]
        return cell[0] == cell[1], -photos[0].confidence if photos else 0.0

    return {cell: tuple(cells[cell]) for cell in sorted(cells, key=first)}


def clusters(manifest: pd.DataFrame) -> list[Cluster]:
    """Returns the near-duplicates among the kept photos: clusters of two photos or more.

    Those of several labels come first, as one of the labels may be wrong, then those of several groups, then
    the largest.

    Args:
        manifest: path, status, photo_id, label, group and cluster of every file found.
    """
    kept = manifest[manifest["status"] == "kept"].sort_values("path")
    members: dict[str, list[Member]] = {}
    for row in kept[kept.duplicated("cluster", keep=False)].itertuples():
        members.setdefault(row.cluster, []).append(Member(row.photo_id, row.path, row.label, row.group))
    found = [
        Cluster(
            cluster=name,
            photos=tuple(photos),
            across_groups=len({photo.group for photo in photos} - {""}) > 1,
            across_labels=len({photo.label for photo in photos}) > 1,
        )
        for name, photos in members.items()
    ]
    return sorted(
        found,
        key=lambda one: (not one.across_labels, not one.across_groups, -len(one.photos), one.photos[0].path),
    )


def leak(found: Mapping[str, Any]) -> Leak:
    """Returns what a random split would have leaked, from leakage.json (see tenshots.splitting.leakage)."""
    at_random, now = found["random_split"], found["split"]["with_sibling_in_training"]["component"]
    number, siblings = at_random["num_test_photos"], at_random["with_sibling_in_training"]
    related, near = siblings["component"], siblings["cluster"]
    sibling = "a photo of the same group, or a near-duplicate," if found["num_groups"] else "a near-duplicate"
    percent = f"{100 * related / max(number, 1):.0f}\N{NO-BREAK SPACE}%"
    also = f"; {near:,} of them would have had a near-duplicate in training" if found["num_groups"] else ""
    sentence = (
        f"A random split of single photos would have trained on {sibling} of {related:,} of the "
        f"{counted(number, 'test photo')} ({percent}){also}. This split does so for "
        f"{f'{now:,}' if now else 'none'}."
    )
    return Leak(number, related, near, now, sentence)
