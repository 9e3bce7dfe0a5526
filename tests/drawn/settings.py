"""Settings of variants as params.yaml has them."""

from __future__ import annotations

from typing import Any

TINY = {"family": "convolutional", "input_px": 32, "filters": [4], "dense": 8, "dropout": 0.25}
BACKBONE = {
    "architecture": "convolutional",
    "arguments": {"filters": [4], "dense": 8, "dropout": 0},
    "weights": "none",
}
PRETRAINED = {
    "family": "pretrained",
    "input_px": 32,
    "backbone": BACKBONE,
    "dropout": 0.2,
    "unfreeze": 0.5,
    "fine_tune_lr_factor": 0.1,
}
OPTIMISATION = {
    "optimiser": "adamw",
    "weight_decay": 0.1,
    "schedule": "cosine",
    "warmup": 0.2,
    "label_smoothing": 0.1,
    "patience": 3,
}


def values(**entries: dict[str, Any]) -> dict[str, Any]:
    """All of params.yaml that matters here, with these variants."""
    return {
        "seed": 20,
        "lr": 0.002,
        "batch_size": 32,
        "epochs": 3,
        "threads": 1,
        "repeats": 2,
        "optimisation": OPTIMISATION,
        "networks": {"lecture": TINY, "pretrained": PRETRAINED},
        "variants": {"baseline": {"data": "database", "network": "lecture"}, **entries},
    }
