"""The learning rate of chosen updates, worked by hand."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tenshots.errors import SettingsError
from tenshots.training import courses, pictures, settings
from tenshots.training.courses import SCHEDULES
from tenshots.training.schedules import LearningRate, Plateau
from tests.drawn.settings import values

COSINE = 0.5 * (1 + math.cos(math.pi * 0.5))


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        # Of 100 updates at a peak of 0.5, the first 20 of them a warm-up: updates 0, 9, 20, 60 and 99
        ("constant", [0.5, 0.5, 0.5, 0.5, 0.5]),
        ({"constant": {"warmup": 0.2}}, [0.5 / 20, 0.25, 0.5, 0.5, 0.5]),
        ("cosine", [0.5 / 20, 0.25, 0.5, 0.5 * COSINE, 0.25 * (1 + math.cos(math.pi * 79 / 80))]),
        ("step", [0.5 / 20, 0.25, 0.5, 0.05, 0.005]),
        ({"step": {"at": [0.6], "factor": 0.5}}, [0.5 / 20, 0.25, 0.5, 0.25, 0.25]),
        ("exponential", [0.5 / 20, 0.25, 0.5, 0.5 * 0.1**0.8, 0.5 * 0.1 ** (79 / 50)]),
        ({"exponential": {"factor": 0.5, "every": 0.1}}, [0.025, 0.25, 0.5, 0.5 / 16, 0.5 * 0.5**7.9]),
        ("power", [0.5 / 20, 0.25, 0.5, 0.5 / 5, 0.5 / 8.9]),
        ({"power": {"every": 0.2, "power": 2}}, [0.5 / 20, 0.25, 0.5, 0.5 / 9, 0.5 / (1 + 79 / 20) ** 2]),
        ("performance", [0.5 / 20, 0.25, 0.5, 0.5, 0.5]),
        (
            {"one_cycle": {"rise": 0.2, "start": 0.1, "end": 0.01}},
            [
                0.05,
                0.5 * (0.1 + 0.9 * 0.5 * (1 - math.cos(math.pi * 9 / 20))),
                0.5,
                0.5 * (0.01 + 0.99 * COSINE),
                0.5 * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * 79 / 80))),
            ],
        ),
        ("one_cycle", [0.02, None, None, None, None]),
        ({"range_test": {"start": 1e-4}}, [0.5e-4, None, None, None, 0.5]),
    ],
)
def test_the_rate_of_chosen_updates(schedule: Any, expected: list[float | None]) -> None:  # noqa: ANN401
    rate = LearningRate(0.5, num_updates=100, schedule=schedule, warmup=0.2)
    steps = [0, 9, 20, 60, 99]

    for step, wanted in zip(steps, expected, strict=True):
        if wanted is not None:
            assert float(rate(step)) == pytest.approx(wanted, rel=1e-4), step
    # Many at once are the same, as the pictures ask for them.
    assert np.asarray(rate(np.array(steps))).tolist() == [float(rate(step)) for step in steps]
    assert all(0 < float(rate(step)) <= 0.5000001 for step in range(100))


def test_every_course_is_worked_by_hand() -> None:
    (marks,) = [mark for mark in test_the_rate_of_chosen_updates.pytestmark if mark.name == "parametrize"]
    named = {next(iter(case[0])) if isinstance(case[0], dict) else case[0] for case in marks.args[1]}
    assert named == {*SCHEDULES, "range_test"}


def test_a_plateau_lowers_the_rate_after_its_patience() -> None:
    schedule: Any = {"performance": {"patience": 2, "factor": 0.1}}
    rate = LearningRate(1.0, num_updates=100, schedule=schedule, warmup=0.0)
    plateau = Plateau(rate, num_warming=1)
    rates = []
    for index, loss in enumerate([0.1, 0.9, 0.9, 0.8, 0.85, 0.8, 0.9, 0.7, 0.7, 0.7, 0.7]):
        rates.append(float(rate(index)))
        plateau.tell(index, loss)

    # The first is of the warm-up. 0.9 once more, then better; 0.85 and 0.8 are no better than 0.8.
    assert rates == pytest.approx([1, 1, 1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.01])


def test_another_course_is_left_as_it_is() -> None:
    rate = LearningRate(1.0, num_updates=10, schedule="cosine", warmup=0.0)
    before = float(rate(5))
    plateau = Plateau(rate, num_warming=0)
    for index in range(20):
        plateau.tell(index, 1.0)
    assert float(rate(5)) == before


@pytest.mark.parametrize(
    ("schedule", "share"),
    [
        ("constant", 0.0),
        ("cosine", 0.2),
        ("power", 0.2),
        ("one_cycle", 0.3),
        ({"one_cycle": {"rise": 0.5}}, 0.5),
    ],
)
def test_the_share_in_which_the_rate_rises(schedule: Any, share: float) -> None:  # noqa: ANN401
    assert courses.warmup_share(schedule, warmup=0.2) == share


def test_a_course_longer_than_a_variants_training_is_refused_for_that_variant() -> None:
    given = values(tuned={"data": "database", "network": "lecture", "epochs": 40})
    schedule = {"performance": {"patience": 5}}
    given["optimisation"] = {**given["optimisation"], "schedule": schedule, "patience": "none"}
    given["epochs"] = 6

    settings.check_lengths(given, "tuned")
    with pytest.raises(
        SettingsError, match=r"patience must be below 4.*got 5.*variants\.baseline has 6 epochs"
    ):
        settings.check_lengths(given, "baseline")


def test_the_picture_shows_every_course() -> None:
    shown = Image.open(io.BytesIO(pictures.courses_png(list(SCHEDULES), num_epochs=20, per_epoch=2)))
    assert shown.width > shown.height > 200


def test_the_drawn_plateau_falls_as_the_loop_would_let_it() -> None:
    drawn = pictures.course_rates("performance", num_epochs=50, per_epoch=2, warmup=0.1)
    assert drawn[12] == 1
    assert drawn[-1] < 0.1
    assert (np.diff(drawn[10:]) <= 0).all()
