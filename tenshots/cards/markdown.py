"""Cards that tell strangers what the data and the model are, in Markdown as on Hugging Face.

What the pipeline knows is filled in; what only people know is marked TO BE FILLED IN, and never guessed. The
headings are those of huggingface_hub's templates (modelcard_template.md, datasetcard_template.md).
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tenshots import choices, params
from tenshots.cards import origins
from tenshots.statistics import phrases
from tenshots.tables.manifest import counted_reasons
from tenshots.wording import as_code, counted, in_markdown

FOLDER = Path(__file__).parent
TO_BE_FILLED_IN = "**TO BE FILLED IN**"
SIZE_CATEGORIES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


@dataclass(frozen=True)
class Facts:
    """What the cards say.

    Attributes:
        manifest: a row per file found.
        leakage: leakage.json of the split.
        compared: comparison.json.
        details: details.json of the chosen variant.
        values: all settings of params.yaml.
    """

    manifest: pd.DataFrame
    leakage: Mapping[str, Any]
    compared: Mapping[str, Any]
    details: Mapping[str, Any]
    values: Mapping[str, Any]


def model_card(facts: Facts) -> str:
    """Returns the card of the chosen variant, as Markdown with YAML in front."""
    name = facts.compared["chosen"]
    network = phrases.without_places(params.flattened(facts.details["network"]))
    return (
        _environment()
        .get_template("model_card.md.j2")
        .render(
            name=name,
            figures=facts.compared["variants"][name],
            compared=facts.compared,
            details=facts.details,
            basis=phrases.basis(facts.compared),
            guess=phrases.guess(facts.compared),
            settings=params.flattened(facts.details["settings"]),
            network=network,
            objective=_objective(facts.details),
            origin=origins.origin(network),
            num_sets=facts.leakage["num_components"],
            augment=facts.values.get("augment"),
            standardise=facts.values["standardise"],
            num_divided=facts.compared["num_divided"],
            blank=TO_BE_FILLED_IN,
        )
    )


def data_card(facts: Facts) -> str:
    """Returns the card of the photos, as Markdown with YAML in front."""
    kept = facts.manifest[facts.manifest["status"] == "kept"]
    sizes = [category for limit, category in SIZE_CATEGORIES if len(kept) < limit]
    return (
        _environment()
        .get_template("data_card.md.j2")
        .render(
            num_photos=len(kept),
            size_category=(sizes or ["n>1M"])[0],
            labels=kept["label"].value_counts().sort_index().to_dict(),
            num_groups=int(kept.loc[kept["group"] != "", "group"].nunique()),
            formats=kept["format"].value_counts().sort_index().to_dict(),
            reasons=counted_reasons(facts.manifest),  # without the paths that some reasons name
            num_rejected=int((facts.manifest["status"] == "rejected").sum()),
            num_with_camera=int((kept["camera"] != "").sum()),
            num_with_time=int((kept["taken"] != "").sum()),
            corrected=facts.compared["corrections"],
            leakage=facts.leakage,
            num_folds=facts.compared["num_folds"],
            values=facts.values,
            photos_folder=_folder(facts.values["photos"]),
            blank=TO_BE_FILLED_IN,
        )
    )


def _objective(details: Mapping[str, Any]) -> str:
    """Returns what training minimised."""
    if details["recipe"] == "linear_svm":
        return "the squared hinge loss of each label against the rest"
    loss = choices.name_of(details["settings"].get("optimisation", {}).get("loss") or "")
    if loss == "hinge":
        return "the hinge loss, summed over all labels but the right one"
    return "the focal loss" if loss == "focal" else "the categorical cross-entropy"


def _folder(photos: str) -> str:
    # An absolute path would tell of this machine and its user.
    return as_code(photos) if not Path(photos).is_absolute() else "a folder outside the repository"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=False,  # it is Markdown; `cell` escapes what stands in it
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["percent"] = phrases.percent
    environment.filters["interval"] = phrases.interval_text
    environment.filters["cell"] = in_markdown
    environment.filters["code"] = as_code
    environment.filters["shell"] = shlex.quote
    environment.filters["counted"] = counted
    return environment
