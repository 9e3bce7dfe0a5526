"""Which epoch's weights to keep, asked of validation photos alone: `python -m benchmarks.kept_epoch`.

Validation cannot say how good the epoch is that it chose: of many noisy figures it took the highest. So the
people of a fold's validation photos are divided: an epoch is chosen on the photos of all but one, and judged
on those of that one, in turn (nested, after Cawley and Talbot 2010, JMLR 11). Test photos have no part in it.
Needs `dvc repro split augment features`; trains every fold and repeat of a variant to the end.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from tenshots import params, runtime
from tenshots.networks import forward
from tenshots.tables import database, features
from tenshots.tables.paths import FEATURES
from tenshots.training import optimisation, variants
from tenshots.training.jobs import Epoch, Job
from tenshots.training.linear import Known
from tenshots.training.variants import Variant

DATA = Path("data")
WINDOWS = (3, 5, 9)  # epochs whose figures are averaged


def main(argv: Sequence[str] | None = None) -> None:
    """Prints a table: how often photos of the person left out are named correctly, by rule and variant."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kept_epoch", description=__doc__)
    parser.add_argument("variants", nargs="*", help="of params.yaml (default: all that have epochs)")
    values = params.read()
    names = parser.parse_args(argv).variants or [
        name for name in values["variants"] if not variants.resolve(values, name).is_linear
    ]
    values = {**values, "optimisation": {**values["optimisation"], "patience": "none"}}
    runtime.configure(threads=values["threads"])
    found = {name: judged(variants.resolve(values, name)) for name in names}

    table = Table()
    for column in ("kept", *(f"{name} (sd of trainings)" for name in names)):
        table.add_column(column)
    for rule in next(iter(found.values())):
        cells = [f"{100 * found[name][rule][0]:.1f} ({100 * found[name][rule][1]:.1f})" for name in names]
        table.add_row(rule, *cells)
    # In a log the table stays as wide as it is, or cells would be cut off with an ellipsis.
    Console(width=None if os.isatty(1) else 120).print(table)


def rules(accuracies: np.ndarray, losses: np.ndarray) -> dict[str, int]:
    """Returns the epoch that each rule keeps.

    Args:
        accuracies: of the photos that choose, by epoch, float (num_epochs,); those of the warm-up left out.
        losses: likewise; they decide between equals.
    """
    best = {"the best epoch": _best(accuracies, losses)}
    for window in WINDOWS:
        means = [_mean_around(each, window) for each in (accuracies, losses)]
        best[f"the best of means over {window} epochs"] = _best(means[0], means[1])
    return {**best, "the last epoch": len(accuracies) - 1}


def judged(variant: Variant) -> dict[str, tuple[float, float]]:
    """Returns of each rule the accuracy in [0, 1], and the standard deviation between trainings of a fold."""
    photos = database.read_photos(DATA / variant.data, ["photo_id", "label", "group", "image"])
    copies = database.read_copies(DATA / variant.data, ["photo_id", "label", "image"])
    shown = pd.concat([photos, copies], ignore_index=True)
    labels = np.unique(shown["label"].to_numpy(dtype=str), return_inverse=True)[1]
    groups = photos["group"].to_numpy(dtype=str)
    splits = database.read_splits(DATA / "splits/splits.csv")
    images = database.decode(shown["image"])
    known = None
    if backbone := variant.network.frozen():
        ids = photos["photo_id"].tolist()
        stored = features.read(FEATURES / "database" / variant.network_name, photo_ids=ids, backbone=backbone)
        known = Known.of(stored, ids, splits)
    repeats = variant.experiment.repeats
    shares: dict[str, list[float]] = {}
    for job in variants.jobs_of(photos, copies, splits, seed=variant.experiment.seed, repeats=repeats):
        logits = np.stack(_logits(variant, job, images=images, labels=labels, known=known))
        right = logits.argmax(axis=2) == labels[job.val]
        losses = _cross_entropies(logits, labels[job.val])
        of_rule: dict[str, list[np.ndarray]] = {}
        for group in np.unique(groups[job.val]):
            left_out = groups[job.val] == group
            if left_out.all():
                continue  # nobody else could choose
            kept = rules(right[:, ~left_out].mean(axis=1), losses[:, ~left_out].mean(axis=1))
            for rule, epoch in kept.items():
                of_rule.setdefault(rule, []).append(right[epoch, left_out])
        for rule, each in of_rule.items():
            shares.setdefault(rule, []).append(float(np.concatenate(each).mean()))
    by_fold = {rule: np.array(each).reshape(-1, repeats) for rule, each in shares.items()}
    return {
        rule: (float(each.mean()), float(np.sqrt(each.var(axis=1, ddof=1).mean())) if repeats > 1 else np.nan)
        for rule, each in by_fold.items()
    }


def _logits(
    variant: Variant, job: Job, *, images: np.ndarray, labels: np.ndarray, known: Known | None
) -> list[np.ndarray]:
    """Trains once; returns the logits of the validation photos after each epoch that may be kept."""
    trainer = variants.trainers(variant, images=images, labels=labels, known=known)()
    found: list[np.ndarray] = []
    start = variants.max_epochs(variant) - variant.train.epochs  # the head that was solved for
    start += optimisation.num_warmup_epochs(variant.train.optimisation, num_epochs=variant.train.epochs)

    def watch(row: Epoch) -> None:
        if row.epoch >= start:
            found.append(forward.outputs(trainer.network, images[job.val], batch_size=128))

    trainer.train(job, watch, lambda: None)
    return found


def _best(accuracies: np.ndarray, losses: np.ndarray) -> int:
    return int(np.lexsort((losses, -accuracies))[0])


def _mean_around(values: np.ndarray, window: int) -> np.ndarray:
    half = window // 2
    return np.array([values[max(i - half, 0) : i + half + 1].mean() for i in range(len(values))])


def _cross_entropies(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    chosen: np.ndarray = np.take_along_axis(forward.log_softmax(logits), labels[None, :, None], axis=2)[
        ..., 0
    ]
    return -chosen


if __name__ == "__main__":
    main()
