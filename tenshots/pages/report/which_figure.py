"""Which figure is which: a variant's own accuracy, that of choosing a variant, and that of what is used.

Keys of reports/comparison.json (see pages.report.comparison), with the sentences that page and card share.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tenshots.statistics import intervals, measure
from tenshots.statistics.choice import answers_of_choice, best_by_fold
from tenshots.statistics.in_use import accuracy_of_mean
from tenshots.statistics.intervals import NUM_DIGITS
from tenshots.statistics.phrases import interval_text, percent
from tenshots.wording import counted, joined


def choice(
    chosen: str,
    predictions: Mapping[str, pd.DataFrame],
    validation: Mapping[str, list[dict[str, Any]]],
    components: pd.Series,
    *,
    divided: bool,
) -> dict[str, Any] | None:
    """Returns the accuracy of choosing fold by fold, and what it says of that of `chosen`.

    Args:
        chosen: the variant that is best on all validation photos.
        predictions: of each variant, of test photos (see tenshots.tables.predictions).
        validation: of each variant, its figures per fold (see tenshots.evaluation.validation).
        components: the component of each photo, indexed by photo_id.
        divided: whether the split divides photos that belong together, which flatters any figure.

    Returns:
        None where there is nothing to choose.
    """
    if len(predictions) < 2:
        return None
    by_fold = best_by_fold(validation)
    found = measure.accuracy(answers_of_choice(predictions, by_fold), components)
    described = {
        "variants_by_fold": list(by_fold.values()),
        "accuracy": round(found.value, NUM_DIGITS),
        **intervals.written(found),
    }
    return {**described, "sentence": _choice_sentence(chosen, described, divided=divided)}


def mean_prediction(predictions: pd.DataFrame, components: pd.Series) -> dict[str, Any] | None:
    """Returns the accuracy of the mean prediction of a variant's trainings, and what uses it.

    Args:
        predictions: of test photos (see tenshots.tables.predictions).
        components: the component of each photo, indexed by photo_id.

    Returns:
        None where each fold has one training.
    """
    found = accuracy_of_mean(predictions, components)
    if found is None:
        return None
    described = {
        "num_trainings": int(predictions["repeat"].nunique()),
        "accuracy": round(found.value, NUM_DIGITS),
        **intervals.written(found),
    }
    return {**described, "sentence": _mean_sentence(described, int(predictions["fold"].nunique()))}


def chosen(comparison: Mapping[str, Any]) -> str:
    """Says what the chosen variant's accuracy owes to the choice; nothing where there was none."""
    sentence: str = comparison["choice"]["sentence"] if comparison["choice"] else ""
    return sentence


def means(comparison: Mapping[str, Any]) -> str:
    """Says how right each variant's mean prediction is; nothing where each fold has one training."""
    found = {name: figures["mean_prediction"] for name, figures in comparison["variants"].items()}
    each = [f"{_share(mean)} with {name}" for name, mean in found.items() if mean]
    if not each:
        return ""
    number = max(mean["num_trainings"] for mean in found.values() if mean)
    return (
        "The accuracies above are those of a single training. New photos are answered by the mean prediction "
        f"of all of a variant's trainings. {_tested(number, comparison['num_folds'])} is right for "
        f"{', '.join(each)}; these intervals leave out how much other trainings would differ."
    )


def _choice_sentence(chosen: str, found: Mapping[str, Any], *, divided: bool) -> str:
    names: list[str] = found["variants_by_fold"]
    begin = f"The variant {chosen} was chosen on validation photos."
    if len(names) == 1:
        so = "." if divided else ", so the choice does not flatter its accuracy."
        return f"{begin} None of them is a test photo{so}"
    if set(names) == {chosen}:
        return (
            f"{begin} Photos are divided in several ways (folds), and in each of them the validation "
            "photos would have chosen it, so choosing fold by fold has the same accuracy."
        )
    counts = {name: counted(names.count(name), "fold") for name in dict.fromkeys(names)}
    which = joined(f"{name} in {folds}" for name, folds in counts.items())
    return (
        f"{begin} One fold's validation photos are another's test photos, which makes the accuracy of a "
        "chosen variant a little too high. Choosing in each fold on its own validation photos alone "
        f"({which}) avoids that: {_share(found)}."
    )


def _mean_sentence(found: Mapping[str, Any], num_folds: int) -> str:
    number = found["num_trainings"]
    return (
        "The accuracy above is that of a single training. New photos are answered by the mean prediction of "
        f"all {number * num_folds}. {_tested(number, num_folds)} is right for {_share(found)}."
    )


def _tested(number: int, num_folds: int) -> str:
    """Names the mean prediction that can be tested."""
    if num_folds == 1:
        return "It"
    return f"A test photo is new to {number} of them; their mean prediction"


def _share(found: Mapping[str, Any]) -> str:
    return f"{percent(found['accuracy'])} {interval_text(found['interval'])}"
