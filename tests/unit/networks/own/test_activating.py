"""Two layers with weights and nothing bent in between are pointed out: together they are one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tenshots.networks.own import activating, tree

D = {"Dense": {"units": 3}}
R = {"Dense": {"units": 3, "activation": "relu"}}
C = {"Conv2D": {"filters": 3, "kernel_size": 3, "padding": "same"}}
HEAD = activating.HEAD


def pairs(*layers: Any) -> list[tuple[str, str]]:  # noqa: ANN401 (as in the file)
    nodes = tree.parsed({"first": R, "plain": D}, list(layers), at="")
    found = activating.doubts(nodes, at="n")
    words = [each.partition(" have no activation between them, and two")[0].split(" and ") for each in found]
    return [(first, second) for first, second in words]


@pytest.mark.parametrize(
    "layers",
    [
        [R],
        ["first", R],
        [D, "ReLU"],
        [D, "BatchNormalization", {"Activation": {"activation": "tanh"}}, R],
        [C, "MaxPooling2D", R],  # a maximum bends, too
        [{"DepthwiseConv2D": {"kernel_size": 3}}, {**C}, "ReLU"],
        [{"maxout": {"units": 3, "pieces": 2}}, {"maxout": {"units": 3, "pieces": 2}}],
        ["Flatten"],
        # Pre-activation: the sum of what bends is no layer that another would undo.
        [C, {"residual": {"layers": ["BatchNormalization", "ReLU", C]}}, R],
    ],
)
def test_there_is_no_doubt(layers: list[Any]) -> None:
    assert pairs(*layers) == []


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([D], [("n.layers[0] (Dense)", HEAD)]),
        ([D, R], [("n.layers[0] (Dense)", "n.layers[1] (Dense)")]),
        ([C, "Flatten", {"Dropout": {"rate": 0.5}}, R], [("n.layers[0] (Conv2D)", "n.layers[3] (Dense)")]),
        (["plain", R], [("n.parts.plain (Dense)", "n.layers[1] (Dense)")]),
        (
            [{"Dense": {"units": 2, "activation": "linear"}}, R],
            [("n.layers[0] (Dense)", "n.layers[1] (Dense)")],
        ),
        ([D, {"Activation": {"activation": "linear"}}, R], [("n.layers[0] (Dense)", "n.layers[2] (Dense)")]),
        (
            [{"repeat": {"times": 9, "layers": [C]}}, "ReLU"],
            [("n.layers[0].repeat.layers[0] (Conv2D)", "n.layers[0].repeat.layers[0] (Conv2D)")],
        ),
        (
            [{"residual": {"layers": [C, C, "ReLU"]}}],
            [("n.layers[0].residual.layers[0] (Conv2D)", "n.layers[0].residual.layers[1] (Conv2D)")],
        ),
        (
            [{"parallel": {"branches": [[R], [D]]}}, R],
            [("n.layers[0].parallel.branches[1][0] (Dense)", "n.layers[1] (Dense)")],
        ),
    ],
)
def test_the_two_layers_are_named(layers: list[Any], expected: list[tuple[str, str]]) -> None:
    assert pairs(*layers) == expected


def test_of_many_pairs_a_few_are_named_and_the_others_counted() -> None:
    nodes = tree.parsed({}, [D] * 6 + ["ReLU"], at="")
    *named, rest = activating.doubts(nodes, at="networks.mine")
    assert len(named) == 3
    assert rest == "networks.mine has 2 more such pairs"


def test_selu_beside_batch_normalisation_is_pointed_out() -> None:
    selu = {"Dense": {"units": 3, "activation": "selu"}}
    within = {"repeat": {"times": 2, "layers": [selu, "BatchNormalization"]}}
    for layers in ([within], [D, "BatchNormalization", {"Activation": {"activation": "selu"}}]):
        (said,) = activating.doubts(tree.parsed({}, layers, at=""), at="networks.mine")
        assert said.startswith(
            "networks.mine has selu and batch normalisation: selu keeps mean and deviation"
        )
    assert activating.doubts(tree.parsed({}, [selu], at=""), at="") == []


def test_two_layers_without_an_activation_are_one() -> None:
    random = np.random.default_rng(0)
    photos, first, second = random.normal(size=(5, 4)), random.normal(size=(4, 6)), random.normal(size=(6, 2))
    assert photos @ first @ second == pytest.approx(photos @ (first @ second))
