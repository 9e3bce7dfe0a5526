"""The page: tables and pictures in, one self-contained HTML file out.

Nothing in it depends on where or when it was made, so that two rebuilds of one commit give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tenshots import params
from tenshots.pages.report import charts, pictures, sections, seen, sentences
from tenshots.pages.report.comparison import Results
from tenshots.pages.report.pictures import Album
from tenshots.pages.report.seen import Drawn
from tenshots.pages.report.sources import packages, provenance
from tenshots.pages.settings import ReportSettings
from tenshots.statistics import claims, phrases
from tenshots.wording import counted

FOLDER = Path(__file__).parent
NUM_COLOURS = 6  # of style.css
MAX_TOLD = 3  # claims on the first screen
SHARE = charts.Scale(0.0, 1.0, [charts.Tick(place, f"{place:.0f}") for place in (0.0, 50.0, 100.0)])
SECTIONS = {
    "data": "Photos",
    "comparison": "Comparison",
    "curves": "Learning",
    "mistakes": "Mistakes",
    "seen": "What they see",
    "settings": "Settings",
}


@dataclass(frozen=True)
class Inputs:
    """What the page shows.

    Attributes:
        compared: what reports/comparison.json holds (see tenshots.pages.report.comparison and findings).
        results: of each variant, in the order of params.yaml.
        photos: the database: photo_id, label, group, path, image.
        manifest: a row a file found.
        manifest_bytes: the manifest's file, for its hash.
        leakage: leakage.json of the split.
        augmentation: the preview picture (PNG).
        drawn: of each variant, the pictures of what its network sees.
        values: all settings of params.yaml.
    """

    compared: Mapping[str, Any]
    results: Mapping[str, Results]
    photos: pd.DataFrame
    manifest: pd.DataFrame
    manifest_bytes: bytes
    leakage: Mapping[str, Any]
    augmentation: bytes
    drawn: Mapping[str, Drawn]
    values: Mapping[str, Any]


def render(inputs: Inputs, settings: ReportSettings) -> str:
    """Returns the page as HTML: no script, nothing to load; every text is escaped."""
    compared = inputs.compared
    album = Album(dict(zip(inputs.photos["photo_id"], inputs.photos["image"], strict=True)))
    paths = dict(zip(inputs.photos["photo_id"], inputs.photos["path"], strict=True))
    # In this order the sections spend their budgets for pictures.
    sheet = _sheet(inputs.photos, settings, album)
    data = sections.data_section(inputs.manifest, inputs.leakage, inputs.photos, album)
    mistakes = {
        name: sections.with_pictures(rows, paths, album, "mistakes")
        for name, rows in sorted(compared["mistakes"].items(), key=lambda item: item[0] != compared["chosen"])
    }
    suspects = sections.with_pictures(compared["suspects"]["photos"], paths, album, "mistakes")
    disagreements = sections.with_pictures(compared["disagreements"]["photos"], paths, album, "mistakes")
    confusion = sections.confusion_section(
        {name: result.predictions for name, result in inputs.results.items()},
        compared["labels"],
        paths,
        album,
        first=compared["chosen"],
    )
    return (
        _environment()
        .get_template("index.html.j2")
        .render(
            style=(FOLDER.parent / "style.css").read_text(encoding="utf-8"),
            sections=SECTIONS,
            compared=compared,
            basis=phrases.basis(compared),
            guess=phrases.guess(compared),
            doubt=sentences.doubt(compared),
            mcnemar_note=sentences.mcnemar_note(compared),
            ungrouped=sentences.UNGROUPED,
            told=_told(compared),
            gains={
                item["variant"]: item
                for item in compared["differences"]
                if item["reference"] == compared["reference"]
            },
            forest=charts.scale(
                [
                    *(sign * claims.SETTLED for sign in (-1, 1)),
                    *(end for item in compared["differences"] for end in item["interval"] or []),
                    *(item["difference"] for item in compared["differences"]),
                ]
            ),
            settled=claims.SETTLED,
            share=SHARE,
            labels=_labels(compared),
            variants=[
                {
                    **_variant(inputs, name),
                    "confusion": confusion[name],
                    "mistakes": mistakes[name],
                    "num_wrong": sum(
                        number
                        for i, row in enumerate(compared["confusion"][name])
                        for j, number in enumerate(row)
                        if i != j
                    ),
                }
                for name in inputs.results
            ],
            kinds={picture["kind"] for drawn in inputs.drawn.values() for picture in drawn.index["pictures"]},
            sheet=sheet,
            data=data,
            suspects=suspects,
            num_mistakes=settings.num_mistakes,
            disagreements=disagreements,
            max_rows=sections.MAX_ROWS,
            augmentation=pictures.data_uri(inputs.augmentation, max_px=pictures.PREVIEW_PX),
            settings=params.flattened(inputs.values),
            provenance=provenance(inputs.manifest_bytes, inputs.values),
            packages=packages(),
            album=album,
            place=album.numbers(),
        )
    )


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,  # labels, paths and settings are text, whatever they hold
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=phrases.percent,
        interval=phrases.interval_text,
        difference=phrases.difference_text,
        claim=sentences.claim_parts,
        estimate=sentences.estimate_parts,
        number=lambda value: f"{value:,.0f}",
    )
    environment.globals.update(counted=counted)
    return environment


def _told(compared: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Returns the differences that the first screen tells: all, or else those of the chosen variant."""
    differences = compared["differences"]
    chosen = [item for item in differences if compared["chosen"] in (item["variant"], item["reference"])]
    return list(differences if len(differences) <= MAX_TOLD else chosen[:MAX_TOLD])


