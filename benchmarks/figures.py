"""How often the intervals of other figures than accuracy hold the truth, and how wide they are.

python -m benchmarks.figures [--experiments 500]

Run from the project's top folder; some minutes on one core. Experiments are those of benchmarks/people.py:
classifiers really trained, in 4 folds, on people whose features are shifted. Labels are three that are
equally common, or two of which one is nine times as common; easy ones lie twice as far apart. The truth is
the figure of the same trainings on new people, a quarter of whom each fold's training answers, over all
experiments of a row. The intervals are those of tenshots.statistics, unaltered.

Width: the mean, against that of the same figure if its factor and degrees of freedom were those of the photos
of its rarest label alone, as they once were, rather than those of all photos.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks import arguments, counts, people
from benchmarks.people import Block, Variant
from tenshots.evaluation import metrics
from tenshots.statistics import intervals, measure
from tenshots.statistics.areas import ROC_AUC
from tenshots.statistics.intervals import Estimate
from tenshots.statistics.measure import Measured
from tenshots.statistics.tallies import Key
from tenshots.tables import predictions

GROUPS = (12, 30)
REPEATS = (1, 3)
NUM_FOLDS = 4
FIGURES: Mapping[str, Callable[[pd.DataFrame], float]] = {
    "balanced_accuracy": metrics.balanced_accuracy,
    "macro_f1": metrics.macro_f1,
    "log_loss": metrics.mean_log_loss,
    "brier_loss": metrics.brier_loss,
}
MEANS = ("balanced_accuracy", "macro_f1", ROC_AUC)  # over labels


class Labels(NamedTuple):
    """Which labels there are: shares and distance, as in `people.drawn`."""

    shares: tuple[float, ...] | None = None
    distance: float = 1.0


LABELS = {
    "3, equally common": Labels(),
    "2, of 90:10": Labels(shares=(0.9, 0.1)),
    "3, equally common, easy": Labels(distance=2.0),
}


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the table of benchmarks/README.md."""
    number = arguments.parser("figures", __doc__, experiments=500).parse_args(argv).experiments
    print(
        "| people | labels | repeats | balanced accuracy: coverage, % (half width, points; width, times) "
        "| macro F1 | ROC-AUC | log loss: coverage, % | truth above it, % | truth below it, % "
        "| Brier loss: coverage, % |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for num_people in GROUPS:
        for name, labels in LABELS.items():
            for num_repeats in REPEATS:
                cells = row(number, num_people=num_people, num_repeats=num_repeats, labels=labels)
                print(f"| {num_people} | {name} | {num_repeats} | {cells} |", flush=True)


def row(number: int, *, num_people: int, num_repeats: int, labels: Labels) -> str:
    """Returns the cells of a row, of `number` experiments."""
    found, truth = experiments(number, num_people=num_people, num_repeats=num_repeats, labels=labels)
    cells = []
    for name in MEANS:
        now = [estimated(each, Key(name)) for each in found]
        before = [estimated(each, Key(name), whole=False) for each in found]
        width = counts.half_width(now)
        times = width / counts.half_width(before)
        cells.append(f"{counts.coverage(now, truth[name])} ({100 * width:.1f}; {times:.2f})")
    losses = [estimated(each, Key("log_loss")) for each in found]
    true = truth["log_loss"]
    above, below = [each.high for each in losses], [each.low for each in losses]
    cells += [
        counts.coverage(losses, true),
        counts.share([true > high for high in above if high is not None]),
        counts.share([true < low for low in below if low is not None]),
        counts.coverage([estimated(each, Key("brier_loss")) for each in found], truth["brier_loss"]),
    ]
    return " | ".join(cells)


def experiments(
    number: int, *, num_people: int, num_repeats: int, labels: Labels
) -> tuple[list[Measured], dict[str, float]]:
    """Trains; returns what was measured in each experiment, and what is true of all."""
    found: list[Measured] = []
    new, areas = [], []
    for block in people.blocks(
        number,
        num_people=num_people,
        variants=(Variant(),),
        num_folds=NUM_FOLDS,
        num_repeats=num_repeats,
        shares=labels.shares,
        distance=labels.distance,
    ):
        components = pd.Series(np.repeat(np.arange(num_people), people.NUM_PHOTOS))
        found += [measure.measure(rows, components) for rows in tested(block)]
        tables = list(of_new_people(block))
        new += tables
        areas += [metrics.roc_auc(rows).mean() for rows in tables]
    everyone = pd.concat(new)
    truth = {name: figure(everyone) for name, figure in FIGURES.items()}
    return found, {**truth, ROC_AUC: float(np.mean(areas))}


def estimated(measured: Measured, key: Key, *, whole: bool = True) -> Estimate:
    """Returns a figure with its interval; without `whole`, as if its rarest label alone told how far."""
    evidence = measured.evidence[key]
    return intervals.estimate(evidence if whole else replace(evidence, whole=None), measured.design)


def tested(block: Block) -> Iterator[pd.DataFrame]:
    """Yields the predictions of the first variant in each experiment of a block, all folds and repeats."""
    for labels, variants in zip(block.labels, block.tested, strict=True):
        yield pd.concat(
            [_table(labels, answers, block.folds, repeat) for repeat, answers in enumerate(variants[0])],
            ignore_index=True,
        )


def of_new_people(block: Block) -> Iterator[pd.DataFrame]:
    """Yields the predictions for new people in each experiment, by the first repeat of the first variant.

    As with those who are tested, each person is answered by the training of one fold.
    """
    folds = np.arange(people.NUM_NEW) % block.new.shape[3]
    for labels, answers in zip(block.new_labels, block.new[:, 0, 0], strict=True):
        yield _table(labels, answers[folds, np.arange(people.NUM_NEW)], folds, 0)


def _table(labels: np.ndarray, answers: np.ndarray, folds: np.ndarray, repeat: int) -> pd.DataFrame:
    """Returns a table of predictions.

    Args:
        labels: int, (people, photos).
        answers: probabilities, (people, photos, labels).
        folds: int, (people,).
        repeat: of these trainings.
    """
    names = np.array([f"label{i}" for i in range(answers.shape[-1])])
    photos = pd.DataFrame({"photo_id": np.arange(labels.size), "label": names[labels.ravel()]})
    rows = predictions.table(photos, answers.reshape(labels.size, -1), list(names), fold=0, repeat=repeat)
    return rows.assign(fold=np.repeat(folds, labels.shape[1]))


if __name__ == "__main__":
    main()
