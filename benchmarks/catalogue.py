"""What each setting of the catalogue does on the demo: `python -m benchmarks.catalogue [GROUP ...]`.

Trains the lecture's network as `baseline` does, once per value, with one fold's photos and one repeat, all
else as shipped. Keeps what came of it in benchmarks/tried.json, and draws a panel per value:
docs/catalogue/tried_GROUP.png. One training on so few photos says what a value does to learning, not which
is best: of 63 test photos, one is 1.6 points, and another seed moves some points. Each optimiser has the
rate that its own range test suggests. Needs `dvc repro split features on_the_fly`; a value takes
a minute of CPU time.

A value that is kept is not trained again: what was stopped goes on, and a line that is deleted is made anew.
`--draw` trains nothing, and draws what is kept.
"""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, get_args

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.panels import BLUE, FONT_PT, ORANGE, PALE_BLUE, PALE_ORANGE, panels, png
from stages.fresh import fresh
from tenshots import files, params, runtime
from tenshots.networks.across import ACTIVATIONS, InitializerName
from tenshots.tables import database, features
from tenshots.tables.paths import DATA, FEATURES, SPLITS
from tenshots.training import rate_test, variants
from tenshots.training.courses import SCHEDULES
from tenshots.training.executor import Trainer
from tenshots.training.jobs import Job
from tenshots.training.linear import Known
from tenshots.training.loop import TrainSettings
from tenshots.training.optimisers import OPTIMISERS
from tenshots.training.variants import Variant

OUT = Path("docs/catalogue")
TRIED = Path(__file__).with_name("tried.json")
USUAL = "as shipped"  # in the file, beside the groups
VARIANT, NETWORK = "baseline", "networks.lecture"
NUM_UPDATES = 300  # of a range test
COLUMNS = 3
Changes = Mapping[str, Any]  # values by dotted key
AS_SHIPPED: Changes = {}
# Those of few weights, or with a quarter of the filters; the entries of docs/catalogue/networks.md.
FAMILIES: Mapping[str, Mapping[str, Any]] = {
    "dense": {"input_px": 28, "channels": 1, "units": [512, 512, 512], "dropout": 0.2},
    "lenet5": {"input_px": 32, "colour": "grey"},
    "alexnet": {"input_px": 64, "width": 0.25},
    "vgg": {"depth": 11, "input_px": 32, "width": 0.25},
    "inception": {"input_px": 64, "width": 0.25},
    "resnet": {"depth": 20, "input_px": 32},
    "wide_resnet": {"depth": 10, "width": 2, "input_px": 32},
}
# A value's name is that of its row in docs/catalogue, where the setting stands.
GROUPS: Mapping[str, Mapping[str, Changes]] = {
    "families": {
        **{name: {NETWORK: {"family": name, **entry}} for name, entry in FAMILIES.items()},
        "pretrained": {f"variants.{VARIANT}": {"data": "database", "network": "pretrained", "epochs": 5}},
    },
    "settings": {
        "batch_norm": {f"{NETWORK}.batch_norm": False},
        "momentum": {f"{NETWORK}.momentum": 0.99},
        "dropout": {f"{NETWORK}.dropout": 0.5},
        "l1": {f"{NETWORK}.l1": 0.0001},
        "l2": {f"{NETWORK}.l2": 0.001},
        "max_norm": {f"{NETWORK}.max_norm": 1.0},
        "normalisation": {f"{NETWORK}.normalisation": "standard"},
        "colour": {f"{NETWORK}.colour": "grey"},
    },
    "activations": {
        name: {f"{NETWORK}.activation": name, **({f"{NETWORK}.batch_norm": False} if name == "selu" else {})}
        for name in ACTIVATIONS
    },
    "initialisers": {name: {f"{NETWORK}.initializer": name} for name in get_args(InitializerName)},
    "optimisers": {name: {"optimisation.optimiser": name} for name in OPTIMISERS},
    "schedules": {name: {"optimisation.schedule": name} for name in SCHEDULES},
    "batches": {
        "batch_size: all": {"batch_size": "all"},
        # A rate for one photo, as of 16: at that, it learns nothing.
        "batch_size: 1": {"batch_size": 1, f"{NETWORK}.batch_norm": False, "lr": 0.002 / 16},
        "clip.value": {"optimisation.clip": {"value": 0.5}},
        "clip.norm": {"optimisation.clip": {"norm": 1.0}},
        "clip.global_norm": {"optimisation.clip": {"global_norm": 1.0}},
        "ema": {"optimisation.ema": 0.98},
        **{
            f"stop_on: {name}": {"optimisation.stop_on": name, "optimisation.patience": 10}
            for name in ("accuracy", "loss", "macro_f1", "roc_auc")
        },
    },
    "losses": {
        "hinge": {"optimisation.loss": "hinge", "optimisation.label_smoothing": 0},
        "focal": {"optimisation.loss": "focal"},
        "class_weights": {"optimisation.class_weights": "balanced"},
        "drawing": {"optimisation.drawing": "balanced"},
        "mixup": {"optimisation.mixup": 0.2},
        "cutmix": {"optimisation.cutmix": 1.0},
        "flips_at_test": {f"variants.{VARIANT}.flips_at_test": True},
        "on_the_fly": {f"variants.{VARIANT}.data": "on_the_fly"},
    },
}


