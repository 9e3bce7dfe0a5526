"""What a study found, in figures and sentences: the contents of study.json (see tenshots.studies)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from tenshots.splitting import leakage
from tenshots.statistics import claims, intervals, measure
from tenshots.statistics.claims import signed_points
from tenshots.statistics.intervals import Estimate
from tenshots.statistics.measure import Measured
from tenshots.statistics.tallies import Key
from tenshots.studies import curve, leaking
from tenshots.studies.curve import FACTOR, MIN_SHARES, MISFIT, Extrapolation
from tenshots.wording import counted

NUM_DIGITS = 6
LITTLE = 0.01  # a gain that no one would collect twice as many photos for
SOURCES = "Hestness et al. 2017, arXiv:1712.00409; Figueroa et al. 2012, doi:10.1186/1472-6947-12-8"


def nothing(variant: str) -> dict[str, Any]:
    """Returns what study.json says where both studies are off."""
    return {"variant": variant, "learning_curve": None, "leaking_split": None}


def answers(found: Mapping[str, Any]) -> list[str]:
    """Returns the answers of a study.json; none where both studies are off."""
    return [found[key]["answer"] for key in ("learning_curve", "leaking_split") if found[key]]


def learning_curve(
    variant: str,
    shares: Mapping[float, pd.DataFrame],
    num_photos: Mapping[float, float],
    components: pd.Series,
    *,
    grouped: bool,
    num_updates: int | None,
) -> dict[str, Any]:
    """Returns what study.json says of the learning curve.

    Args:
        variant: its name.
        shares: of each share, and of 1: the predictions of test photos, all folds and repeats.
        num_photos: of each of them: training photos of a training, the mean.
        components: the component of each photo, indexed by photo_id.
        grouped: whether photos have groups.
        num_updates: of a training that no patience ends, the same at every share; None if not known.

    Raises:
        DataError: the shares were not tested on the same photos in the same folds and repeats.
    """
    ordered = sorted(shares)
    measured = [measure.measure(shares[share], components) for share in ordered]
    numbers = [num_photos[share] for share in ordered]
    together = curve.measurements(measured, numbers)
    enough = len(set(numbers)) >= MIN_SHARES
    found = curve.extrapolate(together) if enough else None
    points = [
        {
            "share": share,
            "num_photos": round(number, 1),
            **_accuracy(_estimate(each)),
            "fitted": round(found.curve.at(number), NUM_DIGITS) if found else None,
        }
        for share, number, each in zip(ordered, numbers, measured, strict=True)
    ]
    return {
        "points": points,
        "num_updates": num_updates,
        "curve": {key: _rounded(value) for key, value in found.curve._asdict().items()} if found else None,
        "fit_p_value": _rounded(found.p_value) if found else None,
        "band": [
            {key: _rounded(value) for key, value in point._asdict().items()}
            for point in curve.band(together, found.curve)
        ]
        if found
        else [],
        "twice": _twice(found, numbers[-1]) if found else None,
        "no_twice": None if found else _too_few(len(ordered)),
        "answer": _growth(variant, found, numbers[-1]) if found else f"{_too_few(len(ordered))}.",
        "sentences": _limits(measured[-1], found, grouped=grouped),
    }


def claim(found: Extrapolation) -> str:
    """Returns what may be said of the gain.

    "unknown" where it has no interval; "misfit" where no curve of the family passes through the accuracies;
    "little" where the interval ends below 1 point; "gain" where it leaves out 0; else "open".
    """
    if found.low is None or found.high is None or found.p_value is None:
        return "unknown"
    if found.p_value < MISFIT:
        return "misfit"
    if found.high <= LITTLE:
        return "little"
    return "gain" if found.low >= claims.HALF_A_DIGIT else "open"


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
        honest: likewise, of the honest split.
        dealt: the random split: photo_id, component, fold and part.
        components: the component of each photo, indexed by photo_id.
    """
    gain = leaking.difference(random, honest, components)
    shown, true = measure.accuracy(random, components), measure.accuracy(honest, components)
    num_tested = int((dealt["part"] == "test").sum())
    num_siblings = leakage.num_with_sibling(dealt)
    verdict = {"better": "flatters", "worse": "lowers", "open": "open"}[claims.verdict(gain)]
    return {
        "random": _accuracy(shown),
        "honest": _accuracy(true),
        "difference": {"difference": _rounded(gain.value), **_interval(gain)},
        "paired": leaking.is_paired(random, honest),
        "num_test_photos": num_tested,
        "num_with_sibling": num_siblings,
        "claim": verdict,
        "answer": _flattery(variant, shown, true, gain, verdict),
        "sentences": [
            "Single photos were dealt at random, whoever took them, stratified by label, with as many folds "
            "and as large parts; the settings and seeds are the same.",
            f"{num_siblings:,} of the {counted(num_tested, 'test photo')} then have a photo of the same "
            "group or near-duplicate cluster in training. Validation leaks in the same way.",
            "Both splits test the same photos, so the difference is taken photo by photo."
            if leaking.is_paired(random, honest)
            else "The two splits test other photos, which widens the interval.",
            "One random split was drawn; another would show another figure. The interval is approximate, as "
            "trainings share photos.",
        ],
    }


