"""The regression on frozen features: tested on photos of components that it has not learnt from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info

from tenshots.labels import reference
from tenshots.labels.reference import Outcome, cross_validated
from tenshots.networks import classifiers
from tenshots.networks.classifiers import own_folds


def splits(parts: list[list[str]]) -> pd.DataFrame:
    """Of photos 0, 1, ...: one component per two of them, and one list of parts per fold."""
    return pd.DataFrame(
        [
            {"photo_id": f"p{i}", "component": f"c{i // 2}", "fold": fold, "part": part}
            for fold, of_photos in enumerate(parts)
            for i, part in enumerate(of_photos)
        ]
    )


def drawn(
    num_components: int, *, num_each: int = 4, apart: float = 4.0, num_labels: int = 3
) -> tuple[np.ndarray, ...]:
    """Features of labels that lie `apart` standard deviations from each other; labels, and components."""
    draw = np.random.default_rng(5)
    labels = np.tile(np.repeat(np.arange(num_labels), num_each), num_components)
    components = np.repeat(np.arange(num_components), num_labels * num_each)
    features = draw.normal(0, 1, (len(labels), 12))
    features[np.arange(len(labels)), labels] += apart
    return features, labels, components


def judged(features: np.ndarray, labels: np.ndarray, components: np.ndarray) -> Outcome:
    folds = own_folds(labels, components)
    assert folds is not None
    return cross_validated(features, labels, components=components, folds=folds, num_labels=3)


def test_the_splits_own_folds_are_taken_where_they_test_every_photo_once() -> None:
    found = reference.tested_folds(splits([["test"] * 2 + ["train"] * 2, ["val"] * 2 + ["test"] * 2]))
    assert found is not None
    assert found.to_dict() == {"p0": 0, "p1": 0, "p2": 1, "p3": 1}


@pytest.mark.parametrize(
    "parts",
    [
        [["test", "test", "train", "val"]],  # a single fold
        [["test", "test", "train", "val"], ["test", "test", "val", "train"]],  # p2 and p3 are never tested
        [
            ["test", "train", "train", "test"],
            ["train", "test", "test", "val"],
        ],  # what belongs together is divided
    ],
)
def test_other_splits_give_no_folds(parts: list[list[str]]) -> None:
    assert reference.tested_folds(splits(parts)) is None


def test_it_tells_labels_apart_that_are_apart_and_guesses_where_they_are_not() -> None:
    features, labels, components = drawn(6)
    outcome = judged(features, labels, components)
    assert outcome.judged.all()
    assert outcome.probabilities.sum(axis=1) == pytest.approx(1)
    assert (outcome.probabilities.argmax(axis=1) == labels).mean() > 0.97
    assert list(outcome.strengths) == list(range(6))
    assert set(outcome.strengths.values()) <= set(classifiers.STRENGTHS)

    features, labels, components = drawn(6, apart=0.0)
    outcome = judged(features, labels, components)
    assert (outcome.probabilities.argmax(axis=1) == labels).mean() < 0.55
    assert max(outcome.strengths.values()) <= 0.01, "noise is best answered with caution"


def test_what_marks_a_component_does_not_help() -> None:
    """Each component has one label and features of its own: photos of it alone would betray the label."""
    draw = np.random.default_rng(1)
    components = np.repeat(np.arange(12), 8)
    labels = components % 3
    features = np.eye(12)[components] * 5 + draw.normal(0, 0.1, (96, 12))
    outcome = judged(features, labels, components)
    assert (outcome.probabilities.argmax(axis=1) == labels).mean() < 0.5
    random_folds = np.arange(96) % 4
    leaking = cross_validated(features, labels, components=np.arange(96), folds=random_folds, num_labels=3)
    assert (leaking.probabilities.argmax(axis=1) == labels).mean() == 1


def test_a_label_of_a_single_component_is_not_judged() -> None:
    features, labels, components = drawn(4)
    here = (labels != 2) | (components == 1)
    outcome = judged(features[here], labels[here], components[here])
    assert outcome.judged.tolist() == (labels[here] != 2).tolist()
    tested = components[here] == 1
    assert (outcome.probabilities[tested, 2] == 0).all(), "nothing of it was there to learn from"


def test_where_one_label_is_left_to_learn_from_nothing_is_judged() -> None:
    features, labels, components = drawn(2, num_labels=2)
    one_each = labels == components
    outcome = judged(features[one_each], labels[one_each], components[one_each])
    assert not outcome.judged.any()
    assert outcome.strengths == {}


def test_two_components_are_enough_without_tuning() -> None:
    outcome = judged(*drawn(2))
    assert outcome.judged.all()
    assert set(outcome.strengths.values()) == {classifiers.UNTUNED}


def test_the_result_depends_neither_on_the_order_of_labels_features_nor_on_threads() -> None:
    features, labels, components = drawn(5)
    first, second = (judged(features, labels, components).probabilities for _ in range(2))
    assert np.array_equal(first, second)
    turned = judged(features, 2 - labels, components).probabilities[:, ::-1]
    assert turned == pytest.approx(first, abs=1e-3)
    assert threadpool_info(), "or nothing is held to one thread"


def test_a_feature_that_never_varies_and_one_of_a_huge_scale_do_no_harm() -> None:
    features, labels, components = drawn(5)
    plain = judged(features, labels, components)
    odd = np.hstack([features * 1e6, np.full((len(features), 1), 7.0)])
    assert judged(odd, labels, components).probabilities == pytest.approx(plain.probabilities, abs=1e-3)
