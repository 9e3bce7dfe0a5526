"""Truths about the random weights that a network starts with."""

from __future__ import annotations

import random
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenshots import runtime
from tenshots.networks import drawing
from tenshots.runtime import keras
from tests.drawn.trainings import build, same
from tests.drawn.weights import nested, weights_of

runtime.configure(threads=1)

TOP = Path(drawing.__file__).parents[2]


@pytest.mark.parametrize("make", [build, nested])
def test_two_builds_get_the_same_weights_from_one_seed_and_others_from_another(make: Any) -> None:  # noqa: ANN401
    first = weights_of(make(), 3)
    random.seed(5)  # the process's own has no part in it, and names count on
    second = make()

    assert same(weights_of(second, 3), first)
    assert not same(weights_of(second, 4), first)
    assert same(weights_of(second, 3), first)


def test_two_threads_draw_the_same_weights_side_by_side() -> None:
    alone = [weights_of(build(), seed) for seed in (1, 2)]
    found: dict[int, list[np.ndarray]] = {}

    def work(seed: int) -> None:
        found[seed] = weights_of(build(), seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert same(found[1], alone[0])
    assert same(found[2], alone[1])


def test_every_random_weight_is_drawn_and_none_like_another() -> None:
    network = nested()
    random_ones = [weight for weight in network.weights if np.ptp(np.array(weight)) > 0]
    before = [np.array(weight) for weight in random_ones]
    drawing.draw(network, 3)
    after = [np.array(weight) for weight in random_ones]

    bias_of_lstm = 1  # zeros, but ones for the gate that forgets: not random, so it stays
    assert sum(np.array_equal(*pair) for pair in zip(before, after, strict=True)) == bias_of_lstm
    assert len({weight.tobytes() for weight in after}) == len(after)
    alike = Counter(weight.shape for weight in after)
    assert max(alike.values()) > 2  # else shapes alone would tell them apart


def test_weights_are_spread_as_the_layers_own_initialiser_spreads_them() -> None:
    layer = keras.layers.Dense(400, kernel_initializer=keras.initializers.RandomNormal(mean=3, stddev=0.5))
    layer.build((None, 300))
    drawing.draw(layer, 1)
    kernel = np.array(layer.kernel)

    assert kernel.mean() == pytest.approx(3, abs=0.01)
    assert kernel.std() == pytest.approx(0.5, abs=0.01)


def test_a_layer_drawn_alone_leaves_the_rest_of_its_network_untouched() -> None:
    network = build()
    before = {layer.name: layer.get_weights() for layer in network.layers}
    drawing.draw(network.get_layer("head"), 3)

    changed = {
        layer.name
        for layer in network.layers
        if layer.weights and not same(before[layer.name], layer.get_weights())
    }
    assert changed == {"head"}


def test_the_seed_of_the_process_is_neither_used_nor_set() -> None:
    network = build()
    random.seed(1)
    state = random.getstate()
    drawing.draw(network, 3)
    drawing.draw_dropout(network, 3)

    assert random.getstate() == state


def test_a_layer_that_does_not_show_which_weight_is_whose_is_an_error() -> None:
    class Odd(keras.layers.Layer):
        """Has two weights whose names say nothing of their initialisers'."""

        def __init__(self) -> None:
            super().__init__(name="odd")
            self.first_initializer = keras.initializers.RandomNormal()
            self.second_initializer = keras.initializers.RandomNormal()

        def build(self, _: Any) -> None:  # noqa: ANN401
            """Makes them."""
            self.a = self.add_weight(name="a", shape=(2,), initializer=self.first_initializer)
            self.b = self.add_weight(name="b", shape=(2,), initializer=self.second_initializer)

    layer = Odd()
    layer.build((None, 2))
    with pytest.raises(
        TypeError, match=r"odd \(Odd\) does not show by which initialisers its weights a, b start"
    ):
        drawing.draw(layer, 3)


def test_a_random_weight_without_an_initialiser_is_an_error() -> None:
    layer = keras.layers.SpectralNormalization(keras.layers.Dense(3, name="inner"), name="spectral")
    layer.build((None, 4))
    with pytest.raises(TypeError, match=r"spectral .* by which initialisers its weights .*vector_u start"):
        drawing.draw(layer, 3)


def test_two_weights_of_one_name_are_an_error() -> None:
    class Twins(keras.layers.Layer):
        """Has one initialiser for two weights of one name."""

        def __init__(self) -> None:
            super().__init__(name="twins")
            self.a_initializer = keras.initializers.RandomNormal()

        def build(self, _: Any) -> None:  # noqa: ANN401
            """Makes them."""
            self.a = self.add_weight(name="a", shape=(2,), initializer=self.a_initializer)
            self.b = self.add_weight(name="a", shape=(2,), initializer=self.a_initializer)

    layer = Twins()
    layer.build((None, 2))
    with pytest.raises(TypeError, match=r"twins \(Twins\) .* its weights a, a start"):
        drawing.draw(layer, 3)


def test_an_initialiser_that_draws_without_a_seed_is_an_error() -> None:
    class Mine(keras.initializers.Initializer):
        """Draws from where Keras does, and has no seed."""

        def __call__(self, shape: Any, dtype: Any = None) -> Any:  # noqa: ANN401
            """Returns random values."""
            return keras.random.normal(shape, dtype=dtype)

    layer = keras.layers.Dense(3, kernel_initializer=Mine(), name="mine")
    layer.build((None, 4))
    with pytest.raises(TypeError, match=r"layer mine \(Dense\): its kernel_initializer draws .* no seed"):
        drawing.draw(layer, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["MobileNetV2", "EfficientNetB0", "ConvNeXtTiny"])
def test_backbones_without_weights_are_drawn_the_same_in_two_builds(name: str) -> None:
    def make() -> Any:  # noqa: ANN401 (keras.Model)
        return getattr(keras.applications, name)(include_top=False, weights=None, input_shape=(32, 32, 3))

    assert same(weights_of(make(), 3), weights_of(make(), 3))
