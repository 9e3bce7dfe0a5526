"""Intervals from contributions: small cases by hand, hard cases, and what they promise by simulation."""

import dataclasses

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.special import stdtrit
from scipy.stats import beta

from benchmarks import coverage, teaching
from benchmarks.coverage import Case
from tenshots.statistics import claims, gains, intervals, limits, measure, resampling, trainings
from tenshots.statistics.areas import ROC_AUC
from tenshots.statistics.evidence import (
    OF_AREA,
    OF_DIFFERENCE,
    OF_FIGURE,
    OF_LOSS,
    OF_NOTHING,
    Basis,
    Design,
    Evidence,
    Scale,
    minus,
    ratio,
)
from tenshots.statistics.intervals import TAIL, Estimate
from tenshots.statistics.tallies import Key
from tests.drawn.answers import bounds, drawn


def design(sizes: list[float], *, num_folds: int = 1) -> Design:
    cells = np.arange(len(sizes))
    return Design(components=cells, folds=cells % num_folds, num_photos=np.array(sizes, dtype=float))


def estimate(
    amounts: list[float], sizes: list[float], scale: Scale = Scale.SHARE, *, num_comparisons: int = 1
) -> Estimate:
    """Of one repeat, one fold."""
    where = design(sizes)
    columns = np.array(amounts, dtype=float)[:, np.newaxis], np.array(sizes, dtype=float)[:, np.newaxis]
    evidence = ratio(*columns, where, scale, resampled=True)
    return intervals.estimate(evidence, where, tail=TAIL / num_comparisons)


def width(found: Estimate) -> float:
    assert found.low is not None
    assert found.high is not None
    return found.high - found.low


def test_equal_groups_give_the_t_interval_of_their_means() -> None:
    # Means 1, 1/2, 1/2, 0, 1/2: mean 0.5, standard deviation sqrt(1/8), t(4) = 2.776445.
    found = estimate([2, 1, 1, 0, 1], [2] * 5, Scale.DIFFERENCE)
    half = 2.776445 * np.sqrt(0.125 / 5)
    assert found.value == 0.5
    assert (found.low, found.high) == (pytest.approx(0.5 - half), pytest.approx(0.5 + half))
    assert found.reason is None
    assert found.num_components == 5


def test_a_share_has_its_interval_on_the_logit() -> None:
    found = estimate([2, 1, 1, 0, 2], [2] * 5)  # 0.6, standard deviation sqrt(0.175)
    half = 2.776445 * np.sqrt(0.175 / 5) / (0.6 * 0.4)
    ends = 1 / (1 + np.exp(-np.log(0.6 / 0.4) + np.array([half, -half])))
    assert (found.low, found.high) == (pytest.approx(ends[0]), pytest.approx(ends[1]))


def test_a_loss_has_its_interval_on_the_logarithm() -> None:
    low, high = bounds(estimate([1, 2, 3, 4, 5], [10] * 5, Scale.LOSS))
    assert low > 0
    assert high * low == pytest.approx(0.3**2)


def test_where_a_few_make_most_of_a_loss_its_interval_lies_higher() -> None:
    found = estimate([1] * 29 + [5], [10] * 30, Scale.LOSS)
    low, high = bounds(found)
    assert high * low > 1.2 * found.value**2


def test_both_ends_of_a_skew_loss_lie_higher_by_johnsons_shift() -> None:
    """Of 0.5 ± 0.05, t = 2 and skewness 1: 1 · (2 · 4 + 1) / 6 - 0.1 · 4 / 2 = 1.3 of a tenth."""
    low, high = limits.of_loss(0.5, 2.0, 0.05, 1.0)
    assert (low, high) == (pytest.approx(0.5 * np.exp(-0.07)), pytest.approx(0.5 * np.exp(0.33)))


