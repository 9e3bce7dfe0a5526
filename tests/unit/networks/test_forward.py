"""Images through a network: never one alone, as its last bits then depend on the processor's caches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tenshots import runtime
from tenshots.interpretation import dreaming, excitation, gradcam, layers
from tenshots.networks import building, forward
from tenshots.runtime import keras
from tests.drawn.trainings import from_scratch, job

runtime.configure(threads=1)
NETWORK = {"family": "convolutional", "input_px": 32, "filters": [4, 4], "dense": 8, "dropout": 0.1}
IMAGES = np.random.default_rng(3).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)


@pytest.fixture
def network() -> keras.Model:
    return building.build(building.settings_from(NETWORK, at=""), size_px=32, num_labels=2)


@pytest.fixture
def lengths(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of the batches that models are given, in whatever way."""
    found: list[int] = []
    for name in ("__call__", "predict_on_batch", "train_on_batch"):
        given = getattr(keras.Model, name)

        def spied(model: keras.Model, batch: Any, *more: Any, given: Any = given, **options: Any) -> Any:  # noqa: ANN401
            shape = getattr(batch, "shape", (None,))
            if shape[0] is not None:
                found.append(int(shape[0]))
            return given(model, batch, *more, **options)

        monkeypatch.setattr(keras.Model, name, spied)
    return found


@pytest.mark.parametrize("num_images", [1, 3, 4, 5])
def test_what_is_left_over_alone_is_answered_beside_itself(
    network: keras.Model, lengths: list[int], num_images: int
) -> None:
    found = forward.outputs(network, IMAGES[:num_images], batch_size=2)
    assert set(lengths) == {2}
    assert found.shape == (num_images, 2)
    assert np.allclose(found, forward.outputs(network, IMAGES, batch_size=5)[:num_images], atol=1e-4)


def test_single_photos_are_learnt_from_beside_themselves_and_each_counts_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lengths = []

    def learns(_: keras.Model, inputs: np.ndarray, targets: np.ndarray) -> list[float]:
        lengths.append((len(inputs), len(targets)))
        return [0.75, 1.0]  # loss and accuracy of any batch

    monkeypatch.setattr(keras.Model, "train_on_batch", learns)
    (found,) = from_scratch(job(), batch_size=1, epochs=2)
    assert set(lengths) == {(2, 2)}
    assert [(row.loss, row.accuracy) for row in found.history] == [(0.75, 1.0)] * 2


def test_pictures_of_one_photo_or_one_filter_are_computed_beside_themselves(
    network: keras.Model, lengths: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gradcam, "BATCH_SIZE", 2)
    layer = layers.with_maps(network)[1]
    heat = gradcam.heat_maps(network, IMAGES[:3], np.array([1, 0, 1]), layer=layer.name)
    part = layers.at_any_size(network, layers.before_activation(layer))
    pattern = excitation.patterns(part, [3], size_px=16, steps=2, seed=1)
    dream = dreaming.dream(part, IMAGES[0], num_octaves=1, steps=2, seed=1)
    assert (len(heat), len(pattern), dream.shape) == (3, 1, (32, 32, 3))
    assert 2 in lengths
    assert 1 not in lengths
