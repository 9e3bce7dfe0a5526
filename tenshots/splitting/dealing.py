"""Components dealt to parts: the search behind `splitting`.

A component is a set of photos that may never be divided. Each part must hold every label and should hold its
share of each; among the dealings that hold every label, one as near to the shares as possible is wanted.

1. Deal: components from the largest to the smallest, equal ones in an order drawn from the seed, each to the
   part that then lies nearest to its shares. Single photos come last; all those of a label at once fill what
   each part still lacks.
2. Mend: move one component, or swap two, for as long as that gives a part a label that it lacks or, failing
   that, brings the shares nearer; a bounded number of steps, the best one each time.
3. Few components: try every dealing. What 1 and 2 found stays where nothing is nearer; that no dealing holds
   every label is then certain. More components: 1 and 2 from several draws, and the nearest of them.

Nearness is the chi-square distance from the shares, all labels weighing the same. To find a dealing with
every label in every part is NP-hard in general (it contains set splitting), so 3 has limits; beyond them a
dealing that fails should be tried again from another draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from tenshots.splitting.ways import MAX_WAYS, all_ways, num_ways

MAX_STEPS = 500  # of mending; dealing alone comes near, so a few dozen are the rule
MAX_CELLS = 2_000_000  # numbers that one step compares at once: 16 MB per array
# Of 20 to 30 components with 3 labels, the nearest of 8 draws was 2 to 18 times as near as the first; of 300
# none was nearer. 8 draws of 100 components with 10 labels in 4 parts take 0.4 s.
NUM_DRAWS = 8
MAX_COMPONENTS_FOR_DRAWS = 100
TIE = 1e-9  # distances are rounded to 12 digits, and lie far more than this apart where they differ


class Draws(NamedTuple):
    """Where an attempt takes its chance from, and whether it deals large components first."""

    generator: np.random.Generator
    by_size: bool


class Uncovered(Exception):  # noqa: N818 (a signal to try again from another draw)
    """Some part lacks a label, whose column is the only argument."""


class Impossible(Uncovered):
    """Likewise, and no draw will help: every dealing was tried."""


def deal(counts: np.ndarray, shares: np.ndarray, draws: Draws, *, parts_divide: bool = False) -> np.ndarray:
    """Returns the part of each component.

    The result depends on the arguments alone, also on the order of the components.

    Args:
        counts: int64, shape (num_components, num_labels): photos of each label.
        shares: float64, shape (num_parts,): of the photos that each part should get; the sum is 1.
        draws: where chance comes from.
        parts_divide: whether each part must itself divide in two with every label on both sides.

    Returns:
        int64, shape (num_components,): indices below num_parts.

    Raises:
        Uncovered: in what was found some part lacks a label.
        Impossible: in every dealing some part lacks a label, or does not divide where `parts_divide`.
    """
    least = 2 if parts_divide else 1  # components of each label that a part needs
    first = _Dealing(counts, shares, least)
    first.deal(draws)
    first.mend(draws.generator)
    # Spawned generators leave the stream of `draws` as it is.
    kinds, members, numbers = np.unique(counts, axis=0, return_inverse=True, return_counts=True)
    if num_ways(numbers, len(shares)) <= MAX_WAYS:
        chance = draws.generator.spawn(1)[0]
        for parts in _nearest_first(first, kinds, members.reshape(-1), chance):
            if not parts_divide or all(_halvable(counts[parts == part] > 0) for part in set(parts)):
                return parts
        raise Impossible(first.short())
    dealings = [first]
    if len(counts) <= MAX_COMPONENTS_FOR_DRAWS:
        for generator in draws.generator.spawn(NUM_DRAWS - 1):
            dealings.append(_Dealing(counts, shares, least))
            dealings[-1].deal(Draws(generator, by_size=False))
            dealings[-1].mend(generator)
    best = min(dealings, key=_Dealing.badness)  # the first of equals
    if best.badness()[0]:
        raise Uncovered(best.short())
    return best.parts


class _Dealing:
    """Components dealt to parts.

    The columns of all tables are the labels and last the total, so that roundings of labels do not add up.

    Attributes:
        parts: int64, shape (num_components,), index of each component's part; -1 until it is dealt.
        photos: int64, shape (num_parts, num_labels + 1), photos dealt.
        components: likewise, components dealt.
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
        self.components = np.zeros_like(self.photos)

    def deal(self, draws: Draws) -> None:
        """Gives every component a part."""
        order = draws.generator.permutation(len(self.parts))
        if draws.by_size:
            order = order[np.argsort(-self._counts[order, -1], kind="stable")]
        several = self._counts[order, -1] > 1
        for one in order[several]:
            added = self._counts[one]
            change = (added * (2 * (self.photos - self._target) + added) * self._weight).sum(axis=1)
            self._add(np.array([one]), int(np.argmin(_rounded(change))))
        for label in range(self._counts.shape[1] - 1):
            alike = order[~several & (self._counts[order, label] == 1)]
            for part, some in enumerate(np.split(alike, self._cuts(len(alike), label))):
                self._add(some, part)

    def mend(self, generator: np.random.Generator) -> None:
        """Moves one component or swaps two, the best step first, for as long as that helps."""
        # Components that count alike and lie in one part are interchangeable: one of them stands for all.
        kinds = np.unique(self._counts, axis=0, return_inverse=True)[1].reshape(-1)
        for _ in range(MAX_STEPS):
            standing = np.unique(kinds * len(self.photos) + self.parts, return_index=True)[1]
            givers, takers, parts = self._steps(standing, generator)
            missing, distance = self._changes(givers, takers, parts)
            best = np.lexsort((distance, missing))[:1]
            if not any((missing[step], distance[step]) < (0, 0) for step in best):
                return
            self._take(givers[best], takers[best], parts[best])

    def badness(self) -> tuple[int, float]:
        """Returns how many components are missing over parts and labels, and the distance from the shares."""
        missing = int(np.maximum(self._least - self.components[:, :-1], 0).sum())
        return missing, float(_rounded(((self.photos - self._target) ** 2 * self._weight).sum()))

    def short(self) -> int:
        """Returns the column of a label that some part lacks or, where none does, of the scarcest label."""
        lacking: np.ndarray = np.any(self.components < self._least, axis=0)[:-1]
        scarcest = int(np.argmin(self._held[:, :-1].sum(axis=0)))
        return int(np.argmax(lacking)) if lacking.any() else scarcest

    def nearest(
        self, kinds: np.ndarray, ways: np.ndarray, chance: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns those ways that give every part enough of every label, the nearest first, and how near.

        Args:
            kinds: int64, shape (num_kinds, num_labels), photos of each label in a component of the kind.
            ways: int64, shape (num_ways, num_kinds, num_parts), components of each kind in each part.
            chance: decides between equals.
        """
        columns = np.append(kinds, kinds.sum(axis=1, keepdims=True), axis=1)
        covered, distance = np.ones(len(ways), dtype=bool), np.zeros(len(ways))
        for column in range(columns.shape[1]):  # one at a time, for the memory
            photos = columns[:, column] @ ways
            distance += ((photos - self._target[:, column]) ** 2 * self._weight[:, column]).sum(axis=1)
            if column < kinds.shape[1]:
                covered &= ((kinds[:, column] > 0) @ ways >= self._least).all(axis=1)
        distance = _rounded(distance)
        order = np.lexsort((chance.permutation(len(ways)), distance))
        order = order[covered[order]]
        return ways[order], distance[order]

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
        self.components[part] += self._held[some].sum(axis=0)

    def _steps(
        self, standing: np.ndarray, generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns givers, takers (-1 for none) and the part that each giver would go to."""
        num_parts, num_columns = self.photos.shape
        # A sample where there are too many: n components make n (parts - 1) moves and at most n^2 / 2 swaps.
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
        """Returns by how much each step changes the components missing, and the distance from the shares."""
        swapped = (takers >= 0)[:, np.newaxis]
        photos = self._counts[givers] - swapped * self._counts[takers]
        components = self._held[givers] - swapped * self._held[takers]
        missing, distance = np.zeros(len(givers), dtype=np.int64), np.zeros(len(givers))
        for part, sign in ((parts, 1), (self.parts[givers], -1)):
            before = self.components[part]
            after = before + sign * components
            missing += (np.maximum(self._least - after, 0) - np.maximum(self._least - before, 0)).sum(axis=1)
            off = self.photos[part] - self._target[part]
            distance += (photos * (2 * sign * off + photos) * self._weight[part]).sum(axis=1)
        return missing, _rounded(distance)

    def _take(self, giver: np.ndarray, taker: np.ndarray, part: np.ndarray) -> None:
        """Moves the giver to `part`, and the taker, where there is one, to where the giver was."""
        previous = self.parts[giver]
        for some, old, new in ((giver, previous, part), (taker[taker >= 0], part, previous)):
            self.photos[old] -= self._counts[some].sum(axis=0)
            self.components[old] -= self._held[some].sum(axis=0)
            self._add(some, int(new[0]))


def _nearest_first(
    first: _Dealing, kinds: np.ndarray, members: np.ndarray, chance: np.random.Generator
) -> Iterator[np.ndarray]:
    """Yields a dealing for each way that gives every part enough of every label, the nearest first.

    Args:
        first: what was found without trying all ways; of equally near ones it comes first.
        kinds: int64, shape (num_kinds, num_labels), the distinct rows of the components' counts.
        members: int64, shape (num_components,), the row in `kinds` of each component.
        chance: decides between equals, and which components of a kind go where.
    """
    num_parts = len(first.photos)
    ways, distances = first.nearest(kinds, all_ways(np.bincount(members), num_parts), chance)
    missing, distance = first.badness()
    if not missing and distance <= distances[0] + TIE:
        yield first.parts
    shuffled = chance.permutation(len(members))
    by_kind = shuffled[np.argsort(members[shuffled], kind="stable")]
    names = np.tile(np.arange(num_parts), len(kinds))
    for way in ways:
        parts = np.empty(len(members), dtype=np.int64)
        parts[by_kind] = np.repeat(names, way.ravel())
        yield parts


def _halvable(held: np.ndarray) -> bool:
    """Returns whether components divide in two with every label in both; few of them, as it tries all ways.

    Args:
        held: bool, shape (num_components, num_labels).
    """
    # Of components with the same labels two do all that more could: one for each side.
    patterns, numbers = np.unique(held, axis=0, return_counts=True)
    bits = np.packbits(np.repeat(patterns, np.minimum(numbers, 2), axis=0), axis=1)
    return _covered_twice(bits.tobytes(), bits.shape[1], held.shape[1])


@lru_cache(maxsize=2**16)  # dealings that are tried one after another have most parts in common
def _covered_twice(packed: bytes, num_bytes: int, num_labels: int) -> bool:
    unions = np.zeros((1, num_bytes), dtype=np.uint8)
    for some in np.frombuffer(packed, dtype=np.uint8).reshape(-1, num_bytes):
        unions = np.concatenate([unions, unions | some])  # row i: what those hold whose bit is set in i
    covers = (unions == np.packbits(np.ones(num_labels, dtype=bool))).all(axis=1)
    return bool((covers & covers[::-1]).any())  # the last row is all of them, so reversed is the others


def _rounded(values: np.ndarray) -> np.ndarray:
    """Drops the last digits, in which processors may differ, so that ties are ties everywhere."""
    return np.round(values, 12)
