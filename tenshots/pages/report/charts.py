"""Geometry of the page's charts: numbers to places; the templates draw them in the theme's colours.

The charts are drawn here and not by Vega-Altair, which was tried (altair 6.3, vl-convert-python 1.9): its
converter takes 84 MB of site-packages for a JavaScript engine; a line chart becomes 20 kB of SVG, with its
colours fixed where ours follow the reader's theme, and with text that shrinks with the picture on a phone
where rows of HTML wrap; hovering needs 900 kB of script in each page, which the page's own
Content-Security-Policy refuses as long as it forbids `eval`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from tenshots.wording import counted

WIDTH, HEIGHT = 340, 200
NEARLY_SQUARE = (300, 270)
LEFT, RIGHT, TOP, BOTTOM = 40, 10, 10, 34
MAX_TICKS = 6


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its place in px (or in % of the axis) and its text."""

    place: float
    text: str


@dataclass(frozen=True)
class Chart:
    """Lines over a horizontal and a vertical axis, in a picture of `size` px.

    Attributes:
        title: what the vertical axis shows.
        lines: a name and an SVG path each.
        x_ticks: along the bottom.
        y_ticks: along the left side.
        frame: left, right, top and bottom edge of the plotted area.
        size: of the whole picture.
    """

    title: str
    lines: dict[str, str]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    frame: tuple[int, int, int, int] = (LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM)
    size: tuple[int, int] = (WIDTH, HEIGHT)


@dataclass(frozen=True)
class Dot:
    """A point of a reliability curve in px: its place, the ends of its interval (or None), and its words."""

    x: float
    y: float
    low: float | None
    high: float | None
    words: str


@dataclass(frozen=True)
class Reliability:
    """The share right upwards, from 0 to 100 %, of answers that rise in confidence from left to right.

    Attributes:
        dots: one per bin.
        ideal: SVG path of what would be right at each bin's confidence.
        x_ticks: the bins' confidence, in px.
        y_ticks: in px.
        frame: left, right, top and bottom edge of the plotted area.
        size: of the whole picture.
    """

    dots: list[Dot]
    ideal: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    frame: tuple[int, int, int, int] = (LEFT, NEARLY_SQUARE[0] - RIGHT, TOP, NEARLY_SQUARE[1] - BOTTOM)
    size: tuple[int, int] = NEARLY_SQUARE


class Bar(NamedTuple):
    """A bar of a histogram: left and width in % of the axis, height in % of the highest; its words.

    `outside` says whether it lies beyond the limits.
    """

    left: float
    width: float
    height: float
    words: str
    outside: bool


@dataclass(frozen=True)
class Histogram:
    """How a figure is distributed; the ticks lie in % along the axis."""

    bars: list[Bar]
    x_ticks: list[Tick]


@dataclass(frozen=True)
class Scale:
    """A horizontal axis from `low` to `high`, for rows of points with intervals."""

    low: float
    high: float
    ticks: list[Tick]

    def place(self, value: float) -> float:
        """Returns where a value lies, in % of the axis, or the nearest end."""
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 2)


def line_chart(
    title: str,
    x: Sequence[float],
    series: dict[str, Sequence[float]],
    *,
    x_end: float,
    y_end: float,
    y_as_percent: bool,
) -> Chart:
    """Lays out lines over [0, x_end] by [0, y_end].

    Args:
        title: what is shown.
        x: shape (n,): places along the bottom.
        series: a name and n values each; a value that is not a number breaks the line.
        x_end: right end of the axis; the same for charts that are compared.
        y_end: upper end of the axis, also the same for charts that are compared.
        y_as_percent: whether ticks are written as percentages.
    """
    x_end, y_end = max(x_end, 1.0), y_end if y_end > 0 else 1.0
    steps_x, steps_y = ticks(x_end), ticks(y_end)
    return Chart(
        title=title,
        lines={name: path(x, values, x_end=x_end, y_end=y_end) for name, values in series.items()},
        x_ticks=[Tick(_across(value, x_end), f"{value:g}") for value in steps_x],
        y_ticks=[
            Tick(_up(value, y_end), f"{100 * value:g} %" if y_as_percent else f"{value:g}")
            for value in steps_y
        ],
    )


