"""A network as training leaves it in a folder, to be begun with again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from tenshots.networks.settings import settings_from

LABELS = ["a", "b", "c", "d", "e"]
DENSE = {
    "family": "dense", "input_px": 16, "channels": 3, "units": [6, 4], "dropout": 0.5, "normalisation": "unit"
}  # fmt: skip


def described(folder: Path, network: dict[str, Any] = DENSE, **told: Any) -> Path:  # noqa: ANN401
    """Leaves model.json in a folder that it makes; returns the path of the weights, which are not there."""
    folder.mkdir(parents=True)
    path = folder / "fold-0_repeat-0.weights.h5"
    fit = {"fold": 0, "repeat": 0, "weights": path.name, "num_updates": 3}
    settings = settings_from(network, at="networks.before").model_dump(mode="json")
    model = {
        "variant": "before", "labels": LABELS, "size_px": 20, "standardise": {}, "network_name": "before",
        "network": settings, "data": "database", "recipe": "scratch", "fits": [fit],
        "settings": {}, "num_parameters": 1, **told,
    }  # fmt: skip
    (folder / "model.json").write_text(json.dumps(model))
    return path


def left(folder: Path, network: dict[str, Any] = DENSE, **told: Any) -> tuple[Any, dict[str, str]]:  # noqa: ANN401
    """Leaves the weights, too; returns the network, a keras.Model, and what names its weights."""
    from tenshots.networks import building

    path = described(folder, network, **told)
    settings = settings_from(network, at="networks.before")
    model = building.build(settings, size_px=20, num_labels=len(told.get("labels", LABELS)))
    path.write_bytes(building.weights(model))
    return model, {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def again(weights: dict[str, str], **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """A section of `networks` that begins with it."""
    return {
        "family": "pretrained", "backbone": {"weights": weights}, "dropout": 0.2,
        "unfreeze": {"from": "dense2"}, "fine_tune_lr_factor": 0.1, **changes,
    }  # fmt: skip
