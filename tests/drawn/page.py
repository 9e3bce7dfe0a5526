"""What the page is made of, drawn: photos, predictions, pictures and what is found in them."""

from __future__ import annotations

import dataclasses
import functools
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd

from tenshots.labels import costly
from tenshots.pages.report import summary, views
from tenshots.pages.report.photos_and_mistakes import Material
from tenshots.pages.settings import ReportSettings
from tenshots.splitting import leakage
from tests.drawn import results as drawn_results

LABELS = ["<script>alert(1)</script>", "a,b", "cup"]
SETTINGS = ReportSettings(num_mistakes=3, num_samples=7, pairs="all", margin=0.05)


def made(
    photos: pd.DataFrame,
    labels: list[str],
    skills: dict[str, float],
    *,
    settings: ReportSettings = SETTINGS,
    manifest: pd.DataFrame | None = None,
    studies: dict[str, dict[str, Any]] | None = None,
    solved: str = "",
    judge: bool = True,
) -> views.Inputs:
    """Everything that the page shows, of drawn photos and predictions; no seed moves the variant `solved`."""
    results = {
        name: drawn_results.results(photos, labels, skill=skill, solved=name == solved)
        for name, skill in skills.items()
    }
    splits = drawn_results.splits(photos)
    if manifest is None:
        manifest = drawn_results.manifest(photos)
    inspected, _ = drawn_results.reference(photos, labels)
    if not judge:
        inspected = drawn_results.unjudged(inspected, photos)
    material = Material(
        manifest=manifest,
        leakage=leakage.leakage(manifest, splits, seed=1),
        inspected=inspected,
        predictions={name: result.predictions for name, result in results.items()},
        studies=studies or dict.fromkeys(results, drawn_results.NO_STUDY),
    )
    compared, who = summary.summed_up(
        results,
        photos,
        splits,
        material,
        settings,
        space=costly.space(photos, drawn_results.frozen(len(photos))),
        network="pretrained",
    )
    return views.Inputs(
        compared=compared,
        results=results,
        photos=photos,
        manifest=manifest,
        manifest_bytes=b"manifest",
        code_bytes=b"code",
        leakage=material.leakage,
        augmentation=drawn_results.picture(np.random.default_rng(0), 0),
        drawn={name: drawn_results.seen(name) for name in results},
        values={"lr": 0.001, "note": "<i>", "split": {"folds": 4}, "layers": [{"RandomFlip": {}}]},
        who=who,
    )


@functools.cache  # drawn once; nothing alters what it was given
def inputs(*, grouped: bool = True) -> views.Inputs:
    photos = drawn_results.photos(LABELS, num_groups=6, num_each=2, grouped=grouped)
    photos["path"] = photos["path"].str.replace("IMG", '"><script>IMG')
    return made(photos, LABELS, drawn_results.SKILLS)


def changed(before: views.Inputs, **compared: Any) -> views.Inputs:  # noqa: ANN401 (values of JSON)
    """Returns the inputs with other figures of comparison.compare."""
    return dataclasses.replace(before, compared={**before.compared, **compared})


class Elements(HTMLParser):
    """Collects start tags, ids, links and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keeps a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keeps text."""
        self.text += data