def reliability(curve: Sequence[Mapping[str, Any]]) -> Reliability:
    """Lays out a reliability curve: each answer has the same room, whatever its confidence.

    An axis of confidence would pile up the bins of a network that is nearly always nearly sure. So the dashed
    line of a calibrated network is no diagonal: it rises as the confidence of the bins does.

    Args:
        curve: bins by rising confidence: confidence, accuracy (in [0, 1]), interval and num_predictions (see
            comparison).
    """
    left, right, top, bottom = Reliability([], "", [], []).frame
    ends = np.cumsum([0, *(found["num_predictions"] for found in curve)])
    places = [
        round(left + float(start + end) / 2 / float(ends[-1]) * (right - left), 1)
        for start, end in pairwise(ends)
    ]

    def up(share: float) -> float:
        return round(bottom - share * (bottom - top), 1)

    dots = []
    for across, found in zip(places, curve, strict=True):
        low, high = (up(end) for end in found["interval"]) if found["interval"] else (None, None)
        answers = counted(found["num_predictions"], "answer")
        sure, correct = (_whole_percent(found[name]) for name in ("confidence", "accuracy"))
        words = f"{answers} with {sure} % confidence: {correct} % right"
        dots.append(Dot(across, up(found["accuracy"]), low, high, words))
    return Reliability(
        dots=dots,
        ideal="".join(
            f"{'L' if number else 'M'}{across} {up(found['confidence'])}"
            for number, (across, found) in enumerate(zip(places, curve, strict=True))
        ),
        x_ticks=_ends_of_runs(
            [
                Tick(across, _whole_percent(found["confidence"]))
                for across, found in zip(places, curve, strict=True)
            ]
        ),
        y_ticks=[
            Tick(up(share), f"{100 * share:.0f}{' %' if share == 1 else ''}")
            for share in (0.0, 0.25, 0.5, 0.75, 1.0)
        ],
    )


def _ends_of_runs(ticks: Sequence[Tick]) -> list[Tick]:
    """Leaves out ticks between two of the same text, which would touch each other."""
    texts = [None, *(tick.text for tick in ticks), None]
    return [tick for tick, *sides in zip(ticks, texts, texts[2:], strict=False) if {*sides} != {tick.text}]


def _whole_percent(share: float) -> str:
    """Writes a share in whole per cents; what is not all is not 100: 0.996 → ">99"."""
    text = f"{100 * share:.0f}"
    return ">99" if text == "100" and share < 1 else text


def histogram(
    edges: Sequence[float],
    counts: Sequence[int],
    *,
    limits: tuple[float | None, float | None],
    logarithmic: bool,
) -> Histogram:
    """Lays out a distribution.

    Args:
        edges: of the bins, rising, one more than `counts`; above 0 where `logarithmic`.
        counts: of each bin.
        limits: a bin with its middle below the first or above the second is marked as outside.
        logarithmic: whether the axis is.
    """
    places = np.log(edges) if logarithmic else np.asarray(edges, dtype=np.float64)
    share = (places - places[0]) / ((places[-1] - places[0]) or 1.0)
    low, high = limits
    highest, bars = max(*counts, 1), []
    for number, count in enumerate(counts):
        start, end = edges[number], edges[number + 1]
        middle = math.sqrt(start * end) if logarithmic else (start + end) / 2
        outside = (low is not None and middle < low) or (high is not None and middle > high)
        if count:
            left, width = 100 * share[number], 100 * (share[number + 1] - share[number])
            words = f"{counted(count, 'photo')} from {start:.3g} to {end:.3g}"
            bars.append(Bar(round(left, 2), round(width, 2), round(100 * count / highest, 1), words, outside))
    return Histogram(bars, [Tick(0.0, f"{edges[0]:.3g}"), Tick(100.0, f"{edges[-1]:.3g}")])


def scale(values: Iterable[float]) -> Scale:
    """Returns an axis around 0 that holds all values (shares), marked in points at round places."""
    known = [0.0, *values]
    low, high = min(known), max(known)
    span = max(high - low, 0.1)
    step = next(
        step for step in (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, math.inf) if span / step <= MAX_TICKS or step >= 1
    )
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    first, last = min(first, 0 if last > 0 else -1), max(last, 0 if first < 0 else 1)
    axis = Scale(first * step, last * step, [])
    marks = [
        Tick(axis.place(i * step), f"{100 * i * step:+.0f}".replace("-", "\N{MINUS SIGN}") if i else "0")
        for i in range(first, last + 1)
    ]
    return Scale(axis.low, axis.high, marks)


def ticks(end: float) -> list[float]:
    """Returns at most six round places from 0 to `end`, in steps of 1, 2, 2.5 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(end / MAX_TICKS))
    step = next(
        step
        for step in (power, 2 * power, 2.5 * power, 5 * power, 10 * power)
        if end / step < MAX_TICKS - 1e-9
    )
    return [round(i * step, 10) for i in range(math.floor(end / step + 1e-9) + 1)]


def path(x: Sequence[float], y: Sequence[float], *, x_end: float, y_end: float) -> str:
    """Returns the SVG path through the points; no number leaves a gap, one above `y_end` is cut."""
    parts, pen_down = [], False
    for across, up in zip(x, y, strict=True):
        if not np.isfinite(up):
            pen_down = False
            continue
        place = f"{_across(across, x_end):.1f} {_up(min(up, y_end), y_end):.1f}"
        # A line to its own start shows a point that has no neighbour as a dot (round line caps).
        parts.append(f"L{place}" if pen_down else f"M{place}L{place}")
        pen_down = True
    return "".join(parts)


def _across(value: float, end: float) -> float:
    return LEFT + value / end * (WIDTH - LEFT - RIGHT)


def _up(value: float, end: float) -> float:
    return HEIGHT - BOTTOM - value / end * (HEIGHT - TOP - BOTTOM)
