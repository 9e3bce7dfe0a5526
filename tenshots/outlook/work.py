"""How much computing stands between now and each variant's answer, as a number that needs no clock.

It is counted in multiplications of one core, so that it holds on any machine and for any settings. What is
not training counts as so many multiplications, too: the constants below, measured on one machine.

By this and the probe of `pace`, an idle AMD EPYC trains the default variants on two cores in 300 s (baseline,
augmented) and 176 s (fine_tuned); measured were 327 to 448 s and 146 to 171 s, and of the whole pipeline 27
minutes of processor time instead of 26. On other machines and networks, expect a factor of 1.5 to 2 until
the first training has told the pace, and less from then on.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from tenshots import params
from tenshots.augmentation.settings import AugmentSettings
from tenshots.networks.settings import LINEAR, SCRATCH, TransferSettings, settings_from
from tenshots.studies.settings import DRAWS, StudySettings
from tenshots.tables.encoding import StandardiseSettings
from tenshots.training.settings import (
    ON_THE_FLY,
    ExperimentSettings,
    VariantSettings,
    named,
    optimisation_of,
)

# What every variant waits for; and what waits for all of them.
FIRST = frozenset({"check", "rehearse", "ingest", "split"})
# Forward, and backward to inputs and to weights.
PASSES = 3
# In multiplications: starting a process that imports Keras, and letting it compile a network; an update's own
# overhead; a changed copy of a photo, per pixel; the pictures of one variant.
START = 400_000_000_000
UPDATE = 100_000_000
COPY = 30_000
PICTURES = 400_000_000_000
# Likewise, per photo: solving for a linear head on a share of the photos, of which a study has several draws.
SOLUTION = 200_000_000
# What a study measures apart: people, and photos of each. One of them where nobody has a name, but that is
# not known before the photos are.
AXES = 2

Efforts = Mapping[str, Mapping[str, int]]


class Sizes(NamedTuple):
    """How large the task is.

    Attributes:
        photos: of the database.
        folds: of the split.
        originals: photos that train, of all folds together.
        workers: trainings side by side.
    """

    photos: int
    folds: int
    originals: int
    workers: int


def sizes(splits: pd.DataFrame, *, num_workers: int) -> Sizes:
    """Returns how large the task is.

    Args:
        splits: photo_id, fold, part.
        num_workers: trainings side by side, at least 1.
    """
    trained = int((splits["part"] == "train").sum())
    return Sizes(splits["photo_id"].nunique(), splits["fold"].nunique(), trained, num_workers)


def in_order(values: Mapping[str, Any], efforts: Efforts) -> list[str]:
    """Returns the variants of params.yaml: linear recipes first, then by how much is computed for training.

    Args:
        values: all of params.yaml, after `checks.whole.check`.
        efforts: of each network: see `checks.effort.efforts`; one that is missing counts as the largest.
    """

    def rank(name: str) -> tuple[bool, float, bool]:
        variant = named(values, name)
        if variant.recipe in LINEAR:
            return False, 0, variant.data == "augmented"
        if not is_known(values, name, efforts):
            return True, math.inf, variant.data == "augmented"
        # Of one image, as all variants train on the same number of them.
        of_one = _tuned(variant, efforts[variant.network]) + _drawing(values, variant) / PASSES
        return True, _epochs(values, variant) * of_one, variant.data == "augmented"

    return sorted(values["variants"], key=rank)


def is_known(values: Mapping[str, Any], name: str, efforts: Efforts) -> bool:
    """Whether it is known how much a variant computes: of a linear one always, as it is next to nothing."""
    variant = named(values, name)
    return variant.recipe in LINEAR or variant.network in efforts


def concerned(values: Mapping[str, Any], name: str, stale: Collection[str]) -> set[str]:
    """Returns the stages out of date that a variant's answer waits for.

    Args:
        values: all of params.yaml.
        name: of the variant.
        stale: stages, as DVC names them, whose own files or settings have changed.
    """
    variant = named(values, name)
    mine = {*FIRST, f"features@{variant.network}", f"train@{name}", f"evaluate@{name}"}
    if variant.data == "augmented":
        mine |= {"augment", f"features_of_copies@{variant.network}"}
    if variant.data == ON_THE_FLY:
        mine |= {"on_the_fly", *(f"features@{network}" for network in values["networks"])}
    return mine & set(stale)


def of_variants(
    values: Mapping[str, Any], names: Iterable[str], stale: Collection[str], efforts: Efforts, found: Sizes
) -> dict[str, float]:
    """Returns the work up to each variant's answer, after those before it; 0 of one that is up to date.

    Args:
        values: all of params.yaml, after `checks.whole.check`.
        names: of variants, in the order in which they will be trained.
        stale: stages out of date.
        efforts: of each network; one that is missing counts nothing.
        found: how large the task is.
    """
    work = {}
    left = set(stale)  # what one variant has brought up to date, the next does not wait for
    for name in names:
        todo = concerned(values, name, stale)  # trained again for whatever of these has changed
        work[name] = _up_to(values, name, todo & left, efforts, found) if todo else 0.0
        left -= {stage for stage in todo if not stage.endswith(f"@{name}")}
    return work


def of_the_rest(values: Mapping[str, Any], trained: Sequence[str], efforts: Efforts, found: Sizes) -> float:
    """Returns the work of what follows the last answer: pictures, studies, page and cards.

    Args:
        values: all of params.yaml, after `checks.whole.check`.
        trained: the variants that are trained again; where there are none, the page alone is.
        efforts: of each network.
        found: how large the task is.
    """
    study = params.section(values, "study", StudySettings)
    work = float(START)
    for name in trained:
        variant = named(values, name)
        work += PICTURES
        if study.concerns(name, is_linear=variant.recipe in LINEAR):
            again = AXES * len(study.shares) + study.leaking
            work += again * _training(values, variant, efforts, found)
            if variant.recipe in LINEAR:
                work += START + again * DRAWS * found.originals * SOLUTION
    return work


def _up_to(
    values: Mapping[str, Any], name: str, todo: Collection[str], efforts: Efforts, found: Sizes
) -> float:
    variant = named(values, name)
    whole = efforts.get(variant.network, {}).get("whole", 0)
    copies = found.photos * params.section(values, "augment", AugmentSettings).copies
    size_px = params.section(values, "standardise", StandardiseSettings).size_px
    work = START + _training(values, variant, efforts, found)
    if "augment" in todo:
        work += START + copies * size_px**2 * COPY / found.workers
    # Fine-tuning has no use for the copies' features.
    if {"augment", f"features_of_copies@{variant.network}"} & set(todo) and variant.recipe in LINEAR:
        work += START + copies * whole / found.workers
    return work


def _training(values: Mapping[str, Any], variant: VariantSettings, efforts: Efforts, found: Sizes) -> float:
    """Returns the work of all trainings of a variant: as many rounds as the workers need."""
    if variant.recipe in LINEAR:
        return 0.0
    effort = efforts.get(variant.network, {"whole": 0, "tuned": 0})
    experiment = params.top_level(values, ExperimentSettings)
    batch_size = variant.batch_size or experiment.batch_size
    rounds = math.ceil(found.folds * experiment.repeats / found.workers)
    originals = found.originals / max(found.folds, 1)
    tuned = _tuned(variant, effort)
    per_epoch = PASSES * originals * tuned
    updates = (1 if batch_size == "all" else math.ceil(originals / batch_size)) * UPDATE
    per_epoch += originals * _drawing(values, variant)
    is_changed = variant.data == ON_THE_FLY or optimisation_of(values, variant).mixes
    if is_changed and _is_transfer(values, variant):  # what stays frozen is computed in each epoch
        per_epoch += originals * (effort["whole"] - tuned)
    work = rounds * (_epochs(values, variant) * (per_epoch + updates))
    if _is_transfer(values, variant):
        # What stays frozen is computed once for each image.
        copies = (
            params.section(values, "augment", AugmentSettings).copies if variant.data == "augmented" else 0
        )
        frozen = (effort["whole"] - tuned) * bool(tuned)
        work += found.photos * (1 + copies) * frozen / found.workers
    return float(work)


def _epochs(values: Mapping[str, Any], variant: VariantSettings) -> int:
    """Returns how many epochs train what is tuned; with those in which layers learn alone, as if all did."""
    before = variant.pretraining.epochs if variant.pretraining else 0
    return before + (variant.epochs or params.top_level(values, ExperimentSettings).epochs)


def _tuned(variant: VariantSettings, effort: Mapping[str, int]) -> int:
    """Returns what one image costs in the layers that training moves: from scratch in all of them."""
    return effort["whole" if variant.recipe == SCRATCH else "tuned"]


def _drawing(values: Mapping[str, Any], variant: VariantSettings) -> int:
    """Returns what a fresh copy of one image costs; 0 where none is drawn."""
    size_px = params.section(values, "standardise", StandardiseSettings).size_px
    return size_px**2 * COPY if variant.data == ON_THE_FLY else 0


def _is_transfer(values: Mapping[str, Any], variant: VariantSettings) -> bool:
    return variant.recipe != SCRATCH and isinstance(_network(values, variant), TransferSettings)


def _network(values: Mapping[str, Any], variant: VariantSettings) -> Any:  # noqa: ANN401 (of any family)
    return settings_from(values["networks"][variant.network], at=f"networks.{variant.network}")
