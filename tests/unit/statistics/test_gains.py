"""Differences of two variants, several at once, and what agreement and rare disagreement allow."""

from collections.abc import Sequence
from itertools import combinations, combinations_with_replacement

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from tenshots.errors import DataError
from tenshots.evaluation import metrics
from tenshots.statistics import claims, gains, intervals, measure, trainings
from tenshots.statistics.evidence import Design, Evidence, Scale, ratio
from tenshots.statistics.intervals import TAIL, Estimate
from tenshots.statistics.measure import Measured
from tenshots.statistics.tallies import Key
from tenshots.statistics.trainings import Seeds
from tests.drawn.answers import answers, bounds, drawn, groups


def of_groups(right: list[list[int]]) -> Measured:
    """One list per group, of whether each photo is named rightly."""
    flat = [bool(each) for group in right for each in group]
    return measure.measure(answers(flat), groups([len(group) for group in right]))


def same(group: list[int], number: int) -> Measured:
    return of_groups([group] * number)


def test_a_difference_is_paired_so_that_hard_groups_do_not_blur_it() -> None:
    draw = np.random.default_rng(0)
    share = np.repeat(draw.uniform(0.2, 0.8, 10), 10)
    luck = draw.uniform(size=100)
    better = answers((luck < share + 0.15).tolist())
    worse = answers((luck < share).tolist())
    gain = gains.difference(better, worse, groups([10] * 10))
    assert bounds(gain)[0] > 0
    alone = measure.accuracy(worse, groups([10] * 10))
    assert gain.value < bounds(alone)[1] - alone.value  # comparing two intervals would have claimed nothing
    back = gains.difference(worse, better, groups([10] * 10))
    assert back.high == pytest.approx(-bounds(gain)[0])


def test_variants_with_other_repeats_are_compared_without_pairing_these() -> None:
    rows, components = drawn(num_groups=24)
    one = rows[rows["repeat"] == 0]
    both = gains.difference(rows, one, components)
    assert both.value == pytest.approx(
        metrics.over_repeats(rows, metrics.accuracy) - metrics.accuracy(one), abs=1e-6
    )
    assert bounds(both)[0] < both.value < bounds(both)[1]


def test_what_no_seed_moves_adds_no_noise_of_its_own_to_a_difference() -> None:
    """Its one training a fold, beside several of another variant, leaves that variant's noise alone."""
    draw = np.random.default_rng(1)
    first = (draw.uniform(size=120) < 0.7).tolist()
    shares, one = groups([10] * 12), answers(first)
    moody = pd.concat(
        [answers([*first[:60], *[level] * 60], repeat=i) for i, level in enumerate([True, False, True])]
    )
    alone = measure.accuracy(moody, shares)
    assert alone.trainings > 0.005
    for gain in (gains.difference(moody, one, shares), gains.difference(one, moody, shares)):
        assert gain.trainings == pytest.approx(alone.trainings)
        assert gain.low is not None
    assert gains.difference(one, answers(first[::-1]), shares).trainings == 0


def test_with_few_groups_the_variance_to_plan_with_is_that_of_photos_that_correlate() -> None:
    one, other = answers([True, True, False, True] * 3), answers([True, False, True, True] * 3)
    gain = gains.difference(one, other, groups([4, 4, 4]))
    assert gain.low is None
    assert gain.between == pytest.approx(0.5 * (1 + 3 * intervals.CORRELATION) / 12)


def test_variants_tested_on_other_photos_are_an_error() -> None:
    rows, components = drawn()
    with pytest.raises(DataError, match="not tested on the same photos"):
        gains.difference(rows, rows[rows["photo_id"] != "000"], components)


