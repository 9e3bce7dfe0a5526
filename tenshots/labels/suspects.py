"""Whose label looks wrong: to a regression on frozen features, and to the chosen variant if it may judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import pandas as pd

from tenshots.labels.answers import answered_by
from tenshots.labels.suspicion import suspicion

REGRESSION = "the regression"
NEARLY = 0.05  # of accuracy that a variant which judges labels may be behind the regression
ALONE = 0.9  # accuracy of a variant that judges labels where the regression judges none


@dataclass(frozen=True)
class Suspect:
    """A photo whose label looks wrong.

    Attributes:
        rank: from 1, the most suspected first.
        photo_id: of the photo.
        path: likewise.
        label: that it has.
        suggested: the label that it looks like.
        p_label: probability of `label`, in [0, 1], to who suspects it; of two, to the one that is surer.
        p_suggested: likewise, of `suggested`.
        by_reference: whether the regression on frozen features suspects it.
        by_chosen: whether the chosen variant does, of the same suggestion.
        judge: whose probabilities these are: REGRESSION, or the chosen variant's name.
        agreeing: variants whose most probable label is `suggested`, in the order given.
    """

    rank: int
    photo_id: str
    path: str
    label: str
    suggested: str
    p_label: float
    p_suggested: float
    by_reference: bool
    by_chosen: bool
    judge: str
    agreeing: tuple[str, ...]


def suspects(
    inspected: Mapping[str, Any],
    predictions: Mapping[str, pd.DataFrame],
    manifest: pd.DataFrame,
    *,
    chosen: str,
) -> list[Suspect]:
    """Returns the photos whose label looks wrong to the reference, or to the chosen variant if it may judge.

    Both judge a photo without having learnt from it, by the same rule (see labels.suspicion, `may_judge`).
    What the regression suspects and the chosen variant takes for the same other label comes first, then the
    wider margin of probability.

    Args:
        inspected: data/inspection/inspection.json.
        predictions: of each variant; `chosen` is among them.
        manifest: photo_id, path and status.
        chosen: the variant whose suspicion counts (see tenshots.statistics.choice).
    """
    opinions = _opinions(inspected["suspects"], REGRESSION)
    if may_judge(inspected, predictions[chosen]):
        opinions += _opinions(suspicion(predictions[chosen]).suspects.to_dict("records"), chosen)
    by_photo: dict[str, list[_Opinion]] = {}
    for opinion in opinions:
        by_photo.setdefault(opinion.photo_id, []).append(opinion)
    answered = {variant: answered_by(rows)["predicted"] for variant, rows in predictions.items()}
    kept = manifest[manifest["status"] == "kept"]
    paths = dict(zip(kept["photo_id"], kept["path"], strict=True))
    found = []
    for photo_id, held in by_photo.items():
        surest = max(held, key=_Opinion.margin)  # ties go to the regression, which comes first
        judges = {opinion.judge for opinion in held if opinion.suggested == surest.suggested}
        found.append(
            Suspect(
                rank=0,
                photo_id=photo_id,
                path=paths[photo_id],
                label=surest.label,
                suggested=surest.suggested,
                p_label=surest.p_label,
                p_suggested=surest.p_suggested,
                by_reference=REGRESSION in judges,
                by_chosen=chosen in judges,
                judge=surest.judge,
                agreeing=tuple(
                    variant
                    for variant, predicted in answered.items()
                    if predicted.get(photo_id) == surest.suggested
                ),
            )
        )
    found.sort(
        key=lambda one: (
            not (one.by_reference and chosen in one.agreeing),
            one.p_label - one.p_suggested,
            one.photo_id,
        )
    )
    return [replace(one, rank=rank) for rank, one in enumerate(found, start=1)]


def may_judge(inspected: Mapping[str, Any], predictions: pd.DataFrame) -> bool:
    """Whether a variant is as good a judge of labels as the reference, or nearly; good, where there is none.

    The best on validation is the better judge where it is far better than the reference; a weak one, such as
    a network from scratch on few photos, would suspect what is merely hard, which may be every other photo.
    A reference that judged no photo has no accuracy; the variant must then be right on ALONE of its photos.

    Args:
        inspected: data/inspection/inspection.json.
        predictions: of the variant.
    """
    reference = inspected["accuracy"]
    answered = answered_by(predictions)
    right = float((answered["predicted"] == answered["label"]).mean())
    return right >= (ALONE if reference is None else reference - NEARLY)


class _Opinion(NamedTuple):
    """What one judge, the regression or a variant, says of a photo that it suspects."""

    judge: str
    photo_id: str
    label: str
    suggested: str
    p_label: float
    p_suggested: float

    def margin(self) -> float:
        """Returns by how much the suggested label is the more probable one."""
        return self.p_suggested - self.p_label


def _opinions(items: Iterable[Mapping[str, Any]], judge: str) -> list[_Opinion]:
    """Reads the rows of `suspicion.Suspicion.suspects`, or those of inspection.json, as one judge's."""
    return [
        _Opinion(
            judge=judge,
            photo_id=item["photo_id"],
            label=str(item["label"]),
            suggested=str(item["suggested"]),
            p_label=float(item["p_label"]),
            p_suggested=float(item["p_suggested"]),
        )
        for item in items
    ]
