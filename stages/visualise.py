"""What one trained network of each variant sees: data/models → pictures in data/visualisations/VARIANT.

All variants in one process: TensorFlow takes seconds to import.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from stages import run
from tenshots import files, params, runtime
from tenshots.interpretation import drawing, gallery
from tenshots.interpretation.settings import VisualiseSettings
from tenshots.interpretation.subject import chosen_fit, subject
from tenshots.networks import model_json, stored
from tenshots.runtime import ComputeSettings, keras
from tenshots.seeds import SeedSettings
from tenshots.tables import database, restored
from tenshots.tables.paths import DATABASE, EVALUATIONS, MODELS, SPLITS, VISUALISATIONS


def main(argv: Sequence[str] | None = None) -> None:
    """Draws the pictures of the variants of params.yaml."""
    argparse.ArgumentParser(prog="python -m stages.visualise", description=__doc__).parse_args(argv)
    values = params.read()
    settings = params.section(values, "visualise", VisualiseSettings)
    seed = params.top_level(values, SeedSettings).seed
    runtime.configure(threads=params.top_level(values, ComputeSettings).threads)

    photos = database.read_photos(DATABASE, ["photo_id", "label", "image"])
    splits = database.read_splits(SPLITS)
    with files.whole_folder(VISUALISATIONS) as folder:
        for variant in values["variants"]:
            keras.utils.clear_session()  # so that layers are named, and drawn, as if the variant were alone
            _draw(variant, settings, photos, splits, folder=folder / variant, seed=seed)


def _draw(
    variant: str,
    settings: VisualiseSettings,
    photos: pd.DataFrame,
    splits: pd.DataFrame,
    *,
    folder: Path,
    seed: int,
) -> None:
    saved = model_json.read_variant(MODELS / variant)
    fit = chosen_fit(saved, settings)
    predictions = database.read_predictions(EVALUATIONS / variant / "predictions.csv")
    model = stored.rebuild(saved)
    stored.load(model, MODELS / variant / fit.weights)
    learnt = MODELS / variant / fit.weights.replace(".weights.h5", restored.ENDING)
    found = restored.unpacked(learnt.read_bytes()) if learnt.exists() else None
    shown = subject(model, saved, fit, photos=photos, splits=splits, predictions=predictions, restored=found)

    folder.mkdir()
    described = []
    for number, picture in enumerate(gallery.pictures(shown, settings, seed=seed)):
        name = f"{number:02d}-{picture.kind}.png"
        files.write(folder / name, drawing.png(picture.image))
        described.append(
            {
                "file": name,
                "kind": picture.kind,
                "title": picture.title,
                "caption": picture.caption,
                "alt": picture.alt,
                "width": picture.image.width,
                "height": picture.image.height,
                "photo_ids": picture.photo_ids,
            }
        )
    index = {
        "variant": variant,
        "fold": fit.fold,
        "repeat": fit.repeat,
        "pictures": described,
        "left_out": gallery.left_out(shown.model),
    }
    text = json.dumps(index, indent=2, ensure_ascii=False) + "\n"
    files.write(folder / "index.json", text)
    print(f"{variant}: {len(described)} pictures in {VISUALISATIONS / variant}")


if __name__ == "__main__":
    run(main)
