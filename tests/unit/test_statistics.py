"""Intervals that respect components."""

import numpy as np
import pandas as pd
import pytest

from tenshots import predictions, statistics
from tenshots.statistics import Estimate

LABELS = ["book", "cup"]


def answers(right: list[bool], *, repeat: int = 0) -> pd.DataFrame:
    photos = pd.DataFrame({"photo_id": [f"{i:03d}" for i in range(len(right))], "label": "book"})
    book = np.where(right, 0.9, 0.1)
    return predictions.table(photos, np.column_stack([book, 1 - book]), LABELS, fold=0, repeat=repeat)


def groups(sizes: list[int]) -> pd.Series:
    names = [f"group{i}" for i, size in enumerate(sizes) for _ in range(size)]
    return pd.Series(names, index=[f"{i:03d}" for i in range(len(names))])


def test_equal_groups_give_the_t_interval_of_their_means() -> None:
    # Means 1, 1/2, 1/2, 0, 1/2: mean 0.5, standard deviation sqrt(1/8), t(4) = 2.776445.
    right = [True, True, True, False, False, True, False, False, True, False]
    estimate = statistics.accuracy(answers(right), groups([2, 2, 2, 2, 2]))
    half = 2.776445 * np.sqrt(0.125 / 5)
    assert estimate.value == 0.5
    assert (estimate.low, estimate.high) == (pytest.approx(0.5 - half), pytest.approx(0.5 + half))
    assert estimate.reason is None


def test_a_large_group_weighs_by_its_photos_and_the_interval_stays_between_0_and_1() -> None:
    right = [True] * 16 + [False, True, False, True]
    estimate = statistics.accuracy(answers(right), groups([16, 1, 1, 1, 1]))
    assert estimate.value == 0.9
    assert estimate.high == 1.0


def test_the_same_answers_are_less_certain_in_few_large_groups() -> None:
    right = [i % 2 < 1 for i in range(60)]
    right[:10] = [True] * 10
    alone = statistics.accuracy(answers(right), groups([1] * 60))
    together = statistics.accuracy(answers(right), groups([10] * 6))
    assert alone.low is not None
    assert together.low is not None
    assert alone.value == together.value
    assert together.low < alone.low


@pytest.mark.parametrize(
    ("sizes", "reason"),
    [([2, 2, 2, 2], "4 independent sets of photos tell too"), ([8], "1 independent set of photos tell")],
)
def test_too_few_groups_give_no_interval_but_the_reason(sizes: list[int], reason: str) -> None:
    estimate = statistics.accuracy(answers([True, False] * 4), groups(sizes))
    assert estimate.value == 0.5
    assert (estimate.low, estimate.high) == (None, None)
    assert estimate.reason is not None
    assert estimate.reason.startswith(reason)


def test_groups_that_agree_give_no_interval_of_width_0() -> None:
    estimate = statistics.accuracy(answers([True] * 12), groups([2] * 6))
    assert (estimate.value, estimate.low) == (1.0, None)
    assert "all independent sets of photos agree" in str(estimate.reason)


def test_repeats_are_averaged_a_photo() -> None:
    both = pd.concat([answers([True, False]), answers([True, True], repeat=1)])
    assert statistics.shares_right(both).to_dict() == {"000": 1.0, "001": 0.5}


def test_a_difference_is_paired_so_that_hard_groups_do_not_blur_it() -> None:
    draw = np.random.default_rng(0)
    share = np.repeat(draw.uniform(0.2, 0.8, 10), 10)
    luck = draw.uniform(size=100)
    better = answers((luck < share + 0.15).tolist())
    worse = answers((luck < share).tolist())
    gain = statistics.difference(better, worse, groups([10] * 10))
    assert gain.low is not None
    assert gain.low > 0
    alone = statistics.accuracy(worse, groups([10] * 10))
    assert alone.low is not None
    assert alone.high is not None
    assert gain.value < alone.high - alone.value  # comparing two intervals would have claimed nothing
    back = statistics.difference(worse, better, groups([10] * 10))
    assert back.high == pytest.approx(-gain.low)


def test_a_photo_of_several_folds_has_one_component() -> None:
    splits = pd.DataFrame(
        {"photo_id": ["a", "b", "c"] * 2, "component": ["a", "a", "c"] * 2, "fold": [0] * 3 + [1] * 3}
    )
    assert statistics.components_of(splits).to_dict() == {"a": "a", "b": "a", "c": "c"}


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        (Estimate(0.061, 0.023, 0.098, None), "augmented is better than baseline by 6.1 points (2.3 to 9.8)"),
        (
            Estimate(-0.061, -0.098, -0.023, None),
            "augmented is worse than baseline by 6.1 points (2.3 to 9.8)",
        ),
        (
            Estimate(0.02, -0.07, 0.121, None),
            "no difference can be claimed between augmented and baseline: "
            "the interval is \u22127.0 to +12.1 points",
        ),
        (
            Estimate(0.3, None, None, "too few"),
            "no difference can be claimed between augmented and baseline: too few",
        ),
    ],
)
def test_a_sentence_claims_what_the_interval_allows(gain: Estimate, words: str) -> None:
    assert statistics.sentence("augmented", "baseline", gain) == words


@pytest.mark.parametrize(
    ("share", "text"), [(0.07, "+7.0"), (-0.07, "\u22127.0"), (-0.0001, "0.0"), (0, "0.0")]
)
def test_points_have_their_sign(share: float, text: str) -> None:
    assert statistics.signed_points(share) == text


def test_intervals_hold_what_they_promise() -> None:
    # 12 groups of 4 to 20 photos whose accuracies differ as people's do: about 95 of 100 intervals hold the
    # truth. Without
    # groups (each photo its own) it would be about 70.
    draw = np.random.default_rng(20)
    num_trials, num_groups = 2_000, 12
    sizes = draw.integers(4, 21, (num_trials, num_groups)).astype(float)
    shares = draw.beta(4, 2, (num_trials, num_groups))  # mean 2/3
    right = draw.binomial(sizes.astype(int), shares).astype(float)
    hits = 0
    for amounts, counts in zip(right, sizes, strict=True):
        estimate = statistics.ratio(amounts, counts, lowest=0.0)
        assert estimate.low is not None
        assert estimate.high is not None
        hits += estimate.low <= 2 / 3 <= estimate.high
    assert 0.925 <= hits / num_trials <= 0.97
