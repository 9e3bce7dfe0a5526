"""How components are dealt; tests/properties/test_splitting.py compares with every other way."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tenshots.splitting import dealing
from tenshots.splitting.dealing import Draws, Impossible, Uncovered, deal
from tenshots.splitting.ways import all_ways, num_ways


def draws(seed: int = 0) -> Draws:
    return Draws(np.random.default_rng(seed), by_size=True)


def test_equal_components_meet_equal_shares() -> None:
    parts = deal(np.full((12, 2), 7), np.full(4, 0.25), draws())
    assert np.bincount(parts).tolist() == [3, 3, 3, 3]


def test_the_nearest_dealing_is_found_where_steps_from_the_first_lead_elsewhere() -> None:
    """8 + 7 and 6 + 5 + 4 are halves of 30; from the largest down, dealing gives 8 + 5 + 4 and 7 + 6."""
    counts = np.array([[8], [7], [6], [5], [4]])
    parts = deal(counts, np.array([0.5, 0.5]), draws())
    assert np.bincount(parts, weights=counts[:, 0]).tolist() == [15, 15]


def test_another_seed_chooses_another_of_equally_near_dealings() -> None:
    counts = np.full((9, 1), 2)
    found = {tuple(deal(counts, np.full(3, 1 / 3), draws(seed))) for seed in range(5)}
    assert len(found) == 5


def test_every_way_to_deal_is_tried_once() -> None:
    """Of two kinds, three and one components, to two parts: 4 * 2 ways."""
    ways = all_ways(np.array([3, 1]), 2)
    assert sorted(map(tuple, ways.reshape(8, 4).tolist())) == sorted(
        (some, 3 - some, *other) for some in range(4) for other in [(0, 1), (1, 0)]
    )
    assert num_ways(np.array([3, 1]), 2) == 8
    assert len(all_ways(np.array([2, 4]), 3)) == 6 * 15 == num_ways(np.array([2, 4]), 3)


def test_a_label_of_two_components_cannot_be_in_three_parts() -> None:
    counts = np.array([[1, 1], [1, 1], [1, 0], [1, 0]])
    with pytest.raises(Impossible) as caught:
        deal(counts, np.full(3, 1 / 3), draws())
    assert caught.value.args == (1,)


def test_beyond_all_ways_a_missing_label_is_only_not_found() -> None:
    counts = np.ones((40, 2), dtype=np.int64) * np.arange(1, 41)[:, np.newaxis]
    counts[2:, 1] = 0
    with pytest.raises(Uncovered) as caught:
        deal(counts, np.full(3, 1 / 3), draws())
    assert not isinstance(caught.value, Impossible)
    assert caught.value.args == (1,)


# Three components of two labels each, of which no two halves hold all three, and three that hold all.
KNOT = np.array([[3, 3, 0], [0, 3, 3], [3, 0, 3], [2, 2, 2], [2, 2, 2], [2, 2, 2]])


def test_each_of_two_folds_must_itself_divide_where_that_is_asked() -> None:
    """Knot against others is even, 6 to 6 of each label, but the knot could not train and validate."""
    halves = np.array([0.5, 0.5])
    even = deal(KNOT, halves, draws())
    assert KNOT[even == 0].sum(axis=0).tolist() == [6, 6, 6]
    assert len(set(even[:3])) == 1
    divided = deal(KNOT, halves, draws(), parts_divide=True)
    assert sorted(np.bincount(divided[:3], minlength=2)) == [1, 2]
    assert sorted(KNOT[divided == divided[3]].sum(axis=0)) != [6, 6, 6]
    assert all(dealing._halvable(KNOT[divided == part] > 0) for part in (0, 1))


@pytest.mark.parametrize("num_labels", [1, 8, 9, 70])
def test_components_halve_exactly_where_some_two_halves_hold_every_label(num_labels: int) -> None:
    generator = np.random.default_rng(num_labels)
    outcomes = set()
    for _ in range(30):
        held = generator.random((6, num_labels)) < generator.choice([0.5, 0.9])
        halves = itertools.product([False, True], repeat=6)
        wanted = any(
            held[list(half)].any(axis=0).all() and held[[not one for one in half]].any(axis=0).all()
            for half in halves
        )
        assert dealing._halvable(held) == wanted
        outcomes.add(wanted)
    assert outcomes == {False, True} or num_labels in (1, 70)


def test_more_draws_are_never_farther_from_the_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    counts = generator.integers(0, 9, (25, 3))
    counts = counts[counts.sum(axis=1) > 0]
    shares = np.array([0.64, 0.16, 0.2])

    def distance(num_draws: int) -> float:
        monkeypatch.setattr(dealing, "NUM_DRAWS", num_draws)
        parts = deal(counts, shares, draws())
        found = np.array([counts[parts == part].sum(axis=0) for part in range(3)])
        return float(np.abs(found - shares[:, np.newaxis] * counts.sum(axis=0)).sum())

    assert distance(8) < distance(1)
