"""What each setting of the catalogue does on the demo: `python -m benchmarks.catalogue [GROUP ...]`.

Trains the lecture's network as `baseline` does, once per value, with one fold's photos and one repeat, all
else as shipped, and draws a curve per value: docs/catalogue/tried_GROUP.png. One training on so few photos
says what a value does to learning, not which is best: of 63 test photos, one is 1.6 points, and another seed
moves some points. Each optimiser has the rate that its own range test suggests. Needs `dvc repro split`.
"""

from __future__ import annotations

import argparse
import copy
import io
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from stages.fresh import fresh
from tenshots import files, params, runtime
from tenshots.networks.across import ACTIVATIONS, InitializerName
from tenshots.tables import database
from tenshots.tables.paths import DATA, SPLITS
from tenshots.training import rate_test, variants
from tenshots.training.courses import SCHEDULES
from tenshots.training.executor import Trainer
from tenshots.training.jobs import Epoch, Job
from tenshots.training.loop import TrainSettings
from tenshots.training.optimisers import OPTIMISERS
from tenshots.training.variants import Variant

OUT = Path("docs/catalogue")
VARIANT, NETWORK = "baseline", "networks.lecture"
NUM_UPDATES = 300  # of a range test
COLUMNS = 5
Changes = Mapping[str, Any]  # values by dotted key
AS_SHIPPED: Changes = {}
GROUPS: Mapping[str, Mapping[str, Changes]] = {
    "activations": {
        name: {f"{NETWORK}.activation": name, **({f"{NETWORK}.batch_norm": False} if name == "selu" else {})}
        for name in ACTIVATIONS
    },
    "initialisers": {name: {f"{NETWORK}.initializer": name} for name in get_args(InitializerName)},
    "optimisers": {name: {"optimisation.optimiser": name} for name in OPTIMISERS},
    "schedules": {name: {"optimisation.schedule": name} for name in SCHEDULES},
    "losses": {
        "hinge": {"optimisation.loss": "hinge", "optimisation.label_smoothing": 0},
        "focal": {"optimisation.loss": "focal"},
        "class_weights": {"optimisation.class_weights": "balanced"},
        "drawing": {"optimisation.drawing": "balanced"},
        "mixup 0.2": {"optimisation.mixup": 0.2},
        "cutmix 1": {"optimisation.cutmix": 1.0},
        "flips_at_test": {f"variants.{VARIANT}.flips_at_test": True},
        "on_the_fly": {f"variants.{VARIANT}.data": "on_the_fly"},
        "ema 0.9": {"optimisation.ema": 0.9},
    },
}


class Tried(NamedTuple):
    """What one training came to.

    Attributes:
        lr: at its peak.
        history: a row per epoch.
        test_accuracy: of the fold's test photos, in [0, 1].
    """

    lr: float
    history: list[Epoch]
    test_accuracy: float


class Photos(NamedTuple):
    """The demo; row i is photo i."""

    table: pd.DataFrame
    images: np.ndarray
    labels: np.ndarray
    splits: pd.DataFrame


