"""The experiments whose choice is measured."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import choice
from benchmarks.people import Variant


def test_a_single_variant_leaves_nothing_to_choose() -> None:
    for trained in choice.trained(5, num_people=12, variants=(Variant(24),)):
        found = choice.chosen(trained)
        assert found.agreed
        assert np.allclose([found.own, found.by_fold, found.as_registered, found.left_out], 0)
        assert found.truth == pytest.approx(trained.truth.mean())


def test_choosing_on_all_validation_people_flatters_and_fold_by_fold_does_not() -> None:
    variants = choice.KINDS["three equal variants"]
    found = [choice.chosen(each) for each in choice.trained(300, num_people=8, variants=variants)]
    own, by_fold = ([getattr(each, name) for each in found] for name in ("own", "by_fold"))
    error = np.std(own) / len(own) ** 0.5
    assert np.mean(own) > 3 * error
    assert abs(np.mean(by_fold)) < 3 * error
