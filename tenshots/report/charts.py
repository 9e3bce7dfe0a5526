"""Geometry of the page's line charts: numbers to places; the template draws them in the theme's colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WIDTH, HEIGHT = 340, 200
LEFT, RIGHT, TOP, BOTTOM = 40, 10, 10, 34
MAX_TICKS = 6


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its place in px and its text."""

    place: float
    text: str


@dataclass(frozen=True)
class Chart:
    """Lines over a horizontal and a vertical axis, in a picture of WIDTH by HEIGHT px.

    Attributes:
        title: what the vertical axis shows.
        lines: a name and an SVG path each.
        x_ticks: along the bottom.
        y_ticks: along the left side.
        frame: left, right, top and bottom edge of the plotted area.
    """

    title: str
    lines: dict[str, str]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    frame: tuple[int, int, int, int] = (LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM)
    size: tuple[int, int] = (WIDTH, HEIGHT)


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
        series: a name and n values each; a value that is no number breaks the line.
        x_end: right end of the axis; the same for charts that are compared.
        y_end: upper end of the axis, likewise.
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
