"""The comparison in words: what reports/comparison.md and the page say of reports/comparison.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tenshots.pages.report import which_figure
from tenshots.statistics import claims
from tenshots.statistics.choice import best_on_validation
from tenshots.statistics.claims import signed_points
from tenshots.statistics.phrases import basis, difference_text, guess, interval_text, percent
from tenshots.statistics.plans import SampleSize
from tenshots.wording import counted, in_markdown

UNGROUPED = (
    "The layout does not say who took the photos, so one person's photos may be in both training and test, "
    "which would flatter the figures; name groups in layout if you can."
)


def markdown(comparison: Mapping[str, Any]) -> str:
    """Returns the comparison as Markdown, short enough for a pull request."""
    rows = [
        f"| variant | test accuracy (95 % interval) | vs {in_markdown(comparison['reference'])} (points) "
        "| balanced | macro F1 | log loss | updates |",
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
    about = [
        doubt(comparison),
        *tuning(comparison),
        which_figure.chosen(comparison),
        which_figure.means(comparison),
        f"{basis(comparison)} {guess(comparison)}",
        mcnemar_note(comparison),
    ]
    return "\n".join([*rows, "", *sentences, *(f"\n{in_markdown(text)}" for text in about if text), ""])


def doubt(comparison: Mapping[str, Any]) -> str:
    """Says where the chosen variant is not shown to be better than a guess without looking; else nothing."""
    # Where a label is rare, a variant may know it and still be right no more often than who never answers it:
    # balanced accuracy shows that.
    figures = comparison["variants"][comparison["chosen"]]
    if figures["better_than_guess"] is not False:
        return ""
    common = comparison["commonest_label"]
    text = (
        f"{comparison['chosen']} is not shown to be better than always answering {common['label']}: "
        f"{difference_text(figures['over_guess'])} points."
    )
    balanced = figures["estimates"]["balanced_accuracy"]
    if percent(balanced["value"]) == percent(figures["test_accuracy"]):
        return text
    num_shown = sum(item["support"] > 0 for item in figures["per_class"])
    return (
        f"{text} Its balanced accuracy, for which each label counts alike, is {percent(balanced['value'])} "
        f"{interval_text(balanced['interval'])}; that of always answering {common['label']} is "
        f"{percent(1 / num_shown)}."
    )


def tuning(comparison: Mapping[str, Any]) -> list[str]:
    """Says where fine-tuning is not shown to be better than a linear classifier on the same features.

    A sentence per variant that was fine-tuned, about the linear one of its network that is best on validation
    photos: with few photos, solving for the head alone is often as good. Where fine-tuning is shown to be
    better, the difference itself says so.
    """
    variants, found = comparison["variants"], []
    for tuned, figures in variants.items():
        linear = {
            name: other
            for name, other in variants.items()
            if other["network"] == figures["network"]
            and other["recipe"] != figures["recipe"]
            and not other["num_updates"]
            and figures["num_updates"]
        }
        if not linear:
            continue
        best = best_on_validation(linear)
        if _is_better(tuned, best, comparison["differences"]):
            continue
        if variants[best]["better_than_guess"] is False:
            label = comparison["commonest_label"]["label"]
            advice = "take more photos before you use either"
            if figures["better_than_guess"]:
                advice = f"{tuned} is shown to be: use {tuned}, or take more photos"
            found.append(
                f"These photos show neither that {tuned} is better than {best} nor that {best} is better "
                f"than always answering {label}; {advice}."
            )
        else:
            choice = f" (Validation chose {tuned} all the same.)" if comparison["chosen"] == tuned else ""
            found.append(
                f"These photos do not show that fine-tuning is worth it: {tuned} is not shown to be better "
                f"than {best}, whose backbone stays unchanged. Use {best}: it trains in seconds.{choice}"
            )
    return found


def _is_better(name: str, other: str, differences: Sequence[Mapping[str, Any]]) -> bool:
    claims_of = {(item["variant"], item["reference"]): item["claim"] for item in differences}
    return claims_of.get((name, other)) == "better" or claims_of.get((other, name)) == "worse"


def mcnemar_note(comparison: Mapping[str, Any]) -> str:
    """Gives McNemar's p-values, and says what they ignore; nothing where there is nothing to compare."""
    if not comparison["differences"]:
        return ""
    values = [
        f"{item['variant']} vs {item['reference']} {_p_value(item['mcnemar']['p_value'])}"
        for item in comparison["differences"]
    ]
    return (
        f"McNemar's exact test, which treats every photo as independent and so ignores groups: "
        f"{', '.join(values)}."
    )


