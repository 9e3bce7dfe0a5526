"""What one trained network sees: data/models/VARIANT → pictures in data/visualisations/VARIANT."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from stages import run
from tenshots import files, params, runtime
from tenshots.interpretation import drawing, gallery
from tenshots.interpretation.settings import VisualiseSettings
from tenshots.interpretation.subject import Subject, chosen_fit, subject
from tenshots.networks import model_json, stored
from tenshots.networks.model_json import SavedTraining, SavedVariant
from tenshots.runtime import ComputeSettings
from tenshots.seeds import SeedSettings
from tenshots.tables import database
from tenshots.tables.paths import DATABASE, EVALUATIONS, MODELS, SPLITS, VISUALISATIONS


def main(argv: Sequence[str] | None = None) -> None:
    """Draws the pictures of one variant."""
    parser = argparse.ArgumentParser(prog="python -m stages.visualise", description=__doc__)
    parser.add_argument("variant", help="its key below variants in params.yaml")
    variant: str = parser.parse_args(argv).variant
    values = params.read()
    settings = params.section(values, "visualise", VisualiseSettings)
    seed = params.top_level(values, SeedSettings).seed
    runtime.configure(threads=params.top_level(values, ComputeSettings).threads)

    saved = model_json.read_variant(MODELS / variant)
    fit = chosen_fit(saved, settings)
    shown = _subject(saved, fit, variant)

    folder = VISUALISATIONS / variant
    files.empty(folder)
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
    print(f"{variant}: {len(described)} pictures in {folder}")


def _subject(saved: SavedVariant, fit: SavedTraining, variant: str) -> Subject:
    photos = database.read_photos(DATABASE, ["photo_id", "label", "image"])
    predictions = database.read_predictions(EVALUATIONS / variant / "predictions.csv")
    model = stored.rebuild(saved)
    shown = subject(
        model, saved, fit, photos=photos, splits=database.read_splits(SPLITS), predictions=predictions
    )
    # Loads the weights as evaluation did, and says whether these are the networks that were evaluated.
    shares = stored.probabilities(model, MODELS / variant / fit.weights, shown.tested.images)
    return shown.checked(shares)


if __name__ == "__main__":
    run(main)
