"""What helped: the variants beside each other, their differences, and what may be claimed of them.

Keys of reports/comparison.json beside those of photos_and_mistakes, people and costly. Shares lie in [0, 1],
differences in [-1, 1], losses are in nats; an interval is [low, high] at 95 %, or null where its no_interval
says why (see tenshots.statistics.intervals):

    chosen           the variant that is best on all validation photos (see tenshots.statistics.choice)
    choice           {variants_by_fold, accuracy, interval, no_interval, sentence}: the variant that each
                     fold's own validation photos choose, and the accuracy of choosing so, which the
                     choice does not flatter; null with one variant
    reference        the first variant of params.yaml
    labels           sorted
    estimand         what the figures estimate, in a sentence
    num_test_photos, num_folds
    num_repeats      trainings per fold, of the variant that has most
    num_test_components   independent sets of test photos, which the intervals count
    unit             what such a set is: "group" (of the layout), "photo" (there are no groups), or
                     "independent set" where near-duplicates or files of two groups join photos
    grouped          whether the layout has groups
    num_divided      sets with test photos and other photos in a fold, which only a given split can do
    approximate      whether several folds' trainings share photos, which the intervals cannot know
    num_comparisons  pairs of variants that were asked about (report.pairs); their intervals hold together in
                     95 of 100 experiments
    margin           accuracies that differ by less are equally good (report.margin)
    notes            sentences: what the intervals leave out, and what corrects them
    commonest_label  {label, share, interval, no_interval}: what always answering the commonest label
                     would reach
    variants         of each: val_accuracy, val_log_loss, test_accuracy, test_balanced_accuracy,
                     test_macro_f1, test_log_loss, test_roc_auc (or null), test_brier_loss (0 to 2),
                     interval (of test_accuracy), no_interval,
                     mean_prediction {num_trainings, accuracy, interval, no_interval, sentence}: of the
                     mean over each fold's trainings, or null where that is one,
                     estimates: {accuracy, balanced_accuracy, macro_f1, roc_auc, log_loss, brier_loss,
                     overconfidence (mean confidence less accuracy)}, of each {value, interval, no_interval};
                     over_guess {difference, interval, no_interval}: its accuracy less that of always
                     answering the commonest label; better_than_guess: true or false, or null where there is
                     no interval;
                     per_class: a list, of each label {label, support, recall, precision, f1, roc_auc}, each
                     of these {value, interval, no_interval}, roc_auc null without areas;
                     calibration: num_bins, ece, ece_if_calibrated and curve, as in
                     metrics.calibration, each bin with the interval of its accuracy and no_interval,
                     num_repeats (one of what no seed moves), num_updates (of a training, the mean; 0 where
                     weights are solved for), num_parameters, data, recipe, network, network_title (what it
                     is, in words), taught (how, in words)
    differences      a list of all pairs, first those asked about: variant, reference, asked (true or false),
                     num_comparisons (intervals that hold together: pairs asked about; for the others, all
                     pairs), difference (of test_accuracy), interval (simultaneous), no_interval, within (of
                     this pair alone at 90 %, or null), too_few (true where too few sets were tested, or
                     differ, for any claim), claim ("better", "worse", "equal", "alike" or
                     "open"; see claims.claim), sentence,
                     to_settle {points, power, num_photos, num_sets, num_repeats, num_in_all} or null (see
                     plans.plan),
                     mcnemar {num_better, num_worse, p_value} in photos, which ignores groups
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tenshots.errors import DataError
from tenshots.pages.report import differences, how_taught, sentences, which_figure
from tenshots.pages.settings import ReportSettings, asked
from tenshots.statistics import claims, intervals, measure
from tenshots.statistics.areas import ROC_AUC
from tenshots.statistics.choice import best_on_validation
from tenshots.statistics.intervals import NUM_DIGITS, Estimate
from tenshots.statistics.measure import Measured
from tenshots.statistics.plans import SampleSize
from tenshots.statistics.tallies import OF_LABEL, Key
from tenshots.tables.paths import DATABASE, EVALUATIONS, SPLITS
from tenshots.tables.predictions import labels_of

ESTIMATED = (
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    ROC_AUC,
    "log_loss",
    "brier_loss",
    "overconfidence",
)
METRICS = ["val_accuracy", "val_log_loss", "test_accuracy", "test_balanced_accuracy", "test_macro_f1"]


@dataclass(frozen=True)
class Results:
    """What evaluation left of one variant.

    Attributes:
        predictions: of test photos, all folds and repeats (see tenshots.tables.predictions).
        curves: epoch, accuracy, val_accuracy, loss, val_loss, num_fits.
        details: details.json.
        metrics: metrics.json (see tenshots.evaluation.metrics.summary).
    """

    predictions: pd.DataFrame
    curves: pd.DataFrame
    details: Mapping[str, Any]
    metrics: Mapping[str, float]


def compare(
    results: Mapping[str, Results],
    photos: pd.DataFrame,
    splits: pd.DataFrame,
    settings: ReportSettings,
) -> dict[str, Any]:
    """Returns the keys above of reports/comparison.json.

    Args:
        results: of each variant, in the order of params.yaml.
        photos: columns photo_id and group, of the whole database.
        splits: photo_id, component, fold and part (see tenshots.splitting.division).
        settings: which pairs are asked about, and the margin.

    Raises:
        DataError: the variants were not tested on the same photos, or on photos that the database or the
            splits lack.
    """
    components = measure.components_of(splits)
    _check_same_photos(results, set(photos["photo_id"]) & set(components.index))
    baseline, first = next(iter(results.items()))
    predictions = {name: result.predictions for name, result in results.items()}
    truth = first.predictions.drop_duplicates("photo_id")
    tested = photos[photos["photo_id"].isin(truth["photo_id"])]
    measured = {name: measure.measure(result.predictions, components) for name, result in results.items()}
    figures = {
        name: measure.every_figure(each, [other for other in measured.values() if other is not each])
        for name, each in measured.items()
    }
    num_folds, pairs = int(first.predictions["fold"].nunique()), asked(settings, list(results))
    grouped = bool((tested["group"] != "").any())
    sample = SampleSize(
        num_photos=len(truth),
        num_sets=int(components.loc[tested["photo_id"]].nunique()),
        unit=_unit(tested, components.loc[tested["photo_id"]]),
        num_repeats=max(len(each.repeats) for each in measured.values()),
        num_comparisons=max(len(pairs), 1),
        num_divided=_num_divided(splits),
        num_in_all=splits["photo_id"].nunique(),
        margin=settings.margin,
    )
    chosen = best_on_validation({name: result.metrics for name, result in results.items()})
    return {
        "chosen": chosen,
        "choice": which_figure.choice(
            chosen,
            predictions,
            {name: result.details["validation"] for name, result in results.items()},
            components,
            divided=sample.num_divided > 0,
        ),
        "reference": baseline,
        "labels": labels_of(first.predictions),
        "estimand": sentences.estimand(sample, grouped=grouped),
        "num_test_photos": sample.num_photos,
        "num_test_components": sample.num_sets,
        "unit": sample.unit,
        "num_divided": sample.num_divided,
        "grouped": grouped,
        "num_folds": num_folds,
        "num_repeats": sample.num_repeats,
        "approximate": num_folds > 1,
        "num_comparisons": sample.num_comparisons,
        "margin": sample.margin,
        "notes": sentences.notes(
            sample,
            num_folds,
            grouped=grouped,
            seeded=any(result.details["num_updates"] > 0 for result in results.values()),
        ),
        "commonest_label": {
            "label": measured[baseline].commonest,
            "share": round(figures[baseline][Key("commonest")].value, NUM_DIGITS),
            **intervals.written(figures[baseline][Key("commonest")]),
        },
        "variants": {
            name: {
                **_figures(result, measured[name], figures[name]),
                "mean_prediction": which_figure.mean_prediction(result.predictions, components),
            }
            for name, result in results.items()
        },
        "differences": differences.differences(measured, pairs, sample),
    }


def _figures(result: Results, measured: Measured, estimates: Mapping[Key, Estimate]) -> dict[str, Any]:
    details = result.details
    over_guess = estimates[Key("over_guess")]
    remarks = [*how_taught.remarks(details), *how_taught.diverged(details, result.curves)]
    return {
        **{name: result.metrics[name] for name in METRICS},
        **{name: details[name] for name in ("test_log_loss", "test_roc_auc", "test_brier_loss")},
        **intervals.written(estimates[Key("accuracy")]),
        "estimates": {name: _estimate(estimates[Key(name)]) for name in ESTIMATED if Key(name) in estimates},
        "over_guess": {"difference": round(over_guess.value, NUM_DIGITS), **intervals.written(over_guess)},
        "better_than_guess": _better_than_guess(over_guess),
        "per_class": [
            {
                "label": item["label"],
                "support": item["support"],
                **{name: _estimate(estimates[Key(name, item["label"])]) for name in OF_LABEL},
                ROC_AUC: _estimate(estimates.get(Key(ROC_AUC, item["label"]))),
            }
            for item in details["per_class"]
        ],
        "calibration": {
            **details["calibration"],
            "curve": [
                {**found, **intervals.written(estimate)}
                for found, estimate in zip(
                    details["calibration"]["curve"], measure.reliability(measured), strict=True
                )
            ],
        },
        **{
            name: details[name] for name in ("num_repeats", "num_updates", "num_parameters", "data", "recipe")
        },
        "network": details["network_name"],
        "network_title": details["network_title"],
        "taught": how_taught.taught(details),
        **({"remarks": remarks} if remarks else {}),
    }


def _better_than_guess(over_guess: Estimate) -> bool | None:
    if over_guess.low is None:
        return None if over_guess.value > 0 else False
    return claims.verdict(over_guess) == "better"


def _estimate(estimate: Estimate | None) -> dict[str, Any] | None:
    return estimate and {"value": round(estimate.value, NUM_DIGITS), **intervals.written(estimate)}


def _unit(tested: pd.DataFrame, components: pd.Series) -> str:
    """Returns what the components of photos are; both have one row per photo, in the same order."""
    groups = tested["group"].where(tested["group"] != "", tested["photo_id"]).to_numpy()
    pairs = pd.DataFrame({"group": groups, "component": components.to_numpy()})
    if not pairs.nunique().eq(len(pairs.drop_duplicates())).all():
        return "independent set"
    return "group" if (tested["group"] != "").any() else "photo"


def _num_divided(splits: pd.DataFrame) -> int:
    """Returns how many components have test photos and others in one fold."""
    tested = splits["part"].eq("test").groupby([splits["component"], splits["fold"]])
    return int((tested.any() & ~tested.all()).groupby(level="component").any().sum())


def _check_same_photos(results: Mapping[str, Results], known: set[str]) -> None:
    tested = {name: set(result.predictions["photo_id"]) for name, result in results.items()}
    reference = next(iter(tested))
    for name, ids in tested.items():
        if ids != tested[reference] or not ids <= known:
            raise DataError(
                f"{EVALUATIONS / name / 'predictions.csv'} and that of {reference} are not of the same test "
                f"photos of {DATABASE} and {SPLITS}; run `dvc repro`"
            )
