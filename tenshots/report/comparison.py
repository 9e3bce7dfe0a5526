"""What helped: the variants beside each other, their differences, and what may be claimed of them.

Keys of reports/comparison.json (shares lie in [0, 1], differences in [-1, 1], losses are in nats):

    chosen           the variant with the highest validation accuracy; the test photos have no say in it
    reference        the first variant of params.yaml
    labels           sorted
    num_test_photos, num_folds, num_repeats
    num_test_components   independent sets of test photos, which the intervals count
    unit             what such a set is: "group" (of the layout), "photo" (there are no groups), or
                     "independent set" where near-duplicates or files of two groups join photos
    grouped          whether the layout has groups
    num_divided      sets with photos in several parts of a fold, which only a given split can do
    approximate      whether several folds' trainings share photos, which the intervals cannot know
    commonest_label  {label, share}: what always answering the commonest label would reach
    variants         of each: val_accuracy, val_log_loss, test_accuracy, test_balanced_accuracy,
                     test_macro_f1, test_log_loss, test_roc_auc (or null),
                     interval ([low, high] of test_accuracy, or null), no_interval (why, or null),
                     num_updates (of a training, the mean), num_parameters, data, network
    differences      a list: variant, reference, difference (of test_accuracy), interval, no_interval,
                     sentence; each variant against the first, and against the one before it
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tenshots import statistics
from tenshots.errors import DataError
from tenshots.predictions import labels_of
from tenshots.statistics import Estimate

NUM_DIGITS = 6
METRICS = ["val_accuracy", "val_log_loss", "test_accuracy", "test_balanced_accuracy", "test_macro_f1"]


@dataclass(frozen=True)
class Results:
    """What evaluation left of one variant.

    Attributes:
        predictions: of test photos, all folds and repeats (see tenshots.predictions).
        curves: epoch, accuracy, val_accuracy, loss, val_loss, num_fits.
        details: details.json.
        metrics: the five figures of reports/metrics.
    """

    predictions: pd.DataFrame
    curves: pd.DataFrame
    details: Mapping[str, Any]
    metrics: Mapping[str, float]


def compare(results: Mapping[str, Results], photos: pd.DataFrame, splits: pd.DataFrame) -> dict[str, Any]:
    """Returns what reports/comparison.json holds (see above).

    Args:
        results: of each variant, in the order of params.yaml.
        photos: columns photo_id and group, of the whole database.
        splits: photo_id, component, fold and part (see tenshots.splitting).

    Raises:
        DataError: the variants were not tested on the same photos, or on photos that the database or the
            splits lack.
    """
    components = statistics.components_of(splits)
    _check_same_photos(results, set(photos["photo_id"]) & set(components.index))
    reference, first = next(iter(results.items()))
    truth = first.predictions.drop_duplicates("photo_id")
    tested = photos[photos["photo_id"].isin(truth["photo_id"])]
    components = components.loc[tested["photo_id"]]
    shares = truth["label"].value_counts(normalize=True).sort_index()
    num_folds = int(first.predictions["fold"].nunique())
    return {
        "chosen": chosen({name: result.metrics["val_accuracy"] for name, result in results.items()}),
        "reference": reference,
        "labels": labels_of(first.predictions),
        "num_test_photos": len(truth),
        "num_test_components": int(components.nunique()),
        "unit": _unit(tested, components),
        "num_divided": _num_divided(splits),
        "grouped": bool((tested["group"] != "").any()),
        "num_folds": num_folds,
        "num_repeats": int(first.predictions["repeat"].nunique()),
        "approximate": num_folds > 1,
        "commonest_label": {
            "label": str(shares.idxmax()),
            "share": round(float(shares.max()), NUM_DIGITS),
        },
        "variants": {name: _figures(result, components) for name, result in results.items()},
        "differences": _differences(results, components),
    }


def chosen(val_accuracies: Mapping[str, float]) -> str:
    """Returns the variant with the highest validation accuracy; of equals the first."""
    return max(val_accuracies, key=lambda name: val_accuracies[name])


def markdown(comparison: Mapping[str, Any]) -> str:
    """Returns the comparison as Markdown, short enough for a pull request."""
    rows = [
        "| variant | test accuracy (95 % interval) | to the first, points | balanced | macro F1 "
        "| log loss | updates |",
        "|---|---|---|---|---|---|---|",
    ]
    gains = {
        item["variant"]: item
        for item in comparison["differences"]
        if item["reference"] == comparison["reference"]
    }
    for name, figures in comparison["variants"].items():
        rows.append(
            f"| {name} | {percent(figures['test_accuracy'])} {interval_text(figures['interval'])} "
            f"| {difference_text(gains.get(name))} | {percent(figures['test_balanced_accuracy'])} "
            f"| {figures['test_macro_f1']:.3f} | {figures['test_log_loss']:.3f} "
            f"| {figures['num_updates']:.0f} |"
        )
    sentences = [f"- {item['sentence']}." for item in comparison["differences"]]
    return "\n".join([*rows, "", *sentences, "", f"{basis(comparison)} {guess(comparison)}", ""])


def basis(comparison: Mapping[str, Any]) -> str:
    """Says in sentences what the figures rest on."""
    number, unit = comparison["num_test_components"], comparison["unit"]
    sets = "" if unit == "photo" else f" of {number} {unit}{'s' * (number != 1)}"
    folds = comparison["num_folds"]
    ways = f", in {folds} folds" if folds > 1 else ""
    repeats = comparison["num_repeats"]
    times = f", each the mean of {repeats} trainings" if repeats > 1 else ""
    text = f"Measured on {comparison['num_test_photos']} test photos{sets}{ways}{times}."
    if comparison["approximate"]:
        text += " The intervals are approximate: the trainings of different folds share photos."
    if comparison["num_divided"]:
        text += (
            f" The split that came with the photos divides {comparison['num_divided']} sets of photos that "
            f"belong together, which flatters the figures."
        )
    return text


def guess(comparison: Mapping[str, Any]) -> str:
    """Says in a sentence what is reached without looking at a photo."""
    common = comparison["commonest_label"]
    return f"Always answering {common['label']} would be right for {percent(common['share'])}."


def percent(share: float) -> str:
    """Writes a share as a percentage: 0.8413 → "84.1 %" (the blank never breaks a line)."""
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def interval_text(interval: list[float] | None) -> str:
    """Writes an interval of shares as percentages: [0.78, 0.902] → "(78.0 to 90.2)"."""
    return f"({100 * interval[0]:.1f} to {100 * interval[1]:.1f})" if interval else "(no interval)"


def difference_text(difference: Mapping[str, Any] | None) -> str:
    """Writes a difference as signed points with its interval; none (of the reference itself) is a dash."""
    if difference is None:
        return "\N{EN DASH}"
    points = statistics.signed_points(difference["difference"])
    if not difference["interval"]:
        return points
    low, high = (statistics.signed_points(end) for end in difference["interval"])
    return f"{points} ({low} to {high})"


def _figures(result: Results, components: pd.Series) -> dict[str, Any]:
    details = result.details
    estimate = statistics.accuracy(result.predictions, components)
    return {
        **{name: result.metrics[name] for name in METRICS},
        "test_log_loss": details["test_log_loss"],
        "test_roc_auc": details["test_roc_auc"],
        **_interval(estimate),
        "num_updates": details["num_updates"],
        "num_parameters": details["num_parameters"],
        "data": details["data"],
        "network": details["network_name"],
    }


def _differences(results: Mapping[str, Results], components: pd.Series) -> list[dict[str, Any]]:
    names = list(results)
    # Each against the first, and against the one before it: all pairs of many variants would be a list nobody
    # reads.
    pairs = [
        (name, other)
        for i, name in enumerate(names)
        if i
        for other in dict.fromkeys([names[0], names[i - 1]])
    ]
    found = []
    for name, other in pairs:
        gain = statistics.difference(results[name].predictions, results[other].predictions, components)
        found.append(
            {
                "variant": name,
                "reference": other,
                "difference": round(gain.value, NUM_DIGITS),
                **_interval(gain),
                "sentence": statistics.sentence(name, other, gain),
            }
        )
    return found


def _interval(estimate: Estimate) -> dict[str, Any]:
    ends = [end for end in (estimate.low, estimate.high) if end is not None]
    return {"interval": [round(end, NUM_DIGITS) for end in ends] or None, "no_interval": estimate.reason}


def _unit(tested: pd.DataFrame, components: pd.Series) -> str:
    """Returns what the components of photos are; both have a row a photo, in the same order."""
    groups = tested["group"].where(tested["group"] != "", tested["photo_id"]).to_numpy()
    pairs = pd.DataFrame({"group": groups, "component": components.to_numpy()})
    if not pairs.nunique().eq(len(pairs.drop_duplicates())).all():
        return "independent set"
    return "group" if (tested["group"] != "").any() else "photo"


def _num_divided(splits: pd.DataFrame) -> int:
    parts = splits[["component", "fold", "part"]].drop_duplicates()
    return int(parts.loc[parts.duplicated(["component", "fold"]), "component"].nunique())


def _check_same_photos(results: Mapping[str, Results], known: set[str]) -> None:
    tested = {name: set(result.predictions["photo_id"]) for name, result in results.items()}
    reference = next(iter(tested))
    for name, ids in tested.items():
        if ids != tested[reference] or not ids <= known:
            raise DataError(
                f"data/evaluations/{name}/predictions.csv and that of {reference} are not of the same test "
                "photos of data/database and data/splits; run `dvc repro`"
            )
