"""The contact sheet of costly mistakes: what it says and which photos it shows."""

from __future__ import annotations

from typing import Any

import pytest

from tenshots.pages.report import costly, page
from tenshots.pages.report.pictures import Album
from tests.drawn import page as drawn_page

ROW: dict[str, Any] = {
    "label": "cup",
    "predicted": "book",
    "own": [{"photo_id": "a", "similarity": 0.8}],
    "answered": [{"photo_id": "b", "similarity": 0.6}],
    "stranger": 0.4,
    "stranger_to_answered": 0.97,
}
BEYOND = {"answered": [{"photo_id": "b", "similarity": 0.9}]}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "no kind of photo seems to be missing"),
        ({"stranger": 0.96}, "96\N{NO-BREAK SPACE}% are more like a training photo of cup"),
        ({"stranger": 0.96}, "photos like it seem to be missing"),
        ({"stranger": 0.99}, "nearly all are more like"),
        (BEYOND, "would help to tell the two apart"),
        ({**BEYOND, "stranger": 0.96}, "photos like it seem to be missing"),  # strange to both labels
        ({**BEYOND, "stranger": 0.96, "stranger_to_answered": 0.5}, "is the label right?"),
        ({**BEYOND, "stranger": None, "stranger_to_answered": None}, "would help to tell the two apart"),
        ({"own": [], "stranger": None}, "trained on no photo of cup"),
    ],
)
def test_a_row_says_what_it_suggests(changes: dict[str, Any], expected: str) -> None:
    assert expected in costly.reading({**ROW, **changes})


def test_the_page_shows_each_mistake_beside_training_photos_of_both_labels() -> None:
    inputs = drawn_page.inputs()
    rows = inputs.compared["costly"]["rows"]
    assert len(rows) == drawn_page.SETTINGS.num_mistakes
    labels = dict(zip(inputs.photos["photo_id"], inputs.photos["label"], strict=True))
    groups = dict(zip(inputs.photos["photo_id"], inputs.photos["group"], strict=True))
    for row in rows:
        assert {labels[near["photo_id"]] for near in row["own"]} == {row["label"]}
        assert {labels[near["photo_id"]] for near in row["answered"]} == {row["predicted"]}
        near = [each["photo_id"] for each in (*row["own"], *row["answered"])]
        assert groups[row["photo_id"]] not in {groups[each] for each in near}, "its person was in training"
    text = page.render(inputs, drawn_page.SETTINGS)
    sheet = text.split('id="costly"', 1)[1].split("<h3", 1)[0]
    assert sheet.count("<use ") == sum(1 + len(row["own"]) + len(row["answered"]) for row in rows)


def test_no_mistakes_and_none_wanted_are_said_apart() -> None:
    inputs = drawn_page.inputs()
    silent = drawn_page.changed(inputs, costly={**inputs.compared["costly"], "rows": []})
    assert (
        "None to show."
        in drawn_page.Elements(
            page.render(silent, drawn_page.SETTINGS.model_copy(update={"num_mistakes": 0, "num_samples": 3}))
        ).text
    )
    nothing = {"network": "pretrained", "has_learnt": True, "num_kinds": 0, "rows": []}
    right = drawn_page.changed(inputs, costly=nothing)
    text = drawn_page.Elements(page.render(right, drawn_page.SETTINGS)).text
    assert "recognised every photo" in text


def test_a_backbone_of_random_weights_is_not_asked_how_alike_photos_are() -> None:
    inputs = drawn_page.inputs()
    compared, predictions = inputs.compared, inputs.results["baseline"].predictions
    photos = predictions.drop_duplicates("photo_id")[["photo_id"]]
    splits = photos.assign(component=photos["photo_id"], fold=0, part="test")
    found = costly.described(predictions, splits, None, network="judge", num_mistakes=3)
    assert found["num_kinds"] > 0
    assert (found["has_learnt"], found["rows"]) == (False, [])
    unasked = drawn_page.changed(inputs, costly={**compared["costly"], "has_learnt": False, "rows": []})
    text = drawn_page.Elements(page.render(unasked, drawn_page.SETTINGS)).text
    assert "Not asked: the backbone of" in text
    assert "Training lacks photos" not in text


def test_a_row_is_shown_with_all_its_photos_or_not_at_all() -> None:
    inputs = drawn_page.inputs()
    images = dict(zip(inputs.photos["photo_id"], inputs.photos["image"], strict=True))
    first, second, *_ = inputs.compared["costly"]["rows"]
    del images[second["own"][-1]["photo_id"]]
    if second["own"][-1] in (*first["own"], *first["answered"]):
        pytest.skip("both rows show that photo")
    rows = costly.sheet(inputs.compared["costly"], inputs.photos, Album(images))
    assert [row.photo.photo_id for row in rows] == [first["photo_id"]]
