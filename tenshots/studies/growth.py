"""What twice the people, or twice the photos, would bring: the learning curve's part of study.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from tenshots.statistics import claims, intervals, measure
from tenshots.statistics.claims import signed_points
from tenshots.statistics.intervals import NUM_DIGITS
from tenshots.statistics.measure import Measured
from tenshots.statistics.tallies import Key
from tenshots.studies import curve
from tenshots.studies.axes import Axis
from tenshots.studies.curve import FACTOR, MIN_SHARES, MISFIT, Extrapolation
from tenshots.wording import counted

LITTLE = 0.01  # a gain that no one would collect twice as many photos for
BEYOND = (
    "Beyond the last point each curve is an inverse power law (Hestness et al. 2017, arXiv:1712.00409; "
    "Figueroa et al. 2012, doi:10.1186/1472-6947-12-8). The interval covers what such a curve may do, at "
    "most a straight line against the logarithm of the number; it does not cover accuracies that follow "
    "another law."
)


class Along(NamedTuple):
    """What was measured along one axis.

    Attributes:
        axis: what there is less of at smaller shares.
        predictions: of each share, and of 1: those of test photos, all folds and repeats.
        numbers: of people or photos that a training learns from at each of them, the mean.
    """

    axis: Axis
    predictions: Mapping[float, pd.DataFrame]
    numbers: Mapping[float, float]


def learning_curve(
    variant: str,
    measured: Sequence[Along],
    components: pd.Series,
    *,
    grouped: bool,
    num_updates: int | None,
    reasons: Sequence[str] = (),
) -> dict[str, Any]:
    """Returns what study.json says of the learning curve.

    Args:
        variant: its name.
        measured: along each axis; none where nothing can be left out.
        components: the component of each photo that is tested or teaches, indexed by photo_id.
        grouped: whether photos have groups.
        num_updates: of a training that no patience ends, the same at every share; 0 where weights are solved
            for, so that no seed moves them; None if not known.
        reasons: why an axis or a share is missing, each a clause in the page's words.

    Raises:
        DataError: the shares were not tested on the same photos in the same folds and repeats.
    """
    found = [_along(each, components) for each in measured]
    laws = [law for _, law, _ in found]
    num_draws = max((number for _, _, number in found), default=0)
    # Where nothing was measured, the answer gives the first reason.
    said = [_sentence(reason) for reason in (reasons if found else reasons[1:])]
    if found:
        said += _limits(num_draws=num_draws, grouped=grouped, seeded=num_updates != 0)
    return {
        "axes": [part for part, _, _ in found],
        "num_updates": num_updates,
        "num_draws": num_draws,
        "answer": _answer(measured, found, reasons),
        "enough": _enough(variant, measured, found, reasons),
        "sentences": [*said, *([BEYOND] if any(laws) else [])],
    }


def not_measured(reasons: Sequence[str]) -> dict[str, Any]:
    """Returns the same where nothing can be left out, and the reasons say why."""
    nothing = pd.Series(dtype=str)
    return learning_curve("", [], nothing, grouped=False, num_updates=None, reasons=reasons)


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


def told(axis: Axis, law: Extrapolation, *, unit: str = " points") -> str:
    """Returns a clause on one axis: `twice the photos each: +1.2 points (0.1 to 2.9)`.

    Args:
        axis: whose law it is.
        law: what was found.
        unit: empty where a clause before has named it.
    """
    verdict, about = claim(law), f"{axis.twice}: {signed_points(law.gain)}{unit}"
    if law.low is None or law.high is None:
        return f"{about} by the curve, without an interval, because {law.reason}"
    if verdict == "misfit":
        return (
            f"{axis.twice}: it cannot be said, because these accuracies do not follow an inverse power law "
            f"(p = {law.p_value:.2g})"
        )
    if verdict == "little":
        return f"{axis.more} would bring less than 1 point"
    return f"{about} ({100 * law.low:.1f} to {100 * law.high:.1f})"


_Found = tuple[dict[str, Any], Extrapolation | None, int]


def _along(along: Along, components: pd.Series) -> _Found:
    """Returns an axis's part of study.json, its law if there is one, and how many trainings a share has."""
    ordered = sorted(along.predictions)
    measured = [measure.measure(along.predictions[share], components) for share in ordered]
    numbers = [along.numbers[share] for share in ordered]
    together = curve.measurements(measured, numbers)
    law = curve.extrapolate(together) if len(set(numbers)) >= MIN_SHARES else None
    part: dict[str, Any] = {
        "axis": along.axis.name,
        "unit": along.axis.unit,
        "points": [
            {
                "share": share,
                "number": round(number, 1),
                **_accuracy(each),
                "fitted": law and _rounded(law.curve.at(number)),
            }
            for share, number, each in zip(ordered, numbers, measured, strict=True)
        ],
        "curve": law and _all_rounded(law.curve),
        "fit_p_value": law and _rounded(law.p_value),
        "band": [_all_rounded(point) for point in curve.band(together, law.curve)] if law else [],
        "twice": law
        and {
            "number": round(FACTOR * numbers[-1], 1),
            "accuracy": _rounded(law.curve.at(FACTOR * numbers[-1])),
            "gain": _rounded(law.gain),
            **intervals.written(law),
            "claim": claim(law),
        },
        "no_twice": None if law else _too_few(len(ordered)),
    }
    return part, law, len(measured[-1].repeats)


