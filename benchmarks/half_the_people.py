"""Six of the demo's twelve people predict what twelve reach: `python -m benchmarks.half_the_people`.

A logistic regression on frozen features, by the code of stages.study, is taught by six people who are drawn
at random, in four folds and on shares of these people; the curve through the three accuracies says what twice
the people would bring. What came is the accuracy of the folds of all twelve people on the photos of the same
six, less that of the six. With both backbones of the project: the one that saw ImageNet, and the small one
that saw CIFAR-10 (see backbones/cifar10.md), which leaves more to learn. Needs `dvc repro split`.
A fold of six people has three or four to learn from, fewer than the six from which the project answers.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tenshots import params, runtime
from tenshots.networks import classifiers
from tenshots.networks import features as frozen
from tenshots.networks.settings import with_backbone
from tenshots.splitting.division import split
from tenshots.splitting.settings import SplitSettings
from tenshots.statistics import measure
from tenshots.studies import growth, retraining, summary
from tenshots.studies.axes import PEOPLE
from tenshots.studies.growth import Along
from tenshots.studies.settings import DRAWS, StudySettings
from tenshots.tables import database, predictions
from tenshots.tables.paths import DATA, MANIFEST, SPLITS
from tenshots.tables.predictions import predicted
from tenshots.training import variants
from tenshots.training.jobs import Job
from tenshots.training.linear import Known

NUM_CHOSEN = 6
SHARES = StudySettings(shares=(0.5, 0.75), leaking=False, variants="linear")
RECIPE = "logistic_regression"
CIFAR10 = {
    "family": "pretrained",
    "input_px": 32,
    "backbone": {
        "architecture": "convolutional",
        "arguments": {"filters": [32, 64, 128], "dense": 512, "dropout": 0.25},
        "weights": {
            "path": "backbones/cifar10.weights.h5",
            "sha256": "58ce255517e0e119c6f0ac3904525860b90969c6b81182256de01b5c7d1e0fc3",
        },
    },
    "dropout": 0.25,
    "unfreeze": 0.5,
    "fine_tune_lr_factor": 0.05,
}
NO_COPIES = pd.DataFrame({"photo_id": pd.Series(dtype=str), "label": pd.Series(dtype=str)})


class Collection(NamedTuple):
    """The demo, as one backbone sees it; row i of `rows` and `mirrored` is photo i."""

    photos: pd.DataFrame
    rows: np.ndarray
    mirrored: np.ndarray
    manifest: pd.DataFrame


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the table of benchmarks/README.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.half_the_people", description=__doc__)
    parser.add_argument("--draws", type=int, default=8, help="of six people")
    number = parser.parse_args(argv).draws
    values = params.read()
    values["networks"]["cifar10"] = CIFAR10
    runtime.configure(threads=1)
    print("| backbone | six people | right now, % | predicted of twelve | came | held |")
    print("|---|---|---|---|---|---|")
    for network in ("pretrained", "cifar10"):
        everybody = collected(values, network)
        of_twelve = _tested(everybody, retraining_jobs(everybody, database.read_splits(SPLITS)))
        found = [_of_six(everybody, of_twelve, seed) for seed in range(number)]
        for each in found:
            print(f"| {network} | {' | '.join(_cells(each))} |", flush=True)
        means = pd.DataFrame(found)[["now", "gain", "low", "high", "came"]].mean()
        held = sum(each["low"] <= each["came"] <= each["high"] for each in found)
        whole = {**means, "people": f"mean of {number}", "held": f"{held} of {number}"}
        print(f"| **{network}** | {' | '.join(_cells(whole))} |", flush=True)


def collected(values: dict[str, Any], network: str) -> Collection:
    """Returns the demo with the frozen features of a network of params.yaml."""
    photos = database.read_photos(DATA / "database", ["photo_id", "label", "group", "image"])
    images = database.decode(photos["image"])
    backbone = frozen.backbone(
        with_backbone(values, network, asked="this benchmark"), size_px=images.shape[1]
    )
    rows, mirrored = (frozen.outputs(backbone, each) for each in (images, images[:, :, ::-1]))
    return Collection(photos.drop(columns="image"), rows, mirrored, database.read_manifest(MANIFEST))


def retraining_jobs(everybody: Collection, splits: pd.DataFrame) -> list[Job]:
    """Returns a job per fold."""
    return variants.jobs_of(everybody.photos, NO_COPIES, splits, seed=0, repeats=1)


def _of_six(everybody: Collection, of_twelve: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Returns what six people predict, and what came."""
    names = sorted(set(everybody.photos["group"]))
    chosen = sorted(np.random.default_rng(seed).choice(names, NUM_CHOSEN, replace=False))
    mine = everybody.photos["group"].isin(chosen).to_numpy()
    six = Collection(
        everybody.photos[mine].reset_index(drop=True),
        everybody.rows[mine],
        everybody.mirrored[mine],
        everybody.manifest[everybody.manifest["group"].isin(chosen)],
    )
    splits = split(six.manifest, SplitSettings(folds=4, test=0.2, val=0.2), seed=seed)
    planned = retraining.tasks(
        SHARES, [PEOPLE], six.photos, NO_COPIES, splits, seed=seed, repeats=1, draws=DRAWS
    )
    shares = {task.share: _tested(six, task.jobs) for task in planned.tasks}
    honest = _tested(six, retraining_jobs(six, splits))
    numbers = {task.share: task.number for task in planned.tasks}
    along = Along(
        PEOPLE,
        {**shares, 1.0: summary.as_often(honest, shares)},
        {**numbers, 1.0: retraining.numbers([PEOPLE], splits)["people"]},
    )
    (found,) = growth.learning_curve(
        "six", [along], measure.components_of(splits), grouped=True, num_updates=0
    )["axes"]
    low, high = found["twice"]["interval"]
    now = _accuracy(honest)
    came = _accuracy(of_twelve[of_twelve["photo_id"].isin(six.photos["photo_id"])]) - now
    held = "yes" if low <= came <= high else "no"
    return {
        "people": ", ".join(chosen),
        **{"now": now, "gain": found["twice"]["gain"], "low": low, "high": high, "came": came},
        "held": held,
    }


def _tested(of: Collection, jobs: Sequence[Job]) -> pd.DataFrame:
    """Returns the answers of each job's classifier on its test photos."""
    names = sorted(set(of.photos["label"]))
    labels = of.photos["label"].map({name: i for i, name in enumerate(names)}).to_numpy()
    known = Known(of.rows, of.mirrored, pd.factorize(of.photos["group"])[0])
    tables = []
    for job in jobs:
        head = classifiers.solve(known.rows(job.train, labels), num_labels=len(names), kind=RECIPE)
        logits = of.rows[job.test] @ head.kernel + head.bias
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        order = np.argsort(job.test)
        rows = of.photos.iloc[job.test[order]]
        tables.append(predictions.table(rows, shares[order], names, fold=job.fold, repeat=job.repeat))
    return pd.concat(tables, ignore_index=True)


def _accuracy(answers: pd.DataFrame) -> float:
    return float((predicted(answers) == answers["label"].to_numpy()).mean())


def _cells(found: dict[str, Any]) -> list[str]:
    ends = f"{100 * found['low']:.1f} to {100 * found['high']:.1f}"
    return [
        found["people"],
        f"{100 * found['now']:.1f}",
        f"+{100 * found['gain']:.1f} ({ends})",
        f"{100 * found['came']:+.1f}".replace("-", "\N{MINUS SIGN}"),
        found["held"],
    ]


if __name__ == "__main__":
    main()
