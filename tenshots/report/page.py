"""The page: tables and pictures in, one self-contained HTML file out.

Nothing in it depends on where or when it was made, so that two rebuilds of one commit give the same bytes.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tenshots import params
from tenshots.report import ReportSettings, charts, comparison, pictures
from tenshots.report.comparison import Results

FOLDER = Path(__file__).parent
# What moves a result or a pixel of the page; the complete list is requirements.txt.
PACKAGES = ["dvc", "keras", "numpy", "pandas", "pillow", "pyarrow", "scikit-learn", "tensorflow"]
MAX_ROWS = 100  # of a table: nobody reads more, and the page stays small; the files hold the rest


@dataclass(frozen=True)
class Inputs:
    """What the page shows.

    Attributes:
        compared: what `comparison.compare` returned.
        results: of each variant, in the order of params.yaml.
        photos: the database: photo_id, label, group, path, image.
        manifest: a row a file found.
        manifest_bytes: the manifest's file, for its hash.
        augmentation: the preview picture (PNG).
        values: all settings of params.yaml.
    """

    compared: Mapping[str, Any]
    results: Mapping[str, Results]
    photos: pd.DataFrame
    manifest: pd.DataFrame
    manifest_bytes: bytes
    augmentation: bytes
    values: Mapping[str, Any]


def render(inputs: Inputs, settings: ReportSettings) -> str:
    """Returns the page as HTML: no script, nothing to load; every text is escaped."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,  # labels, paths and settings are text, whatever they hold
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = comparison.percent
    environment.filters["interval"] = comparison.interval_text
    environment.filters["difference"] = comparison.difference_text
    return environment.get_template("templates/index.html.j2").render(
        style=(FOLDER / "style.css").read_text(encoding="utf-8"),
        compared=inputs.compared,
        basis=comparison.basis(inputs.compared),
        guess=comparison.guess(inputs.compared),
        doubt=comparison.doubt(inputs.compared),
        mcnemar_note=comparison.mcnemar_note(inputs.compared),
        gains={
            item["variant"]: item
            for item in inputs.compared["differences"]
            if item["reference"] == inputs.compared["reference"]
        },
        variants=[_variant(inputs, name, settings) for name in inputs.results],
        sheet=_sheet(inputs.photos, settings),
        counts=counts(inputs.photos),
        num_groups=int(inputs.photos["group"].nunique()) if inputs.compared["grouped"] else 0,
        num_photos=len(inputs.photos),
        rejected=inputs.manifest[inputs.manifest["status"] == "rejected"].to_dict("records"),
        max_rows=MAX_ROWS,
        augmentation=pictures.data_uri(inputs.augmentation, max_px=pictures.PREVIEW_PX),
        settings=params.flattened(inputs.values),
        provenance=provenance(inputs.manifest_bytes, inputs.values),
    )


def counts(photos: pd.DataFrame) -> pd.DataFrame:
    """Returns the number of photos of each group (rows) and label (columns), both sorted."""
    table: pd.DataFrame = pd.crosstab(photos["group"], photos["label"])
    return table


def provenance(manifest: bytes, values: Mapping[str, Any]) -> dict[str, str]:
    """Returns what the page was made from: hashes of the manifest and the settings, and package versions."""
    canonical = json.dumps(values, sort_keys=True, ensure_ascii=False).encode()
    return {
        "data/manifest.csv (SHA-256)": hashlib.sha256(manifest).hexdigest(),
        "settings (SHA-256)": hashlib.sha256(canonical).hexdigest(),
        **{name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:  # such as TensorFlow where Keras computes with JAX
        return "not installed"


def _sheet(photos: pd.DataFrame, settings: ReportSettings) -> list[dict[str, Any]]:
    chosen = pictures.samples(photos, num_samples=settings.num_samples)
    return [
        {
            "label": label,
            "photos": [
                {"path": row.path, "picture": pictures.data_uri(row.image, max_px=pictures.THUMBNAIL_PX)}
                for row in rows.itertuples()
            ],
        }
        for label, rows in chosen.groupby("label", sort=True)
    ]


def _variant(inputs: Inputs, name: str, settings: ReportSettings) -> dict[str, Any]:
    result = inputs.results[name]
    confusion = result.details["confusion"]
    return {
        "name": name,
        "figures": inputs.compared["variants"][name],
        "per_class": result.details["per_class"],
        "confusion": [[(count, count / max(sum(row), 1)) for count in row] for row in confusion],
        "charts": _charts(inputs.results, name),
        "mistakes": _mistakes(inputs, name, settings),
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


def _mistakes(inputs: Inputs, name: str, settings: ReportSettings) -> list[dict[str, Any]]:
    worst = pictures.mistakes(inputs.results[name].predictions, num_mistakes=settings.num_mistakes)
    shown = worst.merge(
        inputs.photos[["photo_id", "path", "image"]], on="photo_id", how="left", validate="one_to_one"
    )
    return [
        {
            "path": row.path,
            "label": row.label,
            "predicted": row.predicted,
            "probability": row.probability,
            "picture": pictures.data_uri(row.image, max_px=pictures.THUMBNAIL_PX),
        }
        for row in shown.itertuples()
    ]