def _sheet(photos: pd.DataFrame, settings: ReportSettings, album: Album) -> list[dict[str, Any]]:
    chosen = pictures.samples(photos, num_samples=settings.num_samples)
    held = set(album.take(chosen["photo_id"], "sheet"))
    return [
        {"label": label, "photos": rows[["photo_id", "path"]].to_dict("records")}
        for label, rows in chosen[chosen["photo_id"].isin(held)].groupby("label", sort=True)
    ]


def _labels(compared: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns of each label how many of its photos each variant recognises."""
    variants = compared["variants"]
    return [
        {
            "name": label,
            "support": next(iter(variants.values()))["per_class"][number]["support"],
            "rows": [
                {"variant": name, "recall": figures["per_class"][number]["recall"]}
                for name, figures in variants.items()
            ],
        }
        for number, label in enumerate(compared["labels"])
    ]


def _variant(inputs: Inputs, name: str) -> dict[str, Any]:
    figures = inputs.compared["variants"][name]
    study = inputs.compared["studies"].get(name, {"learning_curve": None, "leaking_split": None})
    return {
        "name": name,
        "figures": figures,
        "charts": _charts(inputs.results, name),
        "reliability": charts.reliability(figures["calibration"]["curve"]),
        "calibrated": sentences.calibrated(figures),
        "colour": f"colour{list(inputs.results).index(name) % NUM_COLOURS}",
        "study": study,
        "study_curve": study["learning_curve"] and charts.study_curve(study["learning_curve"]),
        "seen": seen.view(inputs.drawn[name], num_variants=len(inputs.results)),
    }


def _charts(results: Mapping[str, Results], name: str) -> list[charts.Chart]:
    # All variants share their axes: side by side they are compared.
    last_epoch = float(max(result.curves["epoch"].max() for result in results.values()))
    highest_loss = float(max(result.curves[["loss", "val_loss"]].max().max() for result in results.values()))
    curves = results[name].curves
    epochs = curves["epoch"].tolist()
    return [
        charts.line_chart(
            title,
            epochs,
            {"training": curves[column].tolist(), "validation": curves[f"val_{column}"].tolist()},
            x_end=last_epoch,
            y_end=y_end,
            y_as_percent=column == "accuracy",
        )
        for title, column, y_end in [("Accuracy", "accuracy", 1.0), ("Loss", "loss", highest_loss)]
    ]
