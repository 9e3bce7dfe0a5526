"""Seeds for the parts of an experiment, each from what it belongs to and from nothing else."""

from __future__ import annotations

import hashlib

from pydantic import Field

from tenshots.params import Settings


class SeedSettings(Settings):
    """The top-level setting `seed` of params.yaml, from which all that is random starts."""

    seed: int = Field(ge=0, lt=2**32)


def derived_seed(seed: int, *parts: int | str) -> int:
    """Returns the seed of one part of an experiment, in [0, 2^32).

    It depends on the arguments alone, so neither the order of work nor the number of workers moves it, and
    neighbouring seeds or parts give unrelated results (`seed + fold` would let fold 1 of seed 0 repeat fold 0
    of seed 1).

    Args:
        seed: the experiment's seed.
        parts: what the part is, such as (fold, repeat) or (photo_id, copy).
    """
    text = "/".join([str(seed), *map(str, parts)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
