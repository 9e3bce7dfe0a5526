"""The comparison in words: what reports/comparison.md and the page say of reports/comparison.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenshots.statistics.claims import Setting, signed_points
from tenshots.statistics.phrases import basis, difference_text, guess, interval_text, percent
from tenshots.wording import counted, in_markdown

UNGROUPED = (
    "The layout does not say who took the photos: one person's may train and test, which would flatter "
    "the figures; name groups in layout if you can."
)


def markdown(comparison: Mapping[str, Any]) -> str:
    """Returns the comparison as Markdown, short enough for a pull request."""
    rows = [
        "| variant | test accuracy (95 % interval) | to the first, points | balanced | macro F1 "
        "| log loss | updates |",
        "|---|---|---|---|---|---|---|",
    ]
    gains = {
        item["variant"]: item
        for item in comparison["differences"]
        if item["reference"] == comparison["reference"]
    }
    for name, figures in comparison["variants"].items():
        rows.append(
            f"| {in_markdown(name)} "
            f"| {percent(figures['test_accuracy'])} {interval_text(figures['interval'])} "
            f"| {difference_text(gains.get(name))} | {percent(figures['test_balanced_accuracy'])} "
            f"| {figures['test_macro_f1']:.3f} | {figures['test_log_loss']:.3f} "
            f"| {figures['num_updates']:.0f} |"
        )
    sentences = [f"- {in_markdown(item['sentence'])}." for item in comparison["differences"]]
    about = [doubt(comparison), f"{basis(comparison)} {guess(comparison)}", mcnemar_note(comparison)]
    return "\n".join([*rows, "", *sentences, *(f"\n{in_markdown(text)}" for text in about if text), ""])


def doubt(comparison: Mapping[str, Any]) -> str:
    """Says where the chosen variant is not shown to be better than a guess without looking; else nothing."""
    figures = comparison["variants"][comparison["chosen"]]
    if figures["better_than_guess"] is not False:
        return ""
    common = comparison["commonest_label"]
    return (
        f"{comparison['chosen']} is not shown to be better than always answering {common['label']}: "
        f"{difference_text(figures['over_guess'])} points."
    )


def mcnemar_note(comparison: Mapping[str, Any]) -> str:
    """Gives McNemar's p-values, and says what they ignore; nothing where there is nothing to compare."""
    if not comparison["differences"]:
        return ""
    values = [
        f"{item['variant']} and {item['reference']} {_p_value(item['mcnemar']['p_value'])}"
        for item in comparison["differences"]
    ]
    return (
        f"McNemar's exact test, which takes every photo for independent and so ignores groups: "
        f"{', '.join(values)}."
    )


def claim_parts(difference: Mapping[str, Any]) -> tuple[str, str]:
    """Parts a difference's sentence for the eye: what is claimed, and what it rests on; together the same."""
    sentence: str = difference["sentence"]
    names = difference["variant"], difference["reference"]
    heads = [
        *(f"{names[0]} is {word} than {names[1]}" for word in ("better", "worse")),
        "no difference can be claimed between {} and {}:".format(*names),
    ]
    head = next((head for head in heads if sentence.startswith(head)), sentence)
    return head, sentence[len(head) :]


def estimate_parts(estimate: Mapping[str, Any] | None, *, percent: bool = False) -> tuple[str, str]:
    """Writes a figure, and its interval or none, for a cell of a table; no figure is a dash."""
    if estimate is None:
        return "\N{EN DASH}", ""
    factor, digits = (100, 1) if percent else (1, 3)
    value = f"{factor * estimate['value']:.{digits}f}" + ("\N{NO-BREAK SPACE}%" if percent else "")
    if not estimate["interval"]:
        return value, ""
    low, high = (f"{factor * end:.{digits}f}" for end in estimate["interval"])
    return value, f"({low} to {high})"


def calibrated(figures: Mapping[str, Any]) -> str:
    """Says whether a variant is right as often as it is sure."""
    over, found = figures["estimates"]["overconfidence"], figures["calibration"]
    word = "surer" if over["value"] >= 0 else "less sure"
    points = f"{100 * abs(over['value']):.1f} points {word} than it is right"
    if not over["interval"]:
        said = f"On average it is {points}"
    else:
        low, high = over["interval"]
        shown = (low, high) if over["value"] >= 0 else (-high, -low)
        ends = f"({signed_points(shown[0])} to {signed_points(shown[1])})"
        verdict = "too sure of itself" if low > 0 else "less sure than it could be" if high < 0 else ""
        said = (
            f"It is {verdict}: on average {points} {ends}"
            if verdict
            else f"Neither too sure nor too unsure can be claimed: on average it is {points} {ends}"
        )
    return (
        f"{said}. Calibration error {percent(found['ece'])}; were it perfectly calibrated, chance would show "
        f"{percent(found['ece_if_calibrated'])}, and more than {percent(found['ece_95_if_calibrated'])} in "
        "one of twenty cases."
    )


def taught(details: Mapping[str, Any]) -> str:
    """Says in a few words how a variant was taught, from details.json: "from scratch"."""
    start: str = details["taught"]
    return start if details["data"] == "database" else f"{start}, with changed copies"


def estimand(setting: Setting, *, grouped: bool) -> str:
    """Says what the figures estimate; `grouped` is whether the layout has groups."""
    whose = "photos of new groups" if grouped else "new photos like these"
    if setting.num_divided:
        sets = counted(setting.num_divided, setting.unit)
        return (
            f"What is estimated: the accuracy on photos like these, for this way of training. The split that "
            f"came with the photos has {sets} in training as well as in test, which flatters the figures: "
            f"for {whose} expect less."
        )
    return f"What is estimated: the accuracy on {whose}, for this way of training."


def notes(setting: Setting, num_folds: int, *, grouped: bool) -> list[str]:
    """Says in sentences what the figures leave out, and what corrects them."""
    notes = []
    if not grouped:
        notes.append(UNGROUPED)
    if num_folds > 1:
        notes.append("The intervals are approximate: the trainings of different folds share photos.")
    if setting.num_repeats == 1:
        notes.append(
            "With one training per fold nothing shows how much another would differ, so the intervals leave "
            "that out; set repeats to 2 or more."
        )
    if setting.num_comparisons > 1:
        notes.append(
            f"The {setting.num_comparisons} differences are compared together: each interval is widened so "
            "that all of them hold in 95 of 100 experiments (Bonferroni)."
        )
    return notes


def _p_value(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"
