"""Results of experiments as tables: aligned for a terminal, and CSV."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tenshots.pages.history.gains import ABSENT, REFERENCE, Result, differing_settings
from tenshots.pages.history.sentences import changes_text, gain_text, sentence
from tenshots.statistics.intervals import Estimate, ends
from tenshots.statistics.phrases import interval_text, percent
from tenshots.tables import csv_files
from tenshots.tracking.experiments import Experiment


def aligned_table(results: Sequence[Result], reference: str) -> str:
    """Returns the results as an aligned table for a terminal, with the reasons below it."""
    header = [
        "experiment",
        "variant",
        "validation",
        "test (95 % interval)",
        f"vs {reference} (points)",
        "changed",
    ]
    rows = [
        [
            result.experiment,
            result.variant,
            ABSENT if result.val_accuracy is None else percent(result.val_accuracy),
            f"{percent(result.accuracy.value)} {interval_text(ends(result.accuracy))}",
            gain_text(result),
            changes_text(result.changes) or ABSENT,
        ]
        for result in results
    ]
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]
    refused = [
        sentence(each, reference) for each in results if each.gain is None and each.reason != REFERENCE
    ]
    return "\n".join([*lines, *([""] if refused else []), *refused])


def csv_table(experiments: Sequence[Experiment], results: Sequence[Result], reference: str) -> str:
    """Returns the results as CSV: shares in [0, 1], empty where unknown, a column per differing setting."""
    settings = {each.name: each.settings for each in experiments}
    keys = differing_settings(experiments)
    fixed = ["experiment", "variant", "val_accuracy", "test_accuracy", "test_low", "test_high", "reference"]
    rows = [[*fixed, "difference", "difference_low", "difference_high", "no_difference", *keys]]
    for result in results:
        gain = result.gain or Estimate(float("nan"), None, None, None)
        rows.append(
            [
                result.experiment,
                result.variant,
                _number(result.val_accuracy),
                *(_number(end) for end in result.accuracy[:3]),
                reference,
                *(_number(end) for end in gain[:3]),
                result.reason,
                *(settings[result.experiment].get(key, "") for key in keys),
            ]
        )
    return csv_files.of_rows(rows)


def _number(value: float | None) -> str:
    return "" if value is None or np.isnan(value) else f"{value:.6f}"
