"""Variants: what is compared. Each names its data and its network, and may override top-level settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd

from tenshots import params
from tenshots.errors import DataError
from tenshots.networks import building, features
from tenshots.networks.settings import LINEAR, SCRATCH, NetworkSettings, TransferSettings, settings_from
from tenshots.runtime import keras
from tenshots.seeds import derived_seed
from tenshots.training import executor, limits, linear, scratch, transfer
from tenshots.training.executor import Trainer
from tenshots.training.feeding import OnTheFly
from tenshots.training.jobs import Epoch, Job, Outcome
from tenshots.training.linear import Known
from tenshots.training.loop import TrainSettings
from tenshots.training.settings import (
    ON_THE_FLY,
    ExperimentSettings,
    PretrainingSettings,
    named,
    optimisation_of,
)

Result = TypeVar("Result")


class Variant(NamedTuple):
    """A variant with everything that it names, resolved."""

    name: str
    data: str
    network_name: str
    network: NetworkSettings
    recipe: str
    experiment: ExperimentSettings
    train: TrainSettings
    flips_at_test: bool = False
    pretraining: PretrainingSettings | None = None

    @property
    def is_linear(self) -> bool:
        """Whether it learns from frozen features alone, by a recipe that no seed moves."""
        return self.recipe in LINEAR

    @property
    def has_features(self) -> bool:
        """Whether it begins with what a backbone makes of photos; one from scratch does not."""
        return isinstance(self.network, TransferSettings) and self.recipe != SCRATCH

    @property
    def repeats(self) -> int:
        """Trainings per fold: one of what no seed moves."""
        return 1 if self.is_linear else self.experiment.repeats

    def settings(self) -> dict[str, Any]:
        """Returns what training was told beside data, network and recipe, as plain values."""
        flips = {"flips_at_test": True} if self.flips_at_test else {}
        if self.is_linear:  # no learning rate, no updates: an edit of these changes nothing
            return {"threads": self.experiment.threads, **flips}
        before = {"pretraining": self.pretraining.described()} if self.pretraining else {}
        overridden = {"lr": self.train.lr, "batch_size": self.train.batch_size, "epochs": self.train.epochs}
        return {
            **self.experiment.model_dump(mode="json"),
            **overridden,
            "optimisation": self.train.optimisation.described(),
            **flips,
            **before,
        }


def resolve(values: Mapping[str, Any], name: str) -> Variant:
    """Returns the variant `name` of params.yaml.

    Args:
        values: all of params.yaml.
        name: a key of `variants`.

    Raises:
        SettingsError: no such variant or network, or a value that breaks a rule.
    """
    variant = named(values, name)
    described = values["networks"][variant.network]
    experiment = params.top_level(values, ExperimentSettings)
    return Variant(
        name=name,
        data=variant.data,
        network_name=variant.network,
        network=settings_from(described, at=f"networks.{variant.network}"),
        recipe=str(variant.recipe),
        experiment=experiment,
        train=TrainSettings(
            lr=variant.lr or experiment.lr,
            batch_size=variant.batch_size or experiment.batch_size,
            epochs=variant.epochs or experiment.epochs,
            optimisation=optimisation_of(values, variant, name=name),
        ),
        flips_at_test=bool(variant.flips_at_test),
        pretraining=variant.pretraining,
    )


def jobs_of(
    photos: pd.DataFrame,
    copies: pd.DataFrame,
    splits: pd.DataFrame,
    *,
    seed: int,
    repeats: int,
    stop_on: str | None = None,
) -> list[Job]:
    """Returns the trainings of a variant, fold by fold, repeat by repeat.

    A fold uses the copies of its own training photos only, so it never sees a changed val or test photo.

    Args:
        photos: columns photo_id, label; row i is image i.
        copies: columns photo_id, label; row i is image len(photos) + i.
        splits: columns photo_id, fold, part.
        seed: of the experiment.
        repeats: trainings per fold, at least 1.
        stop_on: the setting: ROC-AUC is of validation photos of each label.

    Raises:
        SettingsError: a fold has no validation photos of a label, or of that label alone, for `stop_on`.
        DataError: a fold has no training photos of a label, or no validation photos, or names a photo that
            is not there.
    """
    image_ids = np.concatenate([photos["photo_id"].to_numpy(), copies["photo_id"].to_numpy()])
    labels = set(photos["label"])
    row_of = {photo_id: row for row, photo_id in enumerate(photos["photo_id"])}
    found = []
    for fold, rows in splits.sort_values(["fold", "photo_id"]).groupby("fold"):
        unknown = sorted(set(rows["photo_id"]) - set(row_of))
        if unknown:
            raise DataError(
                f"splits.csv must name photos of the database, got {unknown[0]} in fold {fold}; "
                "run `dvc repro split`"
            )
        train_ids = set(rows.loc[rows["part"] == "train", "photo_id"])
        val, test = (
            np.array([row_of[name] for name in rows.loc[rows["part"] == part, "photo_id"]], dtype=np.int64)
            for part in ("val", "test")
        )
        missing = sorted(labels - {photos["label"].iloc[row_of[name]] for name in train_ids})
        if missing or not len(val):
            lacks = f"training photos of {', '.join(missing)}" if missing else "validation photos"
            raise DataError(
                "splits.csv must give each fold training photos of each label, and validation "
                f"photos, but fold {fold} has no {lacks}; add photos or change split in {params.PATH}"
            )
        if stop_on == "roc_auc":
            limits.check_labels(set(photos["label"].iloc[val]), labels, fold=int(fold))
        train = np.flatnonzero([name in train_ids for name in image_ids])
        found += [
            Job(
                fold=int(fold),
                repeat=repeat,
                seed=derived_seed(seed, int(fold), repeat),
                train=train,
                val=val,
                num_originals=len(train_ids),
                test=test,
            )
            for repeat in range(repeats)
        ]
    return found


def train(
    variant: Variant,
    jobs: Sequence[Job],
    *,
    images: np.ndarray,
    labels: np.ndarray,
    known: Known | None = None,
    on_the_fly: OnTheFly | None = None,
    finish: Callable[[keras.Model, Outcome], Result],
    num_workers: int = 1,
    report: Callable[[Epoch], None] = lambda _: None,
    done: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Trains the variant's network for each job, and returns what `finish` made of each, in any order.

    Args:
        variant: of `resolve`.
        jobs: of `jobs_of`.
        images: uint8 (num_images, size_px, size_px, 3), originals and copies; of a linear variant the first
            is enough, as it shows the size.
        labels: int (num_images,), from 0 without gaps.
        known: of the function of that name, where the variant begins with features of a backbone.
        on_the_fly: what fresh copies are drawn with, where the variant's data are.
        finish: saves or predicts: see `executor.run`.
        num_workers: trainings at a time, at most.
        report: is told of each epoch when it ends.
        done: is told of each result.

    Raises:
        SettingsError: the network cannot be built, or the loss became infinite or not a number.
        DataError: the backbone's weights are missing, or are not those that the settings name.
    """
    if not jobs:  # all were done before
        return []
    if not variant.is_linear:
        limits.check_ema(variant.train, jobs, variant=variant.name)
    begin = trainers(
        variant, images=images, labels=labels, known=known, on_the_fly=on_the_fly,
        num_workers=num_workers,
        num_at_once=max(variant.train.images_at_once(job.num_originals) for job in jobs),
    )  # fmt: skip
    if variant.is_linear:  # seconds, and one at a time is solved for
        num_workers = 1
    return executor.run(begin, jobs, finish=finish, num_workers=num_workers, report=report, done=done)


