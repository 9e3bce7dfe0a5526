"""What the page says in which situation: the table of situations and sentences, from answers to words."""

import numpy as np
import pytest

from tenshots.statistics import claims, gains, intervals, measure
from tenshots.statistics.measure import Measured
from tenshots.statistics.plans import SampleSize
from tenshots.statistics.tallies import Key
from tests.drawn.answers import answers, groups

ALL, NONE = [1] * 20, [0] * 20
TEN_OF_20, EIGHT_OF_20 = [1] * 10 + [0] * 10, [1] * 8 + [0] * 12
NEITHER = "neither a difference nor equality can be claimed of B and A: "
ANY_12 = [[1] * number + [0] * (20 - number) for number in (20, 19, 18, 20, 17, 20, 19, 16, 20, 18, 20, 19)]

SITUATIONS = {
    "the clearest difference there is": (
        [ALL] * 12,
        [NONE] * 12,
        "B is better than A by 100.0 points (95.8 to 100.0)",
    ),
    "the same small gain in each of 12 groups": (
        [TEN_OF_20] * 12,
        [EIGHT_OF_20] * 12,
        "B is better than A by 10.0 points (7.4 to 12.6)",
    ),
    "in 11 of 12 groups": (
        [TEN_OF_20] * 11 + [EIGHT_OF_20],
        [EIGHT_OF_20] * 12,
        "B is better than A by 9.2 points (7.3 to 11.0)",
    ),
    "in each of 8 groups one more photo": (
        [TEN_OF_20] * 8,
        [[1] * 9 + [0] * 11] * 8,
        "B is better than A by 5.0 points (3.2 to 6.8)",
    ),
    "in one of them two more": (
        [TEN_OF_20] * 7 + [[1] * 11 + [0] * 9],
        [[1] * 9 + [0] * 11] * 8,
        "B is better than A by 5.6 points (3.2 to 13.0)",
    ),
    "in each of 5 groups": (
        [TEN_OF_20] * 5,
        [EIGHT_OF_20] * 5,
        NEITHER + "all 5 groups agree, but 5 are too few; 6 are needed",
    ),
    "in each of 6 groups": (
        [TEN_OF_20] * 6,
        [EIGHT_OF_20] * 6,
        "B is better than A by 10.0 points (5.4 to 14.6)",
    ),
    "fewer than 5 groups": (
        [TEN_OF_20, TEN_OF_20, EIGHT_OF_20],
        [EIGHT_OF_20] * 3,
        NEITHER + "3 groups are too few; at least 6 are needed; about 440 photos from "
        "22 groups would settle a 5-point difference (if photos of one group correlate by 0.05, which so few "
        "do not show)",
    ),
    "the same answers": (
        ANY_12,
        ANY_12,
        "B and A recognise the same photos: each of the 240 is recognised by both equally often",
    ),
    "wrong on the same photos, with other answers": (
        [TEN_OF_20] * 12,
        [TEN_OF_20] * 12,
        "B and A recognise the same photos: each of the 240 is recognised by both equally often",
    ),
    "5 of 6 groups are better and one is worse": (
        [[1] * 19 + [0]] * 5 + [[0] * 20],
        [[0] * 20] * 5 + [[1] + [0] * 19],
        NEITHER
        + "with 120 test photos from 6 groups the interval is 0.0 to +100.0 points, since only 5 groups show "
        "such a difference, and 6 are needed",
    ),
    "4 of 20 groups of one photo differ": (
        [[1]] * 20,
        [[0]] * 4 + [[1]] * 16,
        NEITHER
        + "with 20 test photos the interval is \N{MINUS SIGN}2.1 to +43.7 points, since only 4 photos show a "
        "difference, and 6 are needed",
    ),
    "nearly the same": (
        ANY_12,
        [*ANY_12[:11], [1] * 18 + [0] * 2],
        "B and A are equally good to within 5 points (90 % interval \N{MINUS SIGN}2.0 to +3.1)",
    ),
    "a gain too small to matter": (
        [ALL] * 30,
        [[1] * 19 + [0]] * 15 + [ALL] * 15,
        "B is better than A, but by less than 5 points: 2.5 points (1.5 to 3.3)",
    ),
    "5 of 5 groups, not quite alike": (
        [ALL, ALL, [1] * 19 + [0], ALL, ALL],
        [NONE] * 5,
        NEITHER
        + "with 100 test photos from 5 groups the interval is 0.0 to +100.0 points, since only 5 groups "
        "show a difference, and 6 are needed",
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_what_is_said(situation: str) -> None:
    one, other, sentence = SITUATIONS[situation]
    sizes = {len(group) for group in one}
    unit = "photo" if sizes == {1} else "group"
    sample = SampleSize(sum(map(len, one)), len(one), unit, num_repeats=1, num_comparisons=1)
    pair = of_groups(one), of_groups(other)
    gain, within = gains.gain(*pair), gains.gain(*pair, tail=claims.TAIL_OF_EQUALITY)
    assert claims.sentence("B", "A", gain, within, sample) == sentence


def test_all_right_is_surer_than_all_but_one() -> None:
    """240 photos of 12 groups, all right, would give 73.5 to 100 if each group were one answer."""
    intervals_of = [
        accuracy(of_groups([*[ALL] * 11, [1] * (20 - wrong) + [0] * wrong])) for wrong in range(4)
    ]
    assert intervals_of == [(97.0, 100.0), (96.2, 100.0), (92.8, 100.0), (89.5, 99.9)]


def accuracy(measured: Measured) -> tuple[float, float]:
    found = intervals.estimate(measured.evidence[Key("accuracy")], measured.design)
    return round(100 * (found.low or 0.0), 1), round(100 * (found.high or 0.0), 1)


def of_groups(right: list[list[int]]) -> Measured:
    """One list per group, of whether each photo is named rightly."""
    flat = np.concatenate(right).astype(bool).tolist()
    return measure.measure(answers(flat), groups([len(group) for group in right]))
