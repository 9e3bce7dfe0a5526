"""What training and every later computation with a network reads of params.yaml, beside the network."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tenshots.params import Settings

MAX_LR = 10  # above it any of the optimisers throws the weights away at once
MAX_BATCH_SIZE = 4096  # more images at once than most collections have
MAX_EPOCHS = 100_000  # weeks, even for the smallest collection


class ComputeSettings(Settings):
    """The top-level setting of params.yaml that moves a prediction."""

    threads: int = Field(ge=1, le=256)


class OptimisationSettings(Settings):
    """The section `optimisation`."""

    optimiser: Literal["adam", "adamw", "sgd"]
    weight_decay: float = Field(ge=0, le=10)
    schedule: Literal["constant", "cosine"]
    warmup: float = Field(ge=0, lt=1)
    label_smoothing: float = Field(ge=0, lt=1)
    patience: Annotated[int, Field(ge=1, le=MAX_EPOCHS)] | Literal["none"]
