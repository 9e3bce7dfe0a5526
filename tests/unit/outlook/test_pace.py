"""Work becomes minutes: by a probe first, then by what the run itself has taken."""

from __future__ import annotations

import pytest

from tenshots.outlook.pace import Pace, about, probed


def test_a_probe_is_believed_until_training_tells_better() -> None:
    pace = Pace(10)
    assert pace.seconds(100) == 10
    pace.learn(200, 30)
    assert pace.seconds(100) == pytest.approx(15)
    pace.learn(200, 10)
    assert pace.seconds(100) == pytest.approx(10)


def test_outputs_from_the_cache_tell_nothing_of_the_pace() -> None:
    pace = Pace(10)
    pace.learn(10_000, 3)
    assert pace.seconds(100) == 10


def test_a_core_multiplies_millions_of_times_a_second() -> None:
    assert 1e7 < probed(1) < 1e13


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "about 1 more minute"),
        (89, "about 1 more minute"),
        (91, "about 2 more minutes"),
        (9.4 * 60, "about 9 more minutes"),
        (13 * 60, "about 15 more minutes"),
        (99 * 60, "about 100 more minutes"),
        (100 * 60, "about 2 more hours"),
        (7 * 3600, "about 7 more hours"),
    ],
)
def test_a_duration_is_rounded_and_never_below_a_minute(seconds: float, said: str) -> None:
    assert about(seconds) == said
