"""A folder of photos, divided by group, and what a recipe answers on it; everything is picklable."""

from __future__ import annotations

import functools
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tenshots import params
from tenshots.intake import ingestion
from tenshots.intake.names.pattern import Layout
from tenshots.intake.settings import AcceptSettings, NearDuplicateSettings
from tenshots.seeds import derived_seed
from tenshots.splitting import division
from tenshots.splitting.settings import SplitSettings
from tenshots.tables import database, predictions
from tenshots.tables.database import Spool
from tenshots.tables.encoding import StandardiseSettings

LAYOUT = "{label}/{group}_{name}"
THREADS = 2  # of the peers' operations, as many as cores; ours have as many as params.yaml says


class Task(NamedTuple):
    """What a process is to measure: one recipe, on all folds of one seed.

    Attributes:
        recipe: a name of `guides.all_of`, or a variant of params.yaml.
        folder: of the photos.
        weights: of MobileNetV2.
        seed: of the split and of the training.
        num_photos: of each label that a training is given; None: all that are not tested.
    """

    recipe: str
    folder: Path
    weights: Path
    seed: int
    num_photos: int | None


class Collection(NamedTuple):
    """Standard photos of a folder.

    Attributes:
        photos: columns photo_id, label, path and image (encoded), sorted by photo_id.
        manifest: a row for each file: see `database.MANIFEST_COLUMNS`.
    """

    photos: pd.DataFrame
    manifest: pd.DataFrame


@functools.cache
def collected(folder: Path, *, size_px: int | None = None) -> Collection:
    """Reads a folder as the stage `ingest` does, at the size of params.yaml or another one."""
    values = params.read()
    standardise = params.section(values, "standardise", StandardiseSettings)
    rules = ingestion.Rules(
        accept=params.section(values, "accept", AcceptSettings),
        standardise=standardise.model_copy(update={"size_px": size_px or standardise.size_px}),
        near_duplicates=params.section(values, "near_duplicates", NearDuplicateSettings),
    )
    with tempfile.TemporaryDirectory() as place, closing(Spool(Path(place))) as spool:
        found = ingestion.ingest(folder, Layout(LAYOUT), rules, spool, num_workers=1)
        photos = found.photos[["photo_id", "label", "path", "image"]].sort_values(
            "photo_id", ignore_index=True
        )
        return Collection(photos.assign(image=[bytes(each) for each in photos["image"]]), found.manifest)


def folds(collection: Collection, *, seed: int, num_photos: int | None) -> Iterator[pd.DataFrame]:
    """Yields of each fold photo_id, component, fold and part of the photos that are used in it.

    Args:
        collection: of `collected`.
        seed: of the split, and of the choice of photos.
        num_photos: of each label that are not tested, at most; None: all. Each part keeps its share.
    """
    settings = params.section(params.read(), "split", SplitSettings)
    splits = division.split(collection.manifest, settings, seed=seed)
    if num_photos is None:
        yield from (rows for _, rows in splits.groupby("fold"))
        return
    label_of = collection.photos.set_index("photo_id")["label"]
    for fold, rows in splits.groupby("fold"):
        labels = label_of.loc[rows["photo_id"]].to_numpy(dtype=str)
        draw = derived_seed(seed, "peers", int(fold))
        yield rows[thinned(rows, labels, num_photos, num_val=round(settings.val * num_photos), seed=draw)]


def thinned(rows: pd.DataFrame, labels: np.ndarray, number: int, *, num_val: int, seed: int) -> np.ndarray:
    """Chooses photos of a fold, by whole components as far as the numbers allow.

    Args:
        rows: columns component and part.
        labels: text (num_rows,), of each row.
        number: of each label that are not tested; fewer where there are fewer.
        num_val: of them that validate, at most.
        seed: of the order in which components are taken.

    Returns:
        bool (num_rows,): all test photos, and those chosen.
    """
    parts, components = (rows[column].to_numpy(dtype=str) for column in ("part", "component"))
    order = np.random.default_rng(seed).permutation(np.unique(components))
    chosen: np.ndarray = parts == "test"
    left = dict.fromkeys(np.unique(labels).tolist(), number)
    for part, most in (("val", num_val), ("train", number)):
        room = {label: min(most, each) for label, each in left.items()}
        for component in order:
            for row in np.flatnonzero((components == component) & (parts == part)):
                if room[labels[row]]:
                    room[labels[row]] -= 1
                    left[labels[row]] -= 1
                    chosen[row] = True
    return chosen


def measured(task: Task) -> pd.DataFrame:
    """Trains on every fold of every seed; for a process of its own, as TensorFlow's threads are set once.

    Returns:
        Predictions of test photos (see tenshots.tables.predictions), and columns seconds and cpu_seconds: of
        the fold's training and answers, by the clock and of all threads.
    """
    from benchmarks.peers import guides, ours
    from tenshots import runtime

    values = params.read()
    peers = guides.all_of(task.weights)
    is_ours = task.recipe not in peers
    runtime.configure(threads=values["threads"] if is_ours else THREADS)
    collection = collected(task.folder, size_px=None if is_ours else guides.size_px(task.recipe))
    names = sorted(set(collection.photos["label"].tolist()))
    tables = []
    for splits in folds(collection, seed=task.seed, num_photos=task.num_photos):
        fold = int(splits["fold"].iloc[0])
        used = collection.photos["photo_id"].isin(splits["photo_id"])
        photos = collection.photos[used].reset_index(drop=True)
        tested = photos["photo_id"].isin(splits.loc[splits["part"] == "test", "photo_id"])
        begin, begin_cpu = time.perf_counter(), time.process_time()
        if is_ours:
            answers = ours.answers({**values, "seed": task.seed}, task.recipe, photos, splits)
        else:
            draw = derived_seed(task.seed, fold, 0)
            answers = _of_a_peer(peers[task.recipe], photos, tested.to_numpy(), seed=draw)
        seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - begin_cpu
        table = predictions.table(photos[tested], answers, names, fold=fold, repeat=0)
        tables.append(table.assign(seconds=seconds, cpu_seconds=cpu_seconds))
    return pd.concat(tables, ignore_index=True)


def _of_a_peer(learn: Any, photos: pd.DataFrame, tested: np.ndarray, *, seed: int) -> np.ndarray:  # noqa: ANN401
    """Gives a peer all photos that are not tested, in the order of their paths."""
    from benchmarks.peers.guides import Photos
    from tenshots.runtime import keras

    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    images = database.decode(photos["image"])
    labels = np.unique(photos["label"].to_numpy(dtype=str), return_inverse=True)[1]
    given = np.array([row for row in np.argsort(photos["path"].to_numpy(dtype=str)) if not tested[row]])
    answers: np.ndarray = learn(Photos(images[given], labels[given]), images[tested])
    return answers


def over_seeds(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Lays the predictions of the seeds 0, 1, ... below one another, each as a repeat."""
    return pd.concat([rows.assign(repeat=seed) for seed, rows in enumerate(tables)], ignore_index=True)
