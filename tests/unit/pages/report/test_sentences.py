"""What the comparison says in words of its own."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tenshots.pages.report import page, sentences
from tests.drawn.page import SETTINGS, inputs


def compared(claim: str, *, first: str = "frozen", **changes: dict[str, Any]) -> dict[str, Any]:
    """A comparison of a linear classifier with fine-tuning, of which the second is compared to the first."""
    variants: dict[str, dict[str, Any]] = {
        "frozen": {"recipe": "logistic_regression", "network": "pretrained", "num_updates": 0},
        "fine_tuned": {"recipe": "fine_tune", "network": "pretrained", "num_updates": 100},
    }
    for name, values in changes.items():
        variants[name] = {**variants.get(name, {}), **values}
    for figures in variants.values():
        figures.setdefault("val_accuracy", 0.9)
        figures.setdefault("better_than_guess", True)
    other = "fine_tuned" if first == "frozen" else "frozen"
    return {
        "chosen": "frozen",
        "commonest_label": {"label": "cup"},
        "variants": variants,
        "differences": [{"variant": other, "reference": first, "claim": claim}],
    }


@pytest.mark.parametrize(
    ("claim", "first", "told"),
    [
        ("open", "frozen", True),
        ("worse", "frozen", True),
        ("better", "frozen", False),
        ("open", "fine_tuned", True),
        ("better", "fine_tuned", True),  # frozen is better
        ("worse", "fine_tuned", False),
    ],
)
def test_fine_tuning_that_is_not_shown_to_pay_is_said_to_be_so(claim: str, first: str, told: bool) -> None:
    found = sentences.tuning(compared(claim, first=first))
    assert len(found) == told
    assert all(
        "fine_tuned is not shown to be better than frozen, " in text
        and text.endswith("Use frozen: it trains in seconds.")
        for text in found
    )


def test_only_variants_of_one_network_are_weighed_against_each_other() -> None:
    assert not sentences.tuning(compared("open", frozen={"network": "other"}))
    assert not sentences.tuning(compared("open", frozen={"num_updates": 5}))
    assert not sentences.tuning(compared("open", fine_tuned={"num_updates": 0}))
    assert not sentences.tuning(compared("open", frozen={"recipe": "fine_tune"}))  # its unfreeze is 0


@pytest.mark.parametrize(
    ("tuned", "advice"),
    [
        (False, "take more photos before you use either."),
        (None, "take more photos before you use either."),
        (True, "fine_tuned is shown to be: use fine_tuned, or take more photos."),
    ],
)
def test_a_linear_variant_that_is_not_shown_to_beat_a_guess_is_not_recommended(
    tuned: bool | None, advice: str
) -> None:
    guesses = {"frozen": {"better_than_guess": False}, "fine_tuned": {"better_than_guess": tuned}}
    (text,) = sentences.tuning(compared("open", **guesses))
    assert text == (
        "These photos show neither that fine_tuned is better than frozen nor that frozen is better than "
        f"always answering cup; {advice}"
    )
    assert sentences.tuning(compared("open", frozen={"better_than_guess": None}))[0].endswith("in seconds.")


def test_of_several_linear_variants_the_best_on_validation_is_named() -> None:
    svm = {"recipe": "linear_svm", "network": "pretrained", "num_updates": 0, "val_accuracy": 0.95}
    (text,) = sentences.tuning(compared("open", svm=svm))
    assert "better than svm," in text


@pytest.mark.parametrize("known", [True, False])
def test_where_a_label_is_rare_balanced_accuracy_stands_beside_the_doubt(known: bool) -> None:
    figures = {
        "better_than_guess": False,
        "over_guess": {"difference": 0.0, "interval": [-0.02, 0.02]},
        "test_accuracy": 0.95,
        "estimates": {"balanced_accuracy": {"value": 0.81 if known else 0.95, "interval": [0.6, 0.96]}},
        "per_class": [{"support": 95}, {"support": 5}, {"support": 0}],
    }
    found = sentences.doubt(compared("open", frozen=figures))
    assert found.startswith(
        "frozen is not shown to be better than always answering cup: 0.0 (\N{MINUS SIGN}2.0 to +2.0) points."
    )
    beside = (
        "Its balanced accuracy, for which each label counts alike, is 81.0\N{NO-BREAK SPACE}% (60.0 to "
        "96.0); that of always answering cup is 50.0\N{NO-BREAK SPACE}%."
    )
    assert found.endswith(beside) is known


def test_a_choice_that_differs_is_said() -> None:
    found = {**compared("open"), "chosen": "fine_tuned"}
    (text,) = sentences.tuning(found)
    assert text.endswith("it trains in seconds. (Validation chose fine_tuned all the same.)")


def test_a_line_never_ends_within_a_word_of_a_command() -> None:
    text = page.render(inputs(), SETTINGS)
    commands = re.findall(r"<code>((?:<span>)?(?:dvc|python|make|-S)\b[^\n]*?)</code>", text)
    words = [word for each in commands for word in each.split(" ")]
    assert "<span>stages.history</span>" in words
    assert all(word.startswith("<span>") and word.endswith("</span>") for word in words)
    assert re.search(r"code > span \{ white-space: nowrap; \}", text)
