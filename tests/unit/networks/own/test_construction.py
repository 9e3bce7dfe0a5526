"""What layers and composites compute, by hand in NumPy, and what is said where a shape does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tenshots.errors import SettingsError
from tenshots.networks import building, drawing, forward
from tenshots.runtime import keras

SIDE = 9


def built(*layers: Any, parts: Any = None, size_px: int = SIDE) -> keras.Model:  # noqa: ANN401 (as in the file)
    values = {"family": "layers", "input_px": SIDE, "parts": parts or {}, "layers": list(layers)}
    settings = building.settings_from(values, at="networks.mine")
    return building.build(settings, size_px=size_px, num_labels=2, at="networks.mine")


def conv(filters: int = 4, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"Conv2D": {"filters": filters, "kernel_size": 3, "padding": "same", **changes}}


def names(model: keras.Model) -> list[str]:
    return [layer.name for layer in model.layers]


def test_each_layer_is_named_after_its_place_whatever_was_built_before() -> None:
    layers = [
        "first",
        {"repeat": {"times": 2, "layers": [conv(3), "two"]}},
        {"residual": {"layers": [conv(3, strides=2)]}},
        {"parallel": {"branches": [[conv(1)], ["Identity"]]}},
        {"maxout": {"filters": 2, "kernel_size": 1, "pieces": 2}},
        "Flatten",
    ]
    parts = {"first": conv(2, activation="relu"), "two": ["ReLU", {"Dropout": {"rate": 0.1}}]}
    expected = {
        *("photos", "scaling", "layer0_first_conv2d", "layer0_first_relu"),
        *("layer1_round1_0_conv2d", "layer1_round1_1_two_0_relu", "layer1_round1_1_two_1_dropout"),
        *("layer1_round2_0_conv2d", "layer1_round2_1_two_0_relu", "layer1_round2_1_two_1_dropout"),
        *("layer2_0_conv2d", "layer2_every", "layer2_projection", "layer2_add"),
        *("layer3_branch0_0_conv2d", "layer3_branch1_0_identity", "layer3_concatenate"),
        *("layer4_piece1_conv2d", "layer4_piece2_conv2d", "layer4_maxout", "layer5_flatten", "head"),
    }
    for _ in range(2):
        model = built(*layers, parts=parts)
        assert set(names(model)) == expected


def test_parameters_counted_by_hand() -> None:
    layers = [conv(4, activation="relu"), "MaxPooling2D", "Flatten", {"Dense": {"units": 5}}]
    # 3 x 3 x 3 x 4 + 4; 4 x 4 places of 4 channels to 5 units; 5 units to 2 labels
    assert built(*layers).count_params() == 112 + (64 * 5 + 5) + (5 * 2 + 2)
    assert built({"maxout": {"filters": 2, "kernel_size": 1, "pieces": 3}}, "Flatten").count_params() == (
        3 * (3 * 2 + 2) + (81 * 2 * 2 + 2)
    )
    # A part that is used twice is two layers.
    twice = built("Flatten", "wide", "wide", parts={"wide": {"Dense": {"units": 4}}})
    assert twice.count_params() == (243 * 4 + 4) + (4 * 4 + 4) + (4 * 2 + 2)


def before_and_after(model: keras.Model, first: str, last: str) -> tuple[np.ndarray, np.ndarray]:
    drawing.draw(model, 3)
    images = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), dtype=np.uint8)
    given = keras.Model(model.input, model.get_layer(first).input)
    made = keras.Model(model.input, model.get_layer(last).output)
    return tuple(forward.outputs(each, images, batch_size=2).astype(np.float64) for each in (given, made))  # type: ignore[return-value]


def kernel_of(model: keras.Model, name: str) -> np.ndarray:
    found: np.ndarray = np.asarray(model.get_layer(name).kernel, dtype=np.float64)
    return found


def test_maxout_is_the_largest_of_its_pieces_of_numbers_and_of_maps() -> None:
    model = built("Flatten", {"maxout": {"units": 4, "pieces": 3}})
    given, made = before_and_after(model, "layer1_piece1_dense", "layer1_maxout")
    pieces = [given @ kernel_of(model, f"layer1_piece{number}_dense") for number in (1, 2, 3)]
    assert made == pytest.approx(np.max(pieces, axis=0), abs=1e-5)
    assert not np.allclose(pieces[0], pieces[1])

    model = built({"maxout": {"filters": 4, "kernel_size": 1, "pieces": 2}}, "Flatten")
    given, made = before_and_after(model, "layer0_piece1_conv2d", "layer0_maxout")
    pieces = [given @ kernel_of(model, f"layer0_piece{number}_conv2d")[0, 0] for number in (1, 2)]
    assert made == pytest.approx(np.max(pieces, axis=0), abs=1e-5)


def test_a_residual_adds_what_came_in_and_projects_it_where_shapes_differ() -> None:
    inside = {"Conv2D": {"filters": 3, "kernel_size": 1}}
    model = built({"residual": {"layers": [inside]}}, "Flatten")
    given, made = before_and_after(model, "layer0_0_conv2d", "layer0_add")
    assert made == pytest.approx(given + given @ kernel_of(model, "layer0_0_conv2d")[0, 0], abs=1e-5)

    some = {"AveragePooling2D": {"pool_size": 1, "strides": [2, 3]}}
    inside = {"Conv2D": {"filters": 5, "kernel_size": 1}}
    model = built({"residual": {"layers": [some, inside]}}, "Flatten")
    given, made = before_and_after(model, "layer0_0_averagepooling2d", "layer0_add")
    left = given[:, ::2, ::3]
    both = kernel_of(model, "layer0_1_conv2d") + kernel_of(model, "layer0_projection")
    assert made.shape == (2, 5, 3, 5)
    assert made == pytest.approx(left @ both[0, 0], abs=1e-5)

    model = built("Flatten", {"residual": {"layers": [{"Dense": {"units": 6}}]}})
    given, made = before_and_after(model, "layer1_0_dense", "layer1_add")
    both = kernel_of(model, "layer1_0_dense") + kernel_of(model, "layer1_projection")
    assert made == pytest.approx(given @ both, abs=1e-4)


def test_branches_stand_side_by_side_channel_after_channel() -> None:
    narrow = {"Conv2D": {"filters": 2, "kernel_size": 1}}
    model = built({"parallel": {"branches": [[narrow], ["Identity"]]}}, "Flatten")
    given, made = before_and_after(model, "layer0_branch0_0_conv2d", "layer0_concatenate")
    assert made[..., :2] == pytest.approx(given @ kernel_of(model, "layer0_branch0_0_conv2d")[0, 0], abs=1e-5)
    assert np.array_equal(made[..., 2:], given)


def test_an_activation_named_in_a_layer_is_that_of_keras() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), dtype=np.uint8)
    for activation in ("relu", "tanh"):
        model = built(conv(2, activation=activation), "Flatten")
        drawing.draw(model, 1)
        theirs = keras.layers.Conv2D(2, 3, padding="same", activation=activation)
        theirs.build((None, SIDE, SIDE, 3))
        theirs.set_weights(model.get_layer("layer0_conv2d").get_weights())
        scaled = images.astype(np.float32) / np.float32(127.5) - 1
        made = keras.Model(model.input, model.get_layer(f"layer0_{activation}").output)
        assert forward.outputs(made, images, batch_size=2) == pytest.approx(
            np.asarray(theirs(scaled)), abs=1e-5
        )


def test_prelu_has_one_slope_per_channel() -> None:
    assert built(conv(4), "PReLU", "Flatten").get_layer("layer1_prelu").count_params() == 4
    assert built("Flatten", {"Dense": {"units": 6}}, "PReLU").get_layer("layer2_prelu").count_params() == 6


POOL = {"MaxPooling2D": {"pool_size": 2}}


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (
            [conv(), {"Dense": {"units": 3}}],
            "layers[1] (Dense) takes a row of numbers, but what arrives there is (9, 9, 4): 9 x 9 places of "
            "4 channels; put Flatten or GlobalAveragePooling2D before it",
        ),
        (
            [conv()],
            "layers must end in a row of numbers for each photo, got (9, 9, 4): 9 x 9 places of 4 channels; "
            "end with Flatten or GlobalAveragePooling2D",
        ),
        (
            ["Flatten", conv()],
            "layers[1] (Conv2D) takes maps, but what arrives there is (243): 243 numbers; put it before ",
        ),
        (
            [conv(1, kernel_size=10, padding="valid"), "Flatten"],
            "layers[0] (Conv2D) leaves nothing of the picture, since its window of 10 x 10 is larger than "
            "(9, 9, 3): 9 x 9 places of 3 channels; choose a smaller kernel_size",
        ),
        ([conv(1, kernel_size=3, dilation_rate=5, padding="valid"), "Flatten"], "its window of 11 x 11 is"),
        (
            [{"repeat": {"times": 5, "layers": [POOL]}}, "Flatten"],
            "layers[0].repeat.layers[0] (MaxPooling2D, in round 4 of 5) leaves nothing of the picture",
        ),
        (
            ["shrink", "Flatten"],
            "parts.shrink[3] (MaxPooling2D, used by layers[0]) leaves nothing of the picture",
        ),
        (
            [conv(strides=12), "Flatten"],
            "layers[0] (Conv2D) leaves nothing but one place, since its strides of 12 x 12 step over (9, 9",
        ),
        (
            [conv(kernel_size=1, strides=2)],
            "with a kernel_size of 1, whose gradient is faulty on a CPU",
        ),
        (
            [conv(strides=2, dilation_rate=2)],
            "layers[0] (Conv2D) must not have both strides and dilation_rate",
        ),
        (
            [{"DepthwiseConv2D": {"kernel_size": 3, "strides": [1, 2]}}],
            "layers[0] (DepthwiseConv2D) must have equal strides for height and width, got [1, 2]",
        ),
        (
            [{"GroupNormalization": {}}, "Flatten"],
            "layers[0] (GroupNormalization) divides the channels into 32 groups, but what arrives there is ",
        ),
        (
            [{"Cropping2D": {"cropping": [[4, 5], [0, 0]]}}, "Flatten"],
            "layers[0] (Cropping2D) cuts off all there is, since what arrives there is (9, 9, 3)",
        ),
        (
            [{"AdaptiveMaxPooling2D": {"output_size": 10}}, "Flatten"],
            "layers[0] (AdaptiveMaxPooling2D) must put out at most what arrives, but what arrives there is ",
        ),
        (
            [{"Reshape": {"target_shape": [9, 9, 4]}}],
            "layers[0] (Reshape) cannot arrange (9, 9, 3): 9 x 9 places of 3 channels as [9, 9, 4]; their "
            "product must be 243",
        ),
        ([{"Reshape": {"target_shape": [7, 7, -1]}}], "as [7, 7, -1]; their product must divide 243"),
        (
            [{"UpSampling2D": {"size": 1024}}, {"UpSampling2D": {"size": 1024}}, "Flatten"],
            "layers[1] (UpSampling2D) must put out at most 1,073,741,824 numbers for a photo, got 267,181,3",
        ),
        (
            [{"residual": {"layers": [conv(3, padding="valid")]}}, "Flatten"],
            "layers[0] (residual) cannot add what comes in, (9, 9, 3): 9 x 9 places of 3 channels, to what "
            "its layers make of it, (7, 7, 3): 7 x 7 places of 3 channels, since no strides lead from one to "
            "the other; give its layers padding: same",
        ),
        (
            [{"residual": {"layers": ["Flatten"]}}],
            "layers[0] (residual) cannot add what comes in, (9, 9, 3): 9 x 9 places of 3 channels, to what "
            "its layers make of it, (243): 243 numbers; leave Flatten and global pooling out of it",
        ),
        (
            [{"residual": {"layers": [{"UpSampling2D": {"size": 2}}]}}, "Flatten"],
            "since no strides lead from",
        ),
        (
            [{"parallel": {"branches": [[POOL], ["Identity"], [POOL]]}}, "Flatten"],
            "layers[0] (parallel) cannot put its branches side by side, which end in (4, 4, 3): 4 x 4 places "
            "of 3 channels and (9, 9, 3): 9 x 9 places of 3 channels; let all end in as many places",
        ),
        (
            [{"parallel": {"branches": [["Flatten"], ["Identity"]]}}, "Flatten"],
            "cannot put its branches side",
        ),
        (
            [{"maxout": {"units": 3, "pieces": 2}}],
            "layers[0] (maxout) takes a row of numbers, but what arrives",
        ),
    ],
)
def test_a_shape_that_does_not_fit_is_told_with_place_shape_and_remedy(layers: list[Any], words: str) -> None:
    with pytest.raises(SettingsError) as caught, keras.StatelessScope(initialize_variables=False):
        built(*layers, parts={"shrink": [POOL] * 4}, size_px=16)
    message = str(caught.value).replace("\N{MULTIPLICATION SIGN}", "x")
    assert message.startswith("params.yaml: networks.mine.")
    assert words in message
    keras.utils.clear_session(free_memory=False)
