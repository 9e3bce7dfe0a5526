"""What is worth knowing of the photos and the mistakes, in numbers: the rest of reports/comparison.json.

Keys, beside those of pages.report.comparison. Photos are named by photo_id alone (data/manifest.csv says
which file that is), and people not at all: comparison.json is in git, where the photos need not be.

    data             num_photos, num_groups, num_labels, labels {label: photos}, photos_per_group (a list, the
                     most first), num_rejected, rejected {reason: files},
                     clusters: near-duplicates, a list of {photo_ids, across_groups, across_labels},
                     distributions: of brightness, sharpness and size, a list of {measure, median, low, high
                     (both null where no_limits says why), no_limits,
                     outliers: [{photo_id, value, z, words}]},
                     leak: what a random split would have leaked {num_test_photos, num_with_sibling,
                     num_near_duplicates, num_now, sentence}
    confusion        of each variant, counts of photos by the mean over its trainings: a row per true label,
                     a column per answer, in the order of labels
    mistakes         of each variant, the surest wrong answers: [{photo_id, label, predicted, probability}]
    suspects         {num_suspects, num_judged, not_judged, sentence, photos: [{photo_id, label, suggested,
                     p_label, p_suggested, by_reference, by_chosen, judge, agreeing}]}: labels that may be
                     wrong, to the logistic regression (by_reference) or to the chosen variant (by_chosen);
                     judge: whose probabilities these are; agreeing: variants that answer the
                     suggested label, whether or not they suspect the photo
    disagreements    {num_photos, photos: [{photo_id, label, answers: [{variant, predicted, right}]}]}
    studies          of each variant, what data/study holds (see tenshots.studies)

Lists of photos hold as many as the page shows: `report.num_mistakes`, of suspects five times as many; of
clusters and outliers, all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tenshots.labels import mistakes, outliers, suspects
from tenshots.labels.suspicion import CAUTION
from tenshots.pages.report import pictures
from tenshots.pages.settings import ReportSettings
from tenshots.statistics.intervals import NUM_DIGITS
from tenshots.tables.manifest import common_reasons
from tenshots.tables.predictions import labels_of

MANY_SUSPECTS = 5  # times the number of mistakes: a weak judge suspects many, and the page folds them


@dataclass(frozen=True)
class Material:
    """What these figures are drawn from.

    Attributes:
        manifest: a row per file found.
        leakage: leakage.json of the split.
        inspected: inspection.json.
        predictions: of each variant, in the order of params.yaml.
        studies: study.json of each variant.
    """

    manifest: pd.DataFrame
    leakage: Mapping[str, Any]
    inspected: Mapping[str, Any]
    predictions: Mapping[str, pd.DataFrame]
    studies: Mapping[str, Mapping[str, Any]]


def photos_and_mistakes(material: Material, settings: ReportSettings, *, chosen: str) -> dict[str, Any]:
    """Returns the keys above; `chosen` is the variant that is best on validation photos."""
    return {
        "data": _data(material),
        "confusion": {name: confusion(table) for name, table in material.predictions.items()},
        "mistakes": {
            name: [
                {**row, "probability": round(row["probability"], NUM_DIGITS)}
                for row in pictures.mistakes(table, num_mistakes=settings.num_mistakes).to_dict("records")
            ]
            for name, table in material.predictions.items()
        },
        "suspects": _suspects(material, chosen, settings.num_mistakes),
        "disagreements": _disagreements(material.predictions, settings.num_mistakes),
        "studies": {
            name: study
            for name, study in material.studies.items()
            if study["learning_curve"] or study["leaking_split"]
        },
    }


def confusion(predictions: pd.DataFrame) -> list[list[int]]:
    """Counts photos by their label (rows) and by the answer in the mean over repeats (columns)."""
    cells, labels = mistakes.confusion_cells(predictions), labels_of(predictions)
    return [[len(cells[label, answer]) for answer in labels] for label in labels]


def _data(material: Material) -> dict[str, Any]:
    kept = material.manifest[material.manifest["status"] == "kept"]
    groups = kept.loc[kept["group"] != "", "group"].value_counts()
    labels = kept["label"].value_counts().sort_index()
    rejected = common_reasons(material.manifest).value_counts()
    leak = mistakes.leak(material.leakage)
    return {
        "num_photos": len(kept),
        "num_groups": len(groups),
        "num_labels": len(labels),
        "labels": {str(label): int(number) for label, number in labels.items()},
        "photos_per_group": sorted((int(number) for number in groups), reverse=True),
        "num_rejected": int(rejected.sum()),
        "rejected": {
            str(reason): int(number)
            for reason, number in sorted(rejected.items(), key=lambda item: (-item[1], item[0]))
        },
        "clusters": [
            {
                "photo_ids": [member.photo_id for member in cluster.photos],
                "across_groups": cluster.across_groups,
                "across_labels": cluster.across_labels,
            }
            for cluster in mistakes.clusters(material.manifest)
        ],
        "distributions": [_distribution(each) for each in outliers.distributions(material.manifest)],
        "leak": {
            "num_test_photos": leak.num_test_photos,
            "num_with_sibling": leak.num_with_sibling,
            "num_near_duplicates": leak.num_near_duplicates,
            "num_now": leak.num_now,
            "sentence": leak.sentence,
        },
    }


def _distribution(found: outliers.Distribution) -> dict[str, Any]:
    return {
        "measure": found.measure,
        "median": _rounded(found.median),
        "low": _rounded(found.low),
        "high": _rounded(found.high),
        "no_limits": found.reason,
        "outliers": [
            {
                "photo_id": each.photo_id,
                "value": _rounded(each.value),
                "z": _rounded(each.z),
                "words": each.words,
            }
            for each in found.outliers
        ],
    }


def _suspects(material: Material, chosen: str, number: int) -> dict[str, Any]:
    inspected = material.inspected
    found = suspects.suspects(inspected, material.predictions, material.manifest, chosen=chosen)
    return {
        "num_suspects": len(found),
        "num_judged": inspected["num_judged"],
        "not_judged": inspected["not_judged"],
        "sentence": _suspicion(
            len(found),
            inspected["num_judged"],
            chosen,
            may_judge=suspects.may_judge(inspected, material.predictions[chosen]),
        ),
        "photos": [
            {
                "photo_id": each.photo_id,
                "label": each.label,
                "suggested": each.suggested,
                "p_label": _rounded(each.p_label),
                "p_suggested": _rounded(each.p_suggested),
                "by_reference": each.by_reference,
                "by_chosen": each.by_chosen,
                "judge": each.judge,
                "agreeing": list(each.agreeing),
            }
            for each in found[: MANY_SUSPECTS * number]
        ],
    }


def _suspicion(number: int, num_judged: int, chosen: str, *, may_judge: bool) -> str:
    """Says what looks wrong to those who judge: the regression, unless it judged none, and the variant."""
    regression = "a logistic regression on a pretrained network's features"
    judges = [regression] * bool(num_judged) + [f"the variant {chosen}"] * may_judge
    if not judges:
        return (
            f"No label was judged: not by {regression}, and the variant {chosen} is right on too few photos "
            f"(on less than {suspects.ALONE * 100:.0f} %) to judge alone."
        )
    alone = "" if num_judged else f" Not judged by {regression}."
    if not number:
        return f"No photo looks wrongly labelled to {' or to '.join(judges)}.{alone}"
    looks, them = ("photo looks", "it") if number == 1 else ("photos look", "them")
    which = "neither of which was" if len(judges) > 1 else "which was not"
    first = " Photos that both take for the same other label come first." * (len(judges) > 1)
    return (
        f"{number:,} {looks} more like another label to {' or to '.join(judges)}, {which} trained on {them}."
        f"{first} {CAUTION}{alone}"
    )


def _disagreements(predictions: Mapping[str, pd.DataFrame], number: int) -> dict[str, Any]:
    found = mistakes.disagreements(predictions) if len(predictions) > 1 else []
    return {
        "num_photos": len(found),
        "photos": [
            {
                "photo_id": each.photo_id,
                "label": each.label,
                "answers": [
                    {"variant": answer.variant, "predicted": answer.predicted, "right": bool(answer.right)}
                    for answer in each.answers
                ],
            }
            for each in found[:number]
        ],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
