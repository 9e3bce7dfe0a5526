"""A derived seed belongs to its parts alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tenshots.seeds import derived_seed

parts = st.lists(st.one_of(st.integers(0, 99), st.text("abc0123456789", min_size=1)), min_size=1, max_size=3)


@given(st.integers(0, 2**32 - 1), parts)
def test_it_fits_32_bits_and_repeats(seed: int, values: list[int | str]) -> None:
    assert 0 <= derived_seed(seed, *values) < 2**32
    assert derived_seed(seed, *values) == derived_seed(seed, *values)


def test_it_is_the_same_on_every_machine() -> None:
    assert derived_seed(20, 0, 1) == 1_275_694_433


def test_neighbours_share_nothing() -> None:
    seeds = [
        derived_seed(seed, fold, repeat) for seed in range(20) for fold in range(20) for repeat in range(5)
    ]
    assert len(set(seeds)) == len(seeds)


def test_parts_are_kept_apart() -> None:
    assert derived_seed(1, 23) != derived_seed(12, 3)
    assert derived_seed(1, 2, 3) != derived_seed(1, 23)