def main(argv: Sequence[str] | None = None) -> None:
    """Trains, draws, and prints a table per group."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--workers", type=int, default=2, help="side by side (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=OUT, help="for the pictures (default: %(default)s)")
    given = parser.parse_args(argv)
    if unknown := set(given.groups) - GROUPS.keys():
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    values = params.read()
    runtime.configure(threads=values["threads"])
    photos = read()
    usual = tried(values, AS_SHIPPED, photos=photos, find_rate=False)
    for group in given.groups or GROUPS:
        one = partial(tried, values, photos=photos, find_rate=group == "optimisers")
        with ThreadPoolExecutor(given.workers) as workers:
            found = dict(zip(GROUPS[group], workers.map(one, GROUPS[group].values()), strict=True))
        files.write(given.out / f"tried_{group}.png", curves_png(found, usual))
        Console(width=120).print(table(group, {"as shipped": usual, **found}))


def changed(values: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    """Returns settings with other values under dotted keys."""
    found = copy.deepcopy(dict(values))
    for key, value in changes.items():
        *sections, last = key.split(".")
        part = found
        for name in sections:
            part = part[name]
        part[last] = value
    return found


def read() -> Photos:
    """Returns the photos as `train` reads them."""
    table = database.read_photos(DATA / "database", ["photo_id", "label", "image"])
    labels = np.unique(table["label"].to_numpy(dtype=str), return_inverse=True)[1]
    return Photos(table, database.decode(table["image"]), labels, database.read_splits(SPLITS))


def tried(values: Mapping[str, Any], changes: Changes, *, photos: Photos, find_rate: bool) -> Tried:
    """Trains the first fold once with other settings.

    Args:
        values: all of params.yaml.
        changes: by dotted key.
        photos: of `read`.
        find_rate: whether the rate is that which a range test suggests.
    """
    variant = variants.resolve(changed(values, changes), VARIANT)
    job = jobs(variant, photos)[0]

    def begin(settings: TrainSettings) -> Trainer:
        return begun(variant._replace(train=settings), photos)()

    settings = variant.train
    if find_rate:
        suggested = rate_test.run(begin, settings, job, num_updates=NUM_UPDATES).suggested
        settings = settings._replace(lr=suggested or settings.lr)
    outcome = begin(settings).train(job, lambda _: None, lambda: None)
    answers = outcome.of_test.argmax(axis=1)
    right = float((answers == photos.labels[np.sort(job.test)]).mean())
    return Tried(settings.lr, outcome.history, right)


def jobs(variant: Variant, photos: Photos) -> list[Job]:
    """Returns the variant's trainings, without copies."""
    none = photos.table.iloc[:0]
    return variants.jobs_of(photos.table, none, photos.splits, seed=variant.experiment.seed, repeats=1)


def begun(variant: Variant, photos: Photos) -> Callable[[], Trainer]:
    """Returns what begins a training of the variant."""
    on_the_fly = fresh(variant, photos.table)
    return variants.trainers(variant, images=photos.images, labels=photos.labels, on_the_fly=on_the_fly)


def curves_png(found: Mapping[str, Tried], usual: Tried) -> bytes:
    """Draws the accuracy of each value by epoch, while training and on validation photos.

    Args:
        found: by value.
        usual: as shipped, in grey behind each.

    Returns:
        A PNG file.
    """
    rows = -(-len(found) // COLUMNS)
    figure = Figure(figsize=(2.6 * COLUMNS, 2.3 * rows), dpi=100, layout="constrained")
    grid = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, (name, each) in zip(grid, found.items(), strict=False):
        for tried_, colours in ((usual, ("0.8", "0.55")), (each, ("#56b4e9", "#d55e00"))):
            epochs = [row.epoch + 1 for row in tried_.history]
            axes.plot(epochs, [row.accuracy for row in tried_.history], color=colours[0], linewidth=1.2)
            axes.plot(epochs, [row.val_accuracy for row in tried_.history], color=colours[1], linewidth=1.2)
        axes.set_title(f"{name}: {100 * each.test_accuracy:.0f} % of test photos", fontsize=9)
        axes.set_ylim(0, 1)
        axes.grid(alpha=0.25)
    for axes in grid[len(found) :]:
        axes.set_axis_off()
    figure.supxlabel("epoch", fontsize=9)
    figure.supylabel("accuracy: blue training, orange validation; grey as shipped", fontsize=9)
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def table(group: str, found: Mapping[str, Tried]) -> Table:
    """Returns what the trainings came to, in %."""
    drawn = Table(title=group)
    for column in (
        "value",
        "lr",
        "loss at the end",
        "right while training",
        "on validation",
        "on test photos",
    ):
        drawn.add_column(column)
    for name, each in found.items():
        last = each.history[-1]
        shares = (last.accuracy, last.val_accuracy, each.test_accuracy)
        drawn.add_row(name, f"{each.lr:g}", f"{last.loss:.3f}", *(f"{100 * share:.1f}" for share in shares))
    return drawn


if __name__ == "__main__":
    main()
