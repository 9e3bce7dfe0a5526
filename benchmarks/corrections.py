"""Planted wrong labels: how many the page's suspects find, and what becomes of labels that were right.

python -m benchmarks.corrections [--photos FOLDER ...] [--layout PATTERN] [--seeds 20]

Without `--photos` the project's own photos are taken, by its settings (the demo's two wrong labels are put
right first); with it those of each FOLDER, read by PATTERN. The photos go through `ingest` and the frozen
features that `inspect` reads, once. Then, seed by seed, 5 % of the labels are replaced by another at random,
the photos are dealt to folds (which the labels move), and the regression says which labels look wrong, as in
`inspect`. Two people work on its proposals: one trusts the page and applies all of them, the other looks at
each photo, and applies those that are right. Nobody looks at photos that are not proposed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
import pandas as pd

from tenshots import params, runtime
from tenshots.intake.ingestion import Rules, ingest
from tenshots.intake.layout import PhotosSettings
from tenshots.intake.names.pattern import Layout
from tenshots.intake.settings import AcceptSettings, NearDuplicateSettings
from tenshots.labels.judging import judge
from tenshots.labels.settings import InspectSettings, backbone_settings
from tenshots.networks import features
from tenshots.seeds import SeedSettings
from tenshots.splitting import division
from tenshots.splitting.settings import SplitSettings
from tenshots.tables import csv_files, database
from tenshots.tables.encoding import StandardiseSettings

SHARE = 0.05  # of the labels
CASES = Path("demo/CASES.csv")


class Photos(NamedTuple):
    """A collection, and what the frozen backbone makes of it.

    Attributes:
        manifest: a row per file.
        table: photo_id, label and path, sorted by photo_id.
        features: float64, shape (num_photos, num_features): means with the mirror images.
        seconds: of the processor, that the features took.
    """

    manifest: pd.DataFrame
    table: pd.DataFrame
    features: np.ndarray
    seconds: float


class Outcome(NamedTuple):
    """What became of the planted labels, in photos.

    Attributes:
        planted: wrong labels.
        proposed: photos suspected.
        found: planted ones among them.
        restored: planted ones for which the true label was suggested.
        wrongly_changed: right labels that are proposed to be changed.
        left_if_trusted: wrong labels, once all proposals are applied.
        left_if_looked: the same, once only the right proposals are.
        seconds: of the processor.
    """

    planted: int
    proposed: int
    found: int
    restored: int
    wrongly_changed: int
    left_if_trusted: int
    left_if_looked: int
    seconds: float


def collected(values: Mapping[str, Any], folder: Path, layout: str) -> Photos:
    """Reads a folder and computes its features."""
    rules = Rules(
        accept=params.section(values, "accept", AcceptSettings),
        standardise=params.section(values, "standardise", StandardiseSettings),
        near_duplicates=params.section(values, "near_duplicates", NearDuplicateSettings),
    )
    network = params.section(values, "inspect", InspectSettings).network
    with tempfile.TemporaryDirectory() as name, closing(database.Spool(Path(name))) as spool:
        result = ingest(folder, Layout(layout), rules, spool, num_workers=joblib.cpu_count())
        kept = result.photos.sort_values("photo_id", ignore_index=True)
        images = database.decode(map(bytes, kept["image"]))
    started = time.process_time()
    settings = backbone_settings(values, network)
    backbone = features.backbone(settings, size_px=images.shape[1], at=f"networks.{network}")
    rows, mirrored = (features.outputs(backbone, each) for each in (images, images[:, :, ::-1]))
    means = (rows.astype(np.float64) + mirrored.astype(np.float64)) / 2
    table = kept[["photo_id", "label", "path"]]
    return Photos(result.manifest, _put_right(table), means, time.process_time() - started)


def _put_right(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the photos with what the demo's wrongly labelled ones show."""
    cases = csv_files.read(CASES)
    wrong = cases[cases["case"] == "wrong-label"].set_index("path")["other"]
    return table.assign(label=table["path"].map(wrong).fillna(table["label"]))


def corrected(photos: Photos, settings: SplitSettings, *, seed: int) -> Outcome:
    """Plants wrong labels, lets the regression judge all, and counts what its proposals do."""
    draw = np.random.default_rng(seed)
    truth = photos.table["label"].to_numpy(str)
    wrong = draw.choice(len(truth), size=max(round(SHARE * len(truth)), 1), replace=False)
    given = truth.copy()
    for number in wrong:
        given[number] = draw.choice([label for label in sorted(set(truth)) if label != truth[number]])
    started = time.process_time()
    table = photos.table.assign(label=given)
    labels = dict(zip(table["photo_id"], given, strict=True))
    known = photos.manifest["photo_id"].map(labels)
    manifest = photos.manifest.assign(label=known.fillna(photos.manifest["label"]))
    splits = division.split(manifest, settings, seed=seed)
    found = judge(table, splits, photos.features).description["suspects"]
    seconds = time.process_time() - started
    trusted, looked = dict(labels), dict(labels)
    true = dict(zip(table["photo_id"], truth, strict=True))
    for each in found:
        trusted[each["photo_id"]] = each["suggested"]
        if each["suggested"] == true[each["photo_id"]]:
            looked[each["photo_id"]] = each["suggested"]
    suspected = {each["photo_id"] for each in found}
    planted = set(table["photo_id"].iloc[wrong])
    return Outcome(
        planted=len(planted),
        proposed=len(suspected),
        found=len(planted & suspected),
        restored=sum(trusted[photo] == true[photo] for photo in planted & suspected),
        wrongly_changed=len(suspected - planted),
        left_if_trusted=sum(trusted[photo] != label for photo, label in true.items()),
        left_if_looked=sum(looked[photo] != label for photo, label in true.items()),
        seconds=seconds,
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Prints a table: means over the seeds, and the least and the most."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=Path, nargs="+", help="folders (default: the project's photos)")
    parser.add_argument("--layout", default="{label}/{group}_{name}", help="of these folders")
    parser.add_argument("--seeds", type=int, default=20, metavar="N")
    arguments = parser.parse_args(argv)
    values = params.read()
    runtime.configure(threads=params.top_level(values, runtime.ComputeSettings).threads)
    own = params.top_level(values, PhotosSettings)
    seed = params.top_level(values, SeedSettings).seed
    settings = params.section(values, "split", SplitSettings)
    sources = [(each, arguments.layout) for each in arguments.photos or ()]
    for folder, layout in sources or [(Path(own.photos), own.layout)]:
        photos = collected(values, folder, layout)
        outcomes = [corrected(photos, settings, seed=seed + number) for number in range(arguments.seeds)]
        told = pd.DataFrame(outcomes)
        print(
            f"{folder.name}: {len(photos.table)} photos, {len(outcomes)} seeds; features "
            f"{photos.seconds / 60:.2f} min of the processor, each seed {told['seconds'].mean() / 60:.2f} min"
        )
        for name in Outcome._fields[:-1]:
            column = told[name]
            print(f"  {name.replace('_', ' '):18}{column.mean():6.1f} ({column.min()} to {column.max()})")


if __name__ == "__main__":
    main()
