"""Pictures of learning rates: the courses as training computes them, and what a range test has seen."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from tenshots.choices import Choice, name_of
from tenshots.lettering import drawable
from tenshots.training.rate_test import Found
from tenshots.training.schedules import LearningRate, Plateau

COLUMNS = 4
# Made up, for the course that depends on it: a validation loss that falls in steps, by share of the training.
STAIRS = ((0.0, 1.0), (0.3, 0.7), (0.6, 0.5))
BLUE, ORANGE = "#0072b2", "#d55e00"  # Okabe and Ito's


def courses_png(
    schedules: Sequence[Choice], *, num_epochs: int = 50, per_epoch: int = 10, warmup: float = 0.1
) -> bytes:
    """Draws the learning rate of each update on each course, as a share of its peak.

    Args:
        schedules: settings `optimisation.schedule`.
        num_epochs: of the training.
        per_epoch: updates in each.
        warmup: the setting `optimisation.warmup`.

    Returns:
        A PNG file.
    """
    rows = -(-len(schedules) // COLUMNS)
    figure = Figure(figsize=(3 * COLUMNS, 2.4 * rows), dpi=110, layout="constrained")
    grid = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, schedule in zip(grid, schedules, strict=False):
        drawn = course_rates(schedule, num_epochs=num_epochs, per_epoch=per_epoch, warmup=warmup)
        axes.plot(np.arange(len(drawn)) / len(drawn), drawn, color=BLUE, linewidth=1.8)
        axes.set_title(name_of(schedule), fontsize=11)
        axes.grid(alpha=0.25)
    for axes in grid[len(schedules) :]:
        axes.set_axis_off()
    figure.supxlabel("share of the training's updates")
    figure.supylabel("learning rate / lr")
    return _png(figure)


def course_rates(schedule: Choice, *, num_epochs: int, per_epoch: int, warmup: float) -> np.ndarray:
    """Returns the rate of each update at lr 1, float64 (num_epochs * per_epoch,), as training asks for it.

    The course `performance` is told of a validation loss that is made up: it falls thrice, and stays between.
    """
    num_updates = num_epochs * per_epoch
    rate = LearningRate(1.0, num_updates=num_updates, schedule=schedule, warmup=warmup)
    plateau = Plateau(rate, num_warming=round(warmup * num_epochs))
    found = []
    for epoch in range(num_epochs):
        steps = np.arange(epoch * per_epoch, (epoch + 1) * per_epoch)
        found.append(np.asarray(rate(steps), dtype=np.float64))
        plateau.tell(epoch, min(loss for share, loss in STAIRS if epoch >= share * num_epochs))
    return np.concatenate(found)


def range_test_png(found: Found, *, title: str) -> bytes:
    """Draws the loss over the rate, with the suggested rate.

    Args:
        found: of `rate_test.run`.
        title: above it, drawn as it is.

    Returns:
        A PNG file.
    """
    figure = Figure(figsize=(8, 4.5), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    axes.plot(found.rates, found.losses, color="0.75", linewidth=0.9, label="each update")
    axes.plot(found.rates, found.smoothed, color=BLUE, linewidth=2, label="smoothed")
    if found.suggested is not None:
        axes.axvline(found.suggested, color=ORANGE, linestyle="--", label=f"suggested: {found.suggested:g}")
    axes.set_xscale("log")
    low = float(found.smoothed.min())
    axes.set_ylim(0.8 * low, max(3.0 * low, 1.2 * float(found.smoothed[0])))
    axes.set_xlabel("learning rate (the setting lr)")
    axes.set_ylabel("loss on training photos")
    axes.set_title(drawable(title), parse_math=False)
    axes.legend()
    axes.grid(alpha=0.25)
    return _png(figure)


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})  # no version in the file
    return stream.getvalue()
