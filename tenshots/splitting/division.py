"""Which photo trains, validates or tests in which fold.

Photos that belong together lie on one side. A component is a largest set of photos that hang together: by
their group (one person's photos, say), by their near-duplicate cluster, and by a file that two groups handed
in alike. Whole components are dealt to parts, so that each part has its share of each label, and each label
is in each part; see tenshots.splitting.dealing for how.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

import numpy as np
import pandas as pd

from tenshots.errors import DataError
from tenshots.params import nearest
from tenshots.splitting import leakage
from tenshots.splitting.dealing import Draws, Impossible, Uncovered, deal
from tenshots.splitting.settings import SplitSettings
from tenshots.tables.belonging import components
from tenshots.tables.database import PARTS
from tenshots.tables.manifest import swap_question
from tenshots.wording import independent_sets, some

NUM_ATTEMPTS = 20
FEW_GROUPS = 3  # may be things that few people took; more are asked about only where there are as many labels
MEANING = "(photos of one group, such as one person, and near-duplicates, in any group, are never divided)"


class _Components(NamedTuple):
    """Photos counted by component and label.

    Attributes:
        rows: int64, shape (num_photos,), each photo's component, an index below num_components.
        counts: int64, shape (num_components, num_labels), photos.
        labels: names of the columns of `counts`, sorted.
    """

    rows: np.ndarray
    counts: np.ndarray
    labels: list[str]


def split(manifest: pd.DataFrame, settings: SplitSettings, *, seed: int) -> pd.DataFrame:
    """Returns the part of each kept photo in each fold.

    With two or more `folds`, their test parts hold each photo once, and `val` is cut from the rest of each
    fold; with one, `test` is cut from all photos and `val` from the rest. Where the photos come with a split
    of their own, it is kept (in one fold), also where it divides a component; a missing `val` is cut from
    `train`, where what a component has there stays together. Stratified by label; a component is never
    divided otherwise; the order of the rows does not matter.

    Args:
        manifest: status, photo_id, label, group, split and cluster as text, a row for every file found; see
            `components`; split is train, val, test or empty.
        settings: number of folds, and shares.
        seed: at least 0; of all draws.

    Returns:
        photo_id, component, fold (from 0) and part (train, val or test), sorted by fold and photo_id.

    Raises:
        DataError: some label cannot be in every part of every fold; or a given split without train or test.
    """
    photos = manifest[manifest["status"] == "kept"].sort_values("photo_id", ignore_index=True)
    photos["component"] = components(manifest).to_numpy()
    if (photos["split"] != "").any():
        return _table(photos, [_completed(photos, settings, seed)])
    counted = _counted(photos)
    try:
        _check_num_components(counted, settings.folds)
        folds = _tried(lambda draws: _folds(counted, settings, draws), counted, seed)
    except DataError as error:
        joined = photos.set_index("photo_id")["component"]
        question = swap_question(manifest, few=FEW_GROUPS)
        asked = f"{question}; if it is right: " if question else ""
        raise DataError(f"{asked}{error}{leakage.joined_reason(manifest, joined)}") from None
    return _table(photos, folds)


def summary(manifest: pd.DataFrame, splits: pd.DataFrame, settings: SplitSettings) -> list[str]:
    """Returns a line for each fold, its photos by part, and one on settings that a given split overrides.

    Args:
        manifest: as for `split`.
        splits: what `split` returned.
        settings: as for `split`.
    """
    lines = []
    for fold, parts in splits.groupby("fold")["part"]:
        counts = ", ".join(f"{int((parts == part).sum())} {part}" for part in PARTS)
        lines.append(f"fold {fold}: {counts}")
    given = set(manifest.loc[manifest["status"] == "kept", "split"]) - {""}
    if given:
        several = settings.folds > 1  # then split.test would not count anyway
        idle = [f"split.folds of {settings.folds}" if several else f"split.test of {settings.test}"]
        idle += [f"split.val of {settings.val}"] * ("val" in given)
        verb = "do" if len(idle) > 1 else "does"
        lines.append(
            f"warning: the photos come with a split of their own; {' and '.join(idle)} {verb} not count"
        )
    return lines


def _counted(photos: pd.DataFrame) -> _Components:
    # Ordered by their first group, or photo without one, rather than by a hash: where ann takes a photo
    # again, nobody else changes sides.
    keys = np.where(photos["group"] != "", "group " + photos["group"], "photo " + photos["photo_id"])
    ordered = photos["component"].iloc[np.argsort(keys.astype(str), kind="stable")].drop_duplicates()
    rows = pd.Index(ordered).get_indexer(photos["component"])
    labels, columns = np.unique(photos["label"].to_numpy().astype(str), return_inverse=True)
    counts = np.zeros((len(ordered), len(labels)), dtype=np.int64)
    np.add.at(counts, (rows, columns), 1)
    return _Components(rows=rows, counts=counts, labels=[str(label) for label in labels])


def _table(photos: pd.DataFrame, folds: list[np.ndarray]) -> pd.DataFrame:
    """Lays the parts of the folds, each of shape (num_photos,), below one another."""
    return pd.DataFrame(
        {
            "photo_id": np.tile(photos["photo_id"].to_numpy(), len(folds)),
            "component": np.tile(photos["component"].to_numpy(), len(folds)),
            "fold": np.repeat(np.arange(len(folds)), len(photos)),
            "part": np.concatenate(folds),
        }
    )


Cut = TypeVar("Cut")


def _tried(cut: Callable[[Draws], Cut], counted: _Components, seed: int) -> Cut:
    """Returns the first cut that has every label in every part, from one attempt after another."""
    column, outcome = 0, "no split was found that has"
    for attempt in range(NUM_ATTEMPTS):
        try:
            return cut(Draws(np.random.default_rng([seed, attempt]), by_size=attempt == 0))
        except Impossible as error:
            column, outcome = error.args[0], "no split has"
            break
        except Uncovered as error:
            column = error.args[0]
    number = int((counted.counts[:, column] > 0).sum())
    raise DataError(
        f"label {counted.labels[column]!r} has {independent_sets(number)} {MEANING}, and {outcome} every "
        f"label in every part; add photos by other people or of other scenes, or change `split` in "
        f"params.yaml"
    )


def _check_num_components(counted: _Components, num_folds: int) -> None:
    """Raises a DataError where a label has fewer components than any split needs."""
    # One split: train, val and test. Two folds: what one does not test is the other, and gives train and val.
    num_needed = {1: 3, 2: 4}.get(num_folds, num_folds)
    numbers = (counted.counts > 0).sum(axis=0)
    few = {
        label: int(number)
        for label, number in zip(counted.labels, numbers, strict=True)
        if number < num_needed
    }
    if few:
        lower = int(numbers.min())
        possible = 3 if num_folds == 2 else lower  # two folds leave each other half: train, val and test
        remedy = f" or set split.folds to {possible}" if lower >= 3 and possible != num_folds else ""
        (first, number), *others = few.items()
        listed = [f"label {first!r} has {independent_sets(number)}"]
        listed += [f"{label!r} {number}" for label, number in others]
        hints = {nearest(label, {*counted.labels} - few.keys()) for label in few}
        raise DataError(
            f"{', '.join(some(listed))} {MEANING}, but params.yaml: split.folds {num_folds} needs at least "
            f"{num_needed} each; add photos from more groups{remedy}{''.join(sorted(hints))}"
        )


def _folds(counted: _Components, settings: SplitSettings, draws: Draws) -> list[np.ndarray]:
    """Returns for each fold the part of each photo, shape (num_photos,)."""
    if settings.folds == 1:
        val = settings.val * (1 - settings.test)
        shares = {"train": 1 - settings.test - val, "val": val, "test": settings.test}
        return [_assigned(counted.counts, shares, draws)[counted.rows]]
    tested = deal(
        counted.counts, np.full(settings.folds, 1 / settings.folds), draws, parts_divide=settings.folds == 2
    )
    folds = []
    for fold in range(settings.folds):
        parts = np.full(len(counted.counts), "test", dtype="<U5")
        rest = counted.counts[tested != fold]
        try:
            parts[tested != fold] = _assigned(rest, {"train": 1 - settings.val, "val": settings.val}, draws)
        except Impossible as error:  # of this rest; another draw of the folds leaves another
            raise Uncovered(*error.args) from error
        folds.append(parts[counted.rows])
    return folds


def _completed(photos: pd.DataFrame, settings: SplitSettings, seed: int) -> np.ndarray:
    """Returns the given part of each photo; where val is given none, it is cut from train by component."""
    unknown = sorted(set(photos["split"]) - set(PARTS))
    if unknown:
        raise DataError(f"a given split must be train, val or test for every photo, got {unknown[0]!r}")
    parts: np.ndarray = photos["split"].to_numpy().astype("<U5")
    for part in ("train", "test"):
        if part not in parts:
            raise DataError(
                f"the photos come with a split that has no {part} photo; add some, or leave {{split}} out"
            )
    if "val" not in parts:
        counted = _counted(photos[parts == "train"])
        shares = {"train": 1 - settings.val, "val": settings.val}
        cut = _tried(lambda draws: _assigned(counted.counts, shares, draws), counted, seed)
        parts[parts == "train"] = cut[counted.rows]
    for label, of_label in pd.Series(parts).groupby(photos["label"].to_numpy()):
        missing = sorted(set(PARTS) - set(of_label))
        if missing:
            raise DataError(f"the given split has no {missing[0]} photo of the label {label!r}; add some")
    return parts


def _assigned(counts: np.ndarray, shares: Mapping[str, float], draws: Draws) -> np.ndarray:
    """Returns the name of each component's part, shape (num_components,)."""
    names = np.array(list(shares))
    return np.asarray(names[deal(counts, np.array(list(shares.values())), draws)])
