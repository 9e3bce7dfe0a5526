"""Whom the pictures are of: one trained network, the photos that it never saw, and what it answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, zip_longest

import numpy as np
import pandas as pd

from tenshots import params
from tenshots.errors import DataError, SettingsError
from tenshots.interpretation.settings import VisualiseSettings
from tenshots.networks import model_json, parts
from tenshots.networks.model_json import SavedTraining, SavedVariant
from tenshots.networks.settings import LINEAR, TransferSettings
from tenshots.runtime import keras
from tenshots.tables.database import decode
from tenshots.tables.paths import DATABASE, EVALUATIONS, MODELS, SPLITS
from tenshots.tables.predictions import predicted, probabilities_of
from tenshots.tables.restored import Restored

MAX_TESTED = 400  # test photos that are searched for patches: more take memory, and find little that is new
MAX_TRAINED = 128  # training photos that a loss surface is computed on, at each of its places
MAX_DEVIATION = 1e-3  # of a probability: another machine rounds otherwise, another network is further off


@dataclass(frozen=True)
class Photos:
    """Photos in memory.

    Attributes:
        photo_ids: of the database.
        labels: the right ones.
        images: uint8, (num_photos, size_px, size_px, 3).
    """

    photo_ids: list[str]
    labels: list[str]
    images: np.ndarray


@dataclass(frozen=True)
class Subject:
    """A trained network with photos.

    Attributes:
        model: with its weights.
        labels: what its logits stand for.
        answers: of `answers_of`, on all its test photos.
        tested: at most MAX_TESTED of them.
        trained: at most MAX_TRAINED photos that it was taught with.
        photos: all of the database: photo_id, label and image (encoded).
        flips: whether its answers are means of those on the photo and on its mirror image.
        share: of its pretrained backbone's layers, from the top, that learnt from these photos, in [0, 1];
            None where all of it began at random.
        tuned: names of the parts of that backbone that did, where the settings name them.
        moves_first: whether its first layer did, where they do.
        restored: what its first layer learnt without labels, if it did.
    """

    model: keras.Model
    labels: list[str]
    answers: pd.DataFrame
    tested: Photos
    trained: Photos
    photos: pd.DataFrame
    flips: bool = False
    share: float | None = None
    tuned: tuple[str, ...] = ()
    moves_first: bool = False
    restored: Restored | None = None

    @property
    def share_of_first(self) -> float | None:
        """The share, as far as the backbone's first layer is concerned."""
        return float(self.moves_first) if self.tuned else self.share

    def check(self, probabilities: np.ndarray) -> None:
        """Raises where the network does not give the answers of the table.

        Args:
            probabilities: what the network says of `tested`, (num_photos, num_labels).

        Raises:
            DataError: the answers are another network's.
        """
        written = self.answers["probability"].head(len(probabilities)).to_numpy()
        if np.abs(probabilities.max(axis=1) - written).max() > MAX_DEVIATION:
            raise DataError(f"{EVALUATIONS} is not of the networks in {MODELS}; run `dvc repro`")


def subject(
    model: keras.Model,
    saved: SavedVariant,
    fit: SavedTraining,
    *,
    photos: pd.DataFrame,
    splits: pd.DataFrame,
    predictions: pd.DataFrame,
    restored: Restored | None = None,
) -> Subject:
    """Brings together what the pictures of one training need.

    Args:
        model: with the weights of `fit`.
        saved: the variant.
        fit: one of its trainings.
        photos: columns photo_id, label and image (encoded).
        splits: columns photo_id, fold and part.
        predictions: of the variant, see tenshots.tables.predictions.
        restored: what the first layer learnt without labels, if it did.

    Raises:
        DataError: the tables are not of one experiment.
    """
    answers = answers_of(predictions, fit)
    tuned, moves_first = _tuned(saved, model)
    fold = splits[(splits["fold"] == fit.fold) & (splits["part"] == "train")]
    # An id is a hash, so the first are as good as drawn, and the same for everyone.
    trained = sorted(fold["photo_id"])[:MAX_TRAINED]
    return Subject(
        model=model,
        labels=saved.labels,
        answers=answers,
        tested=in_memory(photos, answers["photo_id"].head(MAX_TESTED)),
        trained=in_memory(photos, trained),
        photos=photos,
        flips=saved.flips_at_test,
        share=_share(saved, model),
        tuned=tuned,
        moves_first=moves_first,
        restored=restored,
    )