def _too_few(num_shares: int) -> str:
    return (
        f"a curve through {counted(num_shares, 'share')} says nothing beyond them; at least {MIN_SHARES} are "
        "needed, counting the whole, such as study.shares: [0.25, 0.5]"
    )


def _answer(measured: Sequence[Along], found: Sequence[_Found], reasons: Sequence[str]) -> str:
    return _sentence("; ".join(_clauses(measured, found)) if found else f"not measured: {reasons[0]}")


def _enough(variant: str, measured: Sequence[Along], found: Sequence[_Found], reasons: Sequence[str]) -> str:
    if not found:
        return f"Have I enough? Not measured: {reasons[0]}."
    if all(law and claim(law) == "little" for _, law, _ in found):
        both = " or ".join(along.axis.more for along in measured)
        return f"Have I enough? Yes, of photos like these: {both} would bring {variant} less than 1 point."
    return f"Have I enough? {_verdict([law for _, law, _ in found])} {_answer(measured, found, reasons)}"


def _verdict(laws: Sequence[Extrapolation | None]) -> str:
    """Returns yes or no, as far as the figures that follow allow it."""
    claims_of = [(claim(law), law.gain) for law in laws if law]
    if any(said == "gain" and gain >= LITTLE for said, gain in claims_of):
        return "No, more would help."
    certain = len(claims_of) == len(laws) and all(said not in ("unknown", "misfit") for said, _ in claims_of)
    if certain and all(gain < LITTLE for _, gain in claims_of):
        return "Probably."
    return "That cannot be told."


def _clauses(measured: Sequence[Along], found: Sequence[_Found]) -> list[str]:
    clauses: list[str] = []
    for along, (part, law, _) in zip(measured, found, strict=True):
        named = any(" points" in clause for clause in clauses)
        clauses.append(
            told(along.axis, law, unit="" if named else " points")
            if law
            else f"{along.axis.twice}: {part['no_twice']}"
        )
    return clauses


def _limits(*, num_draws: int, grouped: bool, seeded: bool) -> list[str]:
    said = [
        "People were left out with all of their photos; and separately, some photos of each person. A larger "
        "share holds all that a smaller one holds. Validation and test photos are "
        "the same throughout. A person here is an independent set: all who share a photo or a scene count as "
        "one."
        if grouped
        else "Nothing says who took the photos, so this is about more photos like these: independent sets of "
        "photos were left out whole. What further people would bring, nothing shows. Validation and test "
        "photos are the same throughout."
    ]
    if seeded:
        said.append(
            "Every training had the same number of updates whatever its share, so with fewer photos it saw "
            "each of them more often: the curve shows what more photos do, not what longer training does."
        )
    if num_draws == 1:
        said.append(
            "With one training per fold nothing shows how much another seed, or leaving out others, would "
            "change, so the intervals leave that out; set repeats to 2 or more."
        )
    else:
        said.append(
            f"Each fold was taught {num_draws} times at each share, each time with others left out; the mean "
            "counts."
        )
    return said


def _accuracy(measured: Measured) -> dict[str, Any]:
    estimate = intervals.estimate(measured.evidence[Key("accuracy")], measured.design)
    return {"accuracy": _rounded(estimate.value), **intervals.written(estimate)}


def _sentence(clause: str) -> str:
    return f"{clause[0].upper()}{clause[1:]}."


def _all_rounded(found: NamedTuple) -> dict[str, float | None]:
    return {key: _rounded(value) for key, value in found._asdict().items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, NUM_DIGITS)
