"""Whose weights a training began with: what they are called, where they are from, and their licence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

UNKNOWN = "unknown"


class Origin(NamedTuple):
    """Weights of a backbone, as a card names them."""

    name: str
    source: str
    licence: str


# Known files, by their SHA-256: the same file is known wherever it lies.
_KNOWN = {
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db": (
        "EfficientNet-Lite0, which Google trained on ImageNet (github.com/tensorflow/tpu, "
        "models/official/efficientnet/lite), converted for torch by ML Illustrated",
        "Apache-2.0",
    ),
    "58ce255517e0e119c6f0ac3904525860b90969c6b81182256de01b5c7d1e0fc3": (
        "trained by this pipeline on CIFAR-10 (backbones/cifar10.md)",
        "as this project",
    ),
}


def origin(network: Mapping[str, str]) -> Origin | None:
    """Returns whose weights training began with, or None where all were random.

    Args:
        network: its settings, flattened.
    """
    weights = "backbone.weights"
    path, package = network.get(f"{weights}.path"), network.get(f"{weights}.package")
    if network.get(weights) == "imagenet":
        return Origin(f"{network['backbone.architecture']} (ImageNet)", "keras.applications", UNKNOWN)
    if not path and not package:
        return None
    name = path or f"{package} {network[f'{weights}.version']}"
    return Origin(name, *_KNOWN.get(network.get(f"{weights}.sha256", ""), (UNKNOWN, UNKNOWN)))