def _share(saved: SavedVariant, model: keras.Model) -> float | None:
    network = model_json.settings_of(saved)
    if not isinstance(network, TransferSettings) or not network.has_learnt:
        return None
    if saved.recipe in LINEAR:
        return 0.0
    if isinstance(network.unfreeze, int | float):
        return network.unfreeze
    return len(parts.tuned(model, network.unfreeze)) / len(parts.weighted(model))


def _tuned(saved: SavedVariant, model: keras.Model) -> tuple[tuple[str, ...], bool]:
    """Returns the names by which the settings say what was tuned, and whether it has the first layer."""
    network = model_json.settings_of(saved)
    if not isinstance(network, TransferSettings) or saved.recipe in LINEAR:
        return (), False
    if isinstance(network.unfreeze, int | float):
        return (), False
    named = network.unfreeze
    first = parts.weighted(model)[0] in parts.tuned(model, named)
    return ((f"all from {named['from']} on",) if isinstance(named, Mapping) else tuple(named)), first


def chosen_fit(saved: SavedVariant, settings: VisualiseSettings) -> SavedTraining:
    """Returns the training that the settings name; of a variant that no seed moves, the fold's only one.

    Raises:
        SettingsError: the variant has none of that fold and repeat.
    """
    repeat = 0 if saved.recipe in LINEAR else settings.repeat
    for key, wanted in (("fold", settings.fold), ("repeat", repeat)):
        known = sorted({int(getattr(fit, key)) for fit in saved.fits})
        if wanted not in known:
            raise SettingsError(
                f"{params.PATH}: visualise.{key} must be a {key} of {saved.variant}, that is from {known[0]} "
                f"to {known[-1]}, got {wanted}"
            )
    return next(fit for fit in saved.fits if (fit.fold, fit.repeat) == (settings.fold, repeat))


def answers_of(predictions: pd.DataFrame, fit: SavedTraining) -> pd.DataFrame:
    """Returns what one training answered on its test photos, one row per photo, sorted by photo_id.

    Its columns are photo_id, label (the right one), predicted, and probability (of the predicted one).

    Args:
        predictions: see tenshots.tables.predictions.
        fit: of the variant.

    Raises:
        DataError: the table has none of this training.
    """
    rows = predictions[(predictions["fold"] == fit.fold) & (predictions["repeat"] == fit.repeat)]
    if rows.empty:
        raise DataError(
            f"predictions.csv has no answers of fold {fit.fold}, repeat {fit.repeat}; run `dvc repro`"
        )
    rows = rows.sort_values("photo_id", ignore_index=True)
    return rows[["photo_id", "label"]].assign(
        predicted=predicted(rows), probability=probabilities_of(rows).max(axis=1)
    )


def right(answers: pd.DataFrame, number: int) -> pd.DataFrame:
    """Returns the surest right answers, in turn of each label."""
    found = _surest(answers[answers["predicted"] == answers["label"]])
    queues = [list(rows.index) for _, rows in found.groupby("label", sort=True)]
    order = [row for row in chain.from_iterable(zip_longest(*queues)) if row is not None]
    return found.loc[order[:number]]


def wrong(answers: pd.DataFrame, number: int) -> pd.DataFrame:
    """Returns the surest wrong answers."""
    return _surest(answers[answers["predicted"] != answers["label"]]).head(number)


def example(answers: pd.DataFrame) -> list[str]:
    """Returns the photo_id of the surest right answer, or of any where none is right."""
    found = right(answers, 1)
    return list((found if len(found) else answers.head(1))["photo_id"])


def in_memory(photos: pd.DataFrame, photo_ids: Iterable[str]) -> Photos:
    """Returns photos of the database in the order of `photo_ids`.

    Args:
        photos: columns photo_id, label and image (encoded).
        photo_ids: which.

    Raises:
        DataError: one of them is not there.
    """
    wanted = list(photo_ids)
    rows = photos.set_index("photo_id").reindex(wanted)
    if rows["label"].isna().any():
        raise DataError(f"{EVALUATIONS} or {SPLITS} names photos that {DATABASE} lacks; run `dvc repro`")
    return Photos(wanted, [str(label) for label in rows["label"]], decode(rows["image"]))


def _surest(answers: pd.DataFrame) -> pd.DataFrame:
    return answers.sort_values(["probability", "photo_id"], ascending=[False, True])
