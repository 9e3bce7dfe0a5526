"""Truths about patterns and patches: they excite the filter, and the patches are the photos' strongest."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from tenshots.interpretation import activations, excitation, layers, patches, spectrum
from tenshots.interpretation.fields import Axis, Field, receptive_field
from tenshots.networks import building
from tenshots.runtime import keras


@pytest.fixture(scope="module")
def part() -> keras.Model:
    """The lower part of a small random network, before its last activation."""
    keras.utils.set_random_seed(5)
    values = {"family": "convolutional", "input_px": 32, "filters": [6, 6], "dense": 8, "dropout": 0.1}
    model = building.build(building.settings_from(values, at=""), size_px=48, num_labels=2)
    return layers.at_any_size(model, model.get_layer("block2_2_relu").input)


def mean_activations(model: keras.Model, pictures: np.ndarray, filters: list[int]) -> np.ndarray:
    """How much filter i is excited by picture i: its mean over all places, negative ones as 0."""
    found = np.asarray(model(pictures, training=False))
    return np.array([np.maximum(found[i, ..., filter_], 0).mean() for i, filter_ in enumerate(filters)])


def test_ascent_raises_the_mean_activation_of_each_filter(part: keras.Model) -> None:
    filters = [0, 3, 5]
    start, end = (excitation.patterns(part, filters, size_px=32, steps=steps, seed=1) for steps in (0, 20))
    before, after = (mean_activations(part, pictures, filters) for pictures in (start, end))
    assert (after > 2 * before).all()
    assert end.shape == (3, 32, 32, 3)
    assert end.min() >= 0
    assert end.max() <= 255


def test_each_pattern_excites_its_own_filter_most(part: keras.Model) -> None:
    pictures = excitation.patterns(part, [0, 3, 5], size_px=32, steps=20, seed=1)
    for row, number in enumerate((0, 3, 5)):
        assert mean_activations(part, pictures, [number] * 3).argmax() == row


def test_a_filter_for_one_colour_gets_a_picture_of_that_colour() -> None:
    pixels = keras.Input((None, None, 3))
    convolution = keras.layers.Conv2D(1, 1)
    model = keras.Model(pixels, convolution(pixels))
    convolution.set_weights([np.array([[[[1.0], [-0.5], [-0.5]]]], np.float32), np.zeros(1, np.float32)])
    (pattern,) = excitation.shown(excitation.patterns(model, [0], size_px=32, steps=40, seed=1))
    red, green, blue = pattern.mean(axis=(0, 1))
    assert pattern.shape == (24, 24, 3)
    assert red > green + 40
    assert red > blue + 40


def test_patterns_are_the_same_to_the_byte_for_a_seed_and_others_for_another(part: keras.Model) -> None:
    first, again, other = (
        excitation.patterns(part, [1], size_px=32, steps=3, seed=seed).tobytes() for seed in (7, 7, 8)
    )
    assert first == again
    assert first != other


def test_steps_are_smooth_though_gradients_are_not() -> None:
    random = np.random.default_rng(0)
    rough = random.standard_normal((2, 16, 16, 3))
    step = spectrum.step(rough)

    def roughness(pictures: np.ndarray) -> float:
        return float(np.abs(np.diff(pictures, axis=1)).mean() / pictures.std())

    assert roughness(step) < 0.7 * roughness(rough)
    np.testing.assert_allclose((step**2).mean(axis=(1, 2, 3)), 1)
    assert (step * rough).sum() > 0, "it leads upwards"
    assert not spectrum.step(np.zeros((1, 8, 8, 3))).any()


def test_patches_are_the_strongest_places_one_a_photo_the_strongest_first() -> None:
    random = np.random.default_rng(1)
    values = random.random((12, 5, 4)).astype(np.float32)
    values[7, 4, 1] = 9
    values[7, 0, 0] = 8  # a photo is shown once, at its best place
    values[2, 1, 3] = 5
    axis = Axis(Fraction(-2), Fraction(6), Fraction(4))
    found = patches.strongest(
        activations.peaks_of(np.stack([-values, values], axis=-1)), 1, Field(axis, axis)
    )

    assert len(found) == 9
    assert [(patch.photo, patch.value) for patch in found[:2]] == [(7, 9), (2, 5)]
    assert found[0].box == (14, 2, 20, 8)  # row 4, column 1
    left_out = [photo for photo in range(12) if photo not in {patch.photo for patch in found}]
    assert max(values[photo].max() for photo in left_out) <= found[-1].value
    assert [patch.value for patch in found] == sorted((patch.value for patch in found), reverse=True)


def test_a_patch_lies_where_the_filter_saw_what_it_looks_for() -> None:
    """A filter for bright spots on photos with one bright spot each: each patch holds its photo's spot."""
    photos = keras.Input((24, 24, 3))
    model = keras.Model(photos, keras.layers.Conv2D(1, 3, strides=2, padding="same", name="spots")(photos))
    model.get_layer("spots").set_weights([np.ones((3, 3, 3, 1), np.float32), np.zeros(1, np.float32)])
    images = np.zeros((5, 24, 24, 3), np.uint8)
    spots = [(0, 0), (23, 23), (7, 12), (12, 7), (15, 15)]
    for number, (row, column) in enumerate(spots):
        images[number, row, column] = 255 - number
    field = receptive_field(model, model.output)
    (found,) = activations.search(model, images.astype(np.float32), [model.output]).peaks

    for patch in patches.strongest(found, 0, field):
        row, column = spots[patch.photo]
        top, left, bottom, right = patch.box
        assert top <= row < bottom
        assert left <= column < right
        assert bottom - top == 3
        cut = patches.cut(images[patch.photo], patch.box, outside=44)
        assert cut.shape == (3, 3, 3)
        assert cut.max() == 255 - patch.photo
        assert (cut == 44).any() == (min(top, left) < 0 or max(bottom, right) > 24)
