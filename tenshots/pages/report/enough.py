"""Whether there are enough people and photos: a learning curve drawn, and its line for the first screen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tenshots.pages.report import charts
from tenshots.pages.report.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Dot, Tick

MOST = 2.0  # times as much as there is: where the curves end
BROAD = (560, 330)  # px: of a picture that has half of the page
ASIDE = 7  # px between two intervals
STEP = 0.05  # the lower end of the axis is a multiple of it
WORDS = {0.5: "half", 1.0: "now", MOST: "twice"}


class Reach(NamedTuple):
    """An interval, upright, in px."""

    x: float
    low: float
    high: float


@dataclass(frozen=True)
class Line:
    """One axis of a learning curve.

    Attributes:
        name: what there is more or less of: people, photos each, or photos.
        dots: measured, in px, without intervals: what all shares have in common would hide how they differ.
        path: SVG path of the fitted curve; empty without one.
        reach: where the accuracy with twice as much lies, if that of now is right; None without an interval.
        dashed: whether it is the second one.
    """

    name: str
    dots: list[Dot]
    path: str
    reach: Reach | None
    dashed: bool


@dataclass(frozen=True)
class Picture:
    """Accuracy against how much there is to learn from, as a multiple of what there is now.

    Attributes:
        lines: one or two.
        x_ticks: in px.
        y_ticks: in px.
        now: where 1 lies, in px.
    """

    lines: list[Line]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    now: float
    size: tuple[int, int]

    @property
    def frame(self) -> tuple[int, int, int, int]:
        """Left, right, top and bottom edge of the plotted area."""
        return (LEFT, self.size[0] - RIGHT, TOP, self.size[1] - BOTTOM)


def picture(found: Mapping[str, Any], *, broad: bool = False) -> Picture | None:
    """Lays out a learning curve over [0, MOST] by [a round accuracy below all that is shown, 1].

    Args:
        found: the key learning_curve of study.json (see tenshots.studies).
        broad: whether it has half of the page, because no other variant was studied.

    Returns:
        None where nothing was measured.
    """
    axes = found["axes"]
    if not axes:
        return None
    shown = [point["accuracy"] for axis in axes for point in axis["points"]]
    shown += [each["accuracy"] for axis in axes for each in axis["band"]]
    width, height = size = BROAD if broad else (WIDTH, HEIGHT)
    lowest: float = min(max(math.floor(min(shown) / STEP) * STEP, 0.0), 1 - 2 * STEP)

    def up(accuracy: float) -> float:
        share = (min(max(accuracy, lowest), 1.0) - lowest) / (1 - lowest)
        return round(height - BOTTOM - share * (height - TOP - BOTTOM), 1)

    def along(times: float) -> float:
        return round(LEFT + min(times / MOST, 1.0) * (width - LEFT - RIGHT), 1)

    def line(number: int, axis: Mapping[str, Any]) -> Line:
        now, unit, twice = axis["points"][-1], axis["unit"], axis["twice"]

        def across(each: Mapping[str, Any]) -> float:
            return along(each["number"] / now["number"])

        reach = None
        if twice and twice["interval"]:
            low, high = (up(now["fitted"] + end) for end in twice["interval"])
            reach = Reach(along(MOST) - ASIDE * number, low, high)
        return Line(
            name=unit,
            dots=[
                Dot(across(each), up(each["accuracy"]), None, None, _words(each, unit))
                for each in axis["points"]
            ],
            path="".join(
                f"{'L' if i else 'M'}{across(each)} {up(each['accuracy'])}"
                for i, each in enumerate(axis["band"])
            ),
            reach=reach,
            dashed=number > 0,
        )

    return Picture(
        lines=[line(number, axis) for number, axis in enumerate(axes)],
        x_ticks=[Tick(along(value), text) for value, text in WORDS.items()],
        y_ticks=[
            Tick(up(lowest + value), f"{100 * (lowest + value):.3g} %") for value in charts.ticks(1 - lowest)
        ],
        now=along(1.0),
        size=size,
    )


def first_line(
    studies: Mapping[str, Mapping[str, Any]], names: Iterable[str], *, is_open: bool = False
) -> str | None:
    """Returns the answer to "Have I enough photos?", for the first screen; None where nothing was studied.

    Args:
        studies: of each variant that was studied, its study.json, as reports/comparison.json has them.
        names: variants, the one that matters most first; the first that was studied speaks.
        is_open: whether variants are compared of which nothing can be claimed: enough to learn from is not
            enough to tell them apart.
    """
    for name in names:
        found = studies.get(name, {}).get("learning_curve")
        if found:
            answer = str(found["enough"]).removeprefix("Have I enough? ")
            more = "; to tell close variants apart takes more" if is_open else ""
            by = f" (Measured with the variant {name}{more}.)" if found["axes"] else ""
            return f"{answer}{by}"
    return None


def _words(point: Mapping[str, Any], unit: str) -> str:
    """Returns what a dot says: 3.5 people: 71.0 % (62.1 to 78.6)."""
    ends = point["interval"]
    reach = f" ({100 * ends[0]:.1f} to {100 * ends[1]:.1f})" if ends else ""
    return f"{point['number']:g} {unit}: {100 * point['accuracy']:.1f} %{reach}"
