"""Truths about the picture of people and photos, and about the line for the first screen."""

from __future__ import annotations

import re

import pytest

from tenshots.pages.report import enough
from tests.drawn.studied import STUDY

FOUND = STUDY["learning_curve"]


@pytest.mark.parametrize("broad", [False, True])
def test_the_curves_meet_now_and_end_at_twice_as_much_within_the_frame(broad: bool) -> None:
    drawn = enough.picture(FOUND, broad=broad)
    assert drawn is not None
    left, right, top, bottom = drawn.frame
    people, photos = drawn.lines
    assert (people.name, people.dashed, photos.dashed) == ("people", False, True)
    assert people.dots[-1].x == photos.dots[-1].x == drawn.now == (left + right) / 2
    assert people.dots[0].x == pytest.approx(left + (right - left) / 8, abs=0.1)
    places = [tuple(map(float, place)) for place in re.findall(r"([\d.]+) ([\d.]+)", people.path)]
    assert places[-1][0] == right
    assert all(left <= x <= right and top <= y <= bottom for x, y in places)
    assert people.dots[0].words == "5 people: 50.0 % (40.0 to 60.0)"
    assert photos.dots[1].words == "20 photos each: 62.0 %"


@pytest.mark.parametrize("broad", [False, True])
def test_a_bar_is_the_gain_over_now_and_ends_where_the_picture_does(broad: bool) -> None:
    drawn = enough.picture(FOUND, broad=broad)
    assert drawn is not None
    people, photos = (line.reach for line in drawn.lines)
    assert people is not None
    assert photos is not None
    _, right, top, bottom = drawn.frame
    assert (people.x, photos.x) == (right, right - enough.ASIDE)
    # From 0.6 to 0.7 on an axis from 0.5 to 1.
    assert people.low == pytest.approx(bottom - 0.2 * (bottom - top), abs=0.1)
    assert people.high == pytest.approx(bottom - 0.4 * (bottom - top), abs=0.1)
    assert photos.high == top
    ticks = [tick.text for tick in drawn.y_ticks]
    assert (ticks[0], ticks[-1]) == ("50 %", "100 %")


def test_without_a_law_there_are_dots_alone_and_without_an_axis_no_picture() -> None:
    bare = {**FOUND["axes"][0], "band": [], "twice": None}
    drawn = enough.picture({**FOUND, "axes": [bare]})
    assert drawn is not None
    (line,) = drawn.lines
    assert (line.path, line.reach, len(line.dots)) == ("", None, 2)
    assert enough.picture({**FOUND, "axes": []}) is None


def test_the_first_variant_that_was_studied_answers() -> None:
    studies = {"frozen": STUDY, "other": {"learning_curve": None}}
    told = "Twice the people would help. (Measured with the variant frozen.)"
    assert enough.first_line(studies, ["baseline", "other", "frozen"]) == told
    more = told.replace(".)", "; to tell close variants apart takes more.)")
    assert enough.first_line(studies, ["frozen"], is_open=True) == more
    nothing = {"learning_curve": {**FOUND, "axes": [], "enough": "Have I enough? Not measured: why."}}
    assert enough.first_line({"frozen": nothing}, ["frozen"]) == "Not measured: why."
    assert enough.first_line(studies, ["other"]) is None
    assert enough.first_line({}, ["frozen"]) is None
