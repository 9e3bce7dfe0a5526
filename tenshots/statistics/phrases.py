"""Figures and what they rest on, in words: for pages, cards and Markdown alike."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tenshots.statistics import claims
from tenshots.statistics.claims import signed_points


def basis(comparison: Mapping[str, Any]) -> str:
    """Says in sentences what the figures rest on."""
    photos = claims.photos_of_sets(
        comparison["num_test_photos"], comparison["num_test_components"], comparison["unit"]
    )
    folds = comparison["num_folds"]
    ways = f", in {folds} folds" if folds > 1 else ""
    repeats = comparison["num_repeats"]
    per = " per fold" if folds > 1 else ""
    once = [name for name, figures in comparison["variants"].items() if figures["num_repeats"] < repeats]
    times = f"; each figure is a mean over {repeats} trainings{per}" if repeats > 1 else ""
    times += f" (one for {' and '.join(once)}, which no seed changes)" if once else ""
    return " ".join([f"Measured on {photos}{ways}{times}.", comparison["estimand"], *comparison["notes"]])


def guess(comparison: Mapping[str, Any]) -> str:
    """Says in a sentence what accuracy is reached without looking at a photo."""
    common = comparison["commonest_label"]
    ends = f" {interval_text(common['interval'])} of the photos" if common["interval"] else " of the photos"
    return f"Always answering {common['label']} would be right for {percent(common['share'])}{ends}."


def without_places(settings: Mapping[str, str]) -> dict[str, str]:
    """Returns settings, and of absolute paths the name alone: the rest tells of this machine and its user."""
    return {key: Path(text).name if Path(text).is_absolute() else text for key, text in settings.items()}


def percent(share: float) -> str:
    """Writes a share as a percentage: 0.8413 → "84.1 %" (the blank never breaks a line)."""
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def interval_text(interval: list[float] | None) -> str:
    """Writes an interval of shares as percentages: [0.78, 0.902] → "(78.0 to 90.2)"."""
    return f"({100 * interval[0]:.1f} to {100 * interval[1]:.1f})" if interval else "(no interval)"


def difference_text(difference: Mapping[str, Any] | None) -> str:
    """Writes a difference as signed points with its interval; where there is none, a dash."""
    if difference is None:
        return "\N{EN DASH}"
    points = signed_points(difference["difference"])
    if not difference["interval"]:
        return points
    low, high = (signed_points(end) for end in difference["interval"])
    return f"{points} ({low} to {high})"
