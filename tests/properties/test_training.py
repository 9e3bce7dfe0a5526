"""Truths about the stream of images, for any sizes."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tenshots.training import loop


@given(
    num_originals=st.integers(1, 60),
    copies=st.integers(0, 4),
    batch_size=st.integers(1, 70),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_epoch_has_as_many_images_and_updates_as_originals_alone_would_give(
    num_originals: int, copies: int, batch_size: int, seed: int
) -> None:
    rows = np.arange(num_originals * (1 + copies))
    stream = loop.epochs_of_batches(rows, num_originals=num_originals, batch_size=batch_size, seed=seed)
    epochs = list(itertools.islice(stream, 1 + copies))

    for batches in epochs:
        sizes = [len(batch) for batch in batches]
        assert sum(sizes) == num_originals
        assert len(sizes) == -(-num_originals // batch_size)
        assert max(sizes) <= batch_size
        assert max(sizes) - min(sizes) <= 1
    used = Counter(int(row) for batches in epochs for batch in batches for row in batch)
    assert used == Counter(rows.tolist())
