"""The mistakes that cost most, each beside the training photos nearest to it: what kind of photo is missing?

Key `costly` of reports/comparison.json, of the chosen variant; photos are named by photo_id alone:

    network      whose frozen backbone says which photos are near
    has_learnt   whether it has seen photos before; a backbone of random weights is not asked, so no rows then
    num_kinds    of mistakes: one independent set's photos of one label that got one other answer
    rows         those that cost most, `report.num_mistakes` at most, the costliest first: photo_id, label,
                 predicted, probability, num_photos, share_of_loss, own and answered (each a list of
                 {photo_id, similarity}), stranger, stranger_to_answered (see tenshots.labels.costly)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from tenshots.labels import costly
from tenshots.labels.costly import Space
from tenshots.pages.report.pictures import Album
from tenshots.statistics import measure
from tenshots.statistics.intervals import NUM_DIGITS
from tenshots.wording import counted

STRANGE = 0.9  # of a label's test photos have a nearer training photo: such photos seem to be missing
NUM_OPEN = 4  # rows; the others are folded


@dataclass(frozen=True)
class Photo:
    """A photo of a contact sheet: its id, and what to say of it."""

    photo_id: str
    words: str
    path: str


@dataclass(frozen=True)
class Row:
    """A mistake beside its nearest training photos.

    Attributes:
        photo: that was named wrongly.
        label: its own.
        predicted: the answer.
        probability: of the answer.
        cost: what mistakes of this kind cost, in words.
        reading: what the row says, in a sentence.
        own: the nearest training photos of its own label.
        answered: the same of the answered label.
    """

    photo: Photo
    label: str
    predicted: str
    probability: float
    cost: str
    reading: str
    own: Sequence[Photo]
    answered: Sequence[Photo]


def described(
    predictions: pd.DataFrame, splits: pd.DataFrame, space: Space | None, *, network: str, num_mistakes: int
) -> dict[str, Any]:
    """Returns the key `costly` above.

    Args:
        predictions: of one variant's test photos, all folds and repeats.
        splits: photo_id, component, fold and part (see tenshots.splitting.division).
        space: where all photos lie to the backbone of `network`; None where it has random weights.
        network: its name.
        num_mistakes: rows at most.
    """
    kinds = costly.costly(predictions, measure.components_of(splits))
    rows = [] if space is None else costly.with_nearest(kinds[:num_mistakes], space, splits)
    return {
        "network": network,
        "has_learnt": space is not None,
        "num_kinds": len(kinds),
        "rows": [
            {
                name: round(value, NUM_DIGITS) if isinstance(value, float) else value
                for name, value in asdict(row).items()
            }
            for row in rows
        ],
    }


def sheet(found: Mapping[str, Any], photos: pd.DataFrame, album: Album) -> list[Row]:
    """Returns the rows whose photos the page holds.

    Args:
        found: the key `costly` above.
        photos: photo_id, label, group and path of the database.
        album: takes the pictures.
    """
    known = photos[["photo_id", "label", "group", "path"]].set_index("photo_id")
    rows = []
    for row in found["rows"]:
        ids = [row["photo_id"], *(near["photo_id"] for near in (*row["own"], *row["answered"]))]
        if len(album.take(ids, "nearest")) < len(ids):
            break  # the budget is spent, and a row without some of its photos would mislead
        path, group = known.loc[row["photo_id"], ["path", "group"]]
        words = f"{row['label']}, taken for {row['predicted']}: {path}"
        rows.append(
            Row(
                photo=Photo(row["photo_id"], words, path),
                label=row["label"],
                predicted=row["predicted"],
                probability=row["probability"],
                cost=_cost(row, group),
                reading=reading(row),
                own=[_near(each, known) for each in row["own"]],
                answered=[_near(each, known) for each in row["answered"]],
            )
        )
    return rows


def reading(row: Mapping[str, Any]) -> str:
    """Says what a row of the key `costly` suggests.

    A wrong label comes first: such a photo is unlike its label's, but like the answered label's.
    """
    label, predicted = row["label"], row["predicted"]
    if not row["own"]:
        return f"Its fold trained on no photo of {label}: photos of {label} by other people are missing."
    strange = row["stranger"]
    is_strange = strange is not None and strange >= STRANGE
    if _may_be_wrong(row):
        return f"It is unlike photos of {label}, but like those of {predicted}: is the label right?"
    if is_strange:
        return (
            f"Of the test photos of {label}, {_most(strange)} are more like a training photo of {label} than "
            "this one is: photos like it seem to be missing."
        )
    if _is_nearer(row):
        return (
            f"The training photo most like it is of {predicted}: photos of {label} that look like this would "
            "help to tell the two apart."
        )
    return f"Photos of {label} like it were there to learn from: no kind of photo seems to be missing."


def is_missing(row: Mapping[str, Any]) -> bool:
    """Whether a row suggests that photos like it are missing, and not that its label is wrong."""
    strange = row["stranger"]
    return not row["own"] or (strange is not None and strange >= STRANGE and not _may_be_wrong(row))


def _may_be_wrong(row: Mapping[str, Any]) -> bool:
    strange, strange_too = row["stranger"], row["stranger_to_answered"]
    return (
        strange is not None
        and strange >= STRANGE
        and _is_nearer(row)
        and strange_too is not None
        and strange_too < STRANGE
    )


def _is_nearer(row: Mapping[str, Any]) -> bool:
    """Whether the nearest training photo is of the answered label."""
    return bool(row["answered"]) and row["answered"][0]["similarity"] > row["own"][0]["similarity"]


def _most(share: float) -> str:
    return "nearly all" if share > 0.985 else f"{100 * share:.0f}\N{NO-BREAK SPACE}%"


def _cost(row: Mapping[str, Any], group: str) -> str:
    share = f"{100 * row['share_of_loss']:.0f}\N{NO-BREAK SPACE}% of all log loss"
    whose = f" of {group}" if group else ""
    if row["num_photos"] == 1:
        return f"costs {share}"
    return f"{counted(row['num_photos'], 'photo')}{whose} with this mistake cost {share}"


def _near(near: Mapping[str, Any], known: pd.DataFrame) -> Photo:
    label, path = known.loc[near["photo_id"], ["label", "path"]]
    return Photo(near["photo_id"], f"{label}, similarity {near['similarity']:.2f}: {path}", path)
