"""Truths about what the learning curve says: figures, sentences, and the line for the first screen."""

from __future__ import annotations

import pytest

from tenshots.errors import DataError
from tenshots.studies import growth, summary
from tenshots.studies.axes import PEOPLE, PHOTOS, PHOTOS_EACH, Axis
from tenshots.studies.curve import Curve, Extrapolation
from tenshots.studies.growth import Along
from tests.drawn.studied import NUMBERS, along


def law(
    low: float | None, high: float | None, *, gain: float = 0.034, p: float | None = 0.5
) -> Extrapolation:
    reason = "5 are needed" if low is None else None
    return Extrapolation(Curve(0.9, 1, 0.5), gain, low, high, reason, p)


@pytest.mark.parametrize(
    ("low", "high", "p_value", "verdict"),
    [
        (0.01, 0.08, 0.5, "gain"),
        (0.0, 0.08, 0.5, "open"),
        (0.0, 0.009, 0.5, "little"),
        (0.01, 0.08, 0.01, "misfit"),
        (None, None, None, "unknown"),
    ],
)
def test_the_interval_decides_what_is_claimed(
    low: float | None, high: float | None, p_value: float | None, verdict: str
) -> None:
    assert growth.claim(law(low, high, p=p_value)) == verdict


@pytest.mark.parametrize(
    ("axis", "found", "words"),
    [
        (PEOPLE, law(0.009, 0.058), "twice the people, as many photos each: +3.4 points (0.9 to 5.8)"),
        (PHOTOS_EACH, law(0.0, 0.058), "twice the photos each: +3.4 points (0.0 to 5.8)"),
        (PHOTOS, law(0.009, 0.058), "twice the photos: +3.4 points (0.9 to 5.8)"),
        (PHOTOS_EACH, law(0.0, 0.009), "more photos of these people would bring less than 1 point"),
        (
            PEOPLE,
            law(0.0, 0.1, p=0.001),
            "twice the people, as many photos each: it cannot be said, because these accuracies do not "
            "follow an inverse power law (p = 0.001)",
        ),
        (
            PHOTOS,
            law(None, None, p=None),
            "twice the photos: +3.4 points by the curve, without an interval, because 5 are needed",
        ),
    ],
)
def test_a_gain_is_a_clause_with_its_interval(axis: Axis, found: Extrapolation, words: str) -> None:
    assert growth.told(axis, found) == words


def test_people_and_photos_make_one_sentence_and_one_line() -> None:
    (people, components), (photos, _) = along(PEOPLE), along(PHOTOS_EACH)
    found = growth.learning_curve("small", [people, photos], components, grouped=True, num_updates=80)
    first, second = found["axes"]
    assert [point["number"] for point in first["points"]] == [2, 5, 10]
    low, high = first["twice"]["interval"]
    assert low <= first["twice"]["gain"] <= high
    assert first["twice"]["number"] == first["band"][-1]["number"] == pytest.approx(20)
    assert (second["axis"], second["unit"]) == ("photos", "photos each")
    gain, ends = f"{100 * first['twice']['gain']:.1f}", f"({100 * low:.1f} to {100 * high:.1f})"
    assert found["answer"] == (
        f"Twice the people, as many photos each: +{gain} points {ends}; "
        f"twice the photos each: +{gain} {ends}."
    )
    assert found["enough"] == f"Have I enough? No, more would help. {found['answer']}"
    assert found["num_draws"] == 2
    assert any("taught 2 times at each share" in text for text in found["sentences"])


def test_where_neither_would_bring_a_point_there_is_enough() -> None:
    flat, components = along(PEOPLE, num_groups=30)
    same = dict.fromkeys(flat.predictions, flat.predictions[1.0])
    measured = [Along(axis, same, NUMBERS) for axis in (PEOPLE, PHOTOS_EACH)]
    found = growth.learning_curve("small", measured, components, grouped=True, num_updates=0)
    assert found["enough"] == (
        "Have I enough? Yes, of photos like these: more people like these or more photos of these people "
        "would bring small less than 1 point."
    )


