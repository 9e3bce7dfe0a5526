"""Experiments beside each other: which settings differ, and what may be claimed against a reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tenshots.statistics import claims, measure
from tenshots.statistics.intervals import Estimate
from tenshots.statistics.phrases import difference_text, interval_text, percent
from tenshots.tables import csv_files
from tenshots.tracking.experiments import Experiment

ABSENT = "\N{EN DASH}"


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
    """Returns a result a variant, in the order of `experiments`.

    Gains are paired: both are compared on each photo. Experiments that were tested on other photos are not
    compared, and the reason says so: nobody could tell which part of a difference the photos make. Where two
    count other independent sets, sets that share a photo are joined. The intervals of all gains are corrected
    for being several (see intervals.estimate). Where the answers are the same, as those of a variant that no
    changed setting concerns, there is nothing to err about and nothing to correct for.
    """
    reasons = [
        (experiment, variant, refusal(experiment, reference, variant))
        for experiment in experiments
        for variant in experiment.predictions
    ]
    num_comparisons = sum(
        not reason and not _same_answers(experiment, reference, variant)
        for experiment, variant, reason in reasons
    )
    return [
        Result(
            experiment=experiment.name,
            variant=variant,
            changes=changed_settings(reference, experiment),
            val_accuracy=experiment.figures[variant].get("val_accuracy"),
            accuracy=measure.accuracy(experiment.predictions[variant], experiment.components),
            gain=None if reason else _gain(experiment, reference, variant, num_comparisons=num_comparisons),
            reason=reason,
        )
        for experiment, variant, reason in reasons
    ]


def _gain(experiment: Experiment, reference: Experiment, variant: str, *, num_comparisons: int) -> Estimate:
    if _same_answers(experiment, reference, variant):
        return Estimate(0.0, None, None, "its answers are the same")
    return measure.difference(
        *_in_common_folds(experiment.predictions[variant], reference.predictions[variant]),
        joined(experiment.components, reference.components),
        num_comparisons=num_comparisons,
    )


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


def refusal(experiment: Experiment, reference: Experiment, variant: str) -> str:
    """Says why a variant is not compared with that of the reference; empty where it is."""
    if experiment is reference:
        return "the reference"
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


def joined(first: pd.Series, second: pd.Series) -> pd.Series:
    """Returns components that no component of either divides: those that share a photo are one.

    Args:
        first: the component of each photo, indexed by photo_id.
        second: likewise, of the same photos.
    """
    rows, columns = pd.factorize(first)[0], pd.factorize(second.loc[first.index])[0]
    num_rows = int(rows.max(initial=-1)) + 1
    size = num_rows + int(columns.max(initial=-1)) + 1
    links = coo_array((np.ones(len(rows)), (rows, num_rows + columns)), shape=(size, size))
    labels = connected_components(links, directed=False)[1]
    return pd.Series(labels[rows].astype(str), index=first.index)


def sentence(result: Result, reference: str) -> str:
    """Says in words what a result allows one to claim about the settings that it changed."""
    if result.gain is None:
        return f"{result.variant} of {result.experiment} is not compared: {result.reason}"
    changes = changes_text(result.changes) or "no setting (code or photos differ)"
    together = " together" if len(result.changes) > 1 else ""
    found = claims.verdict(result.gain)
    if found == "open":
        claim = f"no difference of {result.variant} to {reference} can be claimed"
    else:
        claim = f"{result.variant} is {found} than in {reference}"
    why = f"; {result.gain.reason}" if result.gain.reason else ""
    return f"{changes}{together}: {claim}: {gain_text(result)} points{why}"


def cautions(experiments: Sequence[Experiment], results: Sequence[Result]) -> list[str]:
    """Says what corrects the intervals, and what they leave out, in sentences."""
    csv_files = [table for each in experiments for table in each.predictions.values()]
    num_gains = sum(each.gain is not None and each.gain.low is not None for each in results)
    said = []
    if num_gains > 1:
        said.append(
            f"The intervals of the {num_gains} differences are widened so that all of them hold in 95 of 100 "
            "such comparisons (Bonferroni): the fewer you compare at once, the more can be claimed."
        )
    if any(table["fold"].nunique() > 1 for table in csv_files):
        said.append("Intervals over several folds are approximate: their trainings share photos.")
    if any(table["repeat"].nunique() == 1 for table in csv_files):
        said.append(
            "Where an experiment has one training per fold, intervals leave out how much another differs."
        )
    return said


def changes_text(changes: dict[str, tuple[str, str]]) -> str:
    """Writes changed settings: "epochs 40 → 20, lr 0.002 → 0.01"."""
    return ", ".join(f"{key} {old} \N{RIGHTWARDS ARROW} {new}" for key, (old, new) in changes.items())


def gain_text(result: Result) -> str:
    """Writes a gain as signed points with its interval; the dash where there is none."""
    if result.gain is None:
        return ABSENT
    return difference_text({"difference": result.gain.value, "interval": ends(result.gain)})


def ends(estimate: Estimate) -> list[float] | None:
    """Returns both ends of the interval, or None where there is none."""
    return None if estimate.low is None or estimate.high is None else [estimate.low, estimate.high]


def text_table(results: Sequence[Result], reference: str) -> str:
    """Returns the results as an aligned table for a terminal, with the reasons below it."""
    header = [
        "experiment",
        "variant",
        "validation",
        "test (95 % interval)",
        f"to {reference}, points",
        "changed",
    ]
    rows = [
        [
            result.experiment,
            result.variant,
            ABSENT if result.val_accuracy is None else percent(result.val_accuracy),
            f"{percent(result.accuracy.value)} {interval_text(ends(result.accuracy))}",
            gain_text(result),
            changes_text(result.changes) or ABSENT,
        ]
        for result in results
    ]
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]
    refused = [
        sentence(each, reference) for each in results if each.gain is None and each.reason != "the reference"
    ]
    return "\n".join([*lines, *([""] if refused else []), *refused])


def csv_table(experiments: Sequence[Experiment], results: Sequence[Result], reference: str) -> str:
    """Returns the results as CSV: shares in [0, 1], empty where unknown, a column a setting that differs."""
    settings = {each.name: each.settings for each in experiments}
    keys = differing_settings(experiments)
    fixed = ["experiment", "variant", "val_accuracy", "test_accuracy", "test_low", "test_high", "reference"]
    rows = [[*fixed, "difference", "difference_low", "difference_high", "no_difference", *keys]]
    for result in results:
        gain = result.gain or Estimate(float("nan"), None, None, None)
        rows.append(
            [
                result.experiment,
                result.variant,
                _number(result.val_accuracy),
                *(_number(end) for end in result.accuracy[:3]),
                reference,
                *(_number(end) for end in gain[:3]),
                result.reason,
                *(settings[result.experiment].get(key, "") for key in keys),
            ]
        )
    return csv_files.of_rows(rows)


def differing_settings(experiments: Sequence[Experiment]) -> list[str]:
    """Returns the sorted keys of the settings in which any two of the experiments differ."""
    keys = sorted({key for each in experiments for key in each.settings})
    return [key for key in keys if len({each.settings.get(key, ABSENT) for each in experiments}) > 1]


def _number(value: float | None) -> str:
    return "" if value is None or np.isnan(value) else f"{value:.6f}"
