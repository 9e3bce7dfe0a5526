"""From the trainings of a study to the contents of study.json (see tenshots.studies)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tenshots.errors import DataError
from tenshots.statistics import measure
from tenshots.studies import findings, outline, retraining
from tenshots.studies.retraining import Task
from tenshots.studies.settings import StudySettings
from tenshots.tables.paths import EVALUATIONS, SPLITS
from tenshots.training.variants import Variant


def summed_up(
    variant: Variant,
    settings: StudySettings,
    done: Sequence[Task],
    tested: Mapping[str, pd.DataFrame],
    honest: pd.DataFrame,
    photos: pd.DataFrame,
    splits: pd.DataFrame,
) -> dict[str, Any]:
    """Returns what study.json says of the studies that `settings` asks for.

    Args:
        variant: that was studied.
        settings: which studies.
        done: of `retraining.tasks`.
        tested: of each task, by name, its predictions of test photos.
        honest: those that evaluation left, of the trainings on all photos.
        photos: columns photo_id, label and group.
        splits: the honest split; photo_id, component, fold and part.
    """
    found = outline.nothing(variant.name)
    components = measure.components_of(splits)
    if settings.shares:
        found["learning_curve"] = findings.learning_curve(
            variant.name,
            {**{share: tested[retraining.share_name(share)] for share in settings.shares}, 1.0: honest},
            retraining.num_photos(done, photos, splits),
            components,
            grouped=bool((photos["group"] != "").any()),
            num_updates=retraining.num_updates(done[0].jobs[0], variant),
        )
    if settings.leaking:
        found["leaking_split"] = findings.leaking_split(
            variant.name, tested[retraining.LEAKING], honest, done[-1].splits, components
        )
    return found


def check_honest(predictions: pd.DataFrame, splits: pd.DataFrame, *, repeats: int, variant: str) -> None:
    """Raises a DataError where predictions that evaluation left are of another split, or of other repeats."""
    tested = splits.loc[splits["part"] == "test", ["fold", "photo_id"]]
    rows = set(predictions[["fold", "photo_id"]].itertuples(index=False, name=None))
    if rows != set(tested.itertuples(index=False, name=None)) or predictions["repeat"].nunique() != repeats:
        raise DataError(
            f"{EVALUATIONS / variant / 'predictions.csv'} does not fit {SPLITS} and repeats; "
            f"run `dvc repro evaluate@{variant}`"
        )


def points_table(points: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Returns the points of a learning curve as a table: share, num_photos, accuracy, low and high."""
    table = pd.DataFrame(points)
    ends = table["interval"].map(lambda interval: interval or [np.nan, np.nan])
    table["low"], table["high"] = ends.str[0], ends.str[1]
    return table[["share", "num_photos", "accuracy", "low", "high"]]
