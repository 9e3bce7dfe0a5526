"""Of each family one of the smallest networks, at the least photos that it takes, as params.yaml has them."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from tests.drawn.settings import PRETRAINED, TINY

CONV = {"filters": 4, "kernel_size": 3, "padding": "same", "activation": "relu"}
SMALLEST: MappingProxyType[str, dict[str, Any]] = MappingProxyType(
    {
        "alexnet": {"family": "alexnet", "input_px": 57, "width": 0.02},
        "convolutional": TINY,
        "dense": {"family": "dense", "input_px": 8, "channels": 1, "units": [8, 8], "dropout": 0.1},
        "inception": {"family": "inception", "input_px": 32, "width": 0.05},
        "layers": {
            "family": "layers",
            "input_px": 16,
            "layers": [
                {"Conv2D": CONV},
                {"parallel": {"branches": [[{"Conv2D": CONV}], ["MaxPooling2D", "UpSampling2D"]]}},
                "MaxPooling2D",
                "Flatten",
            ],
        },
        "lenet5": {"family": "lenet5", "input_px": 16, "colour": "grey"},
        "pretrained": PRETRAINED,
        "resnet": {"family": "resnet", "input_px": 8, "depth": 20, "width": 0.25},
        "vgg": {"family": "vgg", "input_px": 32, "depth": 11, "width": 0.05},
        "wide_resnet": {"family": "wide_resnet", "input_px": 8, "depth": 10, "width": 1},
    }
)
