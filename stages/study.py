"""Trains a variant on fewer people or photos, or a leaking split, if `study` says so → data/study/VARIANT."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stages import progress, run
from tenshots import files, params
from tenshots.files import Pieces
from tenshots.networks.settings import LINEAR
from tenshots.repository import unfinished
from tenshots.studies import outline
from tenshots.studies.settings import StudySettings, check_names
from tenshots.tables.paths import DATA, EVALUATIONS, FEATURES, SPLITS, STUDIES, source
from tenshots.training.settings import named


def main(argv: Sequence[str] | None = None) -> None:
    """Studies one variant in the current directory."""
    parser = argparse.ArgumentParser(prog="python -m stages.study", description=__doc__)
    parser.add_argument("variant", help="its key below variants in params.yaml")
    name: str = parser.parse_args(argv).variant
    values = params.read()
    settings = params.section(values, "study", StudySettings)
    check_names(settings, values.get("variants") or ())

    of = (values["variants"][name]["data"], values["variants"][name]["network"])
    inputs = [DATA / of[0], FEATURES.joinpath(*of), SPLITS, EVALUATIONS / name / "predictions.csv"]
    is_wanted = settings.concerns(name, is_linear=named(values, name).recipe in LINEAR)
    pieces = unfinished.pieces(
        "study", settings={**values, "variant": name}, inputs=inputs if is_wanted else []
    )
    with files.whole_folder(STUDIES / name) as folder:
        found = _studied(name, settings, values, folder, pieces) if is_wanted else outline.nothing(name)
        found = {**found, "settings": settings.model_dump(mode="json")}
        text = json.dumps(found, indent=2, ensure_ascii=False)
        files.write(folder / "study.json", text + "\n")
    pieces.end(STUDIES / name)
    for line in outline.answers(found):
        print(f"study {name}: {line}")


def _studied(
    name: str, settings: StudySettings, values: Mapping[str, Any], folder: Path, pieces: Pieces
) -> dict[str, Any]:
    # Not at the top: most variants are not studied, and these take seconds to import for each.
    from tenshots.studies import axes, growth
    from tenshots.tables import csv_files, database, features

    data = source(named(values, name).data)
    of, splits = DATA / data, database.read_splits(SPLITS)
    photos = database.read_photos(of, ["photo_id", "label", "group", "image"])
    grouped = bool((photos["group"] != "").any())
    measured, reasons = axes.axes(splits, grouped=grouped) if settings.shares else ([], [])
    if not measured and not settings.leaking:  # nothing to train
        return {**outline.nothing(name), "learning_curve": growth.not_measured(reasons)}

    import numpy as np
    import pandas as pd

    from stages.fresh import fresh
    from tenshots import runtime
    from tenshots.augmentation.settings import AugmentSettings
    from tenshots.networks import features as frozen
    from tenshots.networks.settings import TransferSettings
    from tenshots.studies import retraining, summary
    from tenshots.studies.settings import DRAWS
    from tenshots.training import variants
    from tenshots.training.linear import Known
    from tenshots.training.watch import Watch

    variant = variants.resolve(values, name)
    seed, threads, repeats = variant.experiment.seed, variant.experiment.threads, variant.repeats
    runtime.configure(threads=threads)
    copies = database.read_copies(of, ["photo_id", "label", "image"])
    honest = database.read_predictions(EVALUATIONS / name / "predictions.csv")
    summary.check_honest(honest, splits, repeats=repeats, variant=name)

    stored_copies = copies
    if settings.leaking and variant.data == "augmented":
        augment = params.section(values, "augment", AugmentSettings)
        copies = retraining.with_copies(photos, copies, splits, augment, seed=seed)
    planned = retraining.tasks(
        settings, measured, photos, copies, splits,
        seed=seed, repeats=repeats, draws=DRAWS if variant.is_linear else repeats,
    )  # fmt: skip
    todo = planned.tasks
    shown = pd.concat([photos, copies], ignore_index=True)
    labels = np.unique(shown["label"].to_numpy(dtype=str), return_inverse=True)[1]
    # A variant that learns from frozen features needs no pixels, but for the size of its network's input.
    images = database.decode(shown["image"].iloc[:1] if variant.is_linear else shown["image"])
    known = None
    if isinstance(variant.network, TransferSettings) and variant.has_features:
        stored = features.read(
            FEATURES / data / variant.network_name,
            photo_ids=photos["photo_id"].tolist(),
            copy_ids=variants.copies_known(variant, stored_copies),
            backbone=variant.network.frozen(),
        )
        if variant.is_linear and len(stored.rows) < len(shown):  # copies for a random split, after all others
            model = frozen.backbone(variant.network, size_px=images.shape[1])
            added = frozen.outputs(model, database.decode(shown["image"].iloc[len(stored.rows) :]))
            stored = stored._replace(rows=np.concatenate([stored.rows, added]))
        known = Known.of(stored, shown["photo_id"].tolist()[: len(stored.rows)], splits)
    num_jobs, most = sum(len(task.jobs) for task in todo), variants.max_epochs(variant)
    with progress.shown(f"study {name}", total=num_jobs * most) as bar:
        watch = Watch(bar, num_jobs=num_jobs, max_epochs=most)
        # What is solved for takes half a second each: the bar shows these, and no line each.
        done = (lambda _: None) if variant.is_linear else watch.outcome
        tested = retraining.run(
            variant, todo, photos=photos, images=images, labels=labels, known=known,
            on_the_fly=fresh(variant, photos),
            num_workers=runtime.num_workers(threads=threads), report=watch.epoch, done=done,
            pieces=pieces, resumed=watch.resumed,
        )  # fmt: skip
    found = summary.summed_up(
        variant, settings, measured, planned, tested, honest, splits, reasons=reasons, grouped=grouped
    )

    for task, predictions in tested.items():
        database.write_predictions(predictions, folder / f"{task}.csv")
    if measured:
        points = summary.points_table(found["learning_curve"]["axes"])
        csv_files.write(points, folder / "learning_curve.csv", float_format="%.6g")
    return found


if __name__ == "__main__":
    run(main)
