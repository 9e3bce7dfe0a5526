"""The differences of all pairs of variants, and what may be claimed of each (see pages.report.comparison)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from tenshots.statistics import claims, gains, intervals, plans
from tenshots.statistics.intervals import NUM_DIGITS, Estimate
from tenshots.statistics.measure import Measured
from tenshots.statistics.plans import SampleSize


def differences(
    measured: Mapping[str, Measured], pairs: Sequence[tuple[str, str]], sample: SampleSize
) -> list[dict[str, Any]]:
    """Returns the key `differences` of comparison.json: the pairs asked about, then the others.

    Args:
        measured: of each variant.
        pairs: that are asked about, each a variant and what it is compared with; their intervals hold
            together, and those of the others together with all.
        sample: what was tested.
    """
    known = [{*pair} for pair in pairs]
    rest = [
        (name, other) for other, name in itertools.combinations(measured, 2) if {name, other} not in known
    ]
    found = []
    for group, together in ((pairs, pairs), (rest, [*pairs, *rest])):
        if not group:
            continue
        size = sample._replace(num_comparisons=max(len(together), 1))
        compared = [(measured[one], measured[other]) for one, other in together]
        joint, within = gains.gains(compared), gains.gains(compared, tail=claims.TAIL_OF_EQUALITY)
        estimates = dict(zip(together, zip(joint, within, strict=True), strict=True))
        found += [_difference(measured, pair, *estimates[pair], size, asked=group is pairs) for pair in group]
    return found


def _difference(
    measured: Mapping[str, Measured],
    pair: tuple[str, str],
    gain: Estimate,
    within: Estimate,
    sample: SampleSize,
    *,
    asked: bool,
) -> dict[str, Any]:
    name, other = pair
    plan, test = plans.plan(gain, sample), claims.mcnemar(measured[name], measured[other])
    limits = intervals.ends(within)
    return {
        "variant": name,
        "reference": other,
        "asked": asked,
        "num_comparisons": sample.num_comparisons,
        "difference": round(gain.value, NUM_DIGITS),
        **intervals.written(gain),
        "within": limits and [round(end, NUM_DIGITS) for end in limits],
        "too_few": gain.few is not None,
        "claim": claims.claim(gain, within, sample.margin),
        "sentence": claims.sentence(name, other, gain, within, sample),
        "to_settle": plan
        and {"points": round(100 * sample.margin, 1), "power": plans.POWER, **plan._asdict()},
        "mcnemar": {**test._asdict(), "p_value": float(f"{test.p_value:.4g}")},
    }