def test_a_mean_over_labels_is_worth_the_answers_of_all_photos_at_most() -> None:
    """Two labels with a photo in each of 6 groups are 12 answers, of which 6 groups of two are worth less."""
    each = Basis(np.ones(6))
    mean = Evidence(1.0, (np.zeros((6, 1)),), Scale.SHARE, (each, each), exact=True)
    low, _ = bounds(intervals.estimate(mean, design([2.0] * 6)))
    assert low == pytest.approx(0.025 ** (1 / 6)), "without all photos, as the weakest label"
    together = dataclasses.replace(mean, whole=Basis(np.full(6, 2.0)))
    low, _ = bounds(intervals.estimate(together, design([2.0] * 6)))
    assert low == pytest.approx(0.025 ** (1.05 / 12))


def test_where_half_of_the_groups_show_mistakes_their_variance_is_enough() -> None:
    """Mistakes in 6 of 12 groups; in 5 of 12 the interval reaches as far as that of the answers at least."""
    for num_wrong, is_exact in ((5, True), (6, False)):
        right = [19.0] * num_wrong + [20.0] * (12 - num_wrong)
        where = design([20.0] * 12)
        columns = np.array(right)[:, np.newaxis], np.full((12, 1), 20.0)
        evidence = ratio(*columns, where, Scale.SHARE, resampled=False)
        found = intervals.estimate(evidence, where)
        plain = intervals.estimate(dataclasses.replace(evidence, exact=False), where)
        assert (found != plain) == is_exact


def test_the_mean_of_skew_losses_lies_as_seldom_above_the_interval_as_below() -> None:
    """100 exponential losses: the logarithm alone leaves out 3.3 % above and 2.1 % below."""
    draws = np.random.default_rng(4).exponential(size=(40_000, 100))
    values = draws.mean(axis=1)
    moves = (draws - values[:, np.newaxis]) / 100
    squares = (moves**2).sum(axis=1)
    skewness = (moves**3).sum(axis=1) / squares**1.5
    quantile, deviations = float(stdtrit(99, 0.975)), (squares * 100 / 99) ** 0.5
    ends = np.array(
        [
            limits.of_loss(value, quantile, deviation, skew)
            for value, deviation, skew in zip(values, deviations, skewness, strict=True)
        ]
    )
    assert np.mean(ends[:, 1] < 1) == pytest.approx(0.029, abs=0.002)
    assert np.mean(ends[:, 0] > 1) == pytest.approx(0.025, abs=0.002)


def test_unequal_groups_are_judged_as_their_covariance_says() -> None:
    # The closed form against Bell and McCaffrey's matrices.
    sizes = np.array([1.0, 3, 3, 8, 20, 2, 7])
    weights = sizes / sizes.sum()
    covariance = np.diag(intervals.CORRELATION + (1 - intervals.CORRELATION) / sizes)
    residual = np.diag(weights) @ (np.eye(7) - weights)
    spread = residual @ covariance @ residual.T
    sample = intervals.small_sample(np.append(sizes, 0.0))
    assert sample.factor == pytest.approx(weights @ covariance @ weights / np.trace(spread))
    assert sample.degrees == pytest.approx(np.trace(spread) ** 2 / np.trace(spread @ spread))
    assert sample.number == 7


@pytest.mark.parametrize("number", [2, 5, 40])
def test_equal_groups_have_one_degree_of_freedom_less_than_groups(number: int) -> None:
    sample = intervals.small_sample(np.full(number, 6.0))
    assert sample.degrees == pytest.approx(number - 1)
    assert sample.factor == pytest.approx(number / (number - 1))
    assert sample.effective == pytest.approx(number)