@pytest.mark.parametrize(
    ("gain", "low", "high", "verdict"),
    [
        (0.04, 0.01, 0.07, "No, more would help."),
        (0.004, 0.001, 0.02, "Probably."),  # a gain, but hardly one
        (0.04, -0.01, 0.09, "That cannot be told."),
        (0.004, None, None, "That cannot be told."),
    ],
)
def test_the_question_is_answered_with_yes_or_no_as_far_as_it_can_be(
    gain: float, low: float | None, high: float | None, verdict: str
) -> None:
    found = law(low, high, gain=gain, p=None if low is None else 0.5)
    assert growth._verdict([found]) == verdict


def test_where_nothing_can_be_left_out_the_reason_is_the_answer() -> None:
    found = growth.not_measured(["a fold has only 3 people to learn from"])
    assert (found["axes"], found["num_draws"]) == ([], 0)
    assert found["answer"] == "Not measured: a fold has only 3 people to learn from."
    assert found["enough"] == "Have I enough? Not measured: a fold has only 3 people to learn from."
    assert found["sentences"] == []  # or the page would say it twice


def test_of_what_no_seed_moves_nothing_is_said_of_updates_and_of_one_training_that_it_is_one() -> None:
    one, components = along(PEOPLE, num_repeats=1)
    solved, trained = (
        " ".join(growth.learning_curve("s", [one], components, grouped=True, num_updates=number)["sentences"])
        for number in (0, 80)
    )
    assert "number of updates" not in solved
    assert "number of updates" in trained
    assert "set repeats to 2 or more" in trained


def test_what_no_seed_moves_counts_as_often_as_its_shares() -> None:
    several, components = along(PEOPLE, num_repeats=2)
    once = several.predictions[1.0].query("repeat == 0")
    shares = {share: rows for share, rows in several.predictions.items() if share < 1}
    honest = summary.as_often(once, shares)
    assert honest.groupby("repeat").size().to_dict() == {0: len(once), 1: len(once)}
    whole = Along(PEOPLE, {**shares, 1.0: honest}, NUMBERS)
    found = growth.learning_curve("s", [whole], components, grouped=True, num_updates=0)
    right = (
        once[["p_a", "p_b", "p_c"]].to_numpy().argmax(1) == once["label"].map({"a": 0, "b": 1, "c": 2})
    ).mean()
    assert found["axes"][0]["points"][-1]["accuracy"] == pytest.approx(right, abs=1e-6)
    assert summary.as_often(several.predictions[1.0], shares) is several.predictions[1.0]


def test_few_groups_give_a_curve_without_an_interval_and_the_reason() -> None:
    one, components = along(PHOTOS, num_groups=4)
    found = growth.learning_curve("small", [one], components, grouped=False, num_updates=80)
    assert found["axes"][0]["twice"]["interval"] is None
    assert found["axes"][0]["twice"]["claim"] == "unknown"
    assert "without an interval, because 4 independent sets of photos are too few" in found["answer"]
    assert found["axes"][0]["band"][0]["low"] is None
    assert any("Nothing says who took the photos" in text for text in found["sentences"])


def test_two_shares_are_no_curve() -> None:
    one, components = along(PEOPLE)
    few = one._replace(predictions={share: rows for share, rows in one.predictions.items() if share != 0.2})
    reasons = ["a share of 0.2 is left out"]
    found = growth.learning_curve("small", [few], components, grouped=True, num_updates=80, reasons=reasons)
    (axis,) = found["axes"]
    assert (axis["twice"], axis["curve"], axis["band"]) == (None, None, [])
    assert "at least 3 are needed" in axis["no_twice"]
    assert axis["points"][0]["interval"]
    assert found["sentences"][0] == "A share of 0.2 is left out."


def test_shares_of_other_photos_cannot_be_joined() -> None:
    one, components = along(PEOPLE)
    half = one.predictions[0.5]
    other = {**one.predictions, 0.5: half[half["photo_id"] != "000"]}
    with pytest.raises(DataError, match="same photos"):
        growth.learning_curve(
            "small", [one._replace(predictions=other)], components, grouped=True, num_updates=80
        )
