"""How large photos should be for the backbone: `python -m benchmarks.sizes [--px 96 128 160 192 224]`.

Run from the project's top folder. Ingests the photos that params.yaml names (or `--photos` with `--layout`)
at each size and prints, for each: how well a logistic regression on frozen features of the network that
`inspect` names does on validation photos, over several splits; the processor time of the features of a photo;
the megabytes of the database; and time and size of a changed copy. Test photos have no part in it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

# Keras chooses its backend when it is imported; the stages do the same.
os.environ["KERAS_BACKEND"] = "tensorflow"

from tenshots import params, runtime
from tenshots.augmentation import copying
from tenshots.augmentation.settings import AugmentSettings
from tenshots.intake import ingestion
from tenshots.intake.layout import PhotosSettings
from tenshots.intake.names.pattern import Layout
from tenshots.intake.settings import AcceptSettings, NearDuplicateSettings
from tenshots.labels.settings import InspectSettings
from tenshots.networks import classifiers, features, forward
from tenshots.networks.settings import with_backbone
from tenshots.splitting import division
from tenshots.splitting.settings import SplitSettings
from tenshots.tables import database
from tenshots.tables.encoding import StandardiseSettings
from tenshots.tables.features import Features
from tenshots.training import variants
from tenshots.training.linear import Known

NUM_COPIED = 32  # photos that are copied, for time and size


class Found(NamedTuple):
    """Photos of one size."""

    photos: pd.DataFrame
    manifest: pd.DataFrame


def main(argv: Sequence[str] | None = None) -> None:
    """Prints a row per size."""
    values = params.read()
    source = params.top_level(values, PhotosSettings)
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sizes", description=__doc__)
    parser.add_argument("--photos", type=Path, default=Path(source.photos), help="default: %(default)s")
    parser.add_argument("--layout", default=source.layout, help="default: %(default)s")
    parser.add_argument("--px", type=int, nargs="+", default=[96, 128, 160, 192, 224])
    parser.add_argument("--splits", type=int, default=5, help="seeds of the split (default: %(default)s)")
    given = parser.parse_args(argv)
    runtime.configure(threads=1)

    table = Table("px", "validation accuracy", "log loss", "ms a photo", "MB", "ms a copy", "kB a copy")
    for px in given.px:
        found = ingested(values, given.photos, given.layout, px=px)
        table.add_row(str(px), *judged(values, found, px=px, num_splits=given.splits), *copied(values, found))
        print(f"{px} px: done", flush=True)
    Console(width=110).print(table)


def ingested(values: dict[str, Any], source: Path, layout: str, *, px: int) -> Found:
    """Ingests the photos at this size, as the stage does."""
    standardise = params.section(values, "standardise", StandardiseSettings)
    rules = ingestion.Rules(
        accept=params.section(values, "accept", AcceptSettings),
        standardise=standardise.model_copy(update={"size_px": px}),
        near_duplicates=params.section(values, "near_duplicates", NearDuplicateSettings),
    )
    with tempfile.TemporaryDirectory() as name, closing(database.Spool(Path(name))) as spool:
        result = ingestion.ingest(source, Layout(layout), rules, spool, num_workers=os.cpu_count() or 1)
        folder = Path(name) / "database"
        database.write_photos(result.photos, folder, num_shards=1)
        return Found(database.read_photos(folder), result.manifest)


def judged(values: dict[str, Any], found: Found, *, px: int, num_splits: int) -> tuple[str, ...]:
    """Returns accuracy and log loss on validation photos, milliseconds of a photo, and megabytes of all."""
    photos = found.photos.sort_values("photo_id", ignore_index=True)
    network = with_backbone(
        values, params.section(values, "inspect", InspectSettings).network, asked="inspect.network"
    )
    backbone = features.backbone(network.model_copy(update={"input_px": px}), size_px=px)
    images = database.decode(photos["image"])
    features.outputs(backbone, images[:1])  # compiles
    started_s = time.process_time()
    rows = features.outputs(backbone, images)
    taken_ms = 1000 * (time.process_time() - started_s) / len(images)
    both = Features(rows, features.outputs(backbone, images[:, :, ::-1]))

    names, labels = np.unique(photos["label"].to_numpy(dtype=str), return_inverse=True)
    settings, ids = params.section(values, "split", SplitSettings), photos["photo_id"].tolist()
    right, losses = [], []
    for seed in range(num_splits):
        splits = division.split(found.manifest, settings, seed=seed)
        known = Known.of(both, ids, splits)
        for job in variants.jobs_of(photos, photos[:0], splits, seed=seed, repeats=1):
            taught = known.rows(job.train, labels)
            solved = classifiers.solve(taught, num_labels=len(names), kind="logistic_regression")
            shares = forward.log_softmax(rows[job.val] @ solved.kernel + solved.bias)
            right += (shares.argmax(axis=1) == labels[job.val]).tolist()
            losses += (-shares[np.arange(len(job.val)), labels[job.val]]).tolist()
    megabytes = photos["image"].map(len).sum() / 1e6
    return f"{100 * np.mean(right):.1f}", f"{np.mean(losses):.3f}", f"{taken_ms:.1f}", f"{megabytes:.1f}"


def copied(values: dict[str, Any], found: Found) -> tuple[str, ...]:
    """Returns milliseconds of a changed copy, with decoding and encoding, and its kilobytes."""
    settings = params.section(values, "augment", AugmentSettings)
    photos = found.photos.head(NUM_COPIED)
    size_px = database.decode(photos["image"].iloc[:1]).shape[1]
    policy = copying.Policy(settings.layers, size_px=size_px)
    list(copying.changed_copies(photos.head(1), policy, num_copies=1, seed=0))  # compiles
    started_s = time.process_time()
    copies = pd.concat(copying.changed_copies(photos, policy, num_copies=2, seed=0))
    taken_ms = 1000 * (time.process_time() - started_s) / len(copies)
    return f"{taken_ms:.1f}", f"{copies['image'].map(len).mean() / 1e3:.0f}"


if __name__ == "__main__":
    main()
