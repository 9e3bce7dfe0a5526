"""The labels of a collection, judged by a regression on frozen features.

Keys of data/inspection/inspection.json:

    network, num_features    whose backbone gave the features, and how many per photo
    folds             "split": each photo was tested in the split's own fold that tests it; "own": in folds
                      dealt for this, since the split does not test every photo, or divides what belongs
                      together
    folds_note        this as a sentence
    num_folds, num_photos, num_judged
    not_judged        of each label with photos that cannot be judged {label, num_photos, reason}
    accuracy          share of the judged photos whose most probable label is theirs; null where there is none
    regularisation    of each fold {fold, strength}: the inverse strength of the L2 penalty that was chosen
    thresholds        of each label, null where none of its photos is judged (see tenshots.labels.suspicion)
    confident_joint   {labels, counts}: rows the label, columns what the photos confidently look like
    num_suspects, sentence
    suspects          a list of {rank, photo_id, path, label, suggested, p_label, p_suggested}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tenshots.labels import reference, suspicion
from tenshots.labels.reference import Outcome
from tenshots.networks import classifiers
from tenshots.tables.predictions import KEYS, labels_of, predicted, table
from tenshots.wording import counted

NUM_DIGITS = 6
IN_SPLIT = (
    "Each photo was judged by a regression that learnt from the training and validation photos of the fold "
    "that tests it, so on the same folds as the variants."
)
ALONE = (
    "all its photos belong to one independent set of photos (one group, or near-duplicates), so nothing of "
    "this label is left to learn from while they are judged; add photos of it by other people"
)
NOTHING_ELSE = "without them only one label is left to learn from; add photos of other labels by other people"
UNASKED = "inspect.judge in params.yaml is false"
UNDIVIDED = "all photos belong to one independent set of photos; add photos by other people"


class Judged(NamedTuple):
    """What the regression said: predictions (see tables.predictions) and inspection.json (see above)."""

    predictions: pd.DataFrame
    description: dict[str, Any]


def judge(photos: pd.DataFrame, splits: pd.DataFrame, features: np.ndarray, *, wanted: bool = True) -> Judged:
    """Judges each photo by a regression that learnt from photos of other components.

    Args:
        photos: photo_id, label and path, sorted by photo_id; two labels at least.
        splits: of the same photos (see tenshots.splitting.division).
        features: float, shape (num_photos, num_features), in the order of `photos`.
        wanted: False: no photo is judged, and the description says so.
    """
    names, labels = np.unique(photos["label"].to_numpy(str), return_inverse=True)
    first = splits.drop_duplicates("photo_id").set_index("photo_id")["component"]
    components = first.loc[photos["photo_id"]].to_numpy(str)
    tested = reference.tested_folds(splits)
    folds = None
    if wanted and tested is None:
        folds = classifiers.own_folds(labels, components)
    elif wanted and tested is not None:
        folds = tested.loc[photos["photo_id"]].to_numpy(np.int64)
    if folds is None:  # nobody asks; or a single component: nothing is left to learn from
        folds = np.zeros(len(photos), dtype=np.int64)
        outcome = Outcome(np.zeros((len(photos), len(names))), np.zeros(len(photos), dtype=bool), {})
    else:
        outcome = reference.cross_validated(
            features, labels, components=components, folds=folds, num_labels=len(names)
        )
    predictions = _predictions(photos, outcome, folds, [*map(str, names)])
    description = {
        "num_features": int(features.shape[1]),
        "folds": "own" if tested is None else "split",
        "folds_note": _note(folds, components, wanted=wanted, in_split=tested is not None),
        "num_folds": len(outcome.strengths),
        "num_photos": len(photos),
        "num_judged": len(predictions),
        "not_judged": _not_judged(photos["label"], outcome.judged, components, wanted=wanted),
        "accuracy": _accuracy(predictions),
        "regularisation": [
            {"fold": fold, "strength": strength} for fold, strength in outcome.strengths.items()
        ],
        **_described_labels(predictions, photos.set_index("photo_id")["path"]),
    }
    return Judged(predictions, description)


def _predictions(
    photos: pd.DataFrame, outcome: Outcome, folds: np.ndarray, names: Sequence[str]
) -> pd.DataFrame:
    """Returns the regression's answers for the judged photos, as the table of a variant with one repeat."""
    judged = outcome.judged
    answers = table(photos[judged], outcome.probabilities[judged], names, fold=0, repeat=0)
    return answers.assign(fold=folds[judged]).sort_values(KEYS, ignore_index=True)


def _described_labels(predictions: pd.DataFrame, paths: pd.Series) -> dict[str, Any]:
    """Returns the keys on labels that look wrong; `paths` are those of all photos, by photo_id."""
    found = suspicion.suspicion(predictions)
    suspects = found.suspects.assign(path=paths.loc[found.suspects["photo_id"]].to_numpy())
    return {
        "thresholds": {
            name: None if np.isnan(value) else round(float(value), NUM_DIGITS)
            for name, value in found.thresholds.items()
        },
        "confident_joint": {"labels": labels_of(predictions), "counts": found.joint.tolist()},
        "num_suspects": len(suspects),
        "sentence": suspicion.sentence(len(suspects), len(predictions), accuracy=_accuracy(predictions)),
        "suspects": [_suspect(row) for row in suspects.to_dict("records")],
    }


def _note(folds: np.ndarray, components: np.ndarray, *, wanted: bool, in_split: bool) -> str:
    if not wanted:
        return f"No photo was judged: {UNASKED}."
    if in_split:
        return IN_SPLIT
    if len(np.unique(components)) < 2:
        return f"No photo was judged: {UNDIVIDED}."
    return (
        "The split does not test every photo once with its siblings, so the photos were dealt to "
        f"{counted(len(np.unique(folds)), 'fold')} of their own, which divide no independent set of photos."
    )


def _not_judged(
    labels: pd.Series, judged: np.ndarray, components: np.ndarray, *, wanted: bool
) -> list[dict[str, Any]]:
    found = []
    for label, rows in labels[~judged].reset_index(drop=True).groupby(labels[~judged].to_numpy()):
        of_label = components[(labels == label).to_numpy()]
        if not wanted:
            reason = UNASKED
        elif len(np.unique(components)) < 2:
            reason = UNDIVIDED
        else:
            reason = ALONE if len(np.unique(of_label)) < 2 else NOTHING_ELSE
        found.append({"label": str(label), "num_photos": len(rows), "reason": reason})
    return found


def _accuracy(answers: pd.DataFrame) -> float | None:
    if answers.empty:
        return None
    return round(float((predicted(answers) == answers["label"].to_numpy()).mean()), NUM_DIGITS)


def _suspect(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "rank": int(row["rank"]),
        **{name: str(row[name]) for name in ("photo_id", "path", "label", "suggested")},
        **{name: round(float(row[name]), NUM_DIGITS) for name in ("p_label", "p_suggested")},
    }
