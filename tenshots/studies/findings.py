"""What a leaking split would have shown, in figures and sentences: its part of study.json."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tenshots.splitting import at_random
from tenshots.statistics import claims, intervals, measure
from tenshots.statistics.claims import signed_points
from tenshots.statistics.intervals import NUM_DIGITS, Estimate
from tenshots.studies import leaking
from tenshots.wording import counted


def leaking_split(
    variant: str,
    random: pd.DataFrame,
    honest: pd.DataFrame,
    dealt: pd.DataFrame,
    components: pd.Series,
) -> dict[str, Any]:
    """Returns what study.json says of the leaking split.

    Args:
        variant: its name.
        random: predictions of the random split's test photos, all folds and repeats.
        honest: the same of the honest split.
        dealt: the random split: photo_id, component, fold and part.
        components: the component of each photo, indexed by photo_id.
    """
    gain = leaking.difference(random, honest, components)
    shown, true = measure.accuracy(random, components), measure.accuracy(honest, components)
    num_tested = int((dealt["part"] == "test").sum())
    num_siblings = at_random.num_with_sibling(dealt)
    verdict = {"better": "flatters", "worse": "lowers", "open": "open"}[claims.verdict(gain)]
    return {
        "random": _accuracy(shown),
        "honest": _accuracy(true),
        "difference": {"difference": _rounded(gain.value), **intervals.written(gain)},
        "paired": leaking.is_paired(random, honest),
        "num_test_photos": num_tested,
        "num_with_sibling": num_siblings,
        "claim": verdict,
        "answer": _flattery(variant, shown, true, gain, verdict),
        "sentences": [
            "Single photos were dealt at random, whoever took them, stratified by label, into as many folds "
            "with parts of the same sizes; settings and seeds are the same.",
            f"{num_siblings:,} of the {counted(num_tested, 'test photo')} then have a photo from the "
            "same group or near-duplicate cluster in training. Validation leaks in the same way.",
            "Both splits test the same photos, so the difference is taken photo by photo."
            if leaking.is_paired(random, honest)
            else "The two splits test different photos, which widens the interval.",
            "One random split was drawn; another would show another figure. The interval is approximate, "
            "because trainings share photos.",
        ],
    }


def _flattery(variant: str, shown: Estimate, true: Estimate, gain: Estimate, verdict: str) -> str:
    figures = f"{100 * shown.value:.1f} % for {variant} instead of {100 * true.value:.1f} %"
    if gain.low is None or gain.high is None:
        return (
            f"A random split of single photos shows {figures}; no difference can be claimed: {gain.reason}."
        )
    if verdict == "open":
        ends = f"{signed_points(gain.low)} to {signed_points(gain.high)}"
        return (
            f"A random split of single photos shows {figures}; no difference can be claimed: the interval is "
            f"{ends} points."
        )
    sign = 1 if verdict == "flatters" else -1
    low, high = sorted([100 * sign * gain.low, 100 * sign * gain.high])
    by = f"{100 * sign * gain.value:.1f} points"
    does = f"flatters {variant} by {by}" if sign == 1 else f"makes {variant} look {by} worse"
    return f"A random split of single photos {does} ({low:.1f} to {high:.1f}): it shows {figures}."


def _accuracy(estimate: Estimate) -> dict[str, Any]:
    return {"accuracy": _rounded(estimate.value), **intervals.written(estimate)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, NUM_DIGITS)
