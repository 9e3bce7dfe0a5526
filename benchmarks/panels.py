"""Small panels side by side, which stay legible where a page is as narrow as a phone; no command."""

from __future__ import annotations

import io
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

WIDTH_IN, DPI = 6.5, 150  # 975 px, on a phone shown at 360: letters of 9 points are then 7 px high
FONT_PT = 9.5
BLUE, ORANGE = "#0072b2", "#d55e00"  # Okabe and Ito's
PALE_BLUE, PALE_ORANGE = "#9fc9e4", "#f3bf9f"


def panels(titles: Sequence[str], *, columns: int, height_in: float) -> tuple[Figure, list[Axes]]:
    """Returns a figure with a panel per title, which share their axes.

    Args:
        titles: of the panels.
        columns: panels in a row.
        height_in: of a row.
    """
    rows = -(-len(titles) // columns)
    figure = Figure(figsize=(WIDTH_IN, height_in * rows), dpi=DPI, layout="constrained")
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel().tolist()
    for number, axes in enumerate(grid):
        axes.tick_params(labelsize=FONT_PT - 1.5)
        axes.tick_params(labelbottom=number + columns >= len(titles))  # under the last panel of each column
        axes.grid(alpha=0.25)
        if number < len(titles):
            axes.set_title(titles[number], fontsize=FONT_PT)
        else:
            axes.set_axis_off()
    return figure, grid[: len(titles)]


def png(figure: Figure) -> bytes:
    """Returns a figure as a PNG file, without a version in it."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()
