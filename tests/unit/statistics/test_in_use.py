"""The mean prediction has an accuracy and an interval of its own."""

from __future__ import annotations

import pandas as pd
import pytest

from tenshots.statistics import in_use, measure
from tests.drawn import results as drawn_results

LABELS = ["book", "cup"]


def test_the_mean_of_trainings_that_waver_is_right_more_often_and_has_an_interval() -> None:
    photos = drawn_results.photos(LABELS, num_groups=8, num_each=8)
    components = measure.components_of(drawn_results.splits(photos))
    test = drawn_results.predictions(photos, LABELS, skill=0.6, num_repeats=5)
    found, single = in_use.accuracy_of_mean(test, components), measure.accuracy(test, components)
    assert found is not None
    assert found.value > single.value
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high
    assert found.num_components == 8

    once = test[test["repeat"] == 0]
    assert in_use.accuracy_of_mean(once, components) is None
    alike = in_use.accuracy_of_mean(pd.concat([once, once.assign(repeat=1)]), components)
    assert alike is not None
    assert alike.value == pytest.approx(measure.accuracy(once, components).value)
