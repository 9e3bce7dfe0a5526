"""Settings across families: each value does what its formula says, and none is written where it is absent."""

from __future__ import annotations

import importlib
import math
import re
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from tenshots import params, runtime
from tenshots.errors import SettingsError
from tenshots.networks import across, activations, building, drawing, forward, weights_files
from tenshots.networks.across import ACTIVATIONS, InitializerName
from tenshots.networks.activations import Maxout, RandomLeakyReLU
from tenshots.networks.families.convolutional import ConvolutionalSettings
from tenshots.networks.settings import families
from tenshots.runtime import keras
from tenshots.training import executor, scratch, variants
from tests.drawn import fine_tuning
from tests.drawn.trainings import drawn, job, loop, same
from tests.drawn.weights import weights_of

runtime.configure(threads=1)

TOP = Path(__file__).parents[3]
PAGE = (TOP / "docs/catalogue/networks.md").read_text(encoding="utf-8")
TINY = {"family": "dense", "input_px": 8, "channels": 3, "units": [64], "dropout": 0.1}
LECTURE = {"family": "convolutional", "input_px": 32, "filters": [4], "dense": 8, "dropout": 0.25}
LINE = np.linspace(-3, 3, 25)


def settings(**changes: Any) -> Any:  # noqa: ANN401 (whatever stands in the file)
    return building.settings_from({**TINY, **changes}, at="networks.it")


def build(**changes: Any) -> Any:  # noqa: ANN401 (keras.Model)
    return building.build(settings(**changes), size_px=8, num_labels=2)


def applied(name: str, **arguments: float) -> np.ndarray:
    activation = across.activation({name: arguments})
    layer = activations.layer(activation, name="it", of_maps=False)
    return np.asarray(layer(LINE[None].astype(np.float32)))[0].astype(np.float64)


ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805  # Source: Klambauer et al. 2017, equation 14
BELOW = np.minimum(LINE, 0)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("relu", {}, LINE - BELOW),
        ("leaky_relu", {}, LINE - BELOW + 0.01 * BELOW),
        ("leaky_relu", {"slope": 0.3}, LINE - BELOW + 0.3 * BELOW),
        ("rrelu", {}, LINE - BELOW + (1 / 8 + 1 / 3) / 2 * BELOW),
        ("prelu", {}, LINE - BELOW + 0.25 * BELOW),
        ("elu", {"alpha": 2.0}, LINE - BELOW + 2 * np.expm1(BELOW)),
        ("selu", {}, SCALE * (LINE - BELOW + ALPHA * np.expm1(BELOW))),
        ("gelu", {}, [value * 0.5 * (1 + math.erf(value / math.sqrt(2))) for value in LINE]),
        ("tanh", {}, np.tanh(LINE)),
        ("sigmoid", {}, 1 / (1 + np.exp(-LINE))),
        ("maxout", {"pieces": 5}, LINE.reshape(5, 5).max(axis=0)),
    ],
)
def test_an_activation_is_its_formula(name: str, arguments: dict[str, float], expected: Any) -> None:  # noqa: ANN401
    np.testing.assert_allclose(applied(name, **arguments), expected, rtol=1e-5, atol=1e-6)


def test_the_page_has_each_activation_and_each_initialiser() -> None:
    def names(after: str, before: str) -> set[str]:
        part = PAGE.partition(after)[2].partition(before)[0]
        return set(re.findall(r"^\| ([a-z_]+) \|", part, re.MULTILINE)) - {"name", "setting"}

    assert names("### Activations", "### Initialisers") == set(ACTIVATIONS)
    assert names("| name | variance", "\0") == set(get_args(InitializerName))


def test_the_page_has_each_setting() -> None:
    part = PAGE.partition("## Settings of the families")[2].partition("### Activations")[0]
    shown = {
        name
        for cell in re.findall(r"^\| (`.*?`) \|", part, re.MULTILINE)
        for name in re.findall("`(.*?)`", cell)
    }
    own = {"family", "input_px", "filters", "dense"}
    assert shown == set(ConvolutionalSettings.model_fields) - own
    for family in sorted(set(families()) - {"layers", "pretrained"}):  # as the page says
        model = importlib.import_module(f"tenshots.networks.families.{family}").SETTINGS
        assert shown <= set(model.model_fields), family


