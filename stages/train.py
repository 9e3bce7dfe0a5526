"""Trains one variant, every fold and repeat: data/database or data/augmented → data/models/VARIANT.

python -m stages.train VARIANT [--workers N]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import Progress

from stages import run
from tenshots import files, params, runtime
from tenshots.networks import building
from tenshots.tables import csv_files, database
from tenshots.tables.encoding import StandardiseSettings
from tenshots.tables.paths import DATA, MODELS, SPLITS
from tenshots.tracking import sessions
from tenshots.training import variants
from tenshots.training.fitting import Epoch, Fit
from tenshots.training.variants import Variant


def main(argv: Sequence[str] | None = None) -> None:
    """Trains one variant in the current directory."""
    parser = argparse.ArgumentParser(description="Trains one variant, every fold and repeat.")
    parser.add_argument("variant", help="its key below variants in params.yaml")
    # No setting in params.yaml: it changes no byte, so another number must not run the stage again.
    parser.add_argument("--workers", type=int, help="trainings at a time, at most (default: one a CPU)")
    given = parser.parse_args(argv)
    values = params.read()
    variant = variants.resolve(values, given.variant)
    standardise = params.section(values, "standardise", StandardiseSettings)
    threads = variant.experiment.threads
    runtime.configure(threads=threads)
    num_workers = given.workers or runtime.num_workers(threads=threads)

    photos = database.read_photos(DATA / variant.data, ["photo_id", "label", "image"])
    copies = database.read_copies(DATA / variant.data, ["photo_id", "label", "image"])
    todo = variants.parts(
        photos,
        copies,
        database.read_splits(SPLITS),
        seed=variant.experiment.seed,
        repeats=variant.experiment.repeats,
    )
    shown = pd.concat([photos, copies], ignore_index=True)
    images = database.decode(shown["image"])
    names, labels = np.unique(shown["label"].to_numpy(dtype=str), return_inverse=True)

    folder = MODELS / variant.name
    files.empty(folder)
    model = {
        "variant": variant.name,
        "labels": names.tolist(),
        "size_px": images.shape[1],
        "standardise": standardise.model_dump(mode="json"),
        "network": variant.network.model_dump(mode="json"),
        "network_name": variant.network_name,
        "data": variant.data,
        "settings": variant.settings(),
    }
    with sessions.variant_run(variant.name, supersede=True) as tracked:
        sessions.log_settings(tracked, model)
        saved: list[dict[str, Any]] = []
        history: list[Epoch] = []
        started = time.perf_counter()
        with _watched(variant, num_fits=len(todo)) as (on_epoch, on_fit):

            def report(epoch: Epoch) -> None:
                sessions.log_epoch(tracked, epoch._asdict())
                on_epoch(epoch)

            fits = variants.fits(
                variant, todo, images=images, labels=labels, num_workers=num_workers, report=report
            )
            with closing(fits):
                for fit in fits:
                    saved.append(_saved(fit, folder))
                    history += fit.history
                    num_parameters = fit.network.count_params()
                    on_fit(fit)
        seconds = time.perf_counter() - started

        # Trainings side by side end in any order.
        saved.sort(key=itemgetter("fold", "repeat"))
        table = pd.DataFrame(history, columns=Epoch._fields)
        table = table.sort_values(["fold", "repeat", "epoch"], ignore_index=True)
        csv_files.write(table, folder / "history.csv", float_format="%.6g")
        text = json.dumps({**model, "fits": saved, "num_parameters": num_parameters}, indent=2)
        files.write(folder / "model.json", text + "\n")

        num_images = sum(fit["num_images"] for fit in saved)
        tracked.metrics({"train_seconds": seconds, "train_images_per_second": num_images / seconds})
        tracked.metrics({"num_updates": sum(fit["num_updates"] for fit in saved) / len(saved)})
        sessions.log_history(tracked, table)
        sessions.log_model(tracked, folder)


def _saved(fit: Fit, folder: Path) -> dict[str, Any]:
    """Writes the weights; returns what model.json says of this training."""
    weights = f"fold-{fit.part.fold}_repeat-{fit.part.repeat}.weights.h5"
    files.write(folder / weights, building.weights(fit.network))
    return {
        "fold": fit.part.fold,
        "repeat": fit.part.repeat,
        "seed": fit.part.seed,
        "weights": weights,
        "num_updates": fit.history[-1].num_updates,
        "num_images": fit.num_images,
        "kept_epoch": fit.kept_epoch,
    }


@contextmanager
def _watched(
    variant: Variant, *, num_fits: int
) -> Iterator[tuple[Callable[[Epoch], None], Callable[[Fit], None]]]:
    """Shows how far training is: a bar on a terminal, a line a training in a log."""
    console = Console(stderr=True)
    most = variants.max_epochs(variant)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task(variant.name, total=num_fits * most)
        done = 0

        def on_epoch(epoch: Epoch) -> None:
            text = f"{variant.name} {epoch.phase} val_accuracy {epoch.val_accuracy:.3f}"
            progress.update(bar, advance=1, description=text)

        def on_fit(fit: Fit) -> None:
            nonlocal done
            done += 1
            progress.update(bar, advance=most - len(fit.history))  # those that patience saved
            kept = fit.history[fit.kept_epoch]
            print(
                f"train {variant.name}: fold {fit.part.fold}, repeat {fit.part.repeat} "
                f"({done} of {num_fits}), {len(fit.history)} epochs, {fit.history[-1].num_updates} updates, "
                f"val_accuracy {kept.val_accuracy:.3f} in epoch {kept.epoch}",
                file=sys.stderr,
                flush=True,
            )

        yield on_epoch, on_fit


if __name__ == "__main__":
    run(main)
