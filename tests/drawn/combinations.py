"""Few rows of settings in which each setting meets each other one: a covering array, as far as rules allow.

A factor is a list of levels, and a level a list of options, of which a row takes one: of thirteen optimisers
three levels are made, so that few rows can cover each pair of levels, and each option occurs in a row.
Source: Cohen et al. 1997, The AETG System, IEEE Transactions on Software Engineering 23, for building such
rows one by one, greedily.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np

Option = Mapping[str, Any]  # values by dotted key of params.yaml; none: as if the setting were absent
Levels = Sequence[Sequence[Option]]  # of a factor
Row = tuple[int, ...]  # of each factor the option's number, counted over its levels
Item = tuple[int, ...]  # factor, level, factor, level: two that meet; or factor, option: one that occurs

NUM_STARTS = 6  # of which the best becomes a row


class Covered(NamedTuple):
    """Rows, and what they lack.

    Attributes:
        rows: each accepted by the rules.
        refused: pairs of levels, and options, that no row holds, since the rules allow none.
    """

    rows: list[Row]
    refused: set[Item]


def dealt(options: Sequence[Option], number: int) -> list[Sequence[Option]]:
    """Deals options to levels, as cards to players."""
    return [options[start::number] for start in range(number)]


def replaced(row: Row, changes: Mapping[int, int]) -> Row:
    """Returns a row with other options of some factors."""
    return tuple(changes.get(factor, option) for factor, option in enumerate(row))


class Covering:
    """Builds rows until each item that the rules allow occurs in one.

    Each row begins with an item that is still open, and is changed for the better, factor after factor.
    An item is refused where the rules allow no row that is usual but for it and one factor more.
    """

    def __init__(self, factors: Sequence[Levels], is_accepted: Callable[[Row], bool], *, seed: int) -> None:
        """Begins without a row.

        Args:
            factors: at least two.
            is_accepted: whether the rules allow a row; they must allow that of the first options.
            seed: of the items and the factors that come first.
        """
        self._is_accepted = is_accepted
        self._draw = np.random.default_rng(seed)
        # Of each factor the level of each option.
        self._levels = [[number for number, level in enumerate(of) for _ in level] for of in factors]
        self._usual: Row = (0,) * len(factors)
        self._open: set[Item] = set(enumerate_options(self._levels))
        for left, right in combinations(range(len(factors)), 2):
            of_both = product(range(len(factors[left])), range(len(factors[right])))
            self._open |= {(left, a, right, b) for a, b in of_both}

    def built(self) -> Covered:
        """Returns the rows."""
        found = Covered([], set())
        while self._open:
            waiting = sorted(self._open)
            item = waiting[int(self._draw.integers(len(waiting)))]
            start = next(self._beginnings(item), None)
            if start is None:
                found.refused.add(item)
                self._open.remove(item)
                continue
            climbed = [self._climbed(*start) for _ in range(NUM_STARTS)]
            found.rows.append(max(climbed, key=lambda row: len(self._items(row) & self._open)))
            self._open -= self._items(found.rows[-1])
        return found

    def _items(self, row: Row) -> set[Item]:
        met = [(factor, self._levels[factor][option]) for factor, option in enumerate(row)]
        return {(*left, *right) for left, right in combinations(met, 2)} | set(enumerate(row))

    def _beginnings(self, item: Item) -> Iterator[tuple[Row, set[int]]]:
        """Yields accepted rows with an item, and the factors that must stay as they are in it."""
        for changes in self._holding(item):
            alone = next(iter(changes.items()))  # changes nothing more
            for factor, option in [alone, *enumerate_options(self._levels)]:
                row = replaced(self._usual, {factor: option, **changes})
                if self._is_accepted(row):
                    yield row, {*changes, factor}

    def _holding(self, item: Item) -> Iterator[dict[int, int]]:
        """Yields the options that make an item, by factor."""
        if len(item) == 2:
            yield {item[0]: item[1]}
            return
        left, right = (
            [option for option, level in enumerate(self._levels[factor]) if level == asked]
            for factor, asked in (item[:2], item[2:])
        )
        for a, b in product(left, right):
            yield {item[0]: a, item[2]: b}

    def _climbed(self, row: Row, fixed: set[int]) -> Row:
        """Returns a row in which no other option of a single factor would cover more."""
        is_better = True
        while is_better:
            is_better = False
            for factor in self._draw.permutation(len(row)).tolist():
                for option in range(0 if factor in fixed else len(self._levels[factor])):
                    other = replaced(row, {factor: option})
                    if self._gain(other, factor) > self._gain(row, factor) and self._is_accepted(other):
                        row, is_better = other, True
        return row

    def _gain(self, row: Row, factor: int) -> int:
        """Returns how many items are open that a row has by the option of this factor."""
        mine = (factor, self._levels[factor][row[factor]])
        number = int((factor, row[factor]) in self._open)
        for other, option in enumerate(row):
            its = (other, self._levels[other][option])
            if other != factor:
                number += ((*its, *mine) if other < factor else (*mine, *its)) in self._open
        return number


def enumerate_options(levels: Sequence[Sequence[int]]) -> Iterator[tuple[int, int]]:
    """Yields each factor with each of its options."""
    return ((factor, option) for factor, of in enumerate(levels) for option in range(len(of)))