def test_the_clearest_difference_is_claimed() -> None:
    """All wrong against all right, of 12 groups of 20."""
    found = gains.gain(same([1] * 20, 12), same([0] * 20, 12))
    assert claims.verdict(found) == "better"
    answers_worth = 240 / (1 + 0.05 * 19)
    bound = 0.025 ** (1 / answers_worth)
    assert bounds(found) == (pytest.approx(1 - 2**0.5 * (1 - bound)), 1.0)


@pytest.mark.parametrize(("num_comparisons", "needed"), [(1, 6), (2, 7), (3, 7), (6, 8)])
def test_where_all_groups_agree_the_sign_test_decides(num_comparisons: int, needed: int) -> None:
    better, worse = [1] * 9 + [0], [1] * 8 + [0] * 2
    for number in range(5, 10):
        found = gains.gain(same(better, number), same(worse, number), num_comparisons=num_comparisons)
        p_value = 2 * 0.5**number
        assert (p_value <= 0.05 / num_comparisons) == (number >= needed)
        assert claims.verdict(found) == ("better" if number >= needed else "open")
        if number < needed:
            assert found.reason == (
                f"all {number} independent sets agree, but {number} are too few; {needed} are needed"
            )


def test_more_groups_that_agree_are_never_less_evidence() -> None:
    """12 of 12 groups better by 10 points are more than 11 of 12, and than 11 of 11."""
    better, half, worse = [1] * 18 + [0] * 2, [1] * 17 + [0] * 3, [1] * 16 + [0] * 4
    all_of_12 = bounds(gains.gain(same(better, 12), same(worse, 12)))
    for last in (half, worse):
        near = gains.gain(of_groups([better] * 11 + [last]), same(worse, 12))
        assert claims.verdict(near) == "better"
        assert bounds(near)[0] < all_of_12[0]
    lows = [bounds(gains.gain(same(better, number), same(worse, number)))[0] for number in range(6, 30)]
    assert lows == sorted(lows)
    assert lows[0] > 0


def counted_right(counts: Sequence[int]) -> Measured:
    """Groups of 20 photos, of which so many are named rightly."""
    hits, sizes = np.array(counts, dtype=float)[:, np.newaxis], np.full((len(counts), 1), 20.0)
    design = Design(np.arange(len(counts)), np.zeros(len(counts), dtype=int), sizes[:, 0])
    accuracy = ratio(hits, sizes, design, Scale.SHARE, resampled=True)
    right = (np.arange(20) < hits).astype(float).ravel()
    return Measured(np.arange(len(right)), right, [0], design, "", {Key("accuracy"): accuracy}, ())


def ahead(points: Sequence[int], *, num_comparisons: int = 1) -> Estimate:
    """The gain of one variant that is so many photos of 20 ahead of another in each group, or behind."""
    one, other = ([10 + max(sign * each, 0) for each in points] for sign in (1, -1))
    return gains.gain(counted_right(one), counted_right(other), num_comparisons=num_comparisons)


@pytest.mark.parametrize(("num_groups", "num_comparisons", "needed"), [(6, 1, 6), (9, 1, 8), (8, 3, 8)])
def test_a_group_that_is_better_still_never_loses_the_claim(
    num_groups: int, num_comparisons: int, needed: int
) -> None:
    """Where no group shows the opposite and most show the one, by the sign test, their number decides."""
    assert binomtest(needed, num_groups, alternative="greater").pvalue <= TAIL / num_comparisons
    assert binomtest(needed - 1, num_groups, alternative="greater").pvalue > TAIL / num_comparisons
    for points in combinations_with_replacement([1, 2, 5, 10], needed):
        found = ahead((*points, *[0] * (num_groups - needed)), num_comparisons=num_comparisons)
        assert claims.verdict(found) == "better", points
        low, high = bounds(found)
        assert 0.0005 < low < found.value < high, points


def test_groups_that_show_nothing_count_against_a_claim() -> None:
    """8 of 9 groups are most of them, 7 are not, so the variance decides."""
    assert claims.verdict(ahead((1,) * 7 + (10, 0))) == "better"
    assert claims.verdict(ahead((1,) * 6 + (10, 0, 0))) == "open"
    assert claims.verdict(ahead((3,) * 7 + (0, 0))) == "better"


