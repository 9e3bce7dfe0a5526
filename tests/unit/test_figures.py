"""Pictures for MLflow."""

import io

import numpy as np
from PIL import Image

from tenshots import figures


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
