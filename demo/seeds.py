"""Random numbers of the parts of the demo, each from what it belongs to and from nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

SEED = 20
Option = TypeVar("Option")


def derived_seed(seed: int, *parts: int | str) -> int:
    """Returns the seed of one part, in [0, 2^32): the same rule as the pipeline's `tenshots.seeds`.

    It is repeated here so that the recipe needs none of the pipeline's packages.

    Args:
        seed: where all that is random starts.
        parts: what the part is, such as (student, label, number).
    """
    text = "/".join([str(seed), *map(str, parts)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def generator(*parts: int | str) -> np.random.Generator:
    """Returns the random numbers of one part of the demo."""
    return np.random.default_rng(derived_seed(SEED, *parts))


def pick(rng: np.random.Generator, options: Sequence[Option]) -> Option:
    """Returns one of the options, all equally likely."""
    return options[int(rng.integers(len(options)))]


def chance(rng: np.random.Generator, probability: float) -> bool:
    """Returns True with the given probability."""
    return bool(rng.random() < probability)
