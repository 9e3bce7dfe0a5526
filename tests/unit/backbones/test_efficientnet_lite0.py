"""EfficientNet-Lite0 as we build it answers what its author's own code does on torch."""

from __future__ import annotations

import numpy as np
import pytest

from backbones import efficientnet_lite0
from tenshots.networks import building, efficientnet_lite, forward, torch_files, weights_files
from tenshots.networks.families.pretrained import PretrainedSettings
from tenshots.networks.settings import FEATURES
from tenshots.networks.sources import WeightsPackage
from tenshots.runtime import keras
from tests.drawn import lite

LOGITS = np.load(efficientnet_lite0.LOGITS, allow_pickle=False)


@pytest.mark.parametrize("side_px", efficientnet_lite0.SIDES_PX)
def test_logits_are_those_of_the_authors_code(side_px: int) -> None:
    settings = lite.settings(input_px=side_px)
    images = efficientnet_lite0.images(side_px)
    found = features(settings, images) @ classifier()[0].T + classifier()[1]

    expected = LOGITS[efficientnet_lite0.SIDES_PX.index(side_px)]
    assert expected.std() > 0.5
    assert np.abs(found - expected).max() < 1e-3


def features(settings: PretrainedSettings, images: np.ndarray) -> np.ndarray:
    """What the backbone makes of images; its network ends there, and ImageNet's 1000 labels are cut off."""
    network = building.build(
        settings, size_px=settings.input_px, num_labels=2, learnt=building.learnt(settings)
    )
    backbone = keras.Model(network.input, network.get_layer(FEATURES).output)
    return forward.outputs(backbone, images, batch_size=len(images)).astype(np.float64)


def classifier() -> list[np.ndarray]:
    """The published weights that answer from features, which a backbone leaves aside."""
    named = WeightsPackage(**lite.PACKAGE)
    data = weights_files.verified_bytes(named.place(), sha256=named.sha256)
    tensors = torch_files.tensors(data, path=named.place(), remedy="")
    return [tensors[name].astype(np.float64) for name in efficientnet_lite.CLASSIFIER]