def test_groups_whose_mean_is_nothing_are_seldom_called_better_because_none_of_them_is_worse() -> None:
    """Most are a little better, one in seven is much worse, and often none of those is drawn."""
    draw, called = np.random.default_rng(3), 0
    for _ in range(400):
        points = draw.choice([-3, 0, 1], size=12, p=[0.15, 0.4, 0.45])
        called += claims.verdict(ahead(points)) == "better"
    assert called <= 20  # 5 %; 42 where groups that show nothing are left out


def test_what_is_claimed_of_the_one_variant_is_claimed_of_the_other_turned_round() -> None:
    for points in [(1, 1, 1, 1, 1, 2), (1, 1, 1, 0, 1, 1, 9), (3, -1, 2, 4, 1, 1, 2), (9, 9, 9, 9, 9, -1)]:
        found, back = ahead(points), ahead([-each for each in points])
        assert bounds(back) == pytest.approx((-bounds(found)[1], -bounds(found)[0]))
        assert back.few == found.few


def test_as_many_groups_must_be_better_as_the_sign_test_needs_if_another_is_worse() -> None:
    """Else a claim would be lost where the group that is worse is as good."""
    found, none_worse = ahead((9, 9, 9, 9, 9, -1)), ahead((9, 9, 9, 9, 9, 0))
    assert bounds(found)[0] == bounds(none_worse)[0] == 0.0
    assert found.few == (5, 6, "same")
    assert none_worse.few == (5, 6, "differing")
    assert claims.verdict(ahead((9, 9, 9, 9, 9, 9, -1))) == "better"


def test_the_noise_of_seeds_may_outweigh_groups_that_agree() -> None:
    moved = np.array([1, 1, 1, 1, 1, 1, 2, 5]) / 160
    still = gains._of_signs(moved, Seeds(0.0, 0), needed=6, tail=TAIL)
    # At least one photo of 20 in all 8 groups: that much in a share of 0.025 to the 8th root.
    assert still == pytest.approx(0.05 * 0.025 ** (1 / 8))
    noisy = gains._of_signs(moved, Seeds(0.05**2, 4), needed=6, tail=TAIL)
    assert noisy == pytest.approx(moved.sum() - np.hypot(moved.sum() - still, 2.776445 * 0.05))
    assert noisy < 0


@pytest.mark.parametrize(("num_groups", "size"), [(6, 20), (12, 20), (30, 1)])
def test_full_agreement_is_no_less_sure_than_that_of_all_photos_but_one(num_groups: int, size: int) -> None:
    all_but_one = of_groups([[1] * size] * (num_groups - 1) + [[1] * (size - 1) + [0]])
    nothing = same([0] * size, num_groups)
    full, near = gains.gain(same([1] * size, num_groups), nothing), gains.gain(all_but_one, nothing)
    assert bounds(near)[0] < bounds(full)[0]


@pytest.mark.slow
def test_variants_that_differ_by_the_margin_are_seldom_called_equal_where_mistakes_are_rare() -> None:
    """One names all photos rightly, the other 95 %; of independent photos, at most one in twenty."""
    draw = np.random.default_rng(11)
    right, equal = counted_right([20] * 12), 0
    for _ in range(200):
        other = counted_right((draw.uniform(size=(12, 20)) < 0.95).sum(axis=1).tolist())
        pair = gains.gain(right, other), gains.gain(right, other, tail=claims.TAIL_OF_EQUALITY)
        equal += claims.claim(*pair, 0.05) == "equal" or (
            claims.verdict(pair[0]) == "better" and claims._lies_within(pair[1], 0.05)
        )
    assert equal <= 14  # of 200; 5 % would be 10


