"""Each layer of Keras is allowed, with Keras' own arguments, or refused with a reason."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tenshots.networks import building, drawing
from tenshots.networks.own import allowed
from tenshots.runtime import keras

THEIRS = sorted(
    name
    for name, item in vars(keras.layers).items()
    if inspect.isclass(item) and issubclass(item, keras.layers.Layer)
)
# Arguments of Keras that are offered by no layer here, without a sentence of their own.
LEFT_OUT = {
    *("lora_rank", "lora_alpha", "quantization_config", "output_padding", "noise_shape", "synchronized"),
    *("renorm", "renorm_momentum", "renorm_clipping"),
    *(f"{name}_initializer" for name in ("beta", "gamma", "moving_mean", "moving_variance")),
}
# For each kind of argument a value that differs from Keras' default.
VALUES: dict[str, Any] = {
    **{"filters": 2, "kernel_size": 3, "padding": "same", "activation": "elu", "use_bias": False, "units": 3},
    **{"pool_size": 3, "rate": 0.5, "stddev": 0.5, "output_size": 3, "max_value": 1.0, "threshold": 0.1},
    **{"negative_slope": 0.1, "alpha": 0.5, "momentum": 0.5, "epsilon": 0.01, "center": False, "groups": 3},
    **{"scale": False, "cropping": [[1, 0], [2, 1]], "size": 2, "interpolation": "bilinear", "strides": 2},
    **{"target_shape": [4, 4, -1], "depth_multiplier": 2, "keepdims": True, "dilation_rate": 2},
}


def parameters_of(name: str) -> dict[str, Any]:
    found = dict(inspect.signature(getattr(keras.layers, name).__init__).parameters)
    return {key: value for key, value in found.items() if key not in ("self", "kwargs")}


def test_each_layer_of_keras_is_allowed_or_refused_with_a_reason() -> None:
    known = {*allowed.LAYERS, *allowed.ALIASES}
    assert known <= set(THEIRS)
    assert not [name for name in THEIRS if name not in known and not allowed.refusal(name)]
    assert not [name for name in known if allowed.refusal(name)]
    assert "runs or loads code" in allowed.refusal("Lambda") == allowed.refusal("TFSMLayer")
    assert allowed.refusal("Conv") == ""


def test_an_alias_is_the_same_layer() -> None:
    assert all(getattr(keras.layers, a) is getattr(keras.layers, b) for a, b in allowed.ALIASES.items())


@pytest.mark.parametrize("name", allowed.LAYERS)
def test_arguments_are_those_of_keras_or_left_out_on_purpose(name: str) -> None:
    theirs, ours = parameters_of(name), allowed.LAYERS[name]
    assert set(ours.arguments) <= set(theirs)
    left = {each for each in set(theirs) - set(ours.arguments) if not allowed.no_argument(each)}
    assert left <= LEFT_OUT
    without_default = {key for key, value in theirs.items() if value.default is inspect.Parameter.empty}
    assert set(ours.required) == without_default


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each layer with what it must have alone, and with all arguments that go together."""
    for name, layer in allowed.LAYERS.items():
        must: dict[str, Any] = {each: VALUES[each] for each in layer.required}
        if name == "GroupNormalization":
            must["groups"] = 3
        yield name, must
        more = {
            argument: "he_normal" if argument.endswith("_initializer") else VALUES[argument]
            for argument in layer.arguments
            if argument != "dilation_rate"
        }
        if name == "ZeroPadding2D":
            more["padding"] = [[1, 2], [0, 3]]
        if more != must:
            yield name, must | more
        if "dilation_rate" in layer.arguments:
            yield name, {**must, "dilation_rate": 2}


def test_each_layer_is_built_with_each_of_its_arguments() -> None:
    for name, arguments in cases():
        before = ["Flatten"] if allowed.LAYERS[name].takes == "numbers" else []
        values = {"family": "layers", "input_px": 8, "layers": [*before, {name: arguments}, "Flatten"]}
        settings = building.settings_from(values, at="networks.mine")
        model = building.build(settings, size_px=8, num_labels=2)
        layer = next(each for each in model.layers if each.name == f"layer{len(before)}_{name.lower()}")
        assert type(layer).__name__ == name
        assert model.output_shape == (None, 2)


ALL_MAPS = [
    {"Conv2D": {"filters": 4, "kernel_size": 3, "dilation_rate": 2}},
    *({"Activation": {"activation": name}} for name in allowed.ACTIVATIONS),
    {"SeparableConv2D": {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}},
    *("ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"),
    *("BatchNormalization", "LayerNormalization", {"GroupNormalization": {"groups": 2}}),
    *("RMSNormalization", "UnitNormalization"),
    {"Conv2DTranspose": {"filters": 4, "kernel_size": 3, "strides": 2}},
    {"DepthwiseConv2D": {"kernel_size": 3, "padding": "same"}},
    *({"Dropout": {"rate": 0.1}}, {"SpatialDropout2D": {"rate": 0.1}}, {"AlphaDropout": {"rate": 0.1}}),
    *({"GaussianDropout": {"rate": 0.1}}, {"GaussianNoise": {"stddev": 0.1}}),
    {"UpSampling2D": {"size": 2, "interpolation": "bilinear"}},
    *({"ZeroPadding2D": {"padding": 1}}, {"Cropping2D": {"cropping": 2}}),
    {"AdaptiveAveragePooling2D": {"output_size": 6}},
    *({"AdaptiveMaxPooling2D": {"output_size": 5}}, "MaxPooling2D", {"AveragePooling2D": {"pool_size": 2}}),
    *("GlobalAveragePooling2D", {"Reshape": {"target_shape": [2, 2, 1]}}, "GlobalMaxPooling2D", "Identity"),
    *("Flatten", {"Dense": {"units": 4}}),
]


def test_all_layers_in_a_row_train_the_same_from_the_same_seed_whatever_came_before() -> None:
    used = {each if isinstance(each, str) else next(iter(each)) for each in ALL_MAPS}
    assert used == set(allowed.LAYERS)
    values = {"family": "layers", "input_px": 9, "layers": ALL_MAPS}
    settings = building.settings_from(values, at="networks.mine")
    images = np.random.default_rng(0).integers(0, 256, (4, 9, 9, 3), dtype=np.uint8)
    targets = np.eye(2, dtype=np.float32)[[0, 1, 0, 1]]

    def trained(seed: int) -> list[np.ndarray]:
        network = building.build(settings, size_px=9, num_labels=2)
        drawing.draw(network, seed)
        drawing.draw_dropout(network, seed)
        network.compile("sgd", "mse", jit_compile=False, run_eagerly=True)
        network.train_on_batch(images, targets)
        found: list[np.ndarray] = network.get_weights()
        return found

    first, again = trained(1), trained(1)
    assert all(np.array_equal(*pair) for pair in zip(first, again, strict=True))
    assert all(np.isfinite(each).all() for each in first)
