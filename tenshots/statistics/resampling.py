"""Components drawn with replacement: what a figure would be if other components had been tested.

The draws depend on the number of components alone, so figures of the same components are resampled alike, and
a difference of their replicates is a replicate of their difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from scipy.sparse import csr_array

MIN_TO_RESAMPLE = 20  # components; with fewer, resamples are too much alike
NUM_REPLICATES = 4_000
MAX_DRAWS = 40_000_000  # components times replicates: with tens of thousands of components fewer do
MIN_REPLICATES = 1_000
SEED = 20  # of replicates: two runs give the same bytes


def resampled_totals(sums: csr_array) -> np.ndarray:
    """Draws components with replacement, as many as there are, and adds up what they hold.

    Args:
        sums: float, shape (num_components, num_sums), sparse.

    Returns:
        float64, shape (num_replicates, num_sums).
    """
    transposed = csr_array(sums.T)
    parts = [(transposed @ counts.T.astype(np.float64)).T for counts in _blocks(resamples(sums.shape[0]))]
    totals: np.ndarray = np.concatenate(parts)
    return totals


@lru_cache(maxsize=4)
def resamples(num_components: int) -> np.ndarray:
    """Returns how often each component is drawn in each replicate: uint8 (num_replicates, num_components)."""
    draw = np.random.default_rng([SEED, num_components])
    number = int(np.clip(MAX_DRAWS // num_components, MIN_REPLICATES, NUM_REPLICATES))
    counts = np.empty((number, num_components), dtype=np.uint8)
    for rows in _blocks(counts):
        drawn = (
            draw.integers(num_components, size=rows.shape) + num_components * np.arange(len(rows))[:, None]
        )
        rows[:] = np.bincount(drawn.ravel(), minlength=rows.size).reshape(rows.shape)
    return counts


@lru_cache(maxsize=4)
def normal_draws(number: int) -> np.ndarray:
    """Returns as many standard normal numbers, the same each time: float64, shape (number,)."""
    return np.random.default_rng([SEED, 0]).normal(size=number)


def _blocks(rows: np.ndarray) -> Iterator[np.ndarray]:
    """Yields views of some rows each, which take some megabytes in all that follows."""
    step = max(1, 2_000_000 // max(rows.shape[1], 1))
    for start in range(0, len(rows), step):
        yield rows[start : start + step]
