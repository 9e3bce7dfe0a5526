"""The experiments whose choice is measured."""

from __future__ import annotations

import numpy as np

from benchmarks import choice


def test_nobody_is_taught_validated_and_tested_in_one_fold() -> None:
    for seed in range(5):
        parts = choice.divided(12, np.random.default_rng(seed))
        assert (parts.test.sum(axis=0) == 1).all()
        assert not (parts.test & parts.val).any()
        assert parts.val.sum(axis=1).tolist() == [2] * 4


def test_variants_learn_and_a_single_one_leaves_nothing_to_choose() -> None:
    draw = np.random.default_rng(3)
    parts = choice.divided(12, draw)
    trained = choice.trained(parts, (24,), draw)
    assert trained.right.shape == trained.loss.shape == (1, 4, 12)
    assert 0.5 < trained.truth.mean() < 0.95
    found = choice.experiment(12, (24,), seed=3)
    assert found.agreed
    assert np.allclose([found.own, found.by_fold, found.as_registered, found.left_out], 0)


def test_choosing_on_all_validation_people_flatters_and_fold_by_fold_does_not() -> None:
    found = [choice.experiment(12, (24, 24, 24), seed=seed) for seed in range(400)]
    own, by_fold = ([getattr(each, name) for each in found] for name in ("own", "by_fold"))
    error = np.std(own) / len(own) ** 0.5
    assert np.mean(own) > 3 * error
    assert abs(np.mean(by_fold)) < 3 * error
