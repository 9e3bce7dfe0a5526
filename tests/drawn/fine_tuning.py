"""Fine-tuning of a tiny pretrained network."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from tenshots.networks import building
from tenshots.networks.settings import PretrainedSettings
from tenshots.runtime import keras
from tenshots.training import transfer
from tenshots.training.fitting import Fit, Part
from tests.drawn.trainings import drawn, loop

ARGUMENTS = {"filters": [4, 4], "dense": 8, "dropout": 0.25}


def settings(**changes: Any) -> PretrainedSettings:  # noqa: ANN401 (whatever stands in the file)
    values = {
        "family": "pretrained",
        "input_px": 32,
        "backbone": {"architecture": "convolutional", "arguments": ARGUMENTS, "weights": "none"},
        "dropout": 0.2,
        "head_epochs": 2,
        "head_lr_factor": 1.0,
        "unfreeze": 0.5,
        "fine_tune_lr_factor": 0.5,
    }
    return PretrainedSettings(**{**values, **changes})


def build(given: PretrainedSettings) -> Any:  # noqa: ANN401 (keras.Model)
    keras.utils.set_random_seed(5)
    return building.build(given, size_px=32, num_labels=2)


def fits(
    *parts: Part,
    given: PretrainedSettings | None = None,
    **changes: Any,  # noqa: ANN401 (of several types)
) -> list[tuple[Fit, list[np.ndarray]]]:
    """The fits of these parts, each with its weights, which the next fit replaces."""
    given = given or settings()
    images, labels = drawn()
    found = transfer.fits(
        partial(build, given), parts, images=images, labels=labels, settings=loop(**changes), stages=given
    )
    return [(fit, fit.network.get_weights()) for fit in found]