def test_5_groups_claim_nothing_however_alike_they_are() -> None:
    """The sign test needs 6; the interval then reaches to 0."""
    better = [[1] * 10, [1] * 10, [1] * 9 + [0], [1] * 10, [1] * 10]
    worse = [[0] * 10] * 5
    assert bounds(gains.gain(of_groups(better), of_groups(worse)))[0] == 0.0
    assert bounds(gains.gain(of_groups(worse), of_groups(better)))[1] == 0.0
    more = gains.gain(of_groups([*better, [1] * 10]), of_groups([*worse, [0] * 10]))
    assert bounds(more)[0] > 0.8


@pytest.mark.parametrize(("num_better", "claim"), [(4, "open"), (5, "open"), (6, "better")])
def test_as_many_groups_must_differ_as_the_sign_test_needs(num_better: int, claim: str) -> None:
    """Of 20 groups of one photo, most of which both name rightly."""
    one, other = of_groups([[1]] * 20), of_groups([[0]] * num_better + [[1]] * (20 - num_better))
    found = gains.gain(one, other)
    assert claims.verdict(found) == claim
    assert (claims.mcnemar(one, other).p_value <= 0.05) == (claim == "better")


def test_two_that_answer_all_photos_alike_are_said_to() -> None:
    found = gains.gain(same([1, 1, 0], 8), same([1, 1, 0], 8))
    assert found.low is None
    assert claims.claim(found, found, 0.05) == "alike"


def test_several_intervals_hold_together_and_reach_less_far_than_bonferronis() -> None:
    draw = np.random.default_rng(2)
    hard = draw.uniform(size=(12, 20))
    variants = [
        of_groups((hard + draw.normal(0, 0.2, hard.shape) < 0.7).astype(int).tolist()) for _ in range(4)
    ]
    pairs = list(combinations(variants, 2))
    leads = [gains._lead(*pair) for pair in pairs]
    tail = gains.joint_tail(leads, variants[0].design)
    assert 1.1 * TAIL / len(pairs) < tail < TAIL
    for found, pair in zip(gains.gains(pairs), pairs, strict=True):
        alone, bonferroni = gains.gain(*pair), gains.gain(*pair, num_comparisons=len(pairs))
        assert width(alone) < width(found) < width(bonferroni)
    assert gains.joint_tail(leads[:1], variants[0].design) == TAIL
    assert gains.joint_tail([leads[0]] * 3, variants[0].design) == pytest.approx(TAIL, rel=0.1), (
        "one question"
    )


def test_the_joint_tail_is_that_of_the_largest_of_correlated_ts() -> None:
    """Three differences of independent groups: the share of experiments in which any t is beyond is 5 %."""
    draw = np.random.default_rng(3)
    right = draw.uniform(size=(4, 30, 10)) < 0.6
    variants = [of_groups(each.astype(int).tolist()) for each in right]
    pairs = [(each, variants[0]) for each in variants[1:]]
    leads = [gains._lead(*pair) for pair in pairs]
    reach = -intervals.stdtrit(29, gains.joint_tail(leads, variants[0].design))
    normal = draw.normal(size=(20_000, 30, 4))
    gaps = normal[..., 1:] - normal[..., :1]
    ts = gaps.mean(axis=1) / (gaps.std(axis=1, ddof=1) / 30**0.5)
    assert np.mean(np.abs(ts).max(axis=1) > reach) == pytest.approx(0.05, abs=0.012)


