"""What the project is worth: its variants beside the recipes of others, on photos of a folder.

python -m benchmarks.peers [--photos ../shared/data/photos] [--seeds 3] [--recipes frigate frozen ...]

The recipes are those of benchmarks/peers/guides.py, and the variants of params.yaml. All learn from the same
photos and are asked about the same: folds by group and near-duplicates, as the stage `split` divides them,
once with 10 photos of each label and once with all that are not tested. What a recipe puts aside to validate
is taken from the photos that it is given. Each row is printed when it is done. With `--answers FOLDER` a
recipe's answers are kept there, and one whose answers are there is not trained again.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd

from benchmarks.peers import measuring
from benchmarks.peers.measuring import Task
from stages import at_least_1
from tenshots.statistics import gains, measure
from tenshots.statistics.intervals import Estimate
from tenshots.tables import belonging, csv_files, database

SHARED = Path("../shared")
RECIPES = (
    "frigate", "frigate_scaled", "frigate_lite", "regression", "transfer_learning", "efficientnet",
    "efficientnet_lite", "frozen", "fine_tuned",
)  # fmt: skip
REFERENCE = "frigate"
NUM_PHOTOS: tuple[int | None, ...] = (10, None)  # of each label; None: all


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the table of benchmarks/README.md, row by row."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--photos", type=Path, default=SHARED / "data/photos", help="default: %(default)s")
    parser.add_argument(
        "--weights",
        type=Path,
        default=SHARED / "weights/mobilenet_v2_0.35_224_no_top.weights.h5",
        help="of MobileNetV2 0.35 without its top (default: %(default)s)",
    )
    parser.add_argument("--seeds", type=at_least_1, default=3, help="from 0 (default: %(default)s)")
    parser.add_argument("--recipes", nargs="*", default=RECIPES, help="default: %(default)s")
    parser.add_argument("--answers", type=Path, help="folder that keeps them")
    parser.add_argument(
        "--former",
        nargs="*",
        type=Path,
        default=[],
        help="data/evaluations/VARIANT/predictions.csv for the seeds 0, 1, ...: a further row",
    )
    given = parser.parse_args(argv)
    joined = belonging.components(measuring.collected(given.photos).manifest)
    columns = ("right, %", f"ahead of {REFERENCE}", "s (CPU s)")
    given_photos = [f"{number} a label" if number else "all" for number in NUM_PHOTOS]
    heads = [f"{photos}: {column}" for photos in given_photos for column in columns]
    print(f"| recipe | {' | '.join(heads)} |")
    print("|---" * (1 + len(heads)) + "|", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder: Path = given.answers or Path(temporary)
        for recipe in given.recipes:
            cells = []
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
                for number in NUM_PHOTOS:
                    tasks = [
                        Task(recipe, given.photos.resolve(), given.weights.resolve(), seed, number)
                        for seed in range(given.seeds)
                    ]
                    found = measuring.over_seeds([answers(task, folder, process) for task in tasks])
                    other = kept(REFERENCE, number, given.seeds, folder) if recipe != REFERENCE else None
                    cells += row(found, other, joined)
            print(f"| {recipe} | {' | '.join(cells)} |", flush=True)
        if given.former:
            found = measuring.over_seeds([database.read_predictions(path) for path in given.former])
            cells = row(found, kept(REFERENCE, None, len(given.former), folder), joined)
            print(f"| former | | | | {' | '.join(cells)} |")


def path_of(recipe: str, number: int | None, seed: int, folder: Path) -> Path:
    """Returns where the answers of a recipe are kept."""
    return folder / f"{recipe}-{number or 'all'}-{seed}.csv"


def answers(task: Task, folder: Path, process: ProcessPoolExecutor) -> pd.DataFrame:
    """Returns the answers of a recipe: those that are kept, or those of trainings now."""
    path = path_of(task.recipe, task.num_photos, task.seed, folder)
    if not path.exists():
        csv_files.write(process.submit(measuring.measured, task).result(), path)
    return database.read_predictions(path)


def kept(recipe: str, number: int | None, num_seeds: int, folder: Path) -> pd.DataFrame | None:
    """Returns the answers that are kept of a recipe; None where those of some seed are not there."""
    paths = [path_of(recipe, number, seed, folder) for seed in range(num_seeds)]
    if not all(path.exists() for path in paths):
        return None
    return measuring.over_seeds([database.read_predictions(path) for path in paths])


def row(found: pd.DataFrame, reference: pd.DataFrame | None, components: pd.Series) -> list[str]:
    """Returns the cells of a recipe: right answers, those more than the reference's, and seconds.

    Args:
        found: predictions of all seeds, with columns seconds and cpu_seconds if they are known.
        reference: of another recipe and the same seeds; None where there are none.
        components: of each photo, indexed by photo_id.
    """
    # A seed divides the photos anew, so that what repeats is not a fold but a pass over all of them.
    passes = found.assign(fold=0)
    lead = ""
    if reference is not None:
        # Not corrected for there being several: each row is compared with one reference, chosen beforehand.
        lead = points(gains.difference(passes, reference.assign(fold=0), components), "+.1f")
    spent = ""
    if "seconds" in found:
        times = found.groupby(["repeat", "fold"])[["seconds", "cpu_seconds"]].first().median()
        spent = f"{times['seconds']:.1f} ({times['cpu_seconds']:.1f})"
    return [points(measure.accuracy(passes, components), ".1f"), lead, spent]


def points(found: Estimate, form: str) -> str:
    """Returns a figure and its interval in per cent, such as `88.1 (80.2 to 93.5)`."""
    value, low, high = (format(100 * (each or 0.0), form) for each in (found.value, found.low, found.high))
    return value if found.reason else f"{value} ({low} to {high})"


if __name__ == "__main__":
    main()