class Tried(NamedTuple):
    """What one training came to.

    Attributes:
        lr: at its peak.
        loss: of the last epoch, while it trained.
        accuracy: of each epoch's images while it trained, in [0, 1].
        val_accuracy: of the validation photos after each epoch, in [0, 1].
        test_accuracy: of the fold's test photos, in [0, 1].
    """

    lr: float
    loss: float
    accuracy: list[float]
    val_accuracy: list[float]
    test_accuracy: float


class Photos(NamedTuple):
    """The demo; row i is photo i."""

    table: pd.DataFrame
    images: np.ndarray
    labels: np.ndarray
    splits: pd.DataFrame


def main(argv: Sequence[str] | None = None) -> None:
    """Trains, keeps, draws, and prints a table per group."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--workers", type=int, default=2, help="side by side (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=OUT, help="for the pictures (default: %(default)s)")
    parser.add_argument("--draw", action="store_true", help="draws what benchmarks/tried.json holds")
    given = parser.parse_args(argv)
    if unknown := set(given.groups) - GROUPS.keys():
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    groups = given.groups or list(GROUPS)
    if not given.draw:
        train(groups, num_workers=given.workers)
    usual, kept = read_tried()
    for group in groups:
        files.write(given.out / f"tried_{group}.png", curves_png(kept[group], usual))
        Console(width=120).print(table(group, {USUAL: usual, **kept[group]}))


def train(groups: Sequence[str], *, num_workers: int) -> None:
    """Trains once as shipped and once per value of the groups, and keeps what came of each at once."""
    values = params.read()
    runtime.configure(threads=values["threads"])
    photos = read()
    usual, kept = read_tried() if TRIED.exists() else (None, {})
    usual = usual or tried(values, AS_SHIPPED, photos=photos, find_rate=False)
    writing = Lock()

    def keep(group: str, name: str) -> None:
        found = tried(values, GROUPS[group][name], photos=photos, find_rate=group == "optimisers")
        with writing:
            kept.setdefault(group, {})[name] = found
            write_tried(usual, kept)

    with ThreadPoolExecutor(num_workers) as workers:
        todo = [
            (group, name) for group in groups for name in GROUPS[group] if name not in kept.get(group, {})
        ]
        list(workers.map(lambda pair: keep(*pair), todo))


def read_tried() -> tuple[Tried, dict[str, dict[str, Tried]]]:
    """Returns what is kept: as shipped, and by group and value."""
    said = json.loads(TRIED.read_text(encoding="utf-8"))
    usual = Tried(**said.pop(USUAL))
    return usual, {
        group: {name: Tried(**each) for name, each in values.items()} for group, values in said.items()
    }


def write_tried(usual: Tried, kept: Mapping[str, Mapping[str, Tried]]) -> None:
    """Keeps what came of all trainings, a line per value."""
    lines = [f'"{USUAL}": {json.dumps(usual._asdict())}']
    for group in [name for name in GROUPS if name in kept]:
        each = [
            f"  {json.dumps(name)}: {json.dumps(kept[group][name]._asdict())}"
            for name in GROUPS[group]
            if name in kept[group]
        ]
        lines.append(f"{json.dumps(group)}: {{\n" + ",\n".join(each) + "\n}")
    files.write(TRIED, "{\n" + ",\n".join(lines) + "\n}\n")


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
    return Tried(
        settings.lr,
        round(outcome.history[-1].loss, 4),
        [round(row.accuracy, 3) for row in outcome.history],
        [round(row.val_accuracy, 3) for row in outcome.history],
        round(right, 4),
    )


def jobs(variant: Variant, photos: Photos) -> list[Job]:
    """Returns the variant's trainings, without copies."""
    none = photos.table.iloc[:0]
    return variants.jobs_of(photos.table, none, photos.splits, seed=variant.experiment.seed, repeats=1)


