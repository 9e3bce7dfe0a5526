"""Building blocks of the pipeline, each computed once on drawn numbers, and hashed.

Where the outputs of a whole stage differ between two processors, this table says which block it is. A block
is a function without arguments that returns what it computed: arrays, or bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

Block = Callable[[], Any]


def drawn(seed: int, *shape: int, dtype: str = "float64") -> np.ndarray:
    """Returns numbers in [-1, 1) that are the same everywhere: multiples of 2^-15, without any rounding."""
    random = np.random.default_rng(seed)
    return (random.integers(-(2**15), 2**15, shape) / 2**15).astype(dtype)


def digest(computed: Any) -> str:  # noqa: ANN401 (arrays, bytes, or lists of either)
    """Returns 12 hexadecimal digits that differ where a bit, a shape or a type does."""
    found = hashlib.sha256()
    for part in _parts(computed):
        if isinstance(part, bytes):
            found.update(part)
        else:
            found.update(f"{part.dtype} {part.shape}".encode())
            found.update(np.ascontiguousarray(part).tobytes())
    return found.hexdigest()[:12]


def _parts(computed: Any) -> Iterable[Any]:  # noqa: ANN401 (see above)
    if isinstance(computed, list | tuple):
        for part in computed:
            yield from _parts(part)
    else:
        yield computed if isinstance(computed, bytes) else np.asarray(computed)
