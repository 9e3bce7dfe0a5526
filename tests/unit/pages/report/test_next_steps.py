"""What the first screen says to do next."""

import re
from typing import Any

import pytest

from tenshots.pages.report import next_steps, page
from tests.drawn import results as drawn_results
from tests.drawn.page import LABELS, SETTINGS, Elements, inputs, made
from tests.drawn.studied import STUDY


def row(**changes: object) -> dict[str, Any]:
    """A mistake whose photo is a stranger among its label's, and no nearer to the answered label's."""
    near = [{"photo_id": "p", "similarity": 0.5}]
    return {
        "label": "cup",
        "own": near,
        "answered": near,
        "stranger": 0.95,
        "stranger_to_answered": 0.95,
    } | changes


def compared(*, num_suspects: int = 0, rows: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    one = {**inputs().compared["variants"]["baseline"], "interval": [0.7, 0.8]}
    return {
        **inputs().compared,
        "chosen": "baseline",
        "choice": None,
        "variants": {"baseline": one},
        "differences": [],
        "suspects": {"num_suspects": num_suspects},
        "costly": {"rows": rows},
    }


def texts(found: dict[str, Any]) -> list[str]:
    return [step.text for step in next_steps.next_steps(found)]


def test_labels_to_check_come_first_then_photos_to_take() -> None:
    assert texts(compared(num_suspects=2, rows=(row(), row(label="book")))) == [
        "2 labels may be wrong: look, and correct where one is.",
        "Training lacks photos like those of 2 of the worst mistakes (book and cup): add some, by other "
        "people.",
    ]
    assert texts(compared(num_suspects=1, rows=(row(),))) == [
        "1 label may be wrong: look, and correct where it is.",
        "Training lacks photos like those of one of the worst mistakes (cup): add some, by other people.",
    ]


@pytest.mark.parametrize(
    "other",
    [
        row(stranger=0.5),
        row(stranger=None),
        row(
            answered=[{"photo_id": "q", "similarity": 0.9}], stranger_to_answered=0.1
        ),  # the label may be wrong
    ],
)
def test_a_mistake_that_lacks_no_photos_asks_for_none(other: dict[str, Any]) -> None:
    assert texts(compared(rows=(other,))) == ["Nothing stands out: photos of further people would say most."]


def test_photos_by_more_people_are_asked_for_where_there_are_too_few_to_tell() -> None:
    found = {**compared(), "num_test_components": 7, "unit": "independent set"}
    one = found["variants"]["baseline"]
    wide = {**found, "variants": {"baseline": {**one, "interval": [0.44, 0.98]}}}
    begin = "Add photos by more people: with 7 independent sets, "
    assert texts(wide) == [f"{begin}the accuracy may be anywhere from 44.0 to 98.0\N{NO-BREAK SPACE}%."]
    none = {**found, "variants": {"baseline": {**one, "interval": None}}}
    assert texts(none) == [f"{begin}no interval can be given."]
    open_ = {"variant": "b", "reference": "a", "asked": True, "claim": "open"}
    both = [{**open_, "too_few": True}, {**open_, "too_few": False}]
    assert texts({**found, "differences": both}) == [f"{begin}1 of the 2 comparisons above cannot be judged."]
    assert texts({**wide, "grouped": False})[0].startswith("Add more photos like these")
    by_fold = {"variants_by_fold": ["baseline", "b"], "interval": [0.2, 0.9]}
    assert "from 20.0 to 90.0" in texts({**found, "choice": by_fold})[0]


def test_the_first_screen_answers_four_questions_in_order_and_its_links_lead_somewhere() -> None:
    photos = drawn_results.photos(LABELS, num_groups=6, num_each=2)
    studied = made(photos, LABELS, drawn_results.SKILLS, studies=dict.fromkeys(drawn_results.SKILLS, STUDY))
    elements = Elements(page.render(studied, SETTINGS))
    asked = ["Did it help?", "How sure?", "Have I enough photos?", "What next?"]
    questions = re.findall(r"[A-Z][^.?!]*\?", elements.text)
    assert [question for question in questions if question in asked] == asked
    ids = {attributes["id"] for _, attributes in elements.tags if "id" in attributes}
    assert {next_steps.SUSPECTS, next_steps.COSTLY} <= ids
