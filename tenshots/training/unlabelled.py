"""Photos without labels, given to the trainings that may see them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tenshots.tables.unlabelled import Unlabelled
from tenshots.training.jobs import Job


def with_unlabelled(
    jobs: Sequence[Job], found: Unlabelled, splits: pd.DataFrame, *, first_row: int
) -> list[Job]:
    """Returns the jobs, each with the photos without labels that its fold may see.

    Args:
        jobs: of `jobs_of`.
        found: the photos.
        splits: component, fold and part.
        first_row: of them, among the images.
    """
    rows = {
        fold: first_row + np.flatnonzero(found.allowed(splits, fold)) for fold in {job.fold for job in jobs}
    }
    return [job._replace(unlabelled=rows[job.fold]) for job in jobs]
