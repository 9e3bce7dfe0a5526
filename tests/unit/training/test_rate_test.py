"""Truths about the learning-rate range test."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from tenshots.training import pictures, rate_test, scratch
from tenshots.training.rate_test import Found
from tenshots.training.settings import MAX_LR
from tests.drawn.trainings import build, drawn, job, loop


def test_the_rate_rises_until_the_loss_is_far_too_high_and_the_suggestion_lies_below() -> None:
    images, labels = drawn()
    begin = lambda settings: scratch.trainers(build, images=images, labels=labels, settings=settings)()  # noqa: E731
    found = rate_test.run(begin, loop(), job(), num_updates=60)

    assert found.rates[0] == pytest.approx(rate_test.LOWEST)
    assert len(found.rates) == len(found.losses) <= 60
    assert (np.diff(np.log(found.rates)) > 0).all()
    assert found.suggested is not None
    assert rate_test.LOWEST < found.suggested < 0.1 * MAX_LR


def test_the_suggestion_is_a_tenth_of_the_rate_from_which_the_loss_climbs() -> None:
    rates = np.geomspace(1e-6, 10, 141)  # 20 per tenfold
    level = np.where(rates < 1e-3, 2.0, np.where(rates < 0.1, 1.0, 50.0))
    found = Found(rates, level, diverged=True)

    assert found.turning is not None
    assert found.rates[found.turning] == pytest.approx(0.1, rel=0.2)
    assert found.suggested == pytest.approx(0.01, rel=0.2)
    assert len(pictures.range_test_png(found, title="$x")) > 1000


def test_no_rate_is_suggested_where_none_brings_the_loss_down() -> None:
    rates = np.geomspace(1e-6, 10, 100)
    assert Found(rates, np.linspace(1, 2, 100), diverged=False).suggested is None


def test_the_smoothed_loss_of_a_level_is_that_level() -> None:
    assert rate_test.smoothed(np.full(5, 3.0)) == pytest.approx(3.0)
    assert rate_test.smoothed(np.array([1.0, 3.0]))[1] == pytest.approx((0.95 * 1 + 3) / 1.95)


def test_the_rates_of_the_test_are_those_that_training_asks_for() -> None:
    from tenshots.training.schedules import LearningRate

    settings = rate_test.settings_for(loop(), num_batches=3, num_updates=20, each=lambda _: None)
    course = partial(LearningRate, schedule=settings.optimisation.schedule, warmup=0.1)
    rate = course(settings.lr, num_updates=21)
    assert settings.epochs == 7
    assert np.asarray(rate(np.arange(21))) == pytest.approx(rate_test.rates(21), rel=1e-4)
