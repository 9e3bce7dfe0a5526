"""Figures as functions of sums."""

import numpy as np
import pytest

from tenshots.statistics import tallies
from tenshots.statistics.tallies import Key

# Photos of book and cup; right answers; answers; log losses, Brier losses, confidences.
SUMS = np.array([3.0, 1, 2, 1, 2, 2, 1.2, 0.8, 3.1])


def test_figures_of_a_case_worked_by_hand() -> None:
    # book: right, right, wrong; cup: right. The same case as in test_metrics.
    found = dict(zip(tallies.keys(["book", "cup"]), tallies.values(SUMS, commonest=0), strict=True))
    expected = {
        Key("accuracy"): 0.75,
        Key("balanced_accuracy"): 5 / 6,
        Key("macro_f1"): (4 / 5 + 2 / 3) / 2,
        Key("log_loss"): 0.3,
        Key("brier_loss"): 0.2,
        Key("overconfidence"): 0.775 - 0.75,
        Key("over_guess"): 0.0,
        Key("commonest"): 0.75,
        Key("recall", "book"): 2 / 3,
        Key("recall", "cup"): 1.0,
        Key("precision", "book"): 1.0,
        Key("precision", "cup"): 0.5,
        Key("f1", "book"): 4 / 5,
        Key("f1", "cup"): 2 / 3,
    }
    assert found.keys() == expected.keys()
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("num_labels", [2, 3, 5])
def test_slopes_are_the_derivatives_of_the_figures(num_labels: int) -> None:
    draw = np.random.default_rng(num_labels)
    sums = draw.uniform(1, 9, 3 * num_labels + 3)
    step = 1e-6
    numeric = [
        (tallies.values(sums + step * one, commonest=1) - tallies.values(sums - step * one, commonest=1))
        / (2 * step)
        for one in np.eye(len(sums))
    ]
    found = tallies.slopes(sums, commonest=1)
    assert found == pytest.approx(np.stack(numeric, axis=1), abs=1e-7)
    assert found @ sums == pytest.approx(np.zeros(len(found)), abs=1e-12)


def test_what_is_never_shown_or_answered_counts_0_without_a_warning() -> None:
    never = np.array([3.0, 0, 2, 0, 3, 0, 1, 1, 2])
    with np.errstate(all="raise"):
        found = dict(zip(tallies.keys(["book", "cup"]), tallies.values(never, commonest=0), strict=True))
        assert np.isfinite(tallies.slopes(never, commonest=0)).all()
    assert found[Key("recall", "cup")] == found[Key("precision", "cup")] == found[Key("f1", "cup")] == 0
    assert found[Key("balanced_accuracy")] == pytest.approx(2 / 3)  # of the label that is shown
    assert found[Key("macro_f1")] == pytest.approx(2 / 3 / 2)


def test_a_figure_of_one_label_rests_on_the_groups_that_show_it() -> None:
    shows_none, right, wrong = (
        np.array([2.0, 0, 2, 0, 2, 0, 1, 1, 1]),
        np.array([1.0, 1, 1, 1, 1, 1, 1, 1, 1]),
        np.array([1.0, 1, 1, 0, 2, 0, 1, 1, 1]),
    )
    by_component = np.stack([shows_none, right, wrong])
    found = tallies.foundations(by_component, by_component, ["book", "cup"])
    recall = found[Key("recall", "cup")]
    assert recall.bases[0].sizes.tolist() == [0, 1, 1]
    assert recall.bases[0].which == " that show cup"
    assert recall.num_rarer == 1
    assert found[Key("precision", "cup")].bases[0].sizes.tolist() == [0, 1, 0]
    assert [basis.which for basis in found[Key("macro_f1")].bases] == [" that show book", " that show cup"]
    assert found[Key("accuracy")].bases[0].sizes.tolist() == [2, 2, 2]
    assert found[Key("accuracy")].num_rarer == 1
