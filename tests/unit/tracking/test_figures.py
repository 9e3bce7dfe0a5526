"""Pictures for MLflow."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
from PIL import Image

from tenshots.tracking import figures


def grey(png: bytes) -> np.ndarray:
    """A picture's brightness, 0 to 255, shape (height, width)."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"), np.int16)


def test_a_confusion_picture_takes_any_label_and_is_the_same_twice() -> None:
    counts = np.array([[5, 1], [0, 0]])
    labels = ["$\\frac{", "<b>cup</b>"]
    first, second = (figures.confusion_png(counts, labels, title="a_$b$") for _ in range(2))
    assert first == second
    assert Image.open(io.BytesIO(first)).format == "PNG"


def test_a_cell_is_as_dark_as_its_share_of_the_true_label() -> None:
    """18 of 20 are as dark as 180 of 200, so there are two shades, and the dark one is the diagonal's."""
    picture = grey(figures.confusion_png(np.array([[180, 20], [2, 18]]), ["a", "b"], title=""))
    shades, counts = np.unique(picture[picture < 255], return_counts=True)
    dark, light = shades[counts > 10_000]
    assert light - dark > 100
    assert np.corrcoef(*np.nonzero(picture == dark))[0, 1] > 0.5


def test_curves_of_each_variant_are_drawn_and_the_same_twice() -> None:
    table = pd.DataFrame({"epoch": [0, 1], "accuracy": [0.2, 0.5], "val_accuracy": [0.1, 0.4]})
    table = table.assign(loss=[2.0, 1.0], val_loss=[2.0, float("nan")])
    one = figures.curves_png({"a_$b$": table})
    assert figures.curves_png({"a_$b$": table}) == one
    two = figures.curves_png({"a_$b$": table, "c": table})
    assert Image.open(io.BytesIO(two)).width > Image.open(io.BytesIO(one)).width
    # The second variant's curves are its own.
    other = figures.curves_png({"a_$b$": table, "c": table.assign(accuracy=[0.9, 0.9])})
    differs = np.abs(grey(other) - grey(two)) > 30
    assert differs.any()
    assert not differs[:, : differs.shape[1] // 2].any()