def test_random_slopes_lie_in_their_bounds_and_follow_the_seed() -> None:
    inputs = keras.Input((50,))
    model = keras.Model(inputs, RandomLeakyReLU(0.2, 0.4)(inputs))
    found = []
    for seed in (1, 1, 2):
        drawing.draw_dropout(model, seed)
        found.append(np.asarray(model(-np.ones((40, 50), np.float32), training=True)))
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])
    assert 0.2 <= -found[0].max() <= 0.21 < 0.39 <= -found[0].min() <= 0.4


def test_a_maxout_has_as_many_units_as_asked_and_works_on_maps() -> None:
    model = building.build(
        building.settings_from({**LECTURE, "activation": {"maxout": {"pieces": 3}}}, at=""),
        size_px=32, num_labels=2,
    )  # fmt: skip
    assert model.get_layer("block1_1_convolution").filters == 12
    assert model.get_layer("block1_1_maxout").output.shape == (None, 32, 32, 4)
    assert model.get_layer("head").kernel.shape == (8, 2)
    maps = np.arange(12, dtype=np.float32).reshape(1, 1, 2, 6) * np.array([1, -1, 1, -1, 1, -1], np.float32)
    assert np.asarray(Maxout(2)(maps)).tolist() == [[[[0, 4, 2], [6, 10, 8]]]]


@pytest.mark.parametrize(
    ("given", "initialiser", "variance", "is_uniform"),
    [
        ({}, "GlorotUniform", 2 / (192 + 64), True),
        ({"activation": "relu"}, "HeNormal", 2 / 192, False),
        ({"activation": {"leaky_relu": {"slope": 0.1}}}, "HeNormal", 2 / 192, False),
        ({"activation": "selu"}, "LecunNormal", 1 / 192, False),
        ({"activation": "tanh"}, "GlorotUniform", 2 / (192 + 64), True),
        ({"activation": "sigmoid"}, "GlorotUniform", 2 / (192 + 64), True),
        ({"initializer": "glorot_normal"}, "GlorotNormal", 2 / (192 + 64), False),
        ({"initializer": "he_uniform", "activation": "selu"}, "HeUniform", 2 / 192, True),
        ({"initializer": "lecun_uniform"}, "LecunUniform", 1 / 192, True),
    ],
)
def test_weights_start_as_the_table_says(
    given: dict[str, Any], initialiser: str, variance: float, is_uniform: bool
) -> None:
    model = build(**given)
    drawing.draw(model, 3)
    layer = model.get_layer("dense1")
    kernel = np.array(layer.kernel, np.float64)
    assert type(layer.kernel_initializer).__name__ == initialiser
    assert kernel.var() == pytest.approx(variance, rel=0.05)
    largest = np.abs(kernel).max() / math.sqrt(variance)
    assert largest < 1.75 if is_uniform else 2 < largest < 2.4  # sqrt(3), or cut off at two deviations
    named = "initializer" in given
    assert type(model.get_layer("head").kernel_initializer).__name__ == (
        initialiser if named else "GlorotUniform"
    )


def test_orthogonal_kernels_are_rotations_and_follow_the_seed() -> None:
    convolution = {**LECTURE, "initializer": "orthogonal"}
    models = [
        build(initializer="orthogonal"),
        building.build(building.settings_from(convolution, at=""), size_px=32, num_labels=2),
    ]
    for model in models:
        first, again, other = (weights_of(model, seed) for seed in (3, 3, 4))
        assert same(first, again)
        assert not same(first, other)
        for kernel in (each for each in other if each.ndim > 1):
            matrix = kernel.reshape(-1, kernel.shape[-1]).astype(np.float64)
            small = matrix.T @ matrix if len(matrix) >= len(matrix.T) else matrix @ matrix.T
            np.testing.assert_allclose(small, np.eye(len(small)), atol=1e-6)


def test_batch_normalisation_can_be_had_or_left_out_and_selu_has_dropout_of_its_own() -> None:
    assert [layer.name for layer in build(batch_norm=True, activation="tanh").layers][-4:] == [
        *("dense1_normalisation", "dense1_tanh", "dense1_dropout", "head"),
    ]
    plain = building.settings_from({**LECTURE, "batch_norm": False, "activation": "selu"}, at="")
    kinds = [type(layer).__name__ for layer in building.build(plain, size_px=32, num_labels=2).layers]
    assert "BatchNormalization" not in kinds
    assert kinds.count("AlphaDropout") == 2


