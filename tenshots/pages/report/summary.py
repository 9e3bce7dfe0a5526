"""All that reports/comparison.json holds: what each part of the page adds to it (see there for its keys)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tenshots.labels.costly import Space
from tenshots.pages.report import comparison, corrections, costly, people, photos_and_mistakes
from tenshots.pages.report.comparison import Results
from tenshots.pages.report.people import Person
from tenshots.pages.report.photos_and_mistakes import Material
from tenshots.pages.settings import ReportSettings


def summed_up(
    results: Mapping[str, Results],
    photos: pd.DataFrame,
    splits: pd.DataFrame,
    material: Material,
    settings: ReportSettings,
    *,
    space: Space | None,
    network: str,
) -> tuple[dict[str, Any], list[Person]]:
    """Returns what reports/comparison.json holds, and whom it names nowhere: each person, the hardest first.

    Args:
        results: of each variant, in the order of params.yaml.
        photos: photo_id, label and group, of the whole database.
        splits: photo_id, component, fold and part (see tenshots.splitting.division).
        material: what else the page tells of, of the same variants.
        settings: of the report.
        space: where photos lie to a frozen backbone; None where its weights are random.
        network: what that backbone's network is called in params.yaml.

    Raises:
        DataError: as comparison.compare.
    """
    compared = comparison.compare(results, photos, splits, settings)
    chosen = compared["chosen"]
    answers = results[chosen].predictions
    compared |= photos_and_mistakes.photos_and_mistakes(material, settings, chosen=chosen)
    compared["people"], who = people.by_person(
        answers,
        photos,
        splits,
        num_divided=compared["num_divided"],
        of_mean=compared["variants"][chosen]["interval"],
    )
    compared["costly"] = costly.described(
        answers, splits, space, network=network, num_mistakes=settings.num_mistakes
    )
    compared |= corrections.told(material.predictions, material.manifest, splits)
    return compared, who
