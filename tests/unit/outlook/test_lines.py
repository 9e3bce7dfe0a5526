"""A variant's answer in a line: the page's figure and interval, and what is still to come."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tenshots.outlook import lines
from tenshots.statistics import measure


def of_groups(num_groups: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answers on ten photos of each group, of which a few are wrong, and their split."""
    ids = [f"{number:064x}" for number in range(10 * num_groups)]
    sure = np.random.default_rng(20).uniform(0.3, 1, len(ids))
    labels = np.array(["cup", "key"])[np.arange(len(ids)) % 2]
    right = [{"cup": p, "key": 1 - p} if label == "cup" else {"cup": 1 - p, "key": p}
             for label, p in zip(labels, sure, strict=True)]  # fmt: skip
    predictions = pd.DataFrame(
        {"photo_id": ids, "fold": 0, "repeat": 0, "label": labels}
        | {f"p_{name}": [each[name] for each in right] for name in ("cup", "key")}
    )
    components = [f"group{number // 10}" for number in range(len(ids))]
    return predictions, pd.DataFrame({"photo_id": ids, "component": components})


def test_an_answer_has_the_interval_of_the_page() -> None:
    predictions, splits = of_groups(6)
    found = measure.accuracy(predictions, measure.components_of(splits))
    assert found.low is not None
    assert found.high is not None
    assert lines.answer("frozen", predictions, splits) == (
        f"frozen: {100 * found.value:.1f}\N{NO-BREAK SPACE}% of 60 test photos right "
        f"({100 * found.low:.1f} to {100 * found.high:.1f})"
    )


def test_where_there_is_no_interval_an_answer_says_why() -> None:
    said = lines.answer("frozen", *of_groups(4))
    assert said.endswith(
        "right (no interval: 4 independent sets of photos are too few; at least 5 are needed)"
    )


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "the report may take about 9 more minutes"),
        (["a"], "a and the report may take about 9 more minutes"),
        (["a", "b", "c"], "a, b, c and the report may take about 9 more minutes"),
    ],
)
def test_what_is_still_to_come_is_named(names: list[str], said: str) -> None:
    assert lines.rest(names, 540) == said