def test_penalties_are_sums_over_all_kernels_and_pull_as_they_should() -> None:
    images, targets = drawn()[0][:4, :8, :8], np.eye(2, dtype=np.float32)[[0, 1, 0, 1]]
    after, start = [], None
    for given in ({}, {"l1": 0.01, "l2": 0.1}):
        model = build(dropout=0, **given)
        drawing.draw(model, 3)
        start = [np.array(weight, np.float64) for weight in model.weights]
        if given:
            kernels = [each for each in start if each.ndim > 1]
            expected = sum(0.01 * np.abs(each).sum() + 0.1 * (each**2).sum() for each in kernels)
            assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)
        model.compile(keras.optimizers.SGD(0.5), keras.losses.CategoricalCrossentropy(from_logits=True))
        model.train_on_batch(images, targets)
        after.append([np.array(weight, np.float64) for weight in model.weights])
    for before, plain, pulled in zip(start, *after, strict=True):
        pull = 0.5 * (0.01 * np.sign(before) + 2 * 0.1 * before) * (before.ndim > 1)
        np.testing.assert_allclose(plain - pulled, pull, atol=2e-6)


def test_no_units_weights_are_longer_than_the_norm_after_an_update() -> None:
    images, targets = drawn()[0][:4], np.eye(2, dtype=np.float32)[[0, 1, 0, 1]]
    given = building.settings_from({**LECTURE, "max_norm": 0.5}, at="")
    model = building.build(given, size_px=32, num_labels=2)
    model.compile(keras.optimizers.SGD(1.0), keras.losses.CategoricalCrossentropy(from_logits=True))
    model.train_on_batch(images, targets)
    for kernel in (np.array(each) for each in model.trainable_weights if len(each.shape) > 1):
        lengths = np.sqrt((kernel.astype(np.float64) ** 2).sum(axis=tuple(range(kernel.ndim - 1))))
        assert 0.3 < lengths.max() < 0.5 + 1e-5


@pytest.mark.parametrize(
    ("normalisation", "least", "most"), [("unit", 0, 1), ("symmetric", -1, 1), (None, -1, 1)]
)
def test_levels_arrive_in_the_range_that_is_asked_for(
    normalisation: str | None, least: float, most: float
) -> None:
    model = build(**({"normalisation": normalisation} if normalisation else {}))
    below = keras.Model(model.input, model.get_layer("scaling").output)
    images = np.stack([np.zeros((8, 8, 3)), np.full((8, 8, 3), 255)]).astype(np.uint8)
    seen = forward.outputs(below, images, batch_size=2)
    assert (seen.min(), seen.max()) == pytest.approx((least, most), abs=1e-6)


@pytest.mark.parametrize("colour", [None, "grey"])
def test_a_network_standardises_by_the_photos_that_it_learns_from_alone(
    colour: str | None, tmp_path: Path
) -> None:
    images, labels = drawn()
    images[21:28] = 255  # validation photos: no part of it
    network = {**LECTURE, "normalisation": "standard", **({"colour": colour} if colour else {})}
    given = building.settings_from(network, at="")
    make = partial(building.build, given, size_px=32, num_labels=2)
    begin = scratch.trainers(make, images=images, labels=labels, settings=loop(epochs=1))
    saved, layers, answers = executor.run(
        begin,
        [job()],
        finish=lambda model, outcome: (
            building.weights(model),
            [np.array(each) for each in model.get_layer("scaling").weights],
            outcome.probabilities,
        ),
    )[0]

    learnt = images[:21].astype(np.float64)
    learnt = (learnt @ [0.299, 0.587, 0.114])[..., None] if colour else learnt
    assert layers[0] == pytest.approx(learnt.mean(axis=(0, 1, 2)), rel=1e-5)
    assert 1 / layers[1] == pytest.approx(learnt.std(axis=(0, 1, 2)), rel=1e-5)
    (tmp_path / "a.weights.h5").write_bytes(saved)
    again = make()
    weights_files.load(again, tmp_path / "a.weights.h5", of="network", remedy="")
    assert np.array_equal(forward.predict(again, images[21:28]), answers)