def test_few_repeats_of_one_fold_are_pooled_over_variants() -> None:
    """Each of the differences gets the mean variance of all, and degrees of freedom from both of them."""
    draw = np.random.default_rng(5)
    right = draw.uniform(size=(3, 120)) < 0.6

    def variant(first: np.ndarray, share: float) -> Measured:
        again = first ^ (draw.uniform(size=120) < share)
        both = [answers(each.tolist(), repeat=i) for i, each in enumerate((first, again))]
        return measure.measure(pd.concat(both), groups([10] * 12))

    variants = [variant(each, share) for each, share in zip(right, (0.02, 0.3, 0.6), strict=True)]
    pairs = [(variants[1], variants[0]), (variants[2], variants[1])]
    apart, together = [gains.gain(*pair) for pair in pairs], gains.gains(pairs, tail=TAIL)
    assert apart[0].trainings != pytest.approx(apart[1].trainings, rel=0.1)
    for one, pooled in zip(apart, together, strict=True):
        assert pooled.trainings == pytest.approx(np.mean([each.trainings for each in apart]))
        assert pooled.between == one.between
    leads = [gains._lead(*pair) for pair in pairs]
    seeds = trainings.pooled(leads, variants[0].design, num_free=2)
    assert seeds is not None
    assert seeds.degrees == 2, "one of each of two differences"
    low, high = bounds(together[0])
    variance = together[0].between + seeds.variance
    degrees = variance**2 / (together[0].between ** 2 / 11 + seeds.variance**2 / 2)
    assert high - low == pytest.approx(2 * intervals.stdtrit(degrees, 0.975) * variance**0.5)
    assert gains.gains(pairs[:1], tail=TAIL) == apart[:1], "one difference has nothing to be pooled with"


def test_what_seeds_do_is_worked_out_once_for_all_pairs_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once per pair took half a minute for all pairs of 30 variants: its square."""
    looked: list[int] = []
    pooled = trainings.pooled

    def counting(evidence: Sequence[Evidence], design: Design, *, num_free: int) -> Seeds | None:
        looked.append(len(evidence))
        return pooled(evidence, design, num_free=num_free)

    monkeypatch.setattr(trainings, "pooled", counting)
    rows, components = drawn(num_groups=8)
    variants = [measure.measure(rows[rows["repeat"] <= most], components) for most in (0, 1, 0, 1)]
    pairs = list(combinations(variants, 2))
    gains.gains(pairs, tail=TAIL)
    assert sorted(looked) == [1, 1, 4]  # of one repeat each, of two each, and of both


def test_seeds_are_pooled_over_pairs_of_as_many_repeats_and_not_with_others() -> None:
    """A pair with one repeat beside two, which is not paired, has a noise of its own."""
    draw = np.random.default_rng(6)
    right = draw.uniform(size=(4, 2, 120)) < 0.6
    variants = [
        measure.measure(
            pd.concat([answers(each[i].tolist(), repeat=i) for i in range(number)]), groups([10] * 12)
        )
        for each, number in zip(right, (2, 2, 2, 1), strict=True)
    ]
    two, other, third, one = variants
    alike = [(two, other), (third, other)]
    together = gains.gains([*alike, (one, other)], tail=TAIL)
    leads = [gains._lead(*pair) for pair in alike]
    pooled = trainings.pooled(leads, two.design, num_free=3)
    assert pooled is not None
    assert [each.trainings for each in together[:2]] == [pytest.approx(pooled.variance)] * 2
    assert together[2].trainings == pytest.approx(gains.gain(one, other).trainings)
    assert together[2].trainings != pytest.approx(pooled.variance, rel=0.05)


def test_groups_that_agree_are_no_surer_than_the_seeds_that_taught() -> None:
    """Each group is better by 4 of 20 photos on average: by 8 in one training and by none in the other."""
    once, twice = answers(([True] * 18 + [False] * 2) * 8), answers(([True] * 10 + [False] * 10) * 8)
    both = measure.measure(pd.concat([once, twice.assign(repeat=1)]), groups([20] * 8))
    found = gains.gain(both, same([1] * 10 + [0] * 10, 8))
    assert found.trainings == pytest.approx(0.2**2)
    assert found.value == pytest.approx(0.2)
    assert claims.verdict(found) == "open"


def width(found: Estimate) -> float:
    low, high = bounds(found)
    return high - low
