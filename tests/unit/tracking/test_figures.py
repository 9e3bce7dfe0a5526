"""Pictures for MLflow."""

import io

import numpy as np
import pandas as pd
from PIL import Image

from tenshots.tracking import figures


def test_a_confusion_picture_takes_any_label_and_is_the_same_twice() -> None:
    counts = np.array([[5, 1], [0, 0]])
    labels = ["$\\frac{", "<b>cup</b>"]
    first, second = (figures.confusion_png(counts, labels, title="a_$b$") for _ in range(2))
    assert first == second
    assert Image.open(io.BytesIO(first)).format == "PNG"


def test_a_darker_cell_is_a_larger_share() -> None:
    picture = figures.confusion_png(np.array([[9, 1], [1, 9]]), ["a", "b"], title="")
    other = figures.confusion_png(np.array([[1, 9], [9, 1]]), ["a", "b"], title="")
    assert picture != other


def test_curves_of_each_variant_are_drawn_and_the_same_twice() -> None:
    table = pd.DataFrame({"epoch": [0, 1], "accuracy": [0.2, 0.5], "val_accuracy": [0.1, 0.4]})
    table = table.assign(loss=[2.0, 1.0], val_loss=[2.0, float("nan")])
    one = figures.curves_png({"a_$b$": table})
    assert figures.curves_png({"a_$b$": table}) == one
    two = figures.curves_png({"a_$b$": table, "c": table})
    assert Image.open(io.BytesIO(two)).width > Image.open(io.BytesIO(one)).width