def test_a_mean_over_labels_is_as_sure_as_all_photos_and_less_where_one_label_is_rare() -> None:
    """As sure as the label that makes nearly all of its variance, and no surer than it is."""

    def reach(sizes: list[list[float]], whole: list[float] | None) -> float:
        found = Evidence(
            0.6,
            (np.array([[0.02], [-0.02]] * 6),),
            Scale.DIFFERENCE,
            tuple(Basis(np.array(each)) for each in sizes),
            whole=None if whole is None else Basis(np.array(whole)),
        )
        return width(intervals.estimate(found, design([10.0] * 12)))

    common, rare = [5.0] * 12, [1.0] * 6 + [0.0] * 6
    of_all = reach([[10.0] * 12], None)
    assert reach([common, common], [10.0] * 12) == pytest.approx(of_all)
    with_rare = reach([[9.0] * 12, rare], [10.0] * 12)
    assert 1.05 * of_all < with_rare < 0.98 * reach([[9.0] * 12, rare], None)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (4, "4 independent sets of photos are too few; at least 5 are needed"),
        (1, "1 independent set of photos is too few"),
    ],
)
def test_too_few_groups_give_no_interval_but_the_reason(number: int, reason: str) -> None:
    found = estimate([1.0] + [2.0] * (number - 1), [2] * number)
    assert (found.low, found.high) == (None, None)
    assert found.reason is not None
    assert found.reason.startswith(reason)


def test_the_weakest_basis_counts_and_is_named() -> None:
    where = design([4.0] * 9)
    moves = np.linspace(-1, 1, 9)[:, np.newaxis] / 100
    few = Basis(np.array([1.0, 1, 1] + [0.0] * 6), " that show cup")
    both = Evidence(0.7, (moves,), Scale.SHARE, (Basis(np.full(9, 4.0)), few))
    assert intervals.estimate(both, where).reason == (
        "3 independent sets of photos that show cup are too few; at least 5 are needed"
    )


@pytest.mark.parametrize(("right", "sizes"), [(1.0, [2.0] * 6), (0.0, [2.0] * 6), (1.0, [20.0] * 12)])
def test_groups_that_are_all_right_or_wrong_are_as_many_answers_as_they_are_worth(
    right: float, sizes: list[float]
) -> None:
    """Of two photos that correlate by 0.05, the second is worth a little less than the first; of 20, half."""
    found = estimate([right * size for size in sizes], sizes)
    number = sum(sizes) / (1 + 0.05 * (sizes[0] - 1))
    bound = 0.025 ** (1 / number)
    ends = (bound, 1.0) if right else (0.0, 1 - bound)
    assert (found.low, found.high) == (pytest.approx(ends[0]), pytest.approx(ends[1]))


@pytest.mark.parametrize("sizes", [[20.0] * 12, [500.0] * 5, [1.0] * 240, [1.0] * 5, [1.0, 3, 9, 20, 50]])
def test_no_mistake_is_never_less_certain_than_one(sizes: list[float]) -> None:
    lows = []
    for num_wrong in (0, 1, 2):
        right = [*sizes[:-1], sizes[-1]]
        for mistake in range(num_wrong):
            right[-1 - mistake] -= 1
        found = estimate(right, sizes)
        assert found.low is not None
        lows.append(found.low)
    assert lows[0] > max(lows[1:])


def test_groups_that_agree_otherwise_have_the_interval_of_their_answers_and_no_difference_one() -> None:
    found = estimate([1] * 6, [2] * 6)
    low = beta.ppf(0.025, 6 / 1.05, 6 / 1.05 + 1)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(1 - low))
    none = estimate([0] * 6, [2] * 6, Scale.DIFFERENCE)
    assert none.low is None
    assert "every independent set of photos gives the same figure" in str(none.reason)


def test_a_group_with_most_photos_makes_the_interval_wide() -> None:
    right = [1.0, 3.0, 2.0, 4.0, 3.0, 2.0, 4.0, 3.0]
    even = estimate(right, [4] * 8)
    uneven = estimate([*right[:-1], 75.0], [*[4.0] * 7, 100.0])
    assert even.value == pytest.approx(uneven.value, abs=0.06)
    assert width(uneven) > 1.2 * width(even)