def claim_parts(difference: Mapping[str, Any]) -> tuple[str, str]:
    """Splits a difference's sentence in two for the eye: what is claimed, and what it rests on."""
    sentence: str = difference["sentence"]
    one, other = difference["variant"], difference["reference"]
    heads = [
        *(f"{one} is {word} than {other}" for word in ("better", "worse")),
        f"{one} and {other} are equally good",
        f"{one} and {other} recognise the same photos",
    ]
    head = next((head for head in heads if sentence.startswith(head)), sentence)
    if head == sentence:  # nothing is claimed, and why follows a colon, which no name of a variant has
        head = sentence.partition(":")[0]
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
    side = claims.side_of_zero(over["interval"])
    said = {
        1: "It is too sure: its confidence",
        -1: "It is not sure enough: its confidence",
        0: "It cannot be shown to be too sure or not sure enough: its confidence"
        if over["interval"]
        else "Its confidence",
    }[side]
    word, sign = ("above", 1) if over["value"] >= 0 else ("below", -1)
    points = f"is {100 * abs(over['value']):.1f} points {word} its accuracy on average"
    low, high = sorted(sign * end for end in over["interval"] or (0.0, 0.0))
    ends = f" ({signed_points(low)} to {signed_points(high)})" if over["interval"] else ""
    return (
        f"{said} {points}{ends}. Calibration error {percent(found['ece'])}; by chance alone, a perfectly "
        f"calibrated network would show about {percent(found['ece_if_calibrated'])} on average, and more "
        "where people differ."
    )


def estimand(sample: SampleSize, *, grouped: bool) -> str:
    """Says what the figures estimate; `grouped` is whether the layout has groups."""
    whose = "photos from new groups" if grouped else "new photos like these"
    if sample.num_divided:
        sets = counted(sample.num_divided, sample.unit)
        return (
            "The figures estimate the accuracy on photos like these, for this way of training. The split "
            f"that came with the photos has {sets} in both training and test, which flatters the figures: "
            f"expect less on {whose}."
        )
    return f"The figures estimate the accuracy on {whose}, for this way of training."


def notes(sample: SampleSize, num_folds: int, *, grouped: bool, seeded: bool) -> list[str]:
    """Says in sentences what the figures leave out, and what corrects them.

    Args:
        sample: what was tested.
        num_folds: of the split.
        grouped: whether the layout has groups.
        seeded: whether a seed moves any of the variants.
    """
    notes = []
    if not grouped:
        notes.append(UNGROUPED)
    shows = "trainings that share photos do" if num_folds > 1 else "one set of training photos does"
    notes.append(
        "The intervals are approximate: how much other training photos would change the networks is assumed, "
        f"since {shows} not show it."
    )
    if sample.num_repeats == 1 and seeded:
        notes.append(
            "With one training per fold nothing shows how much another would differ, so the intervals leave "
            "that out; set repeats to 2 or more."
        )
    if sample.num_comparisons > 1:
        notes.append(
            f"The intervals of the {sample.num_comparisons} differences asked about are widened so that all "
            "of them hold together in 95 of 100 experiments; those of other pairs, so that all pairs do."
        )
    return notes


def _p_value(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"
