"""All ways to deal components to parts, where components that count alike are interchangeable."""

from __future__ import annotations

import itertools
import math

import numpy as np

# Dealings that are all tried, components that count alike being interchangeable: 10 components in three
# parts, 16 in two. Takes 0.1 s and 50 MB.
MAX_WAYS = 100_000


def num_ways(numbers: np.ndarray, num_parts: int) -> int:
    """Returns the number of ways to deal `numbers` components of each kind; not exact above `MAX_WAYS`."""
    number_of_ways = 1
    for number in numbers.tolist():
        number_of_ways *= math.comb(number + num_parts - 1, num_parts - 1)
        if number_of_ways > MAX_WAYS:
            break
    return number_of_ways


def all_ways(numbers: np.ndarray, num_parts: int) -> np.ndarray:
    """Returns all ways, int64, shape (num_ways, num_kinds, num_parts): components of a kind in a part."""
    choices = [_compositions(number, num_parts) for number in numbers.tolist()]
    picks = np.indices([len(choice) for choice in choices]).reshape(len(choices), -1)
    return np.stack([choice[pick] for choice, pick in zip(choices, picks, strict=True)], axis=1)


def _compositions(number: int, num_parts: int) -> np.ndarray:
    """Returns the ways to write a number as a sum, int64, shape (num_ways, num_parts): 1 = 0 + 1 = 1 + 0."""
    bars = np.array(list(itertools.combinations(range(number + num_parts - 1), num_parts - 1)))
    ends = np.pad(bars.reshape(-1, num_parts - 1), ((0, 0), (1, 1)), constant_values=-1)
    ends[:, -1] = number + num_parts - 1
    return np.asarray(np.diff(ends, axis=1) - 1)
