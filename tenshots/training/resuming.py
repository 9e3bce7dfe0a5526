"""Trainings that were done before a stage was stopped: what is kept of them, and which are left to do."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from typing import TypeVar

import numpy as np

from tenshots import files
from tenshots.files import Pieces
from tenshots.training.jobs import Epoch, Job, Outcome

Result = TypeVar("Result")


def packed(outcome: Outcome) -> bytes:
    """Returns an outcome as bytes, to the bit, but for its job, which `unpacked` is given."""
    told = {
        "history": [row._asdict() for row in outcome.history],
        "kept_epoch": outcome.kept_epoch,
        "num_images": outcome.num_images,
        "told": dict(outcome.told),
    }
    stream = io.BytesIO()
    np.save(stream, outcome.probabilities, allow_pickle=False)
    return files.joined([json.dumps(told).encode(), stream.getvalue()])


def unpacked(content: bytes, job: Job) -> Outcome:
    """Returns the outcome of `packed`, of that job."""
    told, probabilities = files.parted(content)
    known = json.loads(told)
    return Outcome(
        job=job,
        history=[Epoch(**row) for row in known["history"]],
        kept_epoch=known["kept_epoch"],
        num_images=known["num_images"],
        probabilities=np.load(io.BytesIO(probabilities), allow_pickle=False),
        told=known["told"],
    )


def divided(
    jobs: Iterable[Job], pieces: Pieces, restored: Callable[[Job, bytes], Result]
) -> tuple[list[Result], list[Job]]:
    """Returns what was made of the jobs that were done before, and the jobs that are left.

    Args:
        jobs: all of a variant or study.
        pieces: what was kept of them, each by the job's name.
        restored: makes of a job and its piece what its training would have.
    """
    done, left = [], []
    for job in jobs:
        piece = pieces.get(job.name)
        if piece is None:
            left.append(job)
        else:
            done.append(restored(job, piece))
    return done, left