def test_settings_that_are_absent_are_not_written_down() -> None:
    networks = params.read(TOP / "params.yaml")["networks"]
    for name, described in networks.items():
        written = building.settings_from(described, at="").model_dump(mode="json")
        if "backbone" in described:
            described["backbone"].setdefault("arguments", {})
        assert written == described, name
    lecture = building.settings_from(networks["lecture"], at="").model_dump(mode="json")
    # The order of model.json, whose bytes are an output.
    assert list(lecture) == ["filters", "dense", "dropout", "momentum", "family", "input_px"]
    given = {**TINY, "activation": {"elu": {"alpha": 0.5}}, "l2": 0.1, "normalisation": "unit"}
    assert settings(**given).model_dump(mode="json") == given
    assert settings(**settings(**given).model_dump(mode="json")) == settings(**given)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"activation": "rellu"}, "activation must be one of relu, "),
        ({"activation": "rellu"}, "got 'rellu'; did you mean 'relu'"),
        ({"activation": 3}, "must be one name, alone or with its arguments"),
        ({"activation": {"slope": 0.1}}, "activation must give each argument with its name"),
        ({"activation": {"relu": {"slope": 0.1}}}, "activation must give relu arguments that it has"),
        ({"activation": {"elu": {"slope": 0.1}}}, "not 'slope'; there is alpha"),
        ({"activation": {"leaky_relu": {"slop": 0.1}}}, "not 'slop'; did you mean 'slope'"),
        ({"activation": {"leaky_relu": {"slope": 1}}}, "activation.leaky_relu.slope must be below 1, got 1"),
        (
            {"activation": {"rrelu": {"lower": 0.5}}},
            "lower must be at most upper, 0.333333, got 0.5",
        ),
        ({"activation": {"maxout": {"pieces": 10**9}}}, "activation.maxout.pieces must be at most 16"),
        ({"activation": "selu", "batch_norm": True}, "must not be selu where batch_norm is true"),
        (
            {**LECTURE, "activation": "selu"},
            "absent, since family convolutional normalises",
        ),
        ({"initializer": "he"}, "initializer must be 'glorot_uniform', "),
        ({"batch_norm": "yes"}, "batch_norm must be true or false, got 'yes'"),
        ({"l1": -1}, "l1 must be at least 0"),
        ({"l2": math.inf}, "l2 must be a finite number"),
        ({"max_norm": 0}, "max_norm must be above 0"),
        ({"normalisation": "standart"}, "got 'standart'; did you mean 'standard'"),
        ({"colour": "gray"}, "colour must be 'grey', got 'gray'; did you mean 'grey'"),
        ({"colour": "grey"}, "colour must not be grey where channels is 3"),
    ],
)
def test_a_broken_rule_names_the_key_and_the_value(changes: dict[str, Any], words: str) -> None:
    given = {key: value for key, value in {**TINY, **changes}.items() if key not in ("channels", "units")}
    with pytest.raises(SettingsError) as caught:
        building.settings_from(given if "filters" in changes else {**TINY, **changes}, at="networks.it")
    assert str(caught.value).startswith("params.yaml: networks.it.")
    assert words in str(caught.value)


def test_a_backbone_that_has_learnt_nothing_can_be_trained_whole_from_scratch() -> None:
    described = fine_tuning.settings().model_dump(mode="json")
    values = params.read(TOP / "params.yaml")
    values["networks"]["own"] = described
    values["variants"] = {"whole": {"data": "database", "network": "own", "recipe": "scratch", "epochs": 2}}
    variant = variants.resolve(values, "whole")
    images, labels = drawn()
    assert not variant.has_features
    assert variants.max_epochs(variant) == 2
    begin = variants.trainers(variant, images=images, labels=labels)
    finished = variants.train(
        variant,
        [job()],
        images=images,
        labels=labels,
        finish=lambda model, outcome: (model.get_weights(), outcome),
    )
    weights, outcome = finished[0]
    assert [row.phase for row in outcome.history] == ["scratch", "scratch"]
    network = begin().network
    drawing.draw(network, job().seed)
    moved = [not np.array_equal(*pair) for pair in zip(network.get_weights(), weights, strict=True)]
    assert all(moved)  # the first convolution, too, and the normalisations

    values["networks"]["own"] = values["networks"]["pretrained"]
    with pytest.raises(SettingsError, match="got 'scratch'; scratch takes a backbone with weights: none"):
        variants.resolve(values, "whole")
