"""What a study found, in figures and sentences: the contents of study.json (see tenshots.studies)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from tenshots.splitting import leakage
from tenshots.statistics import claims, intervals, measure
from tenshots.statistics.claims import signed_points
from tenshots.statistics.intervals import NUM_DIGITS, Estimate
from tenshots.statistics.measure import Measured
from tenshots.statistics.tallies import Key
from tenshots.studies import curve, leaking
from tenshots.studies.curve import FACTOR, MIN_SHARES, MISFIT, Extrapolation, Measurements
from tenshots.wording import counted

LITTLE = 0.01  # a gain that no one would collect twice as many photos for
BEYOND = (
    "Beyond the last point the curve is an inverse power law of the number of training photos (Hestness et "
    "al. 2017, arXiv:1712.00409; Figueroa et al. 2012, doi:10.1186/1472-6947-12-8). The interval covers what "
    "such a curve may do, at most a straight line against the logarithm of that number; it does not cover "
    "accuracies that follow another law."
)


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
        num_photos: of each of them: photos that a training learns from, the mean.
        components: the component of each photo, indexed by photo_id.
        grouped: whether photos have groups.
        num_updates: of a training that no patience ends, the same at every share; 0 where weights are solved
            for, so that no seed moves them; None if not known.

    Raises:
        DataError: the shares were not tested on the same photos in the same folds and repeats.
    """
    ordered = sorted(shares)
    measured = [measure.measure(shares[share], components) for share in ordered]
    numbers = [num_photos[share] for share in ordered]
    together = curve.measurements(measured, numbers)
    law = curve.extrapolate(together) if len(set(numbers)) >= MIN_SHARES else None
    return {
        "points": [
            {
                "share": share,
                "num_photos": round(number, 1),
                **_accuracy(_estimate(each)),
                "fitted": law and _rounded(law.curve.at(number)),
            }
            for share, number, each in zip(ordered, numbers, measured, strict=True)
        ],
        "num_updates": num_updates,
        **(_extrapolated(variant, law, together) if law else _not_extrapolated(len(ordered))),
        "sentences": [
            *_limits(num_repeats=len(measured[-1].repeats), grouped=grouped, seeded=num_updates != 0),
            *([BEYOND] if law else []),
        ],
    }


def _extrapolated(variant: str, law: Extrapolation, measured: Measurements) -> dict[str, Any]:
    """Returns the keys of study.json that need a curve through the accuracies."""
    most = float(measured.num_photos[-1])
    return {
        "curve": _all_rounded(law.curve),
        "fit_p_value": _rounded(law.p_value),
        "band": [_all_rounded(point) for point in curve.band(measured, law.curve)],
        "twice": {
            "num_photos": round(FACTOR * most, 1),
            "accuracy": _rounded(law.curve.at(FACTOR * most)),
            "gain": _rounded(law.gain),
            **intervals.written(law),
            "claim": claim(law),
        },
        "no_twice": None,
        "answer": _growth(variant, law, most),
    }


def _not_extrapolated(num_shares: int) -> dict[str, Any]:
    """Returns the same keys where the shares are too few for a curve."""
    reason = (
        f"A curve through {counted(num_shares, 'share')} says nothing beyond them; at least {MIN_SHARES} are "
        "needed, counting the whole, such as study.shares: [0.2, 0.5]"
    )
    return {
        "curve": None,
        "fit_p_value": None,
        "band": [],
        "twice": None,
        "no_twice": reason,
        "answer": f"{reason}.",
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
    return "gain" if claims.side_of_zero((found.low, found.high)) > 0 else "open"


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
    num_siblings = leakage.num_with_sibling(dealt)
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


def _growth(variant: str, found: Extrapolation, num_photos: float) -> str:
    photos = f"twice as many photos ({FACTOR * num_photos:,.0f} instead of {num_photos:,.0f} per training)"
    unknown = f"It cannot be said what {photos} would bring {variant}"
    verdict, about = claim(found), f"about {signed_points(found.gain)} points"
    if found.low is None or found.high is None:
        return f"{unknown}: the curve says {about}, but {found.reason}."
    if verdict == "misfit":
        return f"{unknown}: its accuracies do not follow an inverse power law (p = {found.p_value:.2g})."
    low, high = f"{100 * found.low:.1f}", f"{100 * found.high:.1f}"
    if verdict == "little":
        return f"{photos.capitalize()} would bring {variant} at most {high} points."
    if verdict == "open":
        return f"{unknown}: anything from nothing to +{high} points fits these trainings."
    return f"{photos.capitalize()} would bring {variant} {about} ({low} to {high})."


def _limits(*, num_repeats: int, grouped: bool, seeded: bool) -> list[str]:
    same_updates = (
        "Every training had the same number of updates whatever its share, so with fewer photos it saw each "
        "of them more often: the curve shows what more photos do, not what longer training does."
    )
    said = [
        *([same_updates] if seeded else []),
        "Each training left out different photos, the same share of each label; the photos of a smaller "
        "share are among those of a larger one. Validation and test photos are the same throughout.",
        "Photos were left out, not groups: this is about more photos from the same groups (the same people, "
        "say). Photos from further groups differ more from these, and may bring more."
        if grouped
        else "This is about more photos like these, not about photos of another kind.",
    ]
    if not seeded:
        said.append(
            "No seed moves its weights, so a fold is taught once at each share; how much another choice of "
            "photos would change, nothing shows, and the intervals leave that out."
        )
    elif num_repeats == 1:
        said.append(
            "With one training per fold nothing shows how much another seed, or another choice of photos, "
            "would change, so the intervals leave that out; set repeats to 2 or more."
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
    by = f"{100 * sign * gain.value:.1f} points"
    does = f"flatters {variant} by {by}" if sign == 1 else f"makes {variant} look {by} worse"
    return f"A random split of single photos {does} ({low:.1f} to {high:.1f}): it shows {figures}."


def _estimate(measured: Measured) -> Estimate:
    return intervals.estimate(measured.evidence[Key("accuracy")], measured.design)


def _accuracy(estimate: Estimate) -> dict[str, Any]:
    return {"accuracy": _rounded(estimate.value), **intervals.written(estimate)}


def _all_rounded(found: NamedTuple) -> dict[str, float | None]:
    return {key: _rounded(value) for key, value in found._asdict().items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, NUM_DIGITS)