def test_from_20_groups_the_bootstrap_leans_where_the_groups_do() -> None:
    right = [10.0] * 14 + [9, 9, 9, 8, 8, 8, 7, 6, 4, 1]  # most agree, a few are far worse
    found = estimate(right, [10] * 24)
    assert found.low is not None
    assert found.high is not None
    assert 0.85 < found.value < 0.95
    assert found.value - found.low > 1.1 * (found.high - found.value)
    assert found == estimate(right, [10] * 24)


def test_many_groups_give_the_normal_interval() -> None:
    right = np.random.default_rng(0).binomial(10, 0.7, 400).astype(float)
    found = estimate(right.tolist(), [10] * 400)
    assert width(found) == pytest.approx(2 * 1.96 * (right / 10).std(ddof=1) / 20, rel=0.05)


def test_one_group_that_outweighs_30_others_is_not_resampled() -> None:
    """Its resamples would say that a quarter of all experiments lack it."""
    draw = np.random.default_rng(1)
    right = [*draw.binomial(10, 0.75, 30).astype(float), 230.0]
    sizes = [*[10.0] * 30, 300.0]
    where = design(sizes)
    columns = np.array(right)[:, np.newaxis], np.array(sizes)[:, np.newaxis]
    evidence = ratio(*columns, where, Scale.SHARE, resampled=True)
    assert evidence.replicates is not None
    low, high = np.quantile(evidence.replicates, [0.025, 0.975])
    found = intervals.estimate(evidence, where)
    assert found == intervals.estimate(dataclasses.replace(evidence, replicates=None), where)
    assert width(found) > 2 * (high - low)


def test_simultaneous_intervals_reach_as_far_as_bonferroni_says() -> None:
    amounts, sizes = [2.0, 1, 1, 0, 1, -1], [9.0] * 6
    alone = estimate(amounts, sizes, Scale.DIFFERENCE)
    of_three = estimate(amounts, sizes, Scale.DIFFERENCE, num_comparisons=3)
    # t(5) at 0.975 and at 1 - 0.05 / 6
    assert width(of_three) / width(alone) == pytest.approx(3.533964 / 2.570582, rel=1e-3)
    many = np.random.default_rng(2).normal(1, 3, 40).tolist()
    wider = [width(estimate(many, [10.0] * 40, Scale.DIFFERENCE, num_comparisons=m)) for m in (1, 3, 10, 45)]
    assert wider == sorted(wider)
    assert wider[-1] > 1.5 * wider[0]


def test_the_variance_of_trainings_is_that_between_the_repeats_of_a_fold() -> None:
    # Two folds of one group each: repeats move them by ±0.02 and ±0.01. Sum over folds of the variance of the
    # mean of two: (0.02² + 0.01²) · 2 / (2 - 1) / 2.
    moves = np.array([[0.02, -0.02], [-0.01, 0.01]])
    where = design([10.0, 10.0], num_folds=2)
    assert trainings.training_variance([moves], where) == (pytest.approx(0.0005), 2)
    assert trainings.training_variance([moves[:, :1]], where) == (0.0, 0)


def test_what_trainings_do_to_some_components_alone_is_not_counted_twice() -> None:
    """The variance between components holds it already; with few degrees of freedom it stays, as a margin."""
    where = design([10.0, 10.0])
    alone = np.array([[0.02, -0.02, 0.02, -0.02], [0.0] * 4])
    both = np.array([[0.02, -0.02, 0.02, -0.02]] * 2)
    assert trainings.training_variance([alone], where) == (pytest.approx(0.0), 3)
    # Of what moves both, the variance between two components holds half.
    assert trainings.training_variance([both], where) == (pytest.approx(4 * 0.04**2 / 3 / 4 / 2), 3)
    assert trainings.training_variance([alone[:, :2]], where) == (pytest.approx(2 * 0.02**2 / 2), 1)


