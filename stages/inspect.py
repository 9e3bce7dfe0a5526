"""Stage `inspect`: what a logistic regression on frozen features says of every photo, and of its label.

python -m stages.inspect
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

import numpy as np

from stages import run
from tenshots import files, params
from tenshots.labels.judging import judge
from tenshots.labels.settings import InspectSettings, backbone_settings
from tenshots.tables import database, features
from tenshots.tables.paths import DATABASE, FEATURES, INSPECTION, SPLITS


def main(argv: Sequence[str] | None = None) -> None:
    """Reads data/database, data/splits and data/features; writes data/inspection.

    A photo's features are the mean with those of its mirror image: a mirrored object keeps its label, so what
    the two differ in is noise to a classifier. With the labels of 5 % of the photos changed on purpose, the
    mean brought a logistic regression's log loss against the true labels from 0.63 to 0.55 on the demo photos
    and from 0.91 to 0.90 on 87 crops of COCO photos. Features at twice the `input_px`, or of earlier layers
    as well, helped on one of the two collections and hurt on the other.
    """
    argparse.ArgumentParser(prog="python -m stages.inspect", description=__doc__).parse_args(argv)
    values = params.read()
    settings = params.section(values, "inspect", InspectSettings)
    name = settings.network
    backbone = backbone_settings(values, name).frozen()

    photos = database.read_photos(DATABASE, ["photo_id", "label", "path"])
    splits = database.read_splits(SPLITS)
    found = features.read(
        FEATURES / "database" / name, photo_ids=photos["photo_id"].tolist(), backbone=backbone
    )
    rows, mirrored = (each.astype(np.float64) for each in found)
    predictions, description = judge(photos, splits, (rows + mirrored) / 2, wanted=settings.judge)

    text = json.dumps({"network": name, **description}, indent=2, ensure_ascii=False) + "\n"
    with files.whole_folder(INSPECTION) as folder:
        database.write_predictions(predictions, folder / "predictions.csv")
        files.write(folder / "inspection.json", text)
    print(f"inspect: {description['sentence']}")
    for item in description["not_judged"] if settings.judge else ():
        print(f"inspect: warning: {item['label']} is not judged: {item['reason']}")


if __name__ == "__main__":
    run(main)
