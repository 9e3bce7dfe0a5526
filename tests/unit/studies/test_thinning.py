"""Truths about which photos a share leaves, and along which axes a collection can be thinned."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from tenshots.studies import axes, thinning
from tenshots.studies.axes import PEOPLE, PHOTOS, PHOTOS_EACH, Axis

SHARES = (0.2, 0.25, 0.5, 0.75)


def people(number: int, *, each: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels and components of people with so many photos of each of three labels."""
    return np.tile(np.repeat(list("abc"), each), number), np.repeat(np.arange(number), 3 * each)


@pytest.mark.parametrize("axis", [PEOPLE, PHOTOS_EACH])
def test_a_smaller_share_lies_within_a_larger_one_and_another_seed_leaves_out_others(axis: Axis) -> None:
    labels, components = people(10, each=5)
    found = [axis.chosen(labels, components, share, seed=3) for share in SHARES]
    for small, large in pairwise(found):
        assert small is not None
        assert large is not None
        assert not (small & ~large).any()
        assert small.sum() < large.sum()
    other = axis.chosen(labels, components, 0.5, seed=4)
    assert other is not None
    assert (other != found[2]).any()


def test_of_people_a_share_leaves_some_with_all_of_their_photos() -> None:
    labels, components = people(7, each=2)
    for share, number in [(0.25, 2), (0.5, 4), (0.75, 5)]:  # halves are rounded up
        chosen = thinning.fewer_people(labels, components, share, seed=1)
        assert chosen is not None
        assert len(np.unique(components[chosen])) == number
        assert chosen.sum() == 6 * number
        assert PEOPLE.number(components[chosen]) == number


@pytest.mark.parametrize("each", [1, 3, 7])
def test_of_photos_a_share_leaves_some_of_everybody_and_of_each_label_alike(each: int) -> None:
    labels, components = people(9, each=each)
    for share in SHARES:
        chosen = thinning.fewer_photos(labels, components, share, seed=1)
        by_person = np.bincount(components[chosen], minlength=9)
        assert by_person.min() >= 1
        assert np.ptp(by_person) <= 3
        assert chosen.sum() == pytest.approx(max(share * len(labels), 9), abs=2 if each > 1 else 6)
        for label in "abc":
            assert chosen[labels == label].sum() == pytest.approx(chosen.sum() / 3, abs=2 if each > 1 else 6)


def test_a_label_that_one_person_shows_stays() -> None:
    labels, components = people(8, each=3)
    labels[components == 5] = "d"
    for seed in range(20):
        chosen = thinning.fewer_people(labels, components, 0.25, seed=seed)
        assert chosen is not None
        assert set(labels[chosen]) == set("abcd")
        assert len(np.unique(components[chosen])) == 2
        assert set(labels[thinning.fewer_photos(labels, components, 0.1, seed=seed)]) == set("abcd")


def test_a_share_that_leaves_too_few_people_for_a_label_or_at_all_is_none() -> None:
    labels = np.array(list("aabbccdd"))
    assert thinning.fewer_people(labels, np.arange(8), 0.375, seed=1) is None  # 3 for 4 labels
    assert thinning.fewer_people(labels, np.arange(8), 0.5, seed=1) is not None
    assert thinning.fewer_people(np.array(["a"] * 8), np.arange(8), 0.125, seed=1) is None


def test_photos_without_people_are_left_out_by_label() -> None:
    labels = np.array(["a"] * 40 + ["b"] * 20 + ["c"] * 8)
    chosen = thinning.fewer_people(labels, np.arange(68), 0.25, seed=2)
    assert chosen is not None
    assert [int(chosen[labels == name].sum()) for name in "abc"] == [
        pytest.approx(number, abs=1) for number in (10, 5, 2)
    ]


def splits(num_people: int, *, each: int) -> pd.DataFrame:
    """Two folds, in which so many people train."""
    return pd.DataFrame(
        [
            (f"{person}/{photo}", f"p{person}", fold, "train")
            for fold in (0, 1)
            for person in range(num_people)
            for photo in range(each)
        ],
        columns=["photo_id", "component", "fold", "part"],
    )


def test_people_and_photos_are_measured_apart_from_six_people_on() -> None:
    assert axes.axes(splits(6, each=4), grouped=True) == ([PEOPLE, PHOTOS_EACH], [])
    found, (reason,) = axes.axes(splits(5, each=4), grouped=True)
    assert found == []
    assert reason == "each fold learns from only 5 people, too few to leave any out; at least 6 are needed"
    found, (reason,) = axes.axes(splits(1, each=4), grouped=True)
    assert "only 1 person" in reason


def test_photos_of_people_who_have_few_are_not_thinned() -> None:
    found, (reason,) = axes.axes(splits(6, each=3), grouped=True)
    assert found == [PEOPLE]
    assert "people have 3 photos each" in reason


def test_where_nobody_has_a_name_photos_are_the_one_axis() -> None:
    assert axes.axes(splits(6, each=1), grouped=False) == ([PHOTOS], [])
    found, (reason,) = axes.axes(splits(5, each=1), grouped=False)
    assert found == []
    assert "5 independent sets" in reason
    assert PHOTOS.number(np.array([0, 0, 1])) == 3
