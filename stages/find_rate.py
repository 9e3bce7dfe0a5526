"""Which learning rate suits a variant? A short training whose rate rises, and the loss drawn over it.

A learning-rate range test (Smith 2015, arXiv:1506.01186): a few hundred updates on one fold's training
photos, from a rate far too low to one far too high. No stage: nothing depends on the picture that it writes.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages import at_least_1, run
from stages.fresh import fresh
from tenshots import files, params, runtime
from tenshots.errors import SettingsError
from tenshots.networks.settings import TransferSettings
from tenshots.tables import database, features
from tenshots.tables.paths import DATA, FEATURES, REPORTS, SPLITS, source
from tenshots.training import pictures, rate_test, variants
from tenshots.training.executor import Trainer
from tenshots.training.linear import Known
from tenshots.training.loop import TrainSettings
from tenshots.training.variants import Variant

NUM_UPDATES = 300


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the test on the outputs of the current directory, and prints a rate to try."""
    parser = argparse.ArgumentParser(
        prog="python -m stages.find_rate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("variant", help="its key below variants in params.yaml")
    parser.add_argument("--fold", type=int, default=0, help="whose training photos (default: %(default)s)")
    parser.add_argument(
        "--updates", type=at_least_1, default=NUM_UPDATES, help="about so many (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, help="of the picture (default: reports/find_rate_VARIANT.png)")
    given = parser.parse_args(argv)
    values = params.read()
    variant = variants.resolve(values, given.variant)
    if why := _needless(variant):
        raise SettingsError(f"variants.{variant.name} has no learning rate to find: {why}")
    runtime.configure(threads=variant.experiment.threads)
    tuned = _tuned(variant)
    factor = tuned.fine_tune_lr_factor if tuned else 1.0
    found = _tested(variant, fold=given.fold, num_updates=given.updates)

    out = given.out or REPORTS / f"find_rate_{variant.name}.png"
    out.parent.mkdir(exist_ok=True)
    title = f"Range test of {variant.name}, fold {given.fold}"
    if factor != 1:
        title += f" (fine_tune_lr_factor makes {factor:g} of it)"
    files.write(out, pictures.range_test_png(found, title=title))
    print(said(found, key=override(values, variant), out=out))


def said(found: rate_test.Found, *, key: str, out: Path) -> str:
    """Returns what to do with the test, in a few sentences.

    Args:
        found: of the test.
        key: of `override`.
        out: where the picture is.
    """
    if found.turning is None or found.suggested is None:
        return (
            f"{out}: no rate from {found.rates[0]:g} to {found.rates[-1]:.1e} brought the loss down in "
            f"{len(found.losses)} updates; try more (--updates), or look whether labels and photos fit"
        )
    return (
        f"{out}: the loss fell up to a rate of {found.rates[found.turning]:.1e}, from which on it climbed. A "
        "tenth of that is a rate to try:\n"
        f"dvc exp run -S {key}={found.suggested:g}\n"
        "It is a place to begin, not the best rate: compare two or three around it on validation accuracy."
    )


def _needless(variant: Variant) -> str:
    """Returns why a variant has no learning rate, or an empty text."""
    if variant.is_linear:
        return f"its recipe, {variant.recipe}, solves for its weights"
    if (tuned := _tuned(variant)) and not tuned.unfreeze:
        return f"networks.{variant.network_name}.unfreeze leaves nothing to tune"
    return ""


def _tuned(variant: Variant) -> TransferSettings | None:
    """Returns the network that is tuned; None of one that is taught from scratch."""
    network = variant.network
    return network if variant.has_features and isinstance(network, TransferSettings) else None


def override(values: Mapping[str, Any], variant: Variant) -> str:
    """Returns what comes before the rate on DVC's command line: its key, with a plus where that is new.

    A rate for fine-tuning is for that variant alone: the others would take it as it is.
    """
    if values["variants"][variant.name].get("lr"):
        return f"variants.{variant.name}.lr"
    return f"+variants.{variant.name}.lr" if _tuned(variant) else "lr"


def _tested(variant: Variant, *, fold: int, num_updates: int) -> rate_test.Found:
    of = source(variant.data)
    photos = database.read_photos(DATA / of, ["photo_id", "label", "image"])
    copies = database.read_copies(DATA / of, ["photo_id", "label", "image"])
    splits = database.read_splits(SPLITS)
    jobs = variants.jobs_of(photos, copies, splits, seed=variant.experiment.seed, repeats=1)
    folds = {job.fold: job for job in jobs}
    if fold not in folds:
        raise SettingsError(f"--fold must be one of {', '.join(map(str, folds))}, got {fold}")
    known = None
    if variant.has_features and (backbone := variant.network.frozen()):
        ids = photos["photo_id"].tolist()
        read = features.read(
            FEATURES / of / variant.network_name, photo_ids=ids, copy_ids=[], backbone=backbone
        )
        known = Known.of(read, ids, splits)
    shown = pd.concat([photos, copies], ignore_index=True)
    images = database.decode(shown["image"])
    labels = np.unique(shown["label"].to_numpy(dtype=str), return_inverse=True)[1]

    def begin(settings: TrainSettings) -> Trainer:
        return variants.trainers(
            variant._replace(train=settings, pretraining=None), images=images, labels=labels, known=known,
            on_the_fly=fresh(variant, photos), num_at_once=settings.images_at_once(folds[fold].num_originals),
        )()  # fmt: skip

    return rate_test.run(begin, variant.train, folds[fold], num_updates=num_updates)


if __name__ == "__main__":
    run(main)
