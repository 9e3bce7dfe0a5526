"""Pictures for the runs in MLflow; the report draws its own, in the reader's light or dark theme."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tenshots.lettering import NOTE, drawable

INCHES_A_LABEL = 0.6


def confusion_png(counts: np.ndarray, labels: Sequence[str], *, title: str) -> bytes:
    """Draws a confusion matrix, shaded by the share of each true label.

    Args:
        counts: int, shape (num_labels, num_labels): a row per true label, a column per predicted one.
        labels: names of rows and columns, drawn as they are (a `$` starts no formula); characters that the
            letters lack are numbers, as a note below says.
        title: above the matrix.

    Returns:
        A PNG file.
    """
    side = max(4.0, INCHES_A_LABEL * len(labels) + 2)
    figure = Figure(
        figsize=(side, side), dpi=120, layout="constrained"
    )  # no pyplot: nothing global, no display
    axes = figure.add_subplot()
    shown = [drawable(label) for label in labels]
    if shown != list(labels):
        figure.supxlabel(NOTE, fontsize="small", parse_math=False)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(labels)), shown, rotation=45, ha="right", parse_math=False)
    axes.set_yticks(range(len(labels)), shown, parse_math=False)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(title, parse_math=False)
    for (row, column), share in np.ndenumerate(shares):
        colour = "white" if share > 0.6 else "black"
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour)
    return _png(figure)


def curves_png(curves: Mapping[str, pd.DataFrame]) -> bytes:
    """Draws learning curves: a column per variant, accuracy above, loss below, on the same axes for all.

    Args:
        curves: of each variant: epoch, accuracy, val_accuracy, loss and val_loss.

    Returns:
        A PNG file.
    """
    figure = Figure(figsize=(max(4.5, 3.2 * len(curves)), 5), dpi=120, layout="constrained")
    grid = figure.subplots(2, len(curves), sharex=True, sharey="row", squeeze=False)
    for (name, table), (above, below) in zip(curves.items(), grid.T, strict=True):
        above.set_title(name, parse_math=False)
        below.set_xlabel("epoch")
        for axes, column in ((above, "accuracy"), (below, "loss")):
            axes.plot(table["epoch"], table[column], linestyle="--", label="training")
            axes.plot(table["epoch"], table[f"val_{column}"], label="validation")
            axes.grid(alpha=0.3)
    grid[0, 0].set(ylabel="accuracy", ylim=(0, 1))
    grid[1, 0].set_ylabel("loss")
    grid[1, 0].set_ylim(bottom=0)
    grid[0, 0].legend(frameon=False)
    return _png(figure)


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()
