"""How people differ, and what to expect of the next one: worked cases, limits and a simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tenshots.statistics import people as module
from tenshots.statistics.intervals import MIN_COMPONENTS
from tenshots.statistics.people import People, people


def of_counts(counts: list[tuple[int, int]]) -> People:
    """One training; of each person the photos that are right, and all."""
    right = np.concatenate([np.arange(number) < hits for hits, number in counts]).astype(np.float64)
    codes = np.repeat(np.arange(len(counts)), [number for _, number in counts])
    return people(right[:, np.newaxis], codes)


def test_what_does_not_vary_within_people_is_not_drawn_in() -> None:
    found = of_counts([(2, 2), (0, 2)])
    assert found.shares.tolist() == [1, 0]
    assert found.shrunken == pytest.approx([1, 0])
    assert (found.mean, found.spread) == (pytest.approx(0.5), pytest.approx(0.5**0.5))


def test_the_variance_between_people_is_that_of_dersimonian_and_laird() -> None:
    counts = [(3, 10), (9, 10), (18, 20), (2, 5), (38, 40), (7, 7)]
    hits, sizes = (np.array(column, dtype=float) for column in zip(*counts, strict=True))
    shares = hits / sizes
    scatter = (hits * (1 - shares)).sum() / (sizes - 1).sum()
    weights = sizes / scatter  # the inverse of each share's variance
    middle = weights @ shares / weights.sum()
    excess = weights @ (shares - middle) ** 2 - (len(counts) - 1)
    expected = excess / (weights.sum() - weights @ weights / weights.sum())
    found = of_counts(counts)
    assert found.spread**2 == pytest.approx(expected)
    again = 1 / (expected + 1 / weights)
    assert found.mean == pytest.approx(again @ shares / again.sum())
    assert found.differ


def test_fewer_photos_are_drawn_in_further() -> None:
    found = of_counts([(2, 5), (16, 40), (39, 40), (40, 40), (38, 40)])
    few, many = found.shrunken[:2]
    assert found.shares[0] == found.shares[1]
    assert found.shares[1] < many < few < found.mean


def test_equal_people_are_not_told_apart() -> None:
    found = of_counts([(14, 20), (13, 20), (15, 20), (14, 20), (14, 20), (13, 20)])
    assert found.spread == 0
    assert not found.differ
    assert found.shrunken == pytest.approx([found.mean] * 6)
    assert found.next is not None
    # The luck of 20 photos alone: about 1.6 standard deviations of 10 points, or 2 as there are 6 people.
    assert 0.4 < found.next.low < 0.55
    assert 0.85 < found.next.high < 0.95


def test_too_few_people_say_nothing_of_the_next() -> None:
    assert of_counts([(14, 20)] * (MIN_COMPONENTS - 1)).next is None
    assert of_counts([(14, 20)] * MIN_COMPONENTS).next is not None
    assert of_counts([(3, 4)]).spread == 0


@pytest.mark.parametrize("num_people", [5, 12, 30])
def test_where_all_is_right_the_interval_is_not_narrower_than_with_one_mistake(num_people: int) -> None:
    clean = of_counts([(20, 20)] * num_people)
    one = of_counts([(19, 20), *[(20, 20)] * (num_people - 1)])
    assert clean.all_right
    assert not one.all_right
    assert clean.next is not None
    assert one.next is not None
    assert clean.next.low <= one.next.low < 1
    assert clean.next.high == one.next.high == 1
    assert (clean.mean, clean.spread) == (1, 0)


def test_one_photo_per_person_is_luck_alone() -> None:
    found = of_counts([(1, 1), (0, 1)] * 6)
    assert not found.differ
    assert found.next is not None
    assert (found.next.low, found.next.high, found.next.num_photos) == (0, 1, 1)


def test_the_next_person_meets_one_training_however_many_there_were() -> None:
    draw = np.random.default_rng(5)
    codes = np.arange(12).repeat(20)
    many = people(1.0 * (draw.random((240, 40)) < 0.7), codes)  # trainings that have nothing in common
    assert many.next is not None
    assert np.ptp(many.shares) < 0.1, "means over 40 trainings hardly vary"
    assert many.next.high - many.next.low > 0.3, "a single one does, with 20 photos"


def test_the_next_persons_share_lies_in_the_interval_in_nine_of_ten_cases() -> None:
    draw, held = np.random.default_rng(3), []
    for _ in range(1000):
        sizes = np.append(draw.integers(8, 40, 12), 0)
        sizes[-1] = int(np.median(sizes[:-1]))
        shares = draw.beta(0.8 * 19, 0.2 * 19, 13)  # correlation 0.05
        codes = np.arange(13).repeat(sizes)
        right = 1.0 * (draw.random(len(codes)) < shares[codes])
        found = people(right[codes < 12, np.newaxis], codes[codes < 12])
        assert found.next is not None
        assert found.next.num_photos == sizes[-1]
        held.append(found.next.low <= right[codes == 12].mean() <= found.next.high)
    assert 0.88 < np.mean(held) < 0.96


def test_answers_are_sorted_by_photo_and_named_by_component() -> None:
    predictions = pd.DataFrame(
        [
            ("b", "cup", 1, 0, 0.9, 0.1),
            ("a", "cup", 0, 0, 0.2, 0.8),
            ("b", "cup", 1, 1, 0.3, 0.7),
            ("a", "cup", 0, 1, 0.6, 0.4),
        ],
        columns=["photo_id", "label", "fold", "repeat", "p_cup", "p_book"],
    )
    right, codes, names = module.answers(predictions, pd.Series({"a": "zoe", "b": "ann"}))
    assert right.tolist() == [[0, 1], [1, 0]]
    assert [names[code] for code in codes] == ["zoe", "ann"]
