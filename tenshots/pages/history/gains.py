"""Experiments compared with a reference: which settings differ, and how much accuracy each variant gained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tenshots.statistics import gains, measure
from tenshots.statistics.evidence import Teachers
from tenshots.statistics.intervals import Estimate
from tenshots.statistics.tallies import Key
from tenshots.tracking.experiments import Experiment

ABSENT = "\N{EN DASH}"
REFERENCE = "the reference"  # why an experiment is not compared with itself


@dataclass(frozen=True)
class Result:
    """One variant of one experiment.

    Attributes:
        experiment: its name.
        variant: its name.
        changes: settings in which the experiment differs from the reference: the value there and its own; the
            en dash stands for none.
        val_accuracy: in [0, 1], or None where the store does not know it.
        accuracy: on test photos, in [0, 1].
        gain: accuracy less that of the reference's variant of this name, in [-1, 1], or None.
        reason: why there is no gain; else empty.
    """

    experiment: str
    variant: str
    changes: dict[str, tuple[str, str]]
    val_accuracy: float | None
    accuracy: Estimate
    gain: Estimate | None
    reason: str


def compare(experiments: Sequence[Experiment], reference: Experiment) -> list[Result]:
    """Returns a result per variant, in the order of `experiments`.

    Gains are paired: both are compared on each photo. Experiments that were tested on other photos are not
    compared, and the reason says so: nobody could tell which part of a difference the photos make. Where two
    count other independent sets, sets that share a photo are joined. The intervals of all gains are corrected
    for being several (see tenshots.statistics.intervals). Where the answers are the same, such as those of a
    variant that no changed setting concerns, nothing is uncertain and nothing is corrected for.

    Accuracies have the intervals of the experiment's own page.
    """
    reasons = [
        (experiment, variant, why_not_compared(experiment, reference, variant))
        for experiment in experiments
        for variant in experiment.predictions
    ]
    num_comparisons = sum(
        not reason and not _same_answers(experiment, reference, variant)
        for experiment, variant, reason in reasons
    )
    accuracies = {id(experiment): _accuracies(experiment) for experiment in experiments}
    return [
        Result(
            experiment=experiment.name,
            variant=variant,
            changes=changed_settings(reference, experiment),
            val_accuracy=experiment.figures[variant].get("val_accuracy"),
            accuracy=accuracies[id(experiment)][variant],
            gain=None if reason else _gain(experiment, reference, variant, num_comparisons=num_comparisons),
            reason=reason,
        )
        for experiment, variant, reason in reasons
    ]


def _accuracies(experiment: Experiment) -> dict[str, Estimate]:
    measured = {
        variant: measure.measure(table, experiment.components, teachers(experiment, variant))
        for variant, table in experiment.predictions.items()
    }
    return {
        variant: measure.figure(
            Key("accuracy"), each, [other for other in measured.values() if other is not each]
        )
        for variant, each in measured.items()
    }


def teachers(experiment: Experiment, variant: str) -> Teachers:
    """Returns who taught a variant.

    Where a run does not know (`is_older`), that is as many sets as were tested: fewer hardly ever teach, and
    the fewer they are, the wider are intervals.
    """
    num_tested = int(experiment.components.nunique())
    if experiment.predictions[variant]["fold"].nunique() > 1:
        return Teachers(experiment.num_sets or num_tested, tested=True)
    return Teachers((experiment.num_sets or 2 * num_tested) - num_tested, tested=False)


def is_older(experiment: Experiment) -> bool:
    """Whether intervals would depend on how many sets taught, and the run does not know."""
    tables = experiment.predictions.values()
    return experiment.num_sets is None and any(table["fold"].nunique() == 1 for table in tables)


def _gain(experiment: Experiment, reference: Experiment, variant: str, *, num_comparisons: int) -> Estimate:
    if _same_answers(experiment, reference, variant):
        return Estimate(0.0, None, None, "its answers are the same")
    components = joined_components(experiment.components, reference.components)
    return gains.difference(
        *_in_common_folds(experiment.predictions[variant], reference.predictions[variant]),
        components,
        num_comparisons=num_comparisons,
        teachers=_joined_teachers(
            teachers(experiment, variant), teachers(reference, variant), num_tested=int(components.nunique())
        ),
    )


def _joined_teachers(first: Teachers, second: Teachers, *, num_tested: int) -> Teachers:
    """Returns who taught both, of components that are joined: the fewer, which are the less sure."""
    if first.tested or second.tested:
        return Teachers(num_tested, tested=True)
    return Teachers(min(first.number, second.number), tested=False)


def _same_answers(experiment: Experiment, reference: Experiment, variant: str) -> bool:
    return bool(experiment.predictions[variant].equals(reference.predictions[variant]))


def _in_common_folds(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns both as they are, or in a single fold where they were dealt out otherwise, by a seed say.

    What trainings of one fold share then counts as noise between components.
    """
    folds = [each.groupby("photo_id")["fold"].first() for each in (first, second)]
    if folds[0].equals(folds[1]):
        return first, second
    return first.assign(fold=0), second.assign(fold=0)


def why_not_compared(experiment: Experiment, reference: Experiment, variant: str) -> str:
    """Says why a variant is not compared with that of the reference; empty where it is."""
    if experiment is reference:
        return REFERENCE
    if variant not in reference.predictions:
        return f"{reference.name} has no variant {variant}"
    if experiment.test_set != reference.test_set:
        own, others = _labelled(experiment), _labelled(reference)
        return (
            f"not tested on the same photos and labels as {reference.name}: {len(own)} photos against "
            f"{len(others)}, {len(own & others)} of them the same"
        )
    return ""


def _labelled(experiment: Experiment) -> set[tuple[str, str]]:
    rows = next(iter(experiment.predictions.values()))
    return set(zip(rows["photo_id"], rows["label"], strict=True))


def changed_settings(reference: Experiment, experiment: Experiment) -> dict[str, tuple[str, str]]:
    """Returns the settings that differ: their dotted keys, the value in `reference`, and in `experiment`."""
    keys = dict.fromkeys([*reference.settings, *experiment.settings])
    pairs = {key: (reference.settings.get(key, ABSENT), experiment.settings.get(key, ABSENT)) for key in keys}
    return {key: pair for key, pair in sorted(pairs.items()) if pair[0] != pair[1]}


def differing_settings(experiments: Sequence[Experiment]) -> list[str]:
    """Returns the sorted keys of the settings in which any two of the experiments differ."""
    keys = sorted({key for each in experiments for key in each.settings})
    return [key for key in keys if len({each.settings.get(key, ABSENT) for each in experiments}) > 1]


def joined_components(first: pd.Series, second: pd.Series) -> pd.Series:
    """Returns components that no component of either divides: those that share a photo are one.

    Args:
        first: the component of each photo, indexed by photo_id.
        second: the same, of the same photos.
    """
    rows, columns = pd.factorize(first)[0], pd.factorize(second.loc[first.index])[0]
    num_rows = int(rows.max(initial=-1)) + 1
    size = num_rows + int(columns.max(initial=-1)) + 1
    links = coo_array((np.ones(len(rows)), (rows, num_rows + columns)), shape=(size, size))
    labels = connected_components(links, directed=False)[1]
    return pd.Series(labels[rows].astype(str), index=first.index)
