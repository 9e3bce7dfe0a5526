"""Published networks: as large as published, and seen through like all others."""

from __future__ import annotations

import math
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from tenshots import runtime
from tenshots.errors import SettingsError
from tenshots.interpretation import (
    excitation,
    fields,
    filters,
    gallery,
    gradcam,
    landscape,
    layers,
    structure,
)
from tenshots.networks import building, drawing, forward, settings
from tenshots.networks.families import resnet, vgg
from tenshots.runtime import keras
from tests.drawn import families

runtime.configure(threads=1)

PAGE = (Path(__file__).parents[3] / "docs/catalogue/networks.md").read_text(encoding="utf-8")
COUNTED = [
    (YAML(typ="safe").load(network), *(int(number.replace(",", "")) for number in numbers))
    for network, *numbers in re.findall(
        r"^\| `(\{.*\})` \| (\d+) \| (\d+) \| ([\d,]+) \| ([\d,]+) \|", PAGE, re.MULTILINE
    )
]
# The smallest of each kind, at the least that it takes; the layer in which its heat maps look.
SMALLEST: list[tuple[dict[str, Any], str]] = [
    (families.SMALLEST["lenet5"], "block1_tanh"),
    (families.SMALLEST["alexnet"], "block2_relu"),
    (families.SMALLEST["vgg"], "block3_2_relu"),
    (families.SMALLEST["inception"], "stem3_relu"),
    ({"family": "resnet", "input_px": 32, "depth": 18, "width": 0.05}, "stage1_2_relu"),
    (families.SMALLEST["resnet"], "stage1_3_relu"),
    (families.SMALLEST["wide_resnet"], "stage2_1_1_relu"),
]
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3)).astype(np.uint8)


def named(network: dict[str, Any]) -> str:
    return " ".join(str(value) for value in network.values())


@cache
def built(number: int) -> Any:  # noqa: ANN401 (keras.Model)
    given = building.settings_from(SMALLEST[number][0], at="networks.it")
    model = building.build(given, size_px=64, num_labels=3)
    drawing.draw(model, 3)
    return model


@pytest.mark.parametrize(
    ("network", "input_px", "labels", "trained", "whole"), COUNTED, ids=[named(row[0]) for row in COUNTED]
)
def test_it_has_as_many_parameters_as_published(
    network: dict[str, Any], input_px: int, labels: int, trained: int, whole: int
) -> None:
    given = building.settings_from({**network, "input_px": input_px}, at="networks.it")
    try:
        with keras.StatelessScope(initialize_variables=False):  # notes shapes, and allocates nothing
            model = building.build(given, size_px=input_px, num_labels=labels)
            counted = sum(math.prod(weight.shape) for weight in model.trainable_weights)
            assert (counted, model.count_params()) == (trained, whole)
    finally:
        keras.utils.clear_session(free_memory=False)


def test_the_page_has_each_family_and_each_depth() -> None:
    rows = re.findall(r"^\| (\w+) \| .* px", PAGE.partition("## How many")[0], re.MULTILINE)
    assert set(rows) == set(settings.families()) - {"layers"}  # which has a page of its own
    depths = {(network["family"], network.get("depth")) for network, *_ in COUNTED}
    assert {("vgg", depth) for depth in vgg.BLOCKS} <= depths
    assert {("resnet", depth) for depth in (*resnet.FOR_IMAGENET, *resnet.FOR_CIFAR)} <= depths
    assert {family for family, _ in depths} == set(rows) - {"pretrained"}


