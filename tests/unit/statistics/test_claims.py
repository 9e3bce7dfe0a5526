"""Sentences, and the photos that would settle a difference."""

import re

import numpy as np
import pytest
from scipy.stats import binomtest

from tenshots.statistics import claims
from tenshots.statistics.claims import Plan, SampleSize
from tenshots.statistics.evidence import Design
from tenshots.statistics.intervals import Estimate
from tenshots.statistics.measure import Measured

SAMPLE = SampleSize(num_photos=240, num_sets=12, unit="group", num_repeats=2, num_comparisons=1)


OPEN = "no difference can be claimed between augmented and baseline: with 240 test photos from 12 groups "


def gain(value: float, low: float | None, high: float | None, **others: float) -> Estimate:
    reason = "too few" if low is None else None
    return Estimate(value, low, high, reason, num_components=12)._replace(**others)


def measured(right: list[float]) -> Measured:
    design = Design(np.zeros(1, dtype=int), np.zeros(1, dtype=int), np.ones(1))
    ids = np.arange(len(right)).astype(str)
    return Measured(ids, np.array(right), [0], design, "book", {}, ())


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (gain(0.061, 0.023, 0.098), "augmented is better than baseline by 6.1 points (2.3 to 9.8)"),
        (gain(-0.061, -0.098, -0.023), "augmented is worse than baseline by 6.1 points (2.3 to 9.8)"),
        (
            gain(0.02, -0.07, 0.121),
            OPEN + "the interval is \u22127.0 to +12.1 points",
        ),
        (
            gain(0.02, -0.07, 0.121, between=0.0023, trainings=0.0),
            OPEN
            + "the interval is \u22127.0 to +12.1 points; about 1,800 photos from 89 groups would settle a "
            "5-point difference",
        ),
        (
            gain(0.3, None, None),
            "no difference can be claimed between augmented and baseline: too few",
        ),
        (
            gain(0.01, -0.02, 0.04, between=0.0002),
            OPEN
            + "the interval is \u22122.0 to +4.0 points, which rules out a difference of 5 points or more",
        ),
        (
            gain(0.02, -0.07, 0.121, between=0.3, trainings=0.0),
            OPEN
            + "the interval is \u22127.0 to +12.1 points; it would take more than 10,000 photos to settle a "
            "5-point difference",
        ),
        (
            gain(0.02, -0.07, 0.121, between=0.0001, trainings=0.002),
            OPEN + "the interval is \u22127.0 to +12.1 points; more photos alone would not settle a 5-point "
            "difference, since trainings differ too much: set repeats to about 26",
        ),
    ],
)
def test_a_sentence_claims_what_the_interval_allows(found: Estimate, words: str) -> None:
    assert claims.sentence("augmented", "baseline", found, SAMPLE) == words


def test_a_sentence_and_its_interval_never_contradict_each_other() -> None:
    """As printed too: a claim shows no 0.0 among its ends, and without a claim the interval holds 0."""
    draw = np.random.default_rng(0)
    for _ in range(2_000):
        value, half = draw.normal(0, 0.002), abs(draw.normal(0, 0.002))
        found = gain(value, value - half, value + half)
        text = claims.sentence("a", "b", found, SAMPLE)
        if claims.verdict(found) == "open":
            low, high = (
                float(end.replace("\N{MINUS SIGN}", "-"))
                for end in re.findall(r"interval is (\S+) to (\S+) points", text)[0]
            )
            assert low <= 0 <= high
        else:
            assert (claims.verdict(found) == "better") == (value > 0)
            low, high = (float(end) for end in re.findall(r"\((\S+) to (\S+)\)", text)[0])
            assert 0 < low <= high


def test_a_split_that_divides_people_is_part_of_the_claim() -> None:
    for found in (gain(0.06, 0.02, 0.1), gain(0.02, -0.07, 0.12)):
        text = claims.sentence("a", "b", found, SAMPLE._replace(num_divided=3))
        assert text.endswith(
            " (but the given split has 3 of the 12 groups in both training and test, so this says less about "
            "new groups)"
        )


