"""A list of layers is judged without Keras: each wrong name, argument and value by its place."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tenshots.errors import SettingsError
from tenshots.networks.own import tree
from tenshots.networks.settings import settings_from

TOP = Path(__file__).parents[4]
CONV = {"Conv2D": {"filters": 4, "kernel_size": 3}}


def refused(layers: Any, parts: Any = None) -> str:  # noqa: ANN401 (whatever stands in the file)
    values = {"family": "layers", "input_px": 8, "parts": parts or {}, "layers": layers}
    with pytest.raises(SettingsError) as caught:
        settings_from(values, at="networks.mine")
    return str(caught.value)


def conv(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"Conv2D": {"filters": 4, "kernel_size": 3, **changes}}


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([], "layers must be a list of at least 1 layer, got []"),
        ("Flatten", "layers must be a list of at least 1 layer, got 'Flatten'"),
        ([3], "layers[0] must be the name of one layer, alone or with its arguments, as in `MaxPooling2D: {"),
        ([{"Flatten": None, "ReLU": None}], "layers[0] must be the name of one layer"),
        ([{"Conv2D": 32}], "layers[0] must give each argument with its name"),
        (["Flatten", "Conv2d"], "layers[1] must name a layer of Keras for photos, a composite (repeat, "),
        (["Conv2d"], "got 'Conv2d'; did you mean 'Conv2D'"),
        (["Residual"], "got 'Residual'; did you mean 'residual'"),
        (["Xyz"], "got 'Xyz'; docs/catalogue/layers.md lists them"),
        (["Lambda"], "layers[0] must not be Lambda, which runs or loads code"),
        ([{"Add": {}}], "layers[0] must not be Add, which takes several inputs; take residual (adds) or"),
        (["Conv3D"], "not for pictures; take the layer of that name with 2D"),
        (["RandomFlip"], "which changes photos; list it under augment.layers"),
        ([conv(filter=3)], "layers[0].Conv2D has no argument 'filter'; did you mean 'filters'?"),
        ([conv(seed=3)], "layers[0].Conv2D has no argument 'seed'; each training has its own"),
        ([conv(input_shape=[8, 8, 3])], "no argument 'input_shape'; input_px says how large photos arrive"),
        ([conv(groups=2)], "no argument 'groups'; TensorFlow would compile it for the processor"),
        (["Conv2D"], "layers[0].Conv2D needs filters and kernel_size"),
        ([conv(filters="64")], ".Conv2D.filters must be an integer from 1 to 4096, got '64'; remove the quo"),
        ([conv(filters=True)], ".Conv2D.filters must be an integer from 1 to 4096, got true"),
        ([conv(filters=10**9)], ".Conv2D.filters must be an integer from 1 to 4096, got 1000000000"),
        ([conv(kernel_size=[3, 3, 3])], ".Conv2D.kernel_size must be an integer from 1 to 1024, or two of"),
        ([conv(kernel_size=0)], ".Conv2D.kernel_size must be an integer from 1 to 1024, or two of"),
        ([conv(padding="full")], ".Conv2D.padding must be one of valid, same, got 'full'"),
        ([conv(activation="relo")], ".Conv2D.activation must be one of relu, leaky_relu"),
        ([conv(activation={"class_name": "x"})], ".Conv2D.activation must be one of relu, leaky_relu"),
        ([conv(kernel_initializer={"class_name": "x"})], ".kernel_initializer must be one of glorot_uniform"),
        ([conv(use_bias="no")], ".Conv2D.use_bias must be true or false, got 'no'"),
        ([{"Dropout": {"rate": 1}}], "layers[0].Dropout.rate must be a number of at least 0 and below 1"),
        ([{"Dropout": {"rate": float("nan")}}], "layers[0].Dropout.rate must be a number of at least 0"),
        ([{"BatchNormalization": {"epsilon": 0}}], ".epsilon must be a number above 0 and at most 1, got 0"),
        ([{"ZeroPadding2D": {"padding": [[1, 2], 3]}}], ".padding must be an integer from 0 to 1024, or two"),
        ([{"Reshape": {"target_shape": [-1, -1, 2]}}], ".target_shape must be [numbers] or [height, width"),
        ([{"repeat": {"times": 2}}], "layers[0].repeat needs layers"),
        ([{"repeat": {"time": 2, "layers": [CONV]}}], "repeat has no argument 'time'; did you mean 'times'?"),
        ([{"repeat": {"times": 0, "layers": [CONV]}}], "layers[0].repeat.times must be an integer from 1 to"),
        ([{"residual": {"layers": ["Conv2d"]}}], "layers[0].residual.layers[0] must name a layer"),
        ([{"residual": {"layers": CONV}}], "layers[0].residual.layers must be a list of at least 1 layer"),
        ([{"parallel": {"branches": [[CONV]]}}], "parallel.branches must be at least 2 lists of layers"),
        ([{"parallel": {"branches": [[CONV], CONV]}}], "layers[0].parallel.branches[1] must be a list of at"),
        ([{"parallel": {"branches": [[CONV], ["Relu"]]}}], "branches[1][0] must name a layer of Keras"),
        ([{"maxout": {"pieces": 2}}], "layers[0].maxout needs units, as in `maxout: {units: 64, pieces: 2}`"),
        ([{"maxout": {"units": 2}}], "layers[0].maxout needs pieces"),
        ([{"maxout": {"units": 2, "pieces": 1}}], "layers[0].maxout.pieces must be an integer from 2 to 64"),
        ([{"maxout": {"units": 2, "pieces": 2, "kernel_size": 3}}], "maxout has no argument 'kernel_size'"),
    ],
)
def test_a_mistake_is_named_by_its_place(layers: Any, words: str) -> None:  # noqa: ANN401
    message = refused(layers)
    assert message.startswith("params.yaml: networks.mine.layers")
    assert words in message


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"a": ["Conv2d"]}, "parts.a[0] must name a layer of Keras"),
        ({"a": "Conv2d"}, "parts.a must name a layer of Keras"),
        ({"a": []}, "parts.a must be a list of at least 1 layer, got []"),
        ({"a": [conv(filters=0)]}, "parts.a[0].Conv2D.filters must be an integer"),
        ({"a": "b", "b": ["a"]}, "parts.b[0] must not use the part a within itself; write its layers out"),
        ({"a": ["a"]}, "parts.a[0] must not use the part a within itself"),
        ({"a": [], "ReLU": "Flatten"}, "parts.ReLU must not be named like a layer; rename it, for instance"),
        ({"a": "Flatten", "repeat": "Flatten"}, "parts.repeat must not be named like a layer"),
        ({"a": "Flatten", "1st b": "Flatten"}, "parts.1st b must have a name of letters, digits, _ and -"),
        ({"a": {"Flatten": {}}, "b": {"a": {"rate": 0.5}}}, "parts.b must name the part a alone"),
        (["Flatten"], "parts must be a section of settings, got ['Flatten']"),
    ],
)
def test_a_mistake_in_a_part_is_named_by_the_part(parts: Any, words: str) -> None:  # noqa: ANN401
    assert f"params.yaml: networks.mine.{words}" in refused(["a"], parts)


def test_all_mistakes_are_named_at_once() -> None:
    lines = refused(["Conv2d", conv(filters=0), conv(paddin="same", strides="2")]).splitlines()
    assert [line.split()[1].removeprefix("networks.mine.") for line in lines] == [
        *("layers[0]", "layers[1].Conv2D.filters", "layers[2].Conv2D", "layers[2].Conv2D.strides"),
    ]


def nested(kinds: int) -> list[Any]:
    layers: list[Any] = ["ReLU"]
    for _ in range(kinds):
        layers = [{"repeat": {"times": 100, "layers": layers}}]
    return layers


def test_what_would_be_millions_of_layers_is_counted_and_not_built() -> None:
    started = time.process_time()
    assert "must come to at most 500 layers, got 1,000,000; repeat less" in refused(nested(3))
    doubled: dict[str, Any] = {"p0": "ReLU"}
    for number in range(1, 8):
        doubled[f"p{number}"] = [f"p{number - 1}"] * 100
    assert f"must come to at most 500 layers, got {100**7:,}" in refused(["p7"], doubled)
    assert "must lie in at most 8 composites" in refused(nested(9))
    endless: list[Any] = []
    endless += [{"residual": {"layers": endless}}] * 100
    assert "entries, with parts and composites" in refused(endless)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("turned", [False, True])
def test_parts_in_parts_are_bounded_in_whichever_order_they_stand(*, turned: bool) -> None:
    chain: dict[str, Any] = {"p1": "ReLU", **{f"p{n}": [f"p{n - 1}"] for n in range(2, 10)}}
    settings_from(
        {"family": "layers", "input_px": 8, "parts": dict(list(chain.items())[:8]), "layers": ["p8"]}, at=""
    )
    parts = dict(reversed(chain.items())) if turned else chain
    assert "must not nest more than 8 parts in parts; write some out" in refused(["p9"], parts)


def test_composites_and_activations_count_as_what_they_are_built_of() -> None:
    def size(*layers: object) -> int:
        return tree.size(tree.parsed({"two": ["ReLU", "Flatten"]}, list(layers), at=""))

    assert size("ReLU") == 1
    assert size("two", "two") == 4
    assert size(conv(activation="relu")) == 2
    assert size({"residual": {"layers": [CONV]}}) == 3
    assert size({"parallel": {"branches": [[CONV], ["two"]]}}) == 4
    assert size({"maxout": {"units": 3, "pieces": 5}}) == 6
    assert size({"repeat": {"times": 3, "layers": [CONV, "two"]}}) == 9


def test_what_is_read_needs_no_keras_and_is_written_as_it_was() -> None:
    code = (
        "import sys, json\n"
        "from tenshots.networks.settings import settings_from\n"
        "values = {'family': 'layers', 'input_px': 8, 'parts': {'a': {'Dense': {'units': 3}}},\n"
        "          'layers': ['Flatten', 'a', {'repeat': {'times': 2, 'layers': ['ReLU']}}]}\n"
        "settings = settings_from(values, at='networks.mine')\n"
        "settings.doubts(at='networks.mine')\n"
        "assert settings.used_by('scratch') == json.loads(json.dumps(values)), settings\n"
        "print(sorted({'keras', 'tensorflow', 'numpy'} & set(sys.modules)))\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], cwd=TOP, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
