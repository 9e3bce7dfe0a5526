"""Six of the demo's people predict what nearly twelve teach: `python -m benchmarks.half_the_people`.

A logistic regression on frozen features is asked about each of the twelve people after six of the others,
drawn at random, have taught it, and after shares of these six. By the code of stages.study, the curve through
the three accuracies says what twice the people would bring. What came is what all eleven others teach, on the
same photos. With both backbones of the project: the one that saw ImageNet, and the small one that saw
CIFAR-10 (see backbones/cifar10.md), which leaves more to learn. Needs `dvc repro split`.
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
from tenshots.statistics import measure
from tenshots.studies import growth, retraining, summary
from tenshots.studies.axes import PEOPLE
from tenshots.studies.growth import Along
from tenshots.studies.settings import DRAWS, StudySettings
from tenshots.tables import database, predictions
from tenshots.tables.paths import DATA
from tenshots.tables.predictions import predicted
from tenshots.training import variants
from tenshots.training.jobs import Job
from tenshots.training.linear import Known

NUM_TEACHING = 6
SHARES = StudySettings(shares=(0.25, 0.5), leaking=False, variants="linear")
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


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the table of benchmarks/README.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.half_the_people", description=__doc__)
    parser.add_argument("--draws", type=int, default=4, help="of six people for each of the twelve")
    number = parser.parse_args(argv).draws
    values = params.read()
    values["networks"]["cifar10"] = CIFAR10
    runtime.configure(threads=1)
    print("| backbone | taught by six, % | predicted of twelve | came of eleven | held |")
    print("|---|---|---|---|---|")
    for network in ("pretrained", "cifar10"):
        everybody = collected(values, network)
        found = [_predicted(everybody, seed) for seed in range(number)]
        for each in found:
            print(f"| {network} | {' | '.join(_cells(each))} |", flush=True)


def collected(values: dict[str, Any], network: str) -> Collection:
    """Returns the demo with the frozen features of a network of params.yaml."""
    photos = database.read_photos(DATA / "database", ["photo_id", "label", "group", "image"])
    images = database.decode(photos["image"])
    backbone = frozen.backbone(
        with_backbone(values, network, asked="this benchmark"), size_px=images.shape[1]
    )
    rows, mirrored = (frozen.outputs(backbone, each) for each in (images, images[:, :, ::-1]))
    return Collection(photos.drop(columns="image"), rows, mirrored)


def dealt(everybody: Collection, seed: int) -> pd.DataFrame:
    """Returns a fold per person: the person tests, six of the others train, and the rest stand aside."""
    draw, names = np.random.default_rng(seed), sorted(set(everybody.photos["group"]))
    folds = []
    for fold, tested in enumerate(names):
        others = [name for name in names if name != tested]
        teaching = set(draw.choice(others, NUM_TEACHING, replace=False))
        parts = {name: "train" if name in teaching else "val" for name in others} | {tested: "test"}
        of_photos = everybody.photos["group"].map(parts)
        folds.append(
            pd.DataFrame(
                {
                    "photo_id": everybody.photos["photo_id"],
                    "component": everybody.photos["group"],
                    "fold": fold,
                    "part": of_photos,
                }
            )
        )
    return pd.concat(folds, ignore_index=True)


def _predicted(everybody: Collection, seed: int) -> dict[str, Any]:
    """Returns what six people predict, and what came."""
    splits = dealt(everybody, seed)
    planned = retraining.tasks(
        SHARES, [PEOPLE], everybody.photos, NO_COPIES, splits, seed=seed, repeats=1, draws=DRAWS
    )
    shares = {task.share: _tested(everybody, task.jobs) for task in planned.tasks}
    jobs = variants.jobs_of(everybody.photos, NO_COPIES, splits, seed=seed, repeats=1)
    honest = _tested(everybody, jobs)
    of_all = _tested(
        everybody, [job._replace(train=np.sort(np.concatenate([job.train, job.val]))) for job in jobs]
    )
    along = Along(
        PEOPLE,
        {**shares, 1.0: summary.as_often(honest, shares)},
        {**{task.share: task.number for task in planned.tasks}, 1.0: float(NUM_TEACHING)},
    )
    (found,) = growth.learning_curve(
        "six", [along], measure.components_of(splits), grouped=True, num_updates=0
    )["axes"]
    low, high = found["twice"]["interval"]
    now, came = _accuracy(honest), _accuracy(of_all) - _accuracy(honest)
    held = "yes" if low <= came <= high else "no"
    return {"now": now, "gain": found["twice"]["gain"], "low": low, "high": high, "came": came, "held": held}


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
        f"{100 * found['now']:.1f}",
        f"+{100 * found['gain']:.1f} ({ends})",
        f"{100 * found['came']:+.1f}".replace("-", "\N{MINUS SIGN}"),
        found["held"],
    ]


if __name__ == "__main__":
    main()
