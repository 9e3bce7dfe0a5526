"""Stage `inspect`: what a logistic regression on frozen features says of every photo, and of its label.

python -m stages.inspect
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from stages import run
from tenshots import files, params, runtime
from tenshots.labels.judging import judge
from tenshots.labels.settings import InspectSettings, backbone_settings
from tenshots.networks import features
from tenshots.runtime import ComputeSettings
from tenshots.tables import database
from tenshots.tables.paths import DATABASE, INSPECTION, SPLITS


def main(argv: Sequence[str] | None = None) -> None:
    """Reads data/database and data/splits; writes data/inspection."""
    argparse.ArgumentParser(prog="python -m stages.inspect", description=__doc__).parse_args(argv)
    values = params.read()
    name = params.section(values, "inspect", InspectSettings).network
    settings = backbone_settings(values, name)
    runtime.configure(threads=params.top_level(values, ComputeSettings).threads)

    photos = database.read_photos(DATABASE, ["photo_id", "label", "path", "image"])
    splits = database.read_splits(SPLITS)
    outputs = features.features(settings, database.decode(photos["image"]))
    predictions, description = judge(photos, splits, outputs)

    database.write_predictions(predictions, INSPECTION / "predictions.csv")
    text = json.dumps({"network": name, **description}, indent=2, ensure_ascii=False) + "\n"
    files.write(INSPECTION / "inspection.json", text)
    print(f"inspect: {description['sentence']}")
    for item in description["not_judged"]:
        print(f"inspect: warning: {item['label']} is not judged: {item['reason']}")


if __name__ == "__main__":
    run(main)
