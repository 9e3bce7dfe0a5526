"""Which photo trains, validates or tests in which fold.

One mechanism cuts every share and every fold (`_assign`): whole groups are dealt to parts so that each part
has its share of each label, and each label is in each part.

1. Deal: groups from the largest to the smallest, equal ones in an order drawn from the seed, each to the part
   that then lies nearest to its shares. Photos that are groups of their own come last; all those of a label
   at once fill what each part still lacks.
2. Mend: move one group, or swap two, for as long as that gives a part a label that it lacks or, failing that,
   brings the shares nearer; a bounded number of steps, the best one each time.

Nearness is the chi-square distance from the shares, all labels weighing the same. To find a dealing with
every label in every part is NP-hard in general (it contains set splitting), so one that fails is tried again
from other draws of the same seed; only then comes the error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from pydantic import Field

from tenshots.database import PARTS
from tenshots.errors import DataError
from tenshots.params import Settings

NUM_ATTEMPTS = 20
MAX_STEPS = 500  # of mending; dealing alone comes near, so a few dozen are the rule
MAX_CELLS = 2_000_000  # numbers that one step compares at once: 16 MB an array


class SplitSettings(Settings):
    """Section `split` of params.yaml."""

    folds: int = Field(ge=1)
    test: float = Field(gt=0, lt=1)
    val: float = Field(gt=0, lt=1)


class _Groups(NamedTuple):
    """Photos counted by group and label.

    Attributes:
        rows: int64, shape (num_photos,), each photo's group, an index below num_groups.
        counts: int64, shape (num_groups, num_labels), photos.
        labels: names of the columns of `counts`, sorted.
    """

    rows: np.ndarray
    counts: np.ndarray
    labels: list[str]


class _Draws(NamedTuple):
    """Where an attempt takes its chance from, and whether it deals large groups first."""

    generator: np.random.Generator
    by_size: bool


class _Uncovered(Exception):  # noqa: N818 (a signal inside this module: try again)
    """Some part lacks a label, which is the only argument."""


def split(photos: pd.DataFrame, settings: SplitSettings, *, seed: int) -> pd.DataFrame:
    """Returns the part of each photo in each fold.

    With `folds` k from 2, the test parts of the k folds hold each photo once, and `val` is cut from the rest
    of each fold; with 1, `test` is cut from all photos and `val` from the rest. Where the photos come with a
    split of their own, it is kept (in one fold), and a missing `val` is cut from `train`. Stratified by
    label; a group is never divided; the order of the rows does not matter.

    Args:
        photos: photo_id (once each), label, group and split as text; a photo with an empty group is a group
            of its own, split is train, val, test or empty.
        settings: number of folds, and shares.
        seed: from 0; of all draws.

    Returns:
        photo_id, fold (from 0) and part (train, val or test), sorted by fold and photo_id.

    Raises:
        DataError: some label cannot be in every part of every fold; or a given split without train or test.
    """
    photos = photos.sort_values("photo_id", ignore_index=True)
    if (photos["split"] != "").any():
        return _table(photos, [_completed(photos, settings, seed)])
    groups = _grouped(photos)
    _check_num_groups(groups, settings.folds)
    return _table(photos, _tried(lambda draws: _folds(groups, settings, draws), groups, seed))


def summary(photos: pd.DataFrame, splits: pd.DataFrame, *, num_folds: int) -> list[str]:
    """Returns a line for each fold (its photos by part), and warnings of what a given split overrides.

    Args:
        photos: as for `split`.
        splits: what `split` returned.
        num_folds: as asked for.
    """
    lines = []
    for fold, parts in splits.groupby("fold")["part"]:
        counts = ", ".join(f"{int((parts == part).sum())} {part}" for part in PARTS)
        lines.append(f"fold {fold}: {counts}")
    if splits["fold"].nunique() < num_folds:
        lines.append(f"warning: the given split is one fold; split.folds of {num_folds} does not count")
    given = photos[(photos["group"] != "") & (photos["split"] != "")]
    num_crossing = int((given.groupby("group")["split"].nunique() > 1).sum())
    if num_crossing:
        lines.append(f"warning: the given split divides {num_crossing} groups, which flatters test results")
    return lines


def _grouped(photos: pd.DataFrame) -> _Groups:
    keys = np.where(photos["group"] != "", "group " + photos["group"], "photo " + photos["photo_id"])
    names, rows = np.unique(keys.astype(str), return_inverse=True)
    labels, columns = np.unique(photos["label"].to_numpy().astype(str), return_inverse=True)
    counts = np.zeros((len(names), len(labels)), dtype=np.int64)
    np.add.at(counts, (rows, columns), 1)
    return _Groups(rows=rows, counts=counts, labels=[str(label) for label in labels])


def _table(photos: pd.DataFrame, folds: list[np.ndarray]) -> pd.DataFrame:
    """Lays the parts of the folds, each of shape (num_photos,), below one another."""
    return pd.DataFrame(
        {
            "photo_id": np.tile(photos["photo_id"].to_numpy(), len(folds)),
            "fold": np.repeat(np.arange(len(folds)), len(photos)),
            "part": np.concatenate(folds),
        }
    )


Cut = TypeVar("Cut")


def _tried(cut: Callable[[_Draws], Cut], groups: _Groups, seed: int) -> Cut:
    """Returns the first cut that has every label in every part, from one attempt after another."""
    uncovered = ""
    for attempt in range(NUM_ATTEMPTS):
        try:
            return cut(_Draws(np.random.default_rng([seed, attempt]), by_size=attempt == 0))
        except _Uncovered as error:
            uncovered = str(error)
    num_groups = int((groups.counts[:, groups.labels.index(uncovered)] > 0).sum())
    raise DataError(
        f"label {uncovered!r} has {num_groups} independent groups (a group, such as one person's photos, is "
        f"never divided), and no split was found that has every label in every part; add photos from more "
        f"groups, or change `split` in params.yaml"
    )


def _check_num_groups(groups: _Groups, num_folds: int) -> None:
    """Raises a DataError where a label has fewer groups than any split needs."""
    # One split: train, val and test. Two folds: what one does not test is the other, and gives train and val.
    num_needed = {1: 3, 2: 4}.get(num_folds, num_folds)
    num_groups = (groups.counts > 0).sum(axis=0)
    few = [
        f"label {label!r} has {number} independent groups"
        for label, number in zip(groups.labels, num_groups, strict=True)
        if number < num_needed
    ]
    if few:
        lower = int(num_groups.min())
        remedy = f" or set split.folds to {lower}" if 3 <= lower < num_folds else ""
        raise DataError(
            f"{', '.join(few)} (a group, such as one person's photos, is never divided), but params.yaml: "
            f"split.folds {num_folds} needs at least {num_needed} each; add photos from more groups{remedy}"
        )


def _folds(groups: _Groups, settings: SplitSettings, draws: _Draws) -> list[np.ndarray]:
    """Returns for each fold the part of each photo, shape (num_photos,)."""
    if settings.folds == 1:
        val = settings.val * (1 - settings.test)
        cut = _assign(groups, {"train": 1 - settings.test - val, "val": val, "test": settings.test}, draws)
        return [cut[groups.rows]]
    # What one of two folds does not test must still divide into train and val.
    least = 2 if settings.folds == 2 else 1
    tested = _assign(groups, dict.fromkeys(range(settings.folds), 1 / settings.folds), draws, least=least)
    folds = []
    for fold in range(settings.folds):
        parts = np.full(len(groups.counts), "test", dtype="<U5")
        rest = _Groups(rows=groups.rows, counts=groups.counts[tested != fold], labels=groups.labels)
        parts[tested != fold] = _assign(rest, {"train": 1 - settings.val, "val": settings.val}, draws)
        folds.append(parts[groups.rows])
    return folds


def _completed(photos: pd.DataFrame, settings: SplitSettings, seed: int) -> np.ndarray:
    """Returns the given part of each photo; where val is given none, it is cut from train by group."""
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
        groups = _grouped(photos[parts == "train"])
        shares = {"train": 1 - settings.val, "val": settings.val}
        cut = _tried(lambda draws: _assign(groups, shares, draws), groups, seed)
        parts[parts == "train"] = cut[groups.rows]
    for label, of_label in pd.Series(parts).groupby(photos["label"].to_numpy()):
        missing = sorted(set(PARTS) - set(of_label))
        if missing:
            raise DataError(f"the given split has no {missing[0]} photo of the label {label!r}; add some")
    return parts


def _assign(groups: _Groups, shares: Mapping[Any, float], draws: _Draws, *, least: int = 1) -> np.ndarray:
    """Returns the part of each group, shape (num_groups,); see the top of this module.

    Args:
        groups: what is dealt.
        shares: parts, and the share of the photos that each should get; the sum is 1.
        draws: where chance comes from.
        least: groups of each label that each part must have.

    Raises:
        _Uncovered: some label has fewer groups in some part.
    """
    dealing = _Dealing(groups.counts, np.array(list(shares.values())), least)
    dealing.deal(draws)
    dealing.mend(draws.generator)
    short: np.ndarray = np.any(dealing.groups < least, axis=0)[:-1]
    if short.any():
        raise _Uncovered(groups.labels[int(np.argmax(short))])
    names: np.ndarray = np.array(list(shares))
    return np.asarray(names[dealing.parts])


class _Dealing:
    """Groups dealt to parts.

    The columns of all tables are the labels and last the total, so that roundings of labels do not add up.

    Attributes:
        parts: int64, shape (num_groups,), index of each group's part; -1 until it is dealt.
        photos: int64, shape (num_parts, num_labels + 1), photos dealt.
        groups: likewise, groups dealt.
    """

    def __init__(self, counts: np.ndarray, shares: np.ndarray, least: int) -> None:
        self._counts = np.append(counts, counts.sum(axis=1, keepdims=True), axis=1)
        self._held = np.minimum(self._counts, 1)
        self._least = least
        totals = np.maximum(self._counts.sum(axis=0), 1)
        self._target = shares[:, np.newaxis] * totals
        # Chi-square is (photos - target)^2 / target; each label's sum is divided by the label's size.
        self._weight = 1 / (shares[:, np.newaxis] * totals**2)
        self._weight[:, -1] *= counts.shape[1]  # the total weighs as much as all labels together
        self.parts = np.full(len(counts), -1)
        self.photos = np.zeros(self._target.shape, dtype=np.int64)
        self.groups = np.zeros_like(self.photos)

    def deal(self, draws: _Draws) -> None:
        """Gives every group a part."""
        order = draws.generator.permutation(len(self.parts))
        if draws.by_size:
            order = order[np.argsort(-self._counts[order, -1], kind="stable")]
        several = self._counts[order, -1] > 1
        for group in order[several]:
            added = self._counts[group]
            change = (added * (2 * (self.photos - self._target) + added) * self._weight).sum(axis=1)
            self._add(np.array([group]), int(np.argmin(_rounded(change))))
        for label in range(self._counts.shape[1] - 1):
            alike = order[~several & (self._counts[order, label] == 1)]
            for part, some in enumerate(np.split(alike, self._cuts(len(alike), label))):
                self._add(some, part)

    def mend(self, generator: np.random.Generator) -> None:
        """Moves one group or swaps two, the best step first, for as long as that helps."""
        # Groups that count alike and lie in one part are interchangeable: one of them stands for all.
        kinds = np.unique(self._counts, axis=0, return_inverse=True)[1].reshape(-1)
        for _ in range(MAX_STEPS):
            standing = np.unique(kinds * len(self.photos) + self.parts, return_index=True)[1]
            givers, takers, parts = self._steps(standing, generator)
            missing, distance = self._changes(givers, takers, parts)
            best = np.lexsort((distance, missing))[:1]
            if not any((missing[step], distance[step]) < (0, 0) for step in best):
                return
            self._take(givers[best], takers[best], parts[best])

    def _cuts(self, number: int, label: int) -> np.ndarray:
        """Where to cut `number` photos of a label so that parts get what they lack, by largest remainder."""
        lacking = np.maximum(self._target - self.photos, 0)[:, label]
        exact = number * lacking / max(lacking.sum(), 1e-12)
        whole = np.floor(_rounded(exact)).astype(np.int64)
        largest_first = np.argsort(-_rounded(exact - whole), kind="stable")
        whole[largest_first[: number - whole.sum()]] += 1
        return np.cumsum(whole)[:-1]

    def _add(self, some: np.ndarray, part: int) -> None:
        self.parts[some] = part
        self.photos[part] += self._counts[some].sum(axis=0)
        self.groups[part] += self._held[some].sum(axis=0)

    def _steps(
        self, standing: np.ndarray, generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns givers, takers (-1 for none) and the part that each giver would go to."""
        num_parts, num_columns = self.photos.shape
        # A sample where there are too many: n groups make n (parts - 1) moves and at most n^2 / 2 swaps.
        most = max(2, int((2 * MAX_CELLS / num_columns) ** 0.5))
        some = np.sort(generator.permutation(standing)[:most])
        movers, parts = np.repeat(some, num_parts), np.tile(np.arange(num_parts), len(some))
        first, second = (some[index] for index in np.triu_indices(len(some), 1))
        givers, takers = np.append(movers, first), np.append(np.full(len(movers), -1), second)
        parts = np.append(parts, self.parts[second])
        useful = self.parts[givers] != parts
        return givers[useful], takers[useful], parts[useful]

    def _changes(
        self, givers: np.ndarray, takers: np.ndarray, parts: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns by how much each step changes the groups missing, and the distance from the shares."""
        swapped = (takers >= 0)[:, np.newaxis]
        photos = self._counts[givers] - swapped * self._counts[takers]
        groups = self._held[givers] - swapped * self._held[takers]
        missing, distance = np.zeros(len(givers), dtype=np.int64), np.zeros(len(givers))
        for part, sign in ((parts, 1), (self.parts[givers], -1)):
            before = self.groups[part]
            after = before + sign * groups
            missing += (np.maximum(self._least - after, 0) - np.maximum(self._least - before, 0)).sum(axis=1)
            off = self.photos[part] - self._target[part]
            distance += (photos * (2 * sign * off + photos) * self._weight[part]).sum(axis=1)
        return missing, _rounded(distance)

    def _take(self, giver: np.ndarray, taker: np.ndarray, part: np.ndarray) -> None:
        """Moves the giver to `part`, and the taker, where there is one, to where the giver was."""
        previous = self.parts[giver]
        for group, old, new in ((giver, previous, part), (taker[taker >= 0], part, previous)):
            self.photos[old] -= self._counts[group].sum(axis=0)
            self.groups[old] -= self._held[group].sum(axis=0)
            self._add(group, int(new[0]))


def _rounded(values: np.ndarray) -> np.ndarray:
    """Drops the last digits, in which processors may differ, so that ties are ties everywhere."""
    return np.round(values, 12)
