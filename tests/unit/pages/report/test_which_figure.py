"""The page says which accuracy is which."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tenshots.pages.report import comparison, page, sentences, which_figure
from tenshots.statistics import phrases
from tests.drawn import results as drawn_results
from tests.drawn.page import LABELS, SETTINGS, Elements, changed, inputs

FIRST_SCREEN = "What next?"


def flat(text: str) -> str:
    return " ".join(text.split())


def validated(results: dict[str, comparison.Results], best: dict[int, str]) -> dict[str, comparison.Results]:
    """Returns the results, of which each fold's validation photos choose `best`."""
    return {
        name: dataclasses.replace(
            result,
            details={
                **result.details,
                "validation": [
                    {"fold": fold, "val_accuracy": float(name == chosen)} for fold, chosen in best.items()
                ],
            },
        )
        for name, result in results.items()
    }


def compared(best: dict[int, str]) -> dict[str, Any]:
    drawn = inputs()
    return comparison.compare(
        validated(dict(drawn.results), best), drawn.photos, drawn_results.splits(drawn.photos), SETTINGS
    )


def test_where_folds_choose_differently_the_choice_has_a_figure_of_its_own() -> None:
    mixed = compared({0: "baseline", 1: "fine_tuned", 2: "fine_tuned", 3: "fine_tuned"})
    assert mixed["chosen"] == "fine_tuned"
    choice = mixed["choice"]
    assert choice["variants_by_fold"] == ["baseline", *["fine_tuned"] * 3]
    accuracies = {name: figures["test_accuracy"] for name, figures in mixed["variants"].items()}
    assert accuracies["baseline"] < choice["accuracy"] < accuracies["fine_tuned"]
    low, high = choice["interval"]
    assert low < choice["accuracy"] < high
    assert "(baseline in 1 fold and fine_tuned in 3 folds) avoids that: " in choice["sentence"]
    assert "a little too high" in choice["sentence"]
    assert choice["sentence"] in sentences.markdown(mixed).replace("\\", "")
    html = page.render(changed(inputs(), **mixed), SETTINGS)
    assert flat(choice["sentence"]) in flat(Elements(html).text)
    shown = phrases.percent(choice["accuracy"])
    assert f"<title>The variant chosen in each fold: {shown} · tenshots</title>" in html
    assert f"The variant <b>chosen in each fold</b> recognised {shown} of" in html


def test_where_all_folds_choose_alike_the_choice_has_the_figure_of_the_variant() -> None:
    alike = compared(dict.fromkeys(range(4), "fine_tuned"))
    chosen = alike["variants"]["fine_tuned"]
    assert alike["choice"]["accuracy"] == chosen["test_accuracy"]
    assert alike["choice"]["interval"] == chosen["interval"]
    assert (
        "would have chosen it, so choosing fold by fold has the same accuracy." in alike["choice"]["sentence"]
    )


def test_with_one_fold_the_validation_photos_are_nobodys_test_photos() -> None:
    drawn = inputs()
    once = {
        name: drawn_results.results(drawn.photos, LABELS, skill=skill, num_folds=1)
        for name, skill in drawn_results.SKILLS.items()
    }
    splits = drawn_results.splits(drawn.photos, num_folds=1)
    found = comparison.compare(once, drawn.photos, splits, SETTINGS)
    said = found["choice"]["sentence"]
    assert said.endswith("None of them is a test photo, so the choice does not flatter its accuracy.")
    assert found["choice"]["accuracy"] == found["variants"][found["chosen"]]["test_accuracy"]
    assert (
        "by the mean prediction of all 2. It is right for"
        in found["variants"]["baseline"]["mean_prediction"]["sentence"]
    )
    alone = comparison.compare({"baseline": once["baseline"]}, drawn.photos, splits, SETTINGS)
    assert alone["choice"] is None
    assert which_figure.chosen(alone) == ""


def test_the_mean_prediction_stands_beside_the_single_training() -> None:
    drawn = inputs()
    text = flat(Elements(page.render(drawn, SETTINGS)).text)
    best = drawn.compared["variants"][drawn.compared["chosen"]]
    mean = best["mean_prediction"]
    assert mean["num_trainings"] == 2
    assert mean["accuracy"] != pytest.approx(best["test_accuracy"], abs=1e-4)
    assert "the mean prediction of all 8. A test photo is new to 2 of them; their" in mean["sentence"]
    assert flat(mean["sentence"]) in text.split(FIRST_SCREEN)[0]
    assert flat(which_figure.means(drawn.compared)) in text
    assert which_figure.means(drawn.compared).count(" with ") == 3


def test_where_each_fold_has_one_training_there_is_no_mean_to_tell() -> None:
    drawn = inputs()
    solved = {"frozen": drawn_results.results(drawn.photos, LABELS, skill=1.0, solved=True)}
    found = comparison.compare(solved, drawn.photos, drawn_results.splits(drawn.photos), SETTINGS)
    assert found["variants"]["frozen"]["mean_prediction"] is None
    assert which_figure.means(found) == ""
    assert "mean prediction" not in sentences.markdown(found)
