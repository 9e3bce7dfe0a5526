"""The page: tables and pictures in, one self-contained HTML file out.

Nothing in it depends on where or when it was made, so rebuilding one commit gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tenshots import params
from tenshots.pages.report import (
    charts,
    corrections,
    costly,
    made_from,
    people,
    pictures,
    sections,
    sentences,
    views,
)
from tenshots.pages.report.pictures import Album
from tenshots.pages.report.views import Inputs
from tenshots.pages.settings import ReportSettings
from tenshots.statistics import phrases
from tenshots.wording import counted

FOLDER = Path(__file__).parent
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
class MadeFrom:
    """What the page was made from: settings by dotted key, hashes, and versions of packages."""

    settings: Mapping[str, str]
    hashes: Mapping[str, str]
    packages: Mapping[str, str]


def render(inputs: Inputs, settings: ReportSettings) -> str:
    """Returns the page as HTML: no script, nothing to load; every text is escaped."""
    compared = inputs.compared
    album = Album(dict(zip(inputs.photos["photo_id"], inputs.photos["image"], strict=True)))
    # In this order the sections spend their budgets for pictures.
    answer = views.answer(inputs, settings, album)
    photos = sections.photos_section(inputs.manifest, inputs.leakage, inputs.photos, album)
    corrected = corrections.view(compared, inputs.manifest, album)
    variants, mistakes = views.mistaken(inputs, settings, album)
    return (
        _environment()
        .get_template("index.html.j2")
        .render(
            compared=compared,
            variants=variants,
            answer=answer,
            photos=photos,
            augmentation=pictures.data_uri(inputs.augmentation, max_px=pictures.PREVIEW_PX),
            comparison=views.comparison(compared),
            mistakes=mistakes,
            people=people.section(compared["people"], inputs.who),
            costly=costly.sheet(compared["costly"], inputs.photos, album),
            corrected=corrected,
            kinds={picture["kind"] for drawn in inputs.drawn.values() for picture in drawn.index["pictures"]},
            made_from=MadeFrom(
                phrases.without_places(params.flattened(inputs.values)),
                made_from.hashes(inputs.manifest_bytes, inputs.values, inputs.code_bytes),
                made_from.packages(),
            ),
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
    environment.globals.update(
        counted=counted,
        style=(FOLDER.parent / "style.css").read_text(encoding="utf-8"),
        sections=SECTIONS,
        share=SHARE,
        ungrouped=sentences.UNGROUPED,
        max_rows=sections.MAX_ROWS,
        num_open=costly.NUM_OPEN,
        num_people=people.NUM_OPEN,
        hardest_label=people.hardest_label,
    )
    return environment
