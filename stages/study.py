"""Trains one variant again, on fewer photos or a leaking split, if `study` says so → data/study/VARIANT."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import Progress

from stages import run
from tenshots import files, params
from tenshots.errors import DataError
from tenshots.statistics import measure
from tenshots.studies import findings
from tenshots.studies.settings import StudySettings, check_names
from tenshots.tables import csv_files, database
from tenshots.tables.paths import DATA, EVALUATIONS, SPLITS, STUDIES

if TYPE_CHECKING:
    from tenshots.studies.retraining import Task
    from tenshots.training.fitting import Epoch, Fit
    from tenshots.training.variants import Variant


def main(argv: Sequence[str] | None = None) -> None:
    """Studies one variant in the current directory."""
    parser = argparse.ArgumentParser(prog="python -m stages.study", description=__doc__)
    parser.add_argument("variant", help="its key below variants in params.yaml")
    name: str = parser.parse_args(argv).variant
    values = params.read()
    settings = params.section(values, "study", StudySettings)
    check_names(settings, values.get("variants") or ())

    folder = STUDIES / name
    files.empty(folder)
    found = _studied(name, settings, values, folder) if settings.concerns(name) else findings.nothing(name)
    found = {**found, "settings": settings.model_dump(mode="json")}
    text = json.dumps(found, indent=2, ensure_ascii=False)
    files.write(folder / "study.json", text + "\n")
    for line in findings.answers(found):
        print(f"study {name}: {line}")


def _studied(name: str, settings: StudySettings, values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    # Not at the top: TensorFlow takes seconds to import, and a study is off by default.
    from tenshots import runtime
    from tenshots.augmentation.settings import AugmentSettings
    from tenshots.studies import retraining
    from tenshots.training import variants

    variant = variants.resolve(values, name)
    seed, repeats = variant.experiment.seed, variant.experiment.repeats
    threads = variant.experiment.threads
    runtime.configure(threads=threads)
    photos = database.read_photos(DATA / variant.data, ["photo_id", "label", "group", "image"])
    copies = database.read_copies(DATA / variant.data, ["photo_id", "label", "image"])
    splits = database.read_splits(SPLITS)
    if settings.leaking and variant.data == "augmented":
        augment = params.section(values, "augment", AugmentSettings)
        copies = retraining.with_copies(photos, copies, splits, augment, seed=seed)
    todo = retraining.tasks(settings, photos, copies, splits, seed=seed, repeats=repeats)
    shown = pd.concat([photos, copies], ignore_index=True)
    labels = np.unique(shown["label"].to_numpy(dtype=str), return_inverse=True)[1]
    with _watched(variant, todo) as (on_epoch, on_fit):
        tested = retraining.run(
            variant,
            todo,
            photos=photos,
            images=database.decode(shown["image"]),
            labels=labels,
            num_workers=runtime.num_workers(threads=threads),
            report=on_epoch,
            done=on_fit,
        )
    honest = _honest(name, splits, repeats)
    found = findings.nothing(name)
    components = measure.components_of(splits)
    if settings.shares:
        shares = {share: tested[retraining.share_name(share)] for share in settings.shares}
        found["learning_curve"] = findings.learning_curve(
            name,
            {**shares, 1.0: honest},
            retraining.num_photos(todo, photos, splits),
            components,
            grouped=bool((photos["group"] != "").any()),
            num_updates=retraining.num_updates(todo[0].parts[0], variant),
        )
        _write_points(found["learning_curve"]["points"], folder / "learning_curve.csv")
    if settings.leaking:
        found["leaking_split"] = findings.leaking_split(
            name, tested[retraining.LEAKING], honest, todo[-1].splits, components
        )
    for task, predictions in tested.items():
        database.write_predictions(predictions, folder / f"{task}.csv")
    return found


def _honest(name: str, splits: pd.DataFrame, repeats: int) -> pd.DataFrame:
    """Returns the predictions that evaluation left, of the trainings on all photos."""
    path = EVALUATIONS / name / "predictions.csv"
    predictions = database.read_predictions(path)
    tested = splits.loc[splits["part"] == "test", ["fold", "photo_id"]]
    rows = set(predictions[["fold", "photo_id"]].itertuples(index=False, name=None))
    if rows != set(tested.itertuples(index=False, name=None)) or predictions["repeat"].nunique() != repeats:
        raise DataError(f"{path} does not fit {SPLITS} and repeats; run `dvc repro evaluate@{name}`")
    return predictions


def _write_points(points: Sequence[Mapping[str, Any]], path: Path) -> None:
    table = pd.DataFrame(points)
    ends = table["interval"].map(lambda interval: interval or [np.nan, np.nan])
    table["low"], table["high"] = ends.str[0], ends.str[1]
    columns = ["share", "num_photos", "accuracy", "low", "high"]
    csv_files.write(table[columns], path, float_format="%.6g")


@contextmanager
def _watched(
    variant: Variant, todo: Sequence[Task]
) -> Iterator[tuple[Callable[[Epoch], None], Callable[[Task, Fit], None]]]:
    """Shows how far the trainings are: a bar on a terminal, a line a training in a log."""
    from tenshots.training import variants

    console = Console(stderr=True)
    most, num_fits, done = variants.max_epochs(variant), sum(len(task.parts) for task in todo), 0
    with Progress(console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task(variant.name, total=num_fits * most)

        def on_epoch(epoch: Epoch) -> None:
            text = f"{variant.name} val_accuracy {epoch.val_accuracy:.3f}"
            progress.update(bar, advance=1, description=text)

        def on_fit(task: Task, fit: Fit) -> None:
            nonlocal done
            done += 1
            progress.update(bar, advance=most - len(fit.history))  # those that patience saved
            print(
                f"study {variant.name}: {task.name}, fold {fit.part.fold}, repeat {fit.part.repeat} "
                f"({done} of {num_fits}), {len(fit.part.train)} images, {len(fit.history)} epochs",
                file=sys.stderr,
                flush=True,
            )

        yield on_epoch, on_fit


if __name__ == "__main__":
    run(main)
