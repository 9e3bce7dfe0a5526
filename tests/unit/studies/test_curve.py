"""Truths about inverse power laws: what accuracies on a law give, and how uncertain the gain is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import enough
from tenshots.studies import curve, growth
from tenshots.studies.curve import Curve, Measurements


def known(
    law: Curve, *, noise: float = 0.01, common: float = 0.05, shares: tuple[float, ...] = (0.1, 0.2, 0.5, 1)
) -> Measurements:
    """Accuracies that lie on the law, with errors of these standard deviations."""
    numbers = 150 * np.array(shares)
    return Measurements(
        numbers=numbers,
        accuracies=np.array([law.at(number) for number in numbers]),
        covariance=common**2 + noise**2 * np.eye(len(shares)),
        degrees=10.0,
        num_components=12,
        reason=None,
    )


@pytest.mark.parametrize("law", [Curve(0.9, 1.2, 0.5), Curve(1.0, 0.9, 0.25), Curve(0.8, 0.0, 1.0)])
def test_accuracies_on_a_law_give_it_back(law: Curve) -> None:
    measured = known(law)
    found = curve.extrapolate(measured)
    truth = law.at(300) - law.at(150)
    assert found.gain == pytest.approx(truth, abs=0.002)
    assert found.curve.at(300) == pytest.approx(law.at(300), abs=0.003)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= truth <= found.high
    assert found.p_value == pytest.approx(1, abs=0.02)
    for point in curve.band(measured, found.curve):
        assert point.low is not None
        assert point.high is not None
        assert 0 <= point.low <= point.accuracy <= point.high <= 1


def test_what_is_common_to_all_shares_moves_the_band_and_not_the_gain() -> None:
    law = Curve(0.6, 1.0, 0.5)
    firm, loose = known(law, common=0.01), known(law, common=0.06)
    gains = [curve.extrapolate(each) for each in (firm, loose)]
    assert gains[0][1:4] == pytest.approx(gains[1][1:4], abs=0.001)
    widths = [point.high - point.low for point in (curve.band(each, law)[20] for each in (firm, loose))]  # type: ignore[operator]
    assert widths[1] > 2 * widths[0]


def test_noise_widens_the_interval_up_to_what_such_curves_can_do() -> None:
    law = Curve(0.9, 1.2, 0.5)
    widths = []
    for noise in (0.003, 0.01, 0.03):
        found = curve.extrapolate(known(law, noise=noise))
        widths.append((found.high or 0) - (found.low or 0))
    assert widths == sorted(widths)
    assert widths[-1] > 3 * widths[0]


def test_accuracies_that_rise_ever_faster_are_no_power_law() -> None:
    measured = replace(known(Curve(0.9, 1, 0.5)), accuracies=np.array([0.34, 0.34, 0.4, 0.9]))
    found = curve.extrapolate(measured)
    assert growth.claim(found) == "misfit"


@pytest.mark.slow
def test_the_interval_holds_the_truth_of_really_trained_classifiers() -> None:
    """And is no wider than it need be: a short version of benchmarks/enough.py."""
    found = list(enough.experiments(80, 12, distance=2.0))
    known = enough.truth(12, distance=2.0, number=120)
    for i, gain in enumerate(known.gains):
        assert enough.coverage([each[i] for each in found], gain) >= 0.9
        assert np.mean([(each[i].high or 0) - (each[i].low or 0) for each in found]) < 0.026


def measured(*right: list[int]) -> Measurements:
    """Of three shares, how many of ten answers of each of six people are right."""
    counts = np.array(right, dtype=float).T[:, :, np.newaxis].repeat(4, axis=2)
    return curve.measurements(enough.measured(counts), [2.0, 4.0, 8.0])


def test_where_every_answer_is_right_at_each_share_more_brings_next_to_nothing() -> None:
    found = curve.extrapolate(measured([10] * 6, [10] * 6, [10] * 6))
    assert found.gain == 0
    assert found.low == 0
    assert found.high is not None
    assert 0 < found.high < 0.05


def test_of_few_changed_answers_an_interval_is_no_narrower_than_of_one_more() -> None:
    """The variance of what did not change is 0, which proves nothing about other people."""
    same = measured([9, 10, 10, 10, 10, 10], [9, 10, 10, 10, 10, 10], [9, 10, 10, 10, 10, 10])
    own = np.diag(same.covariance) - same.covariance[0, 1]
    num_answers = curve.intervals.num_answers(np.full(6, 10.0))
    assert own == pytest.approx(1 / num_answers**2, rel=0.01)


def test_below_five_people_there_is_no_interval() -> None:
    counts = np.full((4, 3, 2), 5.0)
    found = curve.extrapolate(curve.measurements(enough.measured(counts), [2.0, 4.0, 8.0]))
    assert (found.low, found.high) == (None, None)
    assert "4 independent sets of photos are too few" in (found.reason or "")
