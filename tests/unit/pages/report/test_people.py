"""What the page says by person and label."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from tenshots.pages.report import page, people
from tests.drawn import page as drawn_page
from tests.drawn import results as drawn_results

SAID: dict[str, Any] = {
    "num": 12,
    "spread": 0.081,
    "p_value": 0.003,
    "differ": True,
    "all_right": False,
    "next": {"low": 0.62, "high": 0.968, "level": 0.9, "num_photos": 14},
    "no_interval": None,
}
NEXT = "of the next person's photos to be recognised (90\N{NO-BREAK SPACE}% interval)."
ANN = people.Person("ann", 14, 0.643, 0.71)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "Expect 62 to 97\N{NO-BREAK SPACE}% " + NEXT),
        (
            {"next": {**SAID["next"], "low": 0.8991, "high": 1.0}},
            "Expect at least 89\N{NO-BREAK SPACE}% " + NEXT,
        ),
        (
            {"next": {**SAID["next"], "low": 0.95, "high": 1.0}, "all_right": True},
            "All photos of all 12 people were recognised; expect at least 95\N{NO-BREAK SPACE}% " + NEXT,
        ),
        (
            {"next": None, "no_interval": "4 people do not show it; 5 would"},
            "What to expect of the next person cannot be said: 4 people do not show it; 5 would.",
        ),
    ],
)
def test_what_to_expect_of_the_next_person_is_one_sentence(changes: dict[str, Any], expected: str) -> None:
    assert people.expectation({**SAID, **changes}) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {},
            "People differ by a standard deviation of 8.1 points, beyond the luck of so few photos per "
            "person. The photos of ann are the hardest: 71\N{NO-BREAK SPACE}% (counted: "
            "64\N{NO-BREAK SPACE}% of 14 photos).",
        ),
        (
            {"differ": False, "p_value": 0.21},
            "People may differ by a standard deviation of 8.1 points, or by luck alone: with so few photos, "
            "equal people look as different in 21 of 100 cases. The photos of ann came out hardest: "
            "71\N{NO-BREAK SPACE}% (counted: 64\N{NO-BREAK SPACE}% of 14 photos); that may be luck.",
        ),
        (
            {"differ": False, "spread": 0.0},
            "People differ by no more than the luck of so few photos per person explains. Nobody's photos "
            "are shown to be harder than the others'.",
        ),
        ({"differ": False, "spread": 0.0, "all_right": True}, ""),
    ],
)
def test_nobody_is_called_hardest_without_evidence(changes: dict[str, Any], expected: str) -> None:
    said = people.section({**SAID, **changes}, [ANN, people.Person("bob", 14, 0.9, 0.88)]).sentences
    assert " ".join(said[1:]) == expected


def test_a_variant_that_is_right_about_everyone_names_nobody() -> None:
    photos = drawn_results.photos(["book", "cup"], num_groups=6, num_each=4)
    predictions = drawn_results.predictions(photos, ["book", "cup"], skill=50)
    found, _ = people.by_person(predictions, photos, drawn_results.splits(photos), num_divided=0)
    assert (found["all_right"], found["mean"], found["next"]["high"]) == (True, 1, 1)
    assert found["next"]["low"] < 1


def test_four_people_and_a_divided_split_have_no_interval_and_say_why() -> None:
    photos = drawn_results.photos(["book", "cup"], num_groups=4, num_each=4)
    predictions = drawn_results.predictions(photos, ["book", "cup"], skill=1)
    dealt = drawn_results.splits(photos)
    few, who = people.by_person(predictions, photos, dealt, num_divided=0)
    assert (few["next"], few["no_interval"]) == (None, "4 people do not show how people differ; 5 would")
    assert len(who) == 4
    divided, _ = people.by_person(predictions, photos, dealt, num_divided=2)
    assert "nobody is new" in divided["no_interval"]


def test_people_joined_by_near_duplicates_count_once_under_both_names() -> None:
    photos = drawn_results.photos(["book", "cup"], num_groups=6, num_each=2)
    predictions = drawn_results.predictions(photos, ["book", "cup"], skill=1)
    dealt = drawn_results.splits(photos)
    dealt["component"] = dealt["component"].replace({"student05": "student04"})
    found, who = people.by_person(predictions, photos, dealt, num_divided=0)
    assert found["num"] == 5
    assert {person.name: person.num_photos for person in who}["student04 and student05"] == 8


def test_the_page_names_people_and_comparison_json_does_not() -> None:
    inputs = drawn_page.inputs()
    text = page.render(inputs, drawn_page.SETTINGS)
    section = text.split('id="people"', 1)[1].split("<h3", 1)[0]
    assert [person.name for person in inputs.who] == sorted(
        {person.name for person in inputs.who},
        key=[person.name for person in sorted(inputs.who, key=lambda each: each.shrunken)].index,
    )
    assert all(person.name in section for person in inputs.who)
    assert len(inputs.who) == 6
    assert "student" not in json.dumps(inputs.compared["people"])
    assert people.expectation(inputs.compared["people"]) in drawn_page.Elements(text).text


def test_without_groups_the_page_says_why_nothing_is_said_by_person() -> None:
    text = drawn_page.Elements(page.render(drawn_page.inputs(grouped=False), drawn_page.SETTINGS)).text
    assert "the layout does not say who took the photos" in text
    assert drawn_page.inputs(grouped=False).compared["people"]["num"] is None


def of_label(label: str, value: float, interval: list[float] | None, support: int = 9) -> dict[str, Any]:
    return {"label": label, "support": support, "recall": {"value": value, "interval": interval}}


def test_the_hardest_label_is_told_and_whether_that_may_be_luck() -> None:
    rows = [of_label("cup", 0.9, [0.8, 0.97]), of_label("book", 0.5, [0.4, 0.6]), of_label("key", 0, None, 0)]
    assert people.hardest_label("frozen", rows) == (
        "frozen recognises book least: 50.0\N{NO-BREAK SPACE}% of its photos, against "
        "90.0\N{NO-BREAK SPACE}% of cup."
    )
    rows[1] = of_label("book", 0.7, [0.5, 0.85])
    assert people.hardest_label("frozen", rows).endswith("of cup; that may be luck.")
    assert people.hardest_label("frozen", [of_label("cup", 1, None), of_label("book", 1, None)]) == ""


def test_the_axis_holds_everyone_and_the_next() -> None:
    for low in (0.0, 0.31, 0.7, 0.99):
        somebody = people.Person("ann", 3, low, low)
        scale = people.section({**SAID, "next": {**SAID["next"], "low": low}}, [somebody]).scale
        assert scale.low <= low + 1e-9
        assert scale.high == 1
        assert scale.low <= 0.8 + 1e-9, "people who differ by a point do not look worlds apart"
        assert 2 <= len(scale.ticks) <= 7


def test_many_people_are_folded() -> None:
    photos = drawn_results.photos(drawn_page.LABELS, num_groups=15, num_each=1)
    inputs = drawn_page.made(photos, drawn_page.LABELS, {"baseline": 0.6})
    text = page.render(inputs, drawn_page.SETTINGS)
    section = text.split('id="people"', 1)[1].split("<h3", 1)[0]
    assert "3 people" in section.split("<summary>", 1)[1]
    assert pd.Series([person.name in section for person in inputs.who]).all()