def _twice(found: Extrapolation, num_photos: float) -> dict[str, Any]:
    ends = [end for end in (found.low, found.high) if end is not None]
    return {
        "num_photos": round(FACTOR * num_photos, 1),
        "accuracy": _rounded(found.curve.at(FACTOR * num_photos)),
        "gain": _rounded(found.gain),
        "interval": [_rounded(end) for end in ends] or None,
        "no_interval": found.reason,
        "claim": claim(found),
    }


def _growth(variant: str, found: Extrapolation, num_photos: float) -> str:
    photos = f"twice as many photos ({FACTOR * num_photos:,.0f} instead of {num_photos:,.0f} a training)"
    verdict, about = claim(found), f"about {signed_points(found.gain)} points"
    if found.low is None or found.high is None:
        return (
            f"What {photos} would bring {variant} cannot be told: the curve says {about}, but {found.reason}."
        )
    if verdict == "misfit":
        return (
            f"What {photos} would bring {variant} cannot be told: its accuracies do not follow an inverse "
            f"power law (p = {found.p_value:.2g})."
        )
    low, high = f"{100 * found.low:.1f}", f"{100 * found.high:.1f}"
    if verdict == "little":
        return f"{photos.capitalize()} would bring {variant} at most {high} points."
    if verdict == "open":
        return (
            f"What {photos} would bring {variant} cannot be told: anything from nothing to +{high} points "
            "fits these trainings."
        )
    return f"{photos.capitalize()} would bring {variant} {about} ({low} to {high})."


def _too_few(number: int) -> str:
    return (
        f"A curve through {counted(number, 'share')} says nothing beyond them; it takes {MIN_SHARES}, the "
        "whole included, such as study.shares: [0.2, 0.5]"
    )


def _limits(measured: Measured, found: Extrapolation | None, *, grouped: bool) -> list[str]:
    said = [
        "Every training had the same number of updates, whatever its share, and saw each photo the more "
        "often the fewer there were: the curve shows what photos do, not what longer training does.",
        "Each training left out other photos, a share of each label; the photos of a smaller share are among "
        "those of a larger one. Validation and test photos are the same throughout.",
    ]
    if grouped:
        said.append(
            "Photos were left out, not groups: this is about more photos of the same groups (the same "
            "people, say). Photos of further groups differ more from these, and may bring more."
        )
    else:
        said.append("This is about more photos like these, not about photos of another kind.")
    if found:
        said.append(
            "Beyond the last point the curve is an inverse power law of the number of training photos "
            f"({SOURCES}). The interval holds what such a curve may do, at most a straight line against the "
            "logarithm of that number; that accuracy goes on otherwise is not in it."
        )
    if len(measured.repeats) == 1:
        said.append(
            "With one training per fold nothing shows how much another seed, or the choice of photos, would "
            "change, so the intervals leave that out; set repeats to 2 or more."
        )
    return said


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
    return (
        f"A random split of single photos {verdict} {variant} by {100 * sign * gain.value:.1f} points "
        f"({low:.1f} to {high:.1f}): it shows {figures}."
    )


def _estimate(measured: Measured) -> Estimate:
    return intervals.estimate(measured.evidence[Key("accuracy")], measured.design)


def _accuracy(estimate: Estimate) -> dict[str, Any]:
    return {"accuracy": _rounded(estimate.value), **_interval(estimate)}


def _interval(estimate: Estimate) -> dict[str, Any]:
    ends: Sequence[float] = [end for end in (estimate.low, estimate.high) if end is not None]
    return {"interval": [_rounded(end) for end in ends] or None, "no_interval": estimate.reason}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, NUM_DIGITS)
