"""The mistakes that cost most, one per scene, and the training photos that are nearest to each.

What kind of photo is missing? A photo that is named wrongly, and is unlike all training photos of its own
label, asks for photos like it. What it was trained on is what the fold that tests it was: neither validation
nor test photos count, since no network has learnt from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from tenshots.labels.answers import answered_by
from tenshots.tables.predictions import labels_of, probabilities_of

NUM_NEAREST = 3  # photos of each label: enough to see a kind, few enough for a row
NUM_COMPARED = 300  # test photos of a label that say how near the nearest usually is
MIN_COMPARED = 10  # fewer do not show what is usual
SMALLEST = 1e-7  # of a probability, as in evaluation.metrics, and of a length
NUM_DIGITS = 4  # of a similarity: on another processor's code its last digits would differ


@dataclass(frozen=True)
class Near:
    """A training photo, and its similarity to the photo asked about: a cosine, in [-1, 1]."""

    photo_id: str
    similarity: float


@dataclass(frozen=True)
class Costly:
    """A photo named wrongly, and what is nearest to it.

    Attributes:
        photo_id: of the photo that costs most of its kind.
        label: its own.
        predicted: the answer (mean over repeats).
        probability: of the answer, in [0, 1].
        num_photos: of its kind: one independent set's photos of this label that got this answer.
        share_of_loss: of the log loss of all test photos, what those photos cost, in [0, 1].
        own: the nearest training photos of its label, the nearest first; none without features, or where the
            fold trains on no photo of that label.
        answered: the same of the answered label.
        stranger: share of the test photos of its label whose nearest training photo of that label is more
            similar, in [0, 1]; None where too few photos show what is usual.
        stranger_to_answered: the same, had it the answered label.
    """

    photo_id: str
    label: str
    predicted: str
    probability: float
    num_photos: int
    share_of_loss: float
    own: tuple[Near, ...] = ()
    answered: tuple[Near, ...] = ()
    stranger: float | None = None
    stranger_to_answered: float | None = None


@dataclass(frozen=True, eq=False)
class Space:
    """Where photos lie to a frozen backbone.

    Attributes:
        photo_ids: shape (num_photos,): of the rows.
        labels: shape (num_photos,): of the same photos.
        directions: float32, shape (num_photos, num_features): their features, each row of length 1.
    """

    photo_ids: np.ndarray
    labels: np.ndarray
    directions: np.ndarray


def space(photos: pd.DataFrame, features: np.ndarray) -> Space:
    """Returns where photos lie.

    Args:
        photos: photo_id and label.
        features: float, shape (num_photos, num_features), in the order of `photos`.
    """
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    directions = np.asarray(features / np.maximum(lengths, SMALLEST), dtype=np.float32)
    return Space(photos["photo_id"].to_numpy(str), photos["label"].to_numpy(str), directions)


def costly(predictions: pd.DataFrame, components: Mapping[str, str] | pd.Series) -> list[Costly]:
    """Returns the mistakes by what they cost, the most first, each independent set's kind of mistake once.

    One person's seven cups on one desk make the same mistake seven times: they are one row, which the worst
    of them stands for.

    Args:
        predictions: of one variant's test photos, all folds and repeats (see tenshots.tables.predictions).
        components: the component of each photo, by photo_id.
    """
    answers = answered_by(predictions)
    answers["loss"] = _losses(predictions)
    answers["component"] = [str(components[photo_id]) for photo_id in answers.index]
    total = float(answers["loss"].sum())
    wrong = answers[answers["predicted"] != answers["label"]].reset_index()
    wrong = wrong.sort_values(["loss", "photo_id"], ascending=[False, True])
    found = []
    for _, rows in wrong.groupby(["component", "label", "predicted"], sort=False):
        worst = rows.iloc[0]
        found.append(
            Costly(
                photo_id=str(worst["photo_id"]),
                label=str(worst["label"]),
                predicted=str(worst["predicted"]),
                probability=float(worst["confidence"]),
                num_photos=len(rows),
                share_of_loss=float(rows["loss"].sum()) / total,
            )
        )
    return sorted(found, key=lambda each: (-each.share_of_loss, each.photo_id))


def with_nearest(rows: Sequence[Costly], space: Space, splits: pd.DataFrame) -> list[Costly]:
    """Returns the same mistakes, each with the training photos that are nearest to it.

    Args:
        rows: of `costly`.
        space: of all photos.
        splits: photo_id, fold and part (see tenshots.splitting.division). Of a photo that several folds test,
            the first counts.
    """
    tested = splits[splits["part"] == "test"].sort_values("fold").drop_duplicates("photo_id")
    folds = tested.set_index("photo_id")["fold"]
    trained = splits[splits["part"] == "train"].groupby("fold")["photo_id"]
    # By pandas, which hashes texts; numpy would compare each with each.
    learnt = {fold: pd.Index(space.photo_ids).isin(ids) for fold, ids in trained}
    rows_of = pd.Series(np.arange(len(space.photo_ids)), index=space.photo_ids)
    with threadpool_limits(limits=1):  # on another number of threads sums are rounded otherwise
        labels = sorted({label for row in rows for label in (row.label, row.predicted)})
        usual = {label: _usual(label, folds, learnt, rows_of, space) for label in labels}
        found = []
        for row in rows:
            asked, fold = space.directions[rows_of[row.photo_id]], folds[row.photo_id]
            own, answered = (
                _nearest(asked, _candidates(label, fold, learnt, space), space)
                for label in (row.label, row.predicted)
            )
            found.append(
                replace(
                    row,
                    own=own,
                    answered=answered,
                    stranger=_stranger(own, usual[row.label]),
                    stranger_to_answered=_stranger(answered, usual[row.predicted]),
                )
            )
    return found


def _candidates(label: str, fold: int, learnt: Mapping[int, np.ndarray], space: Space) -> np.ndarray:
    """Returns the rows of the training photos of a label in a fold: int, shape (num_candidates,)."""
    nothing = np.zeros(len(space.photo_ids), dtype=bool)
    return np.flatnonzero(learnt.get(fold, nothing) & (space.labels == label))


def _nearest(asked: np.ndarray, among: np.ndarray, space: Space) -> tuple[Near, ...]:
    """Returns the nearest of the rows `among` to a direction, the first of equal ones first."""
    similarities = _similarities(asked[np.newaxis], among, space)[0]
    order = np.argsort(-similarities, kind="stable")[:NUM_NEAREST]
    return tuple(Near(str(space.photo_ids[among[i]]), float(similarities[i])) for i in order)


def _usual(
    label: str, folds: pd.Series, learnt: Mapping[int, np.ndarray], rows_of: pd.Series, space: Space
) -> np.ndarray:
    """Returns how similar the nearest training photo of the label is to its test photos: float, (number,)."""
    of_label = folds[folds.index.isin(space.photo_ids[space.labels == label])]
    some = of_label.sort_index().iloc[:NUM_COMPARED]  # ids are hashes: as good as a draw
    found = [np.empty(0)]
    for fold, ids in some.groupby(some).groups.items():
        among = _candidates(label, fold, learnt, space)
        if len(among):
            found.append(_similarities(space.directions[rows_of[ids]], among, space).max(axis=1))
    return np.concatenate(found)


def _stranger(near: Sequence[Near], usual: np.ndarray) -> float | None:
    """Returns the share of `usual` that is above the nearest's similarity."""
    known = len(near) > 0 and len(usual) >= MIN_COMPARED
    return float((usual > near[0].similarity).mean()) if known else None


def _similarities(asked: np.ndarray, among: np.ndarray, space: Space) -> np.ndarray:
    """Returns cosines: float64, shape (num_asked, num_among)."""
    found: np.ndarray = np.round((asked @ space.directions[among].T).astype(np.float64), NUM_DIGITS)
    return found


def _losses(predictions: pd.DataFrame) -> pd.Series:
    """Returns the log loss of each photo (nats), the mean over its predictions, by photo_id."""
    shares = np.clip(probabilities_of(predictions), SMALLEST, 1 - SMALLEST)
    true = pd.Index(labels_of(predictions)).get_indexer(predictions["label"])
    losses = -np.log(shares[np.arange(len(shares)), true] / shares.sum(axis=1))
    return pd.Series(losses).groupby(predictions["photo_id"].to_numpy()).mean()
