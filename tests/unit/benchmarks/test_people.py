"""Drawn people, and the classifiers that are trained on them."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import people
from benchmarks.people import Block, Variant


@pytest.fixture(scope="module")
def block() -> Block:
    """Six experiments of 12 people, two variants, two repeats."""
    variants = (Variant(24), Variant(24, blur=1.0))
    (found,) = people.blocks(6, num_people=12, variants=variants, num_folds=4, num_repeats=2)
    return found


@pytest.mark.parametrize(("num_people", "num_folds"), [(8, 4), (12, 4), (30, 4), (12, 1), (30, 1)])
def test_nobody_is_taught_validated_and_tested_in_one_fold(num_people: int, num_folds: int) -> None:
    folds = people.dealt(num_people, num_folds)
    for fold in range(num_folds):
        everyone = np.concatenate(people.parts(folds, fold))
        assert sorted(everyone) == list(range(num_people))
    assert num_folds == 1 or (folds >= 0).all()


def test_each_person_is_tested_once_and_validates_in_other_folds(block: Block) -> None:
    assert block.right.shape == (6, 2, 2, 12, people.NUM_PHOTOS)
    assert set(np.unique(block.right)) == {0.0, 1.0}
    validates = ~np.isnan(block.val_right[0, 0, 0])
    assert validates.sum(axis=1).tolist() == [2] * 4
    assert not validates[block.folds, np.arange(12)].any()
    assert (np.isnan(block.val_loss) == np.isnan(block.val_right)).all()


def test_trainings_learn_and_a_blurred_view_is_worse(block: Block) -> None:
    sharp, blurred = block.new_right.mean(axis=(0, 2, 3))
    assert 0.5 < blurred < sharp < 0.95
    assert np.nanmean(block.right[:, 0]) == pytest.approx(sharp, abs=0.08)
    assert np.allclose(block.new.sum(axis=-1), 1)


def test_a_repeat_is_another_seed(block: Block) -> None:
    first, second = block.tested[:, 0, 0], block.tested[:, 0, 1]
    assert not np.isclose(first, second).all(axis=(1, 2, 3)).any()


def test_trainings_on_a_frozen_layer_are_the_same_in_every_repeat() -> None:
    (block,) = people.blocks(
        3, num_people=8, variants=(Variant(24, frozen=True),) * 2, num_folds=4, num_repeats=2
    )
    assert (block.new[:, :, 0] == block.new[:, :, 1]).all()
    assert not np.isclose(block.new[:, 0], block.new[:, 1]).all()


def test_labels_are_as_common_as_told() -> None:
    _, labels = people.drawn(20, 30, np.random.default_rng(1), shares=(0.9, 0.1))
    assert (labels == 1).mean() == pytest.approx(0.1, abs=0.02)
    (block,) = people.blocks(
        3, num_people=8, variants=(Variant(24),), num_folds=4, num_repeats=1, shares=(0.9, 0.1)
    )
    assert block.tested.shape[-1] == 2
