"""Sentences, and the photos that would settle a difference."""

import re

import numpy as np
import pytest
from scipy.stats import binomtest

from tenshots.statistics import claims, plans
from tenshots.statistics.evidence import Design
from tenshots.statistics.gains import ALIKE
from tenshots.statistics.intervals import Estimate
from tenshots.statistics.measure import Measured
from tenshots.statistics.plans import Plan, SampleSize

SAMPLE = SampleSize(num_photos=240, num_sets=12, unit="group", num_repeats=2, num_comparisons=1)


OPEN = "neither a difference nor equality can be claimed of augmented and baseline: "
MEASURED = OPEN + "with 240 test photos from 12 groups the interval is \u22127.0 to +12.1 points"


def gain(value: float, low: float | None, high: float | None, **others: float) -> Estimate:
    reason = "too few" if low is None else None
    return Estimate(value, low, high, reason, num_components=12)._replace(**others)


def measured(right: list[float]) -> Measured:
    design = Design(np.zeros(1, dtype=int), np.zeros(1, dtype=int), np.ones(1))
    ids = np.arange(len(right)).astype(str)
    return Measured(ids, np.array(right), [0], design, "book", {}, ())


def sentence(found: Estimate, within: Estimate | None = None, sample: SampleSize = SAMPLE) -> str:
    return claims.sentence("augmented", "baseline", found, within or found, sample)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (gain(0.061, 0.023, 0.098), "augmented is better than baseline by 6.1 points (2.3 to 9.8)"),
        (gain(-0.061, -0.098, -0.023), "augmented is worse than baseline by 6.1 points (2.3 to 9.8)"),
        (gain(0.02, -0.07, 0.121), MEASURED),
        (
            gain(0.02, -0.07, 0.121, between=0.0023, trainings=0.0),
            MEASURED + "; about 1,800 photos from 89 groups would settle a 5-point difference",
        ),
        (gain(0.3, None, None), OPEN + "too few"),
        (
            gain(0.02, -0.07, 0.121, between=0.3, trainings=0.0),
            MEASURED + "; it would take more than 10,000 photos to settle a 5-point difference",
        ),
        (
            gain(0.02, -0.07, 0.121, between=0.0001, trainings=0.002),
            MEASURED
            + "; with repeats: 25 this many photos would find a true difference of 5 points in 4 of 5 "
            "experiments",
        ),
        (
            gain(0.02, -0.07, 0.121, between=0.0023, trainings=0.0004),
            MEASURED
            + "; about 2,600 photos from 130 groups with repeats: 8 would settle a 5-point difference",
        ),
        (
            gain(0.02, -0.07, 0.121, between=0.0001, trainings=0.00001),
            MEASURED + "; this many photos would find a true difference of 5 points in 4 of 5 experiments",
        ),
        (
            Estimate(0.0, None, None, ALIKE, num_components=12),
            "augmented and baseline recognise the same photos: each of the 240 is recognised by both equally "
            "often",
        ),
    ],
)
def test_a_sentence_claims_what_the_interval_allows(found: Estimate, words: str) -> None:
    assert sentence(found) == words


@pytest.mark.parametrize(
    ("found", "within", "claim", "words"),
    [
        (
            (0.01, -0.031, 0.042),
            (0.01, -0.021, 0.034),
            "equal",
            "augmented and baseline are equally good to within 5 points (90 % interval \u22122.1 to +3.4)",
        ),
        (
            (0.02, 0.003, 0.052),
            (0.02, 0.006, 0.047),
            "better",
            "augmented is better than baseline, but by less than 5 points: 2.0 points (0.3 to 5.2)",
        ),
        (
            (-0.02, -0.052, -0.003),
            (-0.02, -0.047, -0.006),
            "worse",
            "augmented is worse than baseline, but by less than 5 points: 2.0 points (0.3 to 5.2)",
        ),
        (  # an end that is printed as the margin is not within it
            (0.03, -0.031, 0.062),
            (0.03, -0.021, 0.0496),
            "open",
            OPEN + "with 240 test photos from 12 groups the interval is \u22123.1 to +6.2 points",
        ),
    ],
)
def test_equality_is_claimed_where_the_interval_of_90_percent_lies_within_the_margin(
    found: tuple[float, float, float], within: tuple[float, float, float], claim: str, words: str
) -> None:
    assert claims.claim(gain(*found), gain(*within), SAMPLE.margin) == claim
    assert sentence(gain(*found), gain(*within)) == words
    assert claims.claim(gain(*found), gain(*within), 0.1) == ("equal" if claim == "open" else claim)


