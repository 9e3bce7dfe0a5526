"""From the trainings of a study to the contents of study.json (see tenshots.studies)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tenshots.errors import DataError
from tenshots.statistics import measure
from tenshots.studies import findings, growth, outline, retraining
from tenshots.studies.axes import Axis
from tenshots.studies.growth import Along
from tenshots.studies.retraining import Planned
from tenshots.studies.settings import StudySettings
from tenshots.tables.paths import EVALUATIONS, SPLITS
from tenshots.training.variants import Variant


def summed_up(
    variant: Variant,
    settings: StudySettings,
    measured: Sequence[Axis],
    planned: Planned,
    tested: Mapping[str, pd.DataFrame],
    honest: pd.DataFrame,
    splits: pd.DataFrame,
    *,
    reasons: Sequence[str],
    grouped: bool,
) -> dict[str, Any]:
    """Returns what study.json says of the studies that `settings` asks for.

    Args:
        variant: that was studied.
        settings: which studies.
        measured: of `axes.axes`.
        planned: of `retraining.tasks`.
        tested: of each task, by name, its predictions of test photos.
        honest: those that evaluation left, of the trainings on all photos.
        splits: the honest split; photo_id, component, fold and part.
        reasons: of `axes.axes`.
        grouped: whether photos have groups.
    """
    found = outline.nothing(variant.name)
    components = measure.components_of(splits)
    if settings.shares:
        shares = [task for task in planned.tasks if task.axis]
        numbers = retraining.numbers(measured, splits)
        along = []
        for axis in measured:
            mine = [task for task in shares if task.axis == axis.name]
            predictions = {task.share: tested[task.name] for task in mine}
            along.append(
                Along(
                    axis,
                    {**predictions, 1.0: as_often(honest, predictions)},
                    {**{task.share: task.number for task in mine}, 1.0: numbers[axis.name]},
                )
            )
        found["learning_curve"] = growth.learning_curve(
            variant.name,
            along,
            components,
            grouped=grouped,
            num_updates=retraining.num_updates(shares[0].jobs[0], variant) if shares else None,
            reasons=[*reasons, *planned.omitted],
        )
    if settings.leaking:
        found["leaking_split"] = findings.leaking_split(
            variant.name, tested[retraining.LEAKING], honest, planned.tasks[-1].splits, components
        )
    return found


def as_often(honest: pd.DataFrame, shares: Mapping[float, pd.DataFrame]) -> pd.DataFrame:
    """Returns the predictions as those of as many repeats as the shares have.

    What no seed moves is trained once on all photos, and several times on a share, with others left out.
    """
    repeats = sorted({repeat for rows in shares.values() for repeat in rows["repeat"].unique()})
    if len(repeats) <= honest["repeat"].nunique():
        return honest
    return pd.concat([honest.assign(repeat=repeat) for repeat in repeats], ignore_index=True)


def check_honest(predictions: pd.DataFrame, splits: pd.DataFrame, *, repeats: int, variant: str) -> None:
    """Raises a DataError where predictions that evaluation left are of another split, or of other repeats."""
    tested = splits.loc[splits["part"] == "test", ["fold", "photo_id"]]
    rows = set(predictions[["fold", "photo_id"]].itertuples(index=False, name=None))
    if rows != set(tested.itertuples(index=False, name=None)) or predictions["repeat"].nunique() != repeats:
        raise DataError(
            f"{EVALUATIONS / variant / 'predictions.csv'} does not fit {SPLITS} and repeats; "
            f"run `dvc repro evaluate@{variant}`"
        )


def points_table(axes: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Returns the points of all axes as a table: axis, share, number, accuracy, low and high."""
    table = pd.DataFrame([{"axis": each["axis"], **point} for each in axes for point in each["points"]])
    ends = table["interval"].map(lambda interval: interval or [np.nan, np.nan])
    table["low"], table["high"] = ends.str[0], ends.str[1]
    return table[["axis", "share", "number", "accuracy", "low", "high"]]
