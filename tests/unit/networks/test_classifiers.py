"""Linear classifiers on frozen features: solved for, with a strength that photos not learnt from chose."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_info, threadpool_limits

from tenshots.networks import classifiers
from tenshots.networks.classifiers import Rows, of_photos, own_folds, solve
from tenshots.networks.settings import LINEAR


def drawn(num_components: int, *, num_labels: int = 3, apart: float = 2.0, num_each: int = 4) -> Rows:
    """Features of labels that lie `apart` standard deviations from each other."""
    draw = np.random.default_rng(5)
    labels = np.tile(np.repeat(np.arange(num_labels), num_each), num_components)
    components = np.repeat(np.arange(num_components), num_labels * num_each)
    features = draw.normal(0, 1, (len(labels), 12))
    features[np.arange(len(labels)), labels] += apart
    return of_photos(features * 3 + 5, labels, components)


def with_copies(rows: Rows, *, num_copies: int = 4) -> Rows:
    """The rows, and copies that equal them."""
    times = num_copies + 1
    return Rows(
        np.tile(rows.features, (times, 1)),
        np.tile(rows.labels, times),
        np.tile(rows.components, times),
        np.arange(times * len(rows.labels)) < len(rows.labels),
    )


def probabilities(found: classifiers.Linear, features: np.ndarray) -> np.ndarray:
    shares: np.ndarray = softmax(features @ found.kernel + found.bias, axis=1)
    return shares


@pytest.mark.parametrize("num_labels", [2, 3])
def test_the_folded_regression_answers_as_scikit_learns_on_standardised_features(num_labels: int) -> None:
    rows = drawn(6, num_labels=num_labels)
    found = solve(rows, num_labels=num_labels, kind="logistic_regression")
    scaler = StandardScaler().fit(rows.features)
    model = LogisticRegression(C=found.strength, max_iter=1000).fit(
        scaler.transform(rows.features), rows.labels
    )
    expected = model.predict_proba(scaler.transform(rows.features))
    assert np.abs(probabilities(found, rows.features) - expected).max() < 1e-4  # another start, another end


@pytest.mark.parametrize("num_labels", [2, 3])
def test_the_folded_machine_has_scikit_learns_margins_but_for_a_temperature(num_labels: int) -> None:
    rows = drawn(6, num_labels=num_labels)
    found = solve(rows, num_labels=num_labels, kind="linear_svm")
    scaler = StandardScaler().fit(rows.features)
    model = LinearSVC(C=found.strength, dual=False).fit(scaler.transform(rows.features), rows.labels)
    margins = model.decision_function(scaler.transform(rows.features))
    logits = rows.features @ found.kernel + found.bias
    if num_labels == 2:
        assert logits[:, 0] == pytest.approx(-logits[:, 1])
        logits = logits[:, 1] - logits[:, 0]
    ratios = logits / margins
    assert ratios == pytest.approx(np.full(ratios.shape, ratios.flat[0]))
    assert ratios.flat[0] != pytest.approx(1), "margins are no probabilities"


@pytest.mark.parametrize("kind", LINEAR)
def test_answers_are_as_sure_as_they_are_right_on_photos_that_were_not_learnt_from(kind: str) -> None:
    every = drawn(24, apart=1.0)
    learnt = solve(every.where(every.components < 12), num_labels=3, kind=kind)
    new = every.where(every.components >= 12)
    shares = probabilities(learnt, new.features)
    right = shares.argmax(axis=1) == new.labels
    assert shares.max(axis=1).mean() == pytest.approx(right.mean(), abs=0.1)


@pytest.mark.parametrize("kind", LINEAR)
def test_copies_that_equal_their_photos_change_nothing(kind: str) -> None:
    """Ten copies of a photo count as much as the photo alone, and never meet it as a photo not yet seen."""
    rows = drawn(6)
    one, other = (solve(each, num_labels=3, kind=kind) for each in (rows, with_copies(rows)))
    assert one.strength == other.strength
    assert one.kernel == pytest.approx(other.kernel, abs=1e-3)


def test_photos_choose_the_strength_and_copies_do_not() -> None:
    """Copies whose labels say nothing would ask for caution, were they asked."""
    rows = with_copies(drawn(6), num_copies=1)
    draw = np.random.default_rng(1)
    noise = rows._replace(
        features=np.where(rows.are_photos[:, None], rows.features, draw.normal(5, 3, rows.features.shape))
    )
    asked = []
    original = classifiers._losses

    def recorded(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
        asked.append(len(labels))
        return original(logits, labels)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifiers, "_losses", recorded)
        solve(noise, num_labels=3, kind="logistic_regression")
    assert set(asked) == {int(rows.are_photos.sum())}


@pytest.mark.parametrize("kind", LINEAR)
def test_a_single_group_gets_the_fixed_strength(kind: str) -> None:
    rows = drawn(1)
    assert solve(rows, num_labels=3, kind=kind).strength == classifiers.UNTUNED
    assert classifiers.search(rows, num_labels=3, kind=kind) == (classifiers.UNTUNED, 1.0)


def test_noise_is_answered_with_caution() -> None:
    assert solve(drawn(6, apart=0.0), num_labels=3, kind="logistic_regression").strength <= 0.01
    assert solve(drawn(12, apart=4.0), num_labels=3, kind="logistic_regression").strength > 0.01


def test_what_rounding_leaves_of_a_constant_feature_weighs_nothing() -> None:
    rows = drawn(6)
    rounded = np.float32(0.7) + np.float32(6e-8) * rows.labels.astype(np.float32)  # would betray each label
    assert rounded.std() > 0
    found = solve(
        rows._replace(features=np.column_stack([rounded, rows.features])), num_labels=3, kind="linear_svm"
    )
    assert (found.kernel[0] == 0).all()
    assert np.isfinite(found.bias).all()


def test_a_label_that_was_not_shown_is_never_answered() -> None:
    rows = drawn(6)
    found = solve(rows.where(rows.labels != 1), num_labels=3, kind="logistic_regression")
    assert probabilities(found, rows.features)[:, 1].max() < 1e-9


def test_few_photos_that_are_all_right_make_no_answer_certain() -> None:
    labels = np.arange(6) % 2
    margins = np.where(labels[:, None] == np.arange(2), 1.0, -1.0)
    temperature = classifiers.fitted_temperature(margins, labels)
    assert softmax(margins / temperature, axis=1).max() == pytest.approx(0.8, abs=1e-3)  # (3 + 1) / (3 + 2)


@pytest.mark.parametrize(("num_components", "num_folds"), [(2, 2), (7, 7), (10, 10), (40, 10)])
def test_own_folds_never_divide_a_component(num_components: int, num_folds: int) -> None:
    rows = drawn(num_components)
    folds = own_folds(rows.labels, rows.components)
    assert folds is not None
    assert len(np.unique(folds)) == num_folds
    assert pd.Series(folds).groupby(rows.components).nunique().max() == 1
    for label in range(3):
        assert set(folds[rows.labels == label]) == set(range(num_folds))


def test_photos_that_all_belong_together_have_no_folds() -> None:
    assert own_folds(np.array([0, 1]), np.array([3, 3])) is None


def test_single_photos_of_many_labels_have_no_more_folds_than_a_label_has_photos() -> None:
    folds = own_folds(np.repeat(np.arange(4), 3), np.arange(12))
    assert folds is not None
    assert len(np.unique(folds)) == 3


def test_the_linear_algebra_has_one_thread_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    search = classifiers.search

    def threads() -> list[int]:
        return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]

    def recorded(rows: Rows, **settings: object) -> tuple[float, float]:
        seen.extend(threads())
        return search(rows, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(classifiers, "search", recorded)
    with threadpool_limits(limits=2):
        assert set(threads()) == {2}
        solve(drawn(3), num_labels=3, kind="logistic_regression")
    assert set(seen) == {1}