@pytest.mark.parametrize(
    ("num_folds", "num_teaching", "crossed", "share"),
    [
        (1, 0, False, 0.0),
        (1, 36, False, 12 / 36 * OF_FIGURE.apart),
        (4, 12, False, OF_FIGURE.apart + OF_FIGURE.same),
        (1, 12, True, OF_FIGURE.apart + OF_FIGURE.same),  # folds that are told apart no more
    ],
)
def test_what_other_groups_would_have_taught_is_in_the_interval(
    num_folds: int, num_teaching: int, crossed: bool, share: float
) -> None:
    """In proportion to those that are tested, and the more where the same groups teach other folds."""
    draw = np.random.default_rng(8)
    right = draw.binomial(10, 0.6, 12).astype(float)
    tested = design([10.0] * 12, num_folds=num_folds)
    where = dataclasses.replace(tested, num_teaching=num_teaching, crossed=crossed)
    evidence = ratio(right[:, np.newaxis], np.full((12, 1), 10.0), where, Scale.DIFFERENCE, resampled=False)
    found = intervals.estimate(dataclasses.replace(evidence, teaching=OF_FIGURE), where)
    untaught = intervals.estimate(dataclasses.replace(evidence, teaching=OF_NOTHING), where)
    assert found.between == pytest.approx(untaught.between * (1 + share))
    assert width(found) == pytest.approx(width(untaught) * (1 + share) ** 0.5)
    assert OF_FIGURE.same > OF_FIGURE.apart > OF_DIFFERENCE.apart > 0


def test_what_all_probabilities_move_depends_more_on_who_taught() -> None:
    rows, components = drawn()
    evidence = measure.measure(rows, components).evidence
    assert evidence[Key(ROC_AUC)].teaching == evidence[Key(ROC_AUC, "a")].teaching == OF_AREA
    assert evidence[Key("log_loss")].teaching == OF_LOSS
    for more in (OF_AREA, OF_LOSS):
        assert more.apart > OF_FIGURE.apart
        assert more.same > OF_FIGURE.same


@pytest.mark.parametrize(("num_wrong", "is_resampled"), [(9, False), (10, True)])
def test_a_share_with_few_mistakes_is_not_resampled(num_wrong: int, is_resampled: bool) -> None:
    """Many resamples would show none of them, and call the rest certain."""
    sizes = np.full((30, 1), 10.0)
    right = sizes - (np.arange(30) < num_wrong)[:, np.newaxis]
    where = design([10.0] * 30)
    evidence = ratio(right, sizes, where, Scale.SHARE, resampled=True)
    without = intervals.estimate(dataclasses.replace(evidence, replicates=None), where)
    assert (intervals.estimate(evidence, where) != without) == is_resampled


def test_trainings_that_differ_widen_the_interval() -> None:
    draw = np.random.default_rng(3)
    sizes = np.full((16, 3), 10.0)
    right = draw.binomial(10, 0.4, (16, 1)).astype(float) + np.zeros((1, 3))
    shifted = right + np.array([-1.5, 0.0, 1.5])
    where = design([10.0] * 16)
    same, other = (
        intervals.estimate(ratio(each, sizes, where, Scale.DIFFERENCE, resampled=False), where)
        for each in (right, shifted)
    )
    assert same.trainings == 0
    assert other.trainings == pytest.approx(0.15**2 / 3)
    variance = same.between + other.trainings
    degrees = variance**2 / (same.between**2 / 15 + other.trainings**2 / 2)  # Satterthwaite
    assert width(other) == pytest.approx(2 * stdtrit(degrees, 0.975) * variance**0.5)
    assert width(other) > 2 * width(same)