def test_a_sentence_and_its_interval_never_contradict_each_other() -> None:
    """As printed too: a claim shows no 0.0 among its ends, and without a claim the interval holds 0."""
    draw = np.random.default_rng(0)
    for _ in range(2_000):
        value, half = draw.normal(0, 0.002), abs(draw.normal(0, 0.002))
        found = gain(value, value - half, value + half)
        text = sentence(found, gain(value, value - 0.1, value + 0.1))
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
        text = sentence(found, sample=SAMPLE._replace(num_divided=3))
        assert text.endswith(
            " (but the given split has 3 of the 12 groups in both training and test, so this says less about "
            "new groups)"
        )


def test_where_each_photo_is_its_own_set_only_photos_are_counted() -> None:
    sample = SampleSize(num_photos=100, num_sets=100, unit="photo", num_repeats=1, num_comparisons=1)
    text = sentence(gain(0.02, -0.07, 0.12, between=0.0023, trainings=0.0), sample=sample)
    assert text.endswith(
        "with 100 test photos the interval is \u22127.0 to +12.0 points; "
        "about 730 photos would settle a 5-point difference"
    )


def test_the_plan_has_the_power_it_promises() -> None:
    """Drawn again with as many groups, a true difference of 5 points is found in about 4 of 5 experiments."""
    spread = 0.166  # of the groups' differences
    found = plans.plan(gain(0.0, -0.1, 0.1, between=spread**2 / 12, trainings=0.0), SAMPLE)
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
        found = plans.plan(gain(0.0, -0.1, 0.1, between=between, trainings=trainings), sample)
        assert found is not None
        assert found.num_photos is not None
        return found.num_photos

    least = photos(0.001, 0.0, 1)
    assert least < photos(0.002, 0.0, 1)
    assert least < photos(0.001, 0.0001, 1)
    assert least < photos(0.001, 0.0, 3)


def test_nothing_is_planned_where_nothing_shows_how_photos_differ() -> None:
    assert plans.plan(gain(0.0, None, None), SAMPLE) is None
    assert plans.plan(gain(0.0, None, None, between=0.0, trainings=0.0), SAMPLE) is None


def test_with_fewer_than_5_groups_a_number_is_given_nevertheless() -> None:
    few = gain(0.1, None, None, between=0.004, num_components=3)
    found = plans.plan(few, SAMPLE._replace(num_photos=31, num_sets=3))
    assert found is not None
    assert found.num_sets is not None
    assert found.num_sets >= 5


def test_a_plan_is_rounded_up_to_two_digits() -> None:
    found = plans.plan(gain(0.0, -0.1, 0.1, between=0.004, trainings=0.0), SAMPLE)
    assert found == Plan(num_photos=3100, num_sets=160, num_repeats=2, num_in_all=3100)


def test_where_a_share_is_tested_a_plan_counts_the_others_too() -> None:
    """Who has 960 photos, of which 240 are tested, is not told that 800 would do."""
    found = gain(0.02, -0.07, 0.121, between=0.001, trainings=0.0)
    share = SAMPLE._replace(num_in_all=960)
    assert plans.plan(found, share) == Plan(num_photos=800, num_sets=40, num_repeats=2, num_in_all=3200)
    assert sentence(found, sample=share).endswith(
        "; about 800 test photos from 40 groups, 3,200 photos in all, would settle a 5-point difference"
    )


def test_a_plan_never_asks_for_less_than_there_is() -> None:
    for between in np.geomspace(1e-6, 0.01, 30):
        for trainings in (0.0, 1e-5, 3e-4, 6e-4, 1e-3):
            found = plans.plan(gain(0.0, -0.1, 0.1, between=between, trainings=trainings), SAMPLE)
            assert found is not None
            if found.num_photos is not None:
                assert found.num_photos >= SAMPLE.num_photos
                assert (found.num_sets or 0) >= SAMPLE.num_sets
                assert (found.num_repeats or 0) >= SAMPLE.num_repeats


def test_a_plan_just_within_the_noise_of_trainings_asks_for_repeats_and_not_for_all_the_photos() -> None:
    """Two trainings per fold leave next to nothing of what 5 points allow; a few more leave most of it."""
    found = plans.plan(gain(0.0, -0.1, 0.1, between=0.0005, trainings=0.000318), SAMPLE)
    assert found is not None
    assert found.num_repeats is not None
    assert 2 < found.num_repeats < 20
    assert found.num_photos is not None
    assert found.num_photos < 1000


def test_rounding_is_no_variance() -> None:
    assert plans.plan(gain(0.0, -0.1, 0.1, between=1e-17, trainings=0.0), SAMPLE) is None


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
