"""What studies measure, and what they leave for the page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tenshots.studies.axes import Axis
from tenshots.studies.growth import Along
from tests.drawn.answers import drawn

NUMBERS = {0.2: 2.0, 0.5: 5.0, 1.0: 10.0}
STUDY: dict[str, Any] = {
    "learning_curve": {
        "axes": [
            {
                "unit": unit,
                "points": [
                    {"number": 5.0, "accuracy": 0.5, "interval": [0.4, 0.6], "fitted": 0.5},
                    {"number": 20.0, "accuracy": 0.62, "interval": None, "fitted": 0.6},
                ],
                "band": [{"number": n, "accuracy": 0.6, "low": 0.4, "high": 0.9} for n in (5.0, 40.0)],
                "twice": {"interval": [0.0, high]},
            }
            for unit, high in (("people", 0.1), ("photos each", 0.9))
        ],
        "answer": "Twice the <people> would help.",
        "enough": "Have I enough? Twice the people would help.",
        "sentences": ["Held fixed: updates."],
    },
    "leaking_split": {
        "random": {"accuracy": 0.9, "interval": [0.8, 0.95]},
        "honest": {"accuracy": 0.7, "interval": None},
        "answer": "A random split flatters.",
        "sentences": ["Paired."],
    },
}


def along(axis: Axis, *, num_groups: int = 9, num_repeats: int = 2) -> tuple[Along, pd.Series]:
    """Drawn predictions of three shares, the more often right the larger the share."""
    rows, components = drawn(num_groups=num_groups, num_repeats=num_repeats)
    draw = np.random.default_rng(0)
    found = {}
    for share, right in [(0.2, 0.3), (0.5, 0.6), (1.0, 0.8)]:
        told = draw.random(len(rows)) < right
        values = rows[["p_a", "p_b", "p_c"]].to_numpy() * 0.1
        truth = rows["label"].map({"a": 0, "b": 1, "c": 2}).to_numpy()
        values[np.arange(len(rows)), np.where(told, truth, (truth + 1) % 3)] += 0.9
        found[share] = rows.assign(**dict(zip(["p_a", "p_b", "p_c"], values.T, strict=True)))
    return Along(axis, found, NUMBERS), components