def test_where_each_photo_is_its_own_set_only_photos_are_counted() -> None:
    sample = SampleSize(num_photos=100, num_sets=100, unit="photo", num_repeats=1, num_comparisons=1)
    text = claims.sentence("a", "b", gain(0.02, -0.07, 0.12, between=0.0023, trainings=0.0), sample)
    assert text.endswith(
        "with 100 test photos the interval is \u22127.0 to +12.0 points; "
        "about 730 photos would settle a 5-point difference"
    )


def test_the_plan_has_the_power_it_promises() -> None:
    """Drawn again with as many groups, a true difference of 5 points is found in about 4 of 5 experiments."""
    spread = 0.166  # of the groups' differences
    found = claims.plan(gain(0.0, -0.1, 0.1, between=spread**2 / 12, trainings=0.0), SAMPLE)
    assert found is not None
    assert found.num_sets is not None
    assert found.num_photos == pytest.approx(found.num_sets * 20, rel=0.1)
    draw = np.random.default_rng(0)
    means = draw.normal(0.05, spread, (4_000, found.num_sets))
    reach = 1.987 * means.std(axis=1, ddof=1) / found.num_sets**0.5
    assert 0.78 <= np.mean(means.mean(axis=1) - reach > 0) <= 0.84


def test_more_comparisons_more_noise_and_worse_trainings_ask_for_more_photos() -> None:
    def photos(between: float, trainings: float, num_comparisons: int) -> int:
        sample = SAMPLE._replace(num_comparisons=num_comparisons)
        found = claims.plan(gain(0.0, -0.1, 0.1, between=between, trainings=trainings), sample)
        assert found is not None
        assert found.num_photos is not None
        return found.num_photos

    least = photos(0.001, 0.0, 1)
    assert least < photos(0.002, 0.0, 1)
    assert least < photos(0.001, 0.0001, 1)
    assert least < photos(0.001, 0.0, 3)


def test_nothing_is_planned_where_nothing_shows_how_photos_differ() -> None:
    assert claims.plan(gain(0.0, None, None), SAMPLE) is None
    assert claims.plan(gain(0.0, None, None, between=0.0, trainings=0.0), SAMPLE) is None


def test_with_fewer_than_5_groups_a_number_is_given_nevertheless() -> None:
    few = gain(0.1, None, None, between=0.004, num_components=3)
    found = claims.plan(few, SAMPLE._replace(num_photos=31, num_sets=3))
    assert found is not None
    assert found.num_sets is not None
    assert found.num_sets >= 5


def test_a_plan_is_rounded_up_to_two_digits() -> None:
    found = claims.plan(gain(0.0, -0.1, 0.1, between=0.004, trainings=0.0), SAMPLE)
    assert found == Plan(num_photos=3100, num_sets=160, num_repeats=None)


def test_mcnemar_counts_the_photos_on_which_two_variants_differ() -> None:
    first = measured([1, 1, 1, 1, 1, 0, 0, 1, 0.5])
    second = measured([0, 0, 0, 0, 0, 1, 0, 1, 0.0])
    found = claims.mcnemar(first, second)
    assert (found.num_better, found.num_worse) == (6, 1)
    assert found.p_value == pytest.approx(binomtest(1, 7).pvalue) == pytest.approx(2 * (1 + 7) / 2**7)
    assert claims.mcnemar(second, first).p_value == found.p_value
    assert claims.mcnemar(first, first) == (0, 0, 1.0)


@pytest.mark.parametrize(
    ("share", "text"), [(0.07, "+7.0"), (-0.07, "\u22127.0"), (-0.0001, "0.0"), (0, "0.0")]
)
def test_points_have_their_sign(share: float, text: str) -> None:
    assert claims.signed_points(share) == text


@pytest.mark.parametrize("end", [0.0, 0.0001, 0.00049, 0.0005, 0.0006, 0.00149, 0.05])
def test_a_claim_is_made_where_the_printed_interval_leaves_out_zero(end: float) -> None:
    """Never "better" beside "(0.0 to 9.8)", and never "open" beside "+0.1 to +9.8"."""
    is_apart = claims.signed_points(end) != "0.0"
    assert claims.side_of_zero((end, 0.098)) == (1 if is_apart else 0)
    assert claims.side_of_zero((-0.098, -end)) == (-1 if is_apart else 0)
    assert claims.verdict(gain(0.05, end, 0.098)) == ("better" if is_apart else "open")
    assert claims.side_of_zero(None) == 0