def begun(variant: Variant, photos: Photos) -> Callable[[], Trainer]:
    """Returns what begins a training of the variant."""
    known = None
    if variant.has_features and (backbone := variant.network.frozen()):
        ids = photos.table["photo_id"].tolist()
        folder = FEATURES / variant.data / variant.network_name
        found = features.read(folder, photo_ids=ids, copy_ids=[], backbone=backbone)
        known = Known.of(found, ids, photos.splits)
    on_the_fly = fresh(variant, photos.table)
    return variants.trainers(
        variant, images=photos.images, labels=photos.labels, known=known, on_the_fly=on_the_fly
    )


def curves_png(found: Mapping[str, Tried], usual: Tried) -> bytes:
    """Draws the accuracy of each value by epoch, while training and on validation photos.

    Args:
        found: by value.
        usual: as shipped, pale behind each.

    Returns:
        A PNG file.
    """
    titles = [f"{name}: {percent(each.test_accuracy)}" for name, each in found.items()]
    figure, grid = panels(titles, columns=COLUMNS, height_in=1.55)
    for axes, each in zip(grid, found.values(), strict=True):
        for one, training, validation, width in (
            (usual, PALE_BLUE, PALE_ORANGE, 2.2),
            (each, BLUE, ORANGE, 1.2),
        ):
            epochs = np.arange(len(one.accuracy)) + 1
            axes.plot(epochs, one.accuracy, color=training, linewidth=width)
            axes.plot(epochs, one.val_accuracy, color=validation, linewidth=width)
        axes.set_ylim(0, 1.02)
    figure.legend(
        [grid[0].lines[place] for place in (2, 3, 0, 1)],
        ["while training", "on validation photos", "while training, as shipped", "on validation, as shipped"],
        loc="outside upper center", ncols=2, fontsize=FONT_PT - 1, frameon=False,
    )  # fmt: skip
    figure.supxlabel("epoch", fontsize=FONT_PT)
    figure.supylabel("share of photos that are right", fontsize=FONT_PT)
    return png(figure)


def percent(share: float) -> str:
    """Returns a share as the pages have it: `63 %`."""
    return f"{100 * share:.0f} %"


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
        shares = (each.accuracy[-1], each.val_accuracy[-1], each.test_accuracy)
        drawn.add_row(name, f"{each.lr:g}", f"{each.loss:.3f}", *(f"{100 * share:.1f}" for share in shares))
    return drawn


if __name__ == "__main__":
    main()