def copies_known(variant: Variant, copies: pd.DataFrame) -> list[str]:
    """Returns of each copy whose frozen features the variant learns from the photo that it is of.

    Fine-tuning solves for its head on photos alone, which takes no features of copies.

    Args:
        variant: of `resolve`.
        copies: column photo_id.
    """
    return copies["photo_id"].tolist() if variant.is_linear else []


def trainers(
    variant: Variant,
    *,
    images: np.ndarray,
    labels: np.ndarray,
    known: Known | None = None,
    on_the_fly: OnTheFly | None = None,
    num_workers: int = 1,
    num_at_once: int | None = None,
) -> Callable[[], Trainer]:
    """Returns what begins a worker that trains the variant's network by its recipe.

    Args:
        variant: of `resolve`.
        images: uint8 (num_images, size_px, size_px, 3), originals and copies; of a linear variant the first
            is enough, as it shows the size.
        labels: int (num_images,), from 0 without gaps.
        known: of the function of that name, where the network has a backbone.
        on_the_fly: what fresh copies are drawn with, where the variant's data are.
        num_workers: threads that prepare images, side by side.
        num_at_once: images of the largest update, where `batch_size` is all; at most all.

    Raises:
        SettingsError: the network cannot be built.
        DataError: the backbone's weights are missing, or are not those that the settings name.
    """
    at = f"networks.{variant.network_name}"
    learnt = building.learnt(variant.network, at=at)  # read here, once for all workers
    build = partial(
        building.build,
        variant.network,
        size_px=images.shape[1],
        num_labels=int(labels.max()) + 1,
        learnt=learnt,
        at=at,
    )
    data: dict[str, Any] = {"images": images, "labels": labels, "settings": variant.train}
    data |= {"num_workers": num_workers, "flips": variant.flips_at_test, "on_the_fly": on_the_fly}
    data["num_at_once"] = num_at_once
    if (variant.data == ON_THE_FLY) is (on_the_fly is None):
        raise ValueError(
            f"data {variant.data} is learnt with fresh copies if it is {ON_THE_FLY}, else without"
        )
    if not (isinstance(variant.network, TransferSettings) and variant.has_features):
        return scratch.trainers(build, **data, pretraining=variant.pretraining)
    if known is None:
        raise ValueError(f"recipe {variant.recipe} learns from frozen features, got none")
    if not learnt:  # its backbone starts at random, the same in every worker, and in the frozen features
        build = partial(features.drawn, build)
    if variant.is_linear:
        return linear.trainers(
            build, known=known, labels=labels, kind=variant.recipe, flips=variant.flips_at_test
        )
    with building.below(at):
        return transfer.trainers(build, **data, known=known, phases=variant.network)


def max_epochs(variant: Variant) -> int:
    """Returns the number of epochs of one training that is never stopped early."""
    if variant.is_linear:
        return 1
    if not (isinstance(variant.network, TransferSettings) and variant.has_features):
        return variant.train.epochs
    return 1 + (variant.train.epochs if variant.network.unfreeze else 0)
