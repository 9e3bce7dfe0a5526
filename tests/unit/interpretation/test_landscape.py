"""Truths about the loss around a network: its middle, its directions, and that nothing is changed."""

from __future__ import annotations

import numpy as np
import pytest

from tenshots.interpretation import landscape
from tenshots.networks import building, forward
from tenshots.runtime import keras


@pytest.fixture(scope="module")
def model() -> keras.Model:
    keras.utils.set_random_seed(2)
    values = {"family": "convolutional", "input_px": 32, "filters": [4], "dense": 6, "dropout": 0.5}
    return building.build(building.settings_from(values, at=""), size_px=32, num_labels=3)


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    images = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
    return images, np.array([0, 1, 2, 0, 1, 2])


def test_the_middle_is_the_loss_of_the_network_itself(
    model: keras.Model, data: tuple[np.ndarray, np.ndarray]
) -> None:
    before = model.get_weights()
    found = landscape.surface(model, *data, directions=landscape.directions(model, seed=1), num_points=3)
    shares = forward.predict(model, data[0])
    expected = -np.log(shares[np.arange(6), data[1]]).mean()

    assert found.places.tolist() == [-1, 0, 1]
    assert found.losses[1, 1] == pytest.approx(expected, rel=1e-6)
    assert np.ptp(found.losses) > 0
    for own, after in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(own, after)


def test_swapped_directions_give_the_surface_mirrored_at_its_diagonal(
    model: keras.Model, data: tuple[np.ndarray, np.ndarray]
) -> None:
    first, second = landscape.directions(model, seed=1)
    one, other = (
        landscape.surface(model, *data, directions=pair, num_points=3).losses
        for pair in ((first, second), (second, first))
    )
    np.testing.assert_allclose(one, other.T, rtol=1e-5)


def test_a_seed_gives_the_same_surface_to_the_bit_and_another_seed_another(
    model: keras.Model, data: tuple[np.ndarray, np.ndarray]
) -> None:
    first, again, other = (
        landscape.surface(model, *data, directions=landscape.directions(model, seed=seed), num_points=3)
        for seed in (4, 4, 5)
    )
    assert first.losses.tobytes() == again.losses.tobytes()
    assert first.losses[1, 1] == other.losses[1, 1]
    assert not np.array_equal(first.losses, other.losses)


def test_each_filter_of_a_direction_is_as_long_as_the_networks_own(model: keras.Model) -> None:
    weights = model.get_weights()
    for own, moved, variable in zip(
        weights, landscape.direction(weights, seed=1), model.weights, strict=True
    ):
        assert own.shape == moved.shape
        if variable.name == "kernel":
            lengths = [
                np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), axis=0) for kernel in (own, moved)
            ]
            np.testing.assert_allclose(*lengths, rtol=1e-5)
        else:  # biases, and all of batch normalisation
            assert not moved.any(), variable.path


def test_the_two_directions_are_nearly_at_right_angles(model: keras.Model) -> None:
    first, second = (
        np.concatenate([values.ravel() for values in direction])
        for direction in landscape.directions(model, seed=1)
    )
    assert abs(first @ second) < 0.3 * np.linalg.norm(first) * np.linalg.norm(second)


def test_a_filter_that_is_zero_stays_zero() -> None:
    (moved,) = landscape.direction([np.zeros((3, 3, 1, 2), np.float32)], seed=1)
    assert not moved.any()
