"""Tables of drawn experiments: a tiny one of each, and figures that can be told beforehand."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from benchmarks import (
    choice,
    counts,
    coverage,
    extrapolation,
    figures,
    people,
    people_spread,
    pooling,
    teaching,
)
from benchmarks.people import Variant
from tenshots.evaluation import metrics
from tenshots.statistics.intervals import Estimate
from tenshots.statistics.tallies import Key


@pytest.mark.parametrize(
    "module", [choice, coverage, extrapolation, figures, people_spread, pooling, teaching]
)
def test_each_row_has_a_cell_per_column(
    module: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if hasattr(module, "GROUPS"):
        monkeypatch.setattr(module, "GROUPS", (12,))
    module.main(["--experiments", "2"])
    tables = capsys.readouterr().out.strip().split("\n\n")
    for table in tables:
        head, rule, *rows = table.splitlines()
        assert rule == "|---" * head.count(" | ") + "|---|"
        assert rows
        assert {row.count("|") for row in rows} == {rule.count("|")}, table


def test_the_claims_are_counted_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teaching, "BEHIND", {8: (0.72, 1.1)})
    teaching.main(["--experiments", "2", "--claims"])
    head, rule, row = capsys.readouterr().out.strip().splitlines()
    assert head.count("|") == rule.count("|") == row.count("|")


def test_shares_have_their_standard_error() -> None:
    ends = [(0.1, 0.3), (0.1, 0.5), (0.4, 0.6), (None, None)]
    found = [Estimate(0.3, low, high, None if low else "too few") for low, high in ends]
    assert counts.coverage(found, 0.2) == "66.7 ± 27.2"
    assert counts.half_width(found) == pytest.approx((0.1 + 0.2 + 0.1) / 3)


def test_predictions_and_truth_are_those_of_the_trainings() -> None:
    (block,) = people.blocks(3, num_people=8, variants=(Variant(24),), num_folds=4, num_repeats=2)
    rows = list(figures.tested(block))[1]
    assert metrics.accuracy(rows) == pytest.approx(block.right[1, 0].mean())
    assert rows.groupby("photo_id")["fold"].nunique().eq(1).all()
    assert rows["fold"].nunique() == 4
    new = list(figures.of_new_people(block))[1]
    right = block.new[1, 0, 0].argmax(-1) == block.new_labels[1]
    folds = np.arange(people.NUM_NEW) % 4
    assert metrics.accuracy(new) == pytest.approx(right[folds, np.arange(people.NUM_NEW)].mean())


def test_intervals_of_other_figures_hold_what_they_promise() -> None:
    found, truth = figures.experiments(40, num_people=12, num_repeats=1, labels=figures.Labels())
    assert truth["balanced_accuracy"] == pytest.approx(0.7, abs=0.03)
    for name, true in truth.items():
        held = [counts.holds(figures.estimated(each, Key(name)), true) for each in found]
        assert np.mean(held) > 0.85, name


def test_pooling_narrows_where_two_trainings_tell_little() -> None:
    variants, _ = teaching.drawn(40, variants=teaching.VARIANTS, num_people=30, num_folds=1, num_repeats=2)
    found = [pooling.estimated(each) for each in variants]
    for i in range(len(pooling.FIGURES)):
        alone, pooled = ([getattr(each, name)[i] for each in found] for name in ("alone", "pooled"))
        assert counts.half_width(pooled) < counts.half_width(alone)
        assert [each.between for each in pooled] == [each.between for each in alone]