@pytest.mark.parametrize("number", range(len(SMALLEST)), ids=[named(row[0]) for row in SMALLEST])
def test_the_smallest_answers_photos_and_can_be_seen_through(number: int) -> None:
    _, looked_at = SMALLEST[number]
    model = built(number)
    answers = forward.predict(model, IMAGES)
    assert answers.shape == (3, 3)
    assert np.abs(answers[0] - answers[1]).max() > 1e-6  # it tells photos apart
    assert sum(row.num_parameters for row in structure.rows(model)) == model.count_params()
    assert gallery.left_out(model) == ""
    assert gradcam.default_layer(model) == looked_at
    heat = gradcam.heat_maps(model, IMAGES, np.arange(3), layer=looked_at)
    assert np.isfinite(heat).all()
    assert heat.max() > 0
    assert filters.colours(filters.first(model)).shape[-1] == 3
    seen = layers.last_of_each_size(layers.with_maps(model))
    tensor = layers.before_activation(seen[-1])
    assert fields.receptive_field(model, tensor).rows.length > 1
    pattern = excitation.patterns(layers.at_any_size(model, tensor), [0], size_px=64, steps=1, seed=1)
    assert np.isfinite(pattern).all()
    found = landscape.surface(
        model, IMAGES, np.arange(3), directions=landscape.directions(model, seed=1), num_points=3
    )
    assert np.isfinite(found.losses).all()


@pytest.mark.parametrize("number", range(len(SMALLEST)), ids=[named(row[0]) for row in SMALLEST])
def test_a_smaller_photo_is_refused_and_the_least_is_named(number: int) -> None:
    network, _ = SMALLEST[number]
    with pytest.raises(SettingsError) as caught:
        building.settings_from({**network, "input_px": network["input_px"] - 1}, at="networks.it")
    assert f"networks.it.input_px must be at least {network['input_px']}" in str(caught.value)


def test_a_heat_map_of_inception_looks_where_the_branches_meet() -> None:
    given = building.settings_from({"family": "inception", "input_px": 96, "width": 0.05}, at="")
    try:
        with keras.StatelessScope(initialize_variables=False):
            model = building.build(given, size_px=96, num_labels=2)
            # The last of 6 x 6 cells; of its branches none has all that the network knows.
            assert gradcam.default_layer(model) == "module4e"
    finally:
        keras.utils.clear_session(free_memory=False)


def test_a_shortcut_adds_what_the_block_was_given() -> None:
    residual, plain = (
        building.build(
            building.settings_from(
                {"family": "resnet", "input_px": 8, "depth": 20, "width": 0.25, "shortcut": shortcut}, at=""
            ),
            size_px=8,
            num_labels=2,
        )
        for shortcut in ("residual", "plain")
    )
    assert [weight.shape for weight in residual.weights] == [weight.shape for weight in plain.weights]
    names = ("stage1_3_relu", "stage2_1_2_normalisation", "stage2_1_sum")
    block = keras.Model(residual.input, [residual.get_layer(name).output for name in names])
    before, after, total = (np.asarray(each) for each in block(IMAGES[:, :8, :8].astype(np.float32)))
    zeros = np.zeros((*before[:, ::2, ::2].shape[:3], 2))  # option A: every other place, and maps of zeros
    expected = after + np.concatenate([zeros, before[:, ::2, ::2], zeros], axis=-1)
    np.testing.assert_allclose(total, expected, atol=1e-5)
    assert not any("sum" in layer.name for layer in plain.layers)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"family": "vgg", "depth": 12}, "depth must be 11, 13, 16 or 19, got 12"),
        ({"family": "resnet", "depth": 21}, "depth must be 18, 34, 50, 101, 152, 20, 32, 44, 56 or 110"),
        (
            {"family": "resnet", "depth": 20, "shortcut": "plane"},
            "shortcut must be 'residual' or 'plain', got 'plane'; did you mean 'plain'?",
        ),
        ({"family": "wide_resnet", "depth": 17, "width": 8}, "depth must be 4 more than a multiple of 6"),
        ({"family": "wide_resnet", "depth": 16, "width": 0}, "width must be at least 1, got 0"),
        ({"family": "alexnet", "width": 0}, "width must be above 0, got 0"),
        (
            {"family": "resnet", "depth": 20, "activation": "maxout"},
            "activation must not be maxout in family resnet",
        ),
    ],
)
def test_a_broken_rule_names_the_key_and_the_value(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        building.settings_from({"input_px": 64, **changes}, at="networks.it")
    assert f"params.yaml: networks.it.{words}" in str(caught.value)
