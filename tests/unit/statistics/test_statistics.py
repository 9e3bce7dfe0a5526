"""Figures of predictions with their intervals, and paired differences."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tenshots.errors import DataError
from tenshots.evaluation import metrics
from tenshots.statistics import gains, measure
from tenshots.statistics.measure import Key, Measured
from tests.drawn.answers import answers, bounds, drawn, groups


def test_every_figure_is_that_of_the_metrics() -> None:
    rows, components = drawn()
    found = measure.every_figure(measure.measure(rows, components))
    for name, metric in {
        "accuracy": metrics.accuracy,
        "balanced_accuracy": metrics.balanced_accuracy,
        "macro_f1": metrics.macro_f1,
        "log_loss": metrics.mean_log_loss,
        "brier_loss": metrics.brier_loss,
        "roc_auc": lambda rows: float(metrics.roc_auc(rows).mean()),
    }.items():
        assert found[Key(name)].value == pytest.approx(metrics.over_repeats(rows, metric), abs=1e-6)
        low, high = bounds(found[Key(name)])
        assert low < found[Key(name)].value < high
    for item in metrics.per_class(rows):
        for name in ("recall", "precision", "f1", "roc_auc"):
            assert found[Key(name, item["label"])].value == pytest.approx(item[name], abs=1e-6)


def test_contributions_of_a_figure_add_up_to_nothing() -> None:
    rows, components = drawn()
    for key, evidence in measure.measure(rows, components).evidence.items():
        assert evidence.contributions[0].mean(axis=1).sum() == pytest.approx(0, abs=1e-9), key


@pytest.fixture(scope="module")
def left_out() -> tuple[Measured, list[Measured]]:
    """All of 30 groups, and each 29 of them."""
    rows, components = drawn(num_groups=30, num_each=12)
    group = rows["photo_id"].map(components)
    names = sorted(set(components))
    return measure.measure(rows, components), [
        measure.measure(rows[group != name], components) for name in names
    ]


@pytest.mark.parametrize("key", [Key("accuracy"), Key("macro_f1"), Key("recall", "b"), Key("roc_auc")])
def test_a_contribution_is_what_leaving_the_group_out_takes_away(
    key: Key, left_out: tuple[Measured, list[Measured]]
) -> None:
    """The delete-one-component jackknife agrees, as it must where groups are many and alike."""
    whole, others = left_out
    moves = whole.design.by_component(whole.evidence[key].contributions[0].mean(axis=1))
    without = np.array([each.evidence[key].value for each in others])
    jackknife = 29 / 30 * ((without - without.mean()) ** 2).sum()
    assert (moves**2).sum() * 30 / 29 == pytest.approx(jackknife, rel=0.1)
    assert np.corrcoef(moves, whole.evidence[key].value - without)[0, 1] > 0.99


def test_the_areas_contributions_are_delongs() -> None:
    """Each photo its own group: the variance is DeLong's, of the two samples' structural components."""
    rows, _ = drawn(num_repeats=1, labels="ab", num_groups=30, num_each=4)
    alone = pd.Series(rows["photo_id"].to_numpy(), index=rows["photo_id"])
    evidence = measure.measure(rows, alone).evidence[Key("roc_auc", "a")]
    scores, positive = rows["p_a"].to_numpy(), (rows["label"] == "a").to_numpy()
    wins = (scores[positive][:, None] > scores[~positive]) + 0.5 * (
        scores[positive][:, None] == scores[~positive]
    )
    assert evidence.value == pytest.approx(roc_auc_score(positive, scores))
    delong = wins.mean(axis=1).var() / positive.sum() + wins.mean(axis=0).var() / (~positive).sum()
    assert (evidence.contributions[0] ** 2).sum() == pytest.approx(delong)


def test_a_share_keeps_between_0_and_1_where_a_large_group_weighs_by_its_photos() -> None:
    right = [True] * 16 + [False, True, False, True]
    found = measure.accuracy(answers(right), groups([16, 1, 1, 1, 1]))
    low, high = bounds(found)
    assert found.value == 0.9
    assert 0 < low < 0.5
    assert 0.9 < high < 1


def test_the_same_answers_are_less_certain_in_few_large_groups() -> None:
    right = [i % 2 < 1 for i in range(60)]
    right[:10] = [True] * 10
    alone = measure.accuracy(answers(right), groups([1] * 60))
    together = measure.accuracy(answers(right), groups([10] * 6))
    assert alone.value == together.value
    assert bounds(together)[0] < bounds(alone)[0]


@pytest.mark.parametrize(
    ("sizes", "reason"),
    [
        ([2, 2, 2, 2], "4 independent sets of photos are too few"),
        ([8], "1 independent set of photos is too few"),
    ],
)
def test_too_few_groups_give_no_interval_but_the_reason(sizes: list[int], reason: str) -> None:
    found = measure.accuracy(answers([True, False] * 4), groups(sizes))
    assert found.value == 0.5
    assert (found.low, found.high) == (None, None)
    assert found.reason is not None
    assert found.reason.startswith(reason)


def test_all_right_is_no_certainty() -> None:
    found = measure.accuracy(answers([True] * 12), groups([2] * 6))
    assert found.value == 1.0
    assert bounds(found) == (pytest.approx(0.025 ** (1.05 / 12)), 1.0)


def test_repeats_are_averaged_a_photo() -> None:
    both = pd.concat([answers([True, False]), answers([True, True], repeat=1)])
    measured = measure.measure(both, groups([1, 1]))
    assert measured.right.tolist() == [1.0, 0.5]
    assert measured.repeats == [0, 1]


def test_repeats_that_differ_as_a_whole_widen_the_interval() -> None:
    draw = np.random.default_rng(1)
    first = (draw.uniform(size=120) < 0.7).tolist()
    shares = groups([10] * 12)
    steady = pd.concat([answers(first, repeat=repeat) for repeat in range(3)])
    moody = pd.concat(
        [answers([*first[:60], *[level] * 60], repeat=i) for i, level in enumerate([True, False, True])]
    )
    found, other = (measure.accuracy(rows, shares) for rows in (steady, moody))
    assert found.trainings == 0
    assert other.trainings > 0.005


def test_a_label_that_few_groups_show_is_named_as_the_reason() -> None:
    rows, components = drawn(num_groups=8)
    late = rows["photo_id"].map(components).isin(["group0", "group1", "group2"])
    rows["label"] = np.where(late, rows["label"], rows["label"].replace("c", "a"))
    found = measure.every_figure(measure.measure(rows, components))
    assert found[Key("accuracy")].low is not None
    assert found[Key("recall", "a")].low is not None
    for name in ("balanced_accuracy", "macro_f1", "roc_auc"):
        assert found[Key(name)].reason == (
            "3 independent sets of photos that show c are too few; at least 5 are needed"
        )
    assert "that show c" in str(found[Key("recall", "c")].reason)


def test_a_label_that_no_photo_shows_leaves_the_areas_out() -> None:
    found = measure.measure(answers([True, False] * 6), groups([2] * 6)).evidence
    assert Key("roc_auc") not in found
    assert Key("recall", "cup") in found


def test_always_answering_the_commonest_label_is_what_accuracy_is_compared_with() -> None:
    rows, components = drawn(num_groups=30)
    measured = measure.measure(rows, components)
    found = measure.every_figure(measured)
    share = rows.drop_duplicates("photo_id")["label"].value_counts(normalize=True)
    assert measured.commonest == share.idxmax()
    assert found[Key("commonest")].value == pytest.approx(share.max())
    assert found[Key("over_guess")].value == pytest.approx(found[Key("accuracy")].value - share.max())
    guess = rows.assign(**{f"p_{name}": float(name == measured.commonest) for name in "abc"})
    same = gains.difference(rows, guess, components)
    assert same.value == pytest.approx(found[Key("over_guess")].value)
    # A guess is not taught, so nothing of what other groups would have taught cancels.
    assert (
        bounds(found[Key("over_guess")])[0]
        < bounds(same)[0]
        < bounds(same)[1]
        < bounds(found[Key("over_guess")])[1]
    )


def test_from_20_groups_every_figure_but_the_area_is_resampled() -> None:
    rows, components = drawn(num_groups=24)
    measured = measure.measure(rows, components)
    assert {key.figure for key, each in measured.evidence.items() if each.replicates is None} == {"roc_auc"}
    for key, evidence in measured.evidence.items():
        if evidence.replicates is not None:
            variance = (measured.design.by_component(evidence.contributions[0].mean(axis=1)) ** 2).sum()
            assert evidence.replicates.std() == pytest.approx(variance**0.5, rel=0.2), key
            assert evidence.replicates.mean() == pytest.approx(evidence.value, abs=0.5 * variance**0.5)


def test_a_photo_that_lacks_a_repeat_or_has_one_twice_is_an_error() -> None:
    rows, components = drawn()
    for broken in (rows.iloc[1:], pd.concat([rows, rows.head(1)])):
        with pytest.raises(DataError, match=r"once in every repeat of its fold.*run `dvc repro`"):
            measure.measure(broken, components)


def test_a_photo_of_several_folds_has_one_component() -> None:
    splits = pd.DataFrame(
        {"photo_id": ["a", "b", "c"] * 2, "component": ["a", "a", "c"] * 2, "fold": [0] * 3 + [1] * 3}
    )
    assert measure.components_of(splits).to_dict() == {"a": "a", "b": "a", "c": "c"}


def test_a_component_tested_in_two_folds_counts_once() -> None:
    rows, components = drawn()
    joined = components.replace({"group1": "group0"})
    measured: Measured = measure.measure(rows, joined)
    assert measured.design.num_components == 8
    assert len(measured.design.folds) == 9
    assert measure.accuracy(rows, joined).num_components == 8


def test_the_order_of_rows_does_not_matter() -> None:
    rows, components = drawn(num_groups=24)
    shuffled = rows.sample(frac=1, random_state=1)
    first, second = (measure.every_figure(measure.measure(each, components)) for each in (rows, shuffled))
    for key, estimate in first.items():
        assert bounds(second[key]) == pytest.approx(bounds(estimate)), key


def test_bins_of_the_reliability_curve_have_their_intervals() -> None:
    rows, components = drawn(num_groups=24)
    found = measure.reliability(measure.measure(rows, components))
    curve = metrics.calibration(rows)["curve"]
    assert [each.value for each in found] == pytest.approx([item["accuracy"] for item in curve], abs=1e-6)
    assert all(bounds(each)[0] < each.value < bounds(each)[1] for each in found)
