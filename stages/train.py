"""Trains one variant, every fold and repeat: data/database or data/augmented → data/models/VARIANT.

python -m stages.train VARIANT [--workers N]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from stages import at_least_1, progress, recording, run
from stages.fresh import fresh
from tenshots import files, params, runtime
from tenshots.repository import unfinished
from tenshots.tables import csv_files, database, features
from tenshots.tables import unlabelled as without_labels
from tenshots.tables.encoding import StandardiseSettings
from tenshots.tables.paths import DATA, FEATURES, MODELS, SPLITS, source
from tenshots.tracking import entries, identity, looks, sessions
from tenshots.training import balancing, limits, resuming, storing, unlabelled, variants
from tenshots.training.jobs import Epoch
from tenshots.training.linear import Known
from tenshots.training.storing import Saved
from tenshots.training.watch import Watch


def main(argv: Sequence[str] | None = None) -> None:
    """Trains one variant in the current directory."""
    parser = argparse.ArgumentParser(description="Trains one variant, every fold and repeat.")
    parser.add_argument("variant", help="its key below variants in params.yaml")
    # No setting in params.yaml: it changes no byte, so another number must not run the stage again.
    parser.add_argument(
        "--workers",
        type=at_least_1,
        help="trainings at a time, at most (default: TENSHOTS_WORKERS, or one per CPU where that pays)",
    )
    given = parser.parse_args(argv)
    values = params.read()
    variant = variants.resolve(values, given.variant)
    standardise = params.section(values, "standardise", StandardiseSettings).model_dump(mode="json")
    seed, threads = variant.experiment.seed, variant.experiment.threads
    runtime.configure(threads=threads)

    of = source(variant.data)
    photos = database.read_photos(DATA / of, ["photo_id", "label", "image"])
    copies = database.read_copies(DATA / of, ["photo_id", "label", "image"])
    splits = database.read_splits(SPLITS)
    stop_on = None if variant.is_linear else variant.train.optimisation.stop_on
    jobs = variants.jobs_of(photos, copies, splits, seed=seed, repeats=variant.repeats, stop_on=stop_on)
    shown = pd.concat([photos, copies], ignore_index=True)
    known = None
    if variant.has_features and (backbone := variant.network.frozen()):
        photo_ids, copy_ids = photos["photo_id"].tolist(), variants.copies_known(variant, copies)
        found = features.read(
            FEATURES / of / variant.network_name,
            photo_ids=photo_ids,
            copy_ids=copy_ids,
            backbone=backbone,
        )
        known = Known.of(found, [*photo_ids, *copy_ids], splits)
    # A variant that learns from frozen features needs no pixels, but for the size of its network's input.
    names, labels = np.unique(shown["label"].to_numpy(dtype=str), return_inverse=True)
    pictures = shown["image"].iloc[:1] if variant.is_linear else shown["image"]
    if variant.pretraining and variant.pretraining.unlabelled:
        more = without_labels.read(DATA / of)
        jobs = unlabelled.with_unlabelled(jobs, more, splits, first_row=len(shown))
        pictures = pd.concat([pictures, more.photos["image"]])
        labels = np.append(labels, np.zeros(len(more.photos), dtype=labels.dtype))  # nobody looks at them
    images = database.decode(pictures)
    if not variant.is_linear:
        balancing.check(variant.train.optimisation, jobs, labels, names.tolist())

    model = storing.described(
        variant, labels=names.tolist(), size_px=images.shape[1], standardise=standardise
    )
    inputs = [DATA / variant.data, FEATURES / variant.data / variant.network_name, SPLITS]
    pieces = unfinished.pieces("train", settings={**model, "seed": seed}, inputs=inputs)
    most = variants.max_epochs(variant)
    with (
        sessions.variant_run(variant.name, supersede=True) as tracked,
        progress.shown(f"train {variant.name}", total=len(jobs) * most) as bar,
    ):
        entries.log_settings(tracked, model)
        watch = Watch(bar, num_jobs=len(jobs), max_epochs=most)

        def report(epoch: Epoch) -> None:
            entries.log_epoch(tracked, epoch._asdict())
            watch.epoch(epoch)

        def done(saved: Saved) -> None:
            watch.outcome(saved.outcome)

        with files.whole_folder(MODELS / variant.name) as folder:
            saved, left = resuming.divided(jobs, pieces, partial(storing.restored, folder=folder))
            watch.resumed(len(saved))
            num_worth = limits.num_worth(variant.train, left)
            num_workers = given.workers or runtime.num_workers(threads=threads, num_worth=num_worth)
            finish = partial(storing.save, folder=folder, pieces=pieces)
            started = time.perf_counter()
            trained = variants.train(
                variant, left, images=images, labels=labels, known=known, on_the_fly=fresh(variant, photos),
                finish=finish, num_workers=num_workers, report=report, done=done,
            )  # fmt: skip
            seconds = time.perf_counter() - started

            saved = storing.in_order([*saved, *trained])
            history = storing.history(saved)
            csv_files.write(history, folder / "history.csv", float_format="%.6g")
            answers = storing.predictions(saved, photos, names.tolist())
            test = answers[answers["part"] == "test"]  # before anyone can look at it
            looks.log_test_set(tracked, identity.photos_hash(test["photo_id"], test["label"]))
            database.write_predictions(answers, folder / "predictions.csv")
            fits = [storing.entry(each) for each in saved]
            text = json.dumps({**model, "fits": fits, "num_parameters": saved[0].num_parameters}, indent=2)
            files.write(folder / "model.json", text + "\n")
        pieces.end(MODELS / variant.name)

        if trained:  # what was done before has taken its time then
            num_images = sum(each.outcome.num_images for each in trained)
            tracked.metrics({"train_seconds": seconds, "train_images_per_second": num_images / seconds})
        entries.log_history(tracked, history)
        recording.add_evaluation(tracked, variant.name, photos, splits)
        entries.log_model(tracked, MODELS / variant.name)


if __name__ == "__main__":
    run(main)