def test_repeats_are_paired_only_where_they_share_their_seeds() -> None:
    """What both variants' trainings have in common cancels; without a common seed it counts twice."""
    draw = np.random.default_rng(4)
    sizes = np.full((20, 3), 10.0)
    where = design([10.0] * 20)
    base = draw.binomial(10, 0.6, (20, 1)) + np.array([-1.0, 0.0, 1.0])
    first, second = (ratio(each, sizes, where, Scale.SHARE, resampled=True) for each in (base + 0.5, base))
    paired = minus(first, second, paired=True)
    apart = minus(first, second, paired=False)
    assert trainings.training_variance(paired.contributions, where)[0] == pytest.approx(0.0)
    assert trainings.training_variance(apart.contributions, where)[0] == pytest.approx(2 * 0.1**2 / 3)


def test_resamples_are_the_same_for_the_same_number_of_groups() -> None:
    counts = resampling.resamples(7)
    assert counts.shape == (resampling.NUM_REPLICATES, 7)
    assert (counts.sum(axis=1) == 7).all()
    assert counts.mean(axis=0) == pytest.approx(np.ones(7), abs=0.06)
    resampling.resamples.cache_clear()
    assert (resampling.resamples(7) == counts).all()


def test_many_groups_are_resampled_less_often() -> None:
    sums = np.ones((50_000, 1))
    totals = resampling.resampled_totals(csr_array(sums))
    assert totals.shape == (resampling.MIN_REPLICATES, 1)
    assert (totals == 50_000).all()


@pytest.fixture(scope="module")
def eight_groups() -> list[coverage.Found]:
    return list(coverage.experiments(Case(8), 400))


@pytest.mark.slow
def test_with_8_groups_the_intervals_hold_what_they_promise_and_plain_percentiles_do_not(
    eight_groups: list[coverage.Found],
) -> None:
    accuracies = [found.accuracy for found in eight_groups]
    plain = [found.accuracy._replace(low=found.plain[0], high=found.plain[1]) for found in eight_groups]
    assert coverage.coverage(accuracies, 0.75) >= 0.93
    assert coverage.coverage([found.gain for found in eight_groups], 0.0) >= 0.93
    assert coverage.coverage(plain, 0.75) < 0.93


@pytest.mark.slow
def test_equal_variants_are_seldom_called_different(eight_groups: list[coverage.Found]) -> None:
    assert np.mean([claims.verdict(found.gain) != "open" for found in eight_groups]) <= 0.05
    wrong = [any(claims.verdict(gain) != "open" for gain in found.gains) for found in eight_groups]
    assert np.mean(wrong) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("case", [Case(5), Case(20), Case(30, accuracies=(0.95,) * 3)])
def test_the_intervals_hold_what_they_promise(case: Case) -> None:
    found = list(coverage.experiments(case, 300, joint=False))
    assert 0.92 <= coverage.coverage([each.accuracy for each in found], case.accuracies[0]) <= 0.995
    assert 0.92 <= coverage.coverage([each.gain for each in found], 0.0) <= 0.995


@pytest.mark.slow
def test_where_trainings_share_the_people_who_teach_them_the_intervals_hold_what_they_promise() -> None:
    """Without what other people would have taught, the intervals of accuracy hold the truth in 88 %."""
    variants, truth = teaching.drawn(
        300, variants=teaching.VARIANTS, num_people=12, num_folds=4, num_repeats=1
    )
    accuracies = [measure.figure(Key("accuracy"), first) for first, _, _ in variants]
    assert 0.94 <= coverage.coverage(accuracies, truth[0]) <= 0.98
    for i in (1, 2):  # one differs by its seeds alone, one sees the photos blurred
        found = [gains.gain(each[i], each[0]) for each in variants]
        assert 0.935 <= coverage.coverage(found, truth[i] - truth[0]) <= 0.995
        assert i != 1 or np.mean([claims.verdict(each) != "open" for each in found]) <= 0.05


@pytest.mark.slow
def test_a_gain_of_10_points_is_found_with_30_groups_of_10_photos() -> None:
    draw = np.random.default_rng(5)
    verdicts = [claims.verdict(coverage.power_estimate(draw, 0.05)) for _ in range(300)]
    assert np.mean([each == "better" for each in verdicts]) >= 0.84
    assert "worse" not in verdicts
