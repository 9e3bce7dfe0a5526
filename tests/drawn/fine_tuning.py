"""Fine-tuning of a tiny pretrained network."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from tenshots.networks import building, drawing, features
from tenshots.networks.families.pretrained import PretrainedSettings
from tenshots.training import transfer
from tenshots.training.jobs import Job
from tenshots.training.linear import Known
from tests.drawn.trainings import Trained, drawn, loop, trained

NUM_PHOTOS = 28
ARGUMENTS = {"filters": [4, 4], "dense": 8, "dropout": 0.25}


def settings(**changes: Any) -> PretrainedSettings:  # noqa: ANN401 (whatever stands in the file)
    values = {
        "family": "pretrained",
        "input_px": 32,
        "backbone": {"architecture": "convolutional", "arguments": ARGUMENTS, "weights": "none"},
        "dropout": 0.2,
        "unfreeze": 0.5,
        "fine_tune_lr_factor": 0.5,
    }
    return PretrainedSettings(**{**values, **changes})


def build(given: PretrainedSettings) -> Any:  # noqa: ANN401 (keras.Model)
    network = building.build(given, size_px=32, num_labels=2)
    drawing.draw(network, 5)
    return network


def known(given: PretrainedSettings | None = None, *, copies: bool = False) -> Known:
    """What is known of the drawn photos, and of the copies if asked; four photos each belong together."""
    below = features.below_head(build(given or settings()))
    images = drawn()[0] if copies else drawn()[0][:NUM_PHOTOS]
    mirrored = features.outputs(below, images[:NUM_PHOTOS, :, ::-1])
    return Known(features.outputs(below, images), mirrored, np.arange(len(images)) % NUM_PHOTOS // 4)


def fine_tuned(
    *jobs: Job,
    given: PretrainedSettings | None = None,
    labels: np.ndarray | None = None,
    **changes: Any,  # noqa: ANN401 (of several types)
) -> list[Trained]:
    """What becomes of these jobs when a backbone is tuned, to the last epoch unless they have patience."""
    given = given or settings()
    images, right = drawn()
    begin = transfer.trainers(
        partial(build, given),
        images=images,
        labels=right if labels is None else labels,
        settings=loop(**{"patience": "none", **changes}),
        phases=given,
        known=known(given),
    )
    return trained(begin, *jobs)
