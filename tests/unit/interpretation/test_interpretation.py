"""Truths about where to look in a network, what its maps are, and how pictures are drawn."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tenshots import params
from tenshots.errors import DataError, SettingsError
from tenshots.interpretation import (
    activations,
    answer_pictures,
    drawing,
    dreaming,
    fields,
    filters,
    gradients,
    layers,
    subject,
)
from tenshots.interpretation.settings import VisualiseSettings
from tenshots.networks import building, forward
from tenshots.networks.model_json import SavedVariant
from tenshots.runtime import keras
from tenshots.tables import predictions
from tests.drawn import model as drawn_model

TOP = Path(params.__file__).parents[1]
SETTINGS: dict[str, Any] = {
    "fold": 0, "repeat": 0, "num_photos": 2, "num_maps": 4, "num_filters": 2, "steps": 2,
    "dream": False, "dream_steps": 1, "landscape": 0,
}  # fmt: skip


def network(*, size_px: int = 48, family: str = "convolutional") -> keras.Model:
    keras.utils.set_random_seed(1)
    values: dict[str, Any] = {"family": family, "input_px": 32, "dropout": 0.1}
    if family == "convolutional":
        values |= {"filters": [4, 6], "dense": 8}
    else:
        values |= {"unfreeze": 0, "fine_tune_lr_factor": 1}
        values["backbone"] = {"architecture": "MobileNetV2", "arguments": {"alpha": 0.35}, "weights": "none"}
    return building.build(building.settings_from(values, at=""), size_px=size_px, num_labels=2)


def images(number: int = 3, size_px: int = 48) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (number, size_px, size_px, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("landscape", 4, r"visualise\.landscape must be 0 \(off\) or an odd number from 3 to 101, .*got 4"),
        ("landscape", 1, "odd number from 3"),
        ("num_maps", 0, r"visualise\.num_maps must be at least 1, got 0"),
        ("steps", "many", r"visualise\.steps must be an integer"),
        ("dreams", True, r"visualise\.dreams is not a known setting; did you mean 'dream'"),
    ],
)
def test_a_wrong_setting_names_key_rule_and_value(key: str, value: object, rule: str) -> None:
    with pytest.raises(SettingsError, match=rule):
        params.check({**SETTINGS, key: value}, VisualiseSettings, at="visualise")


def test_the_projects_own_settings_keep_the_costly_parts_off() -> None:
    settings = params.section(params.read(TOP / "params.yaml"), "visualise", VisualiseSettings)
    assert not settings.dream
    assert settings.landscape == 0


@pytest.mark.parametrize("family", ["convolutional", "pretrained"])
def test_a_part_at_any_size_computes_what_the_network_does(family: str) -> None:
    model = network(family=family, size_px=32)
    layer = layers.with_maps(model)[2]
    part = layers.at_any_size(model, layer.output)
    pictures = images(2, 32).astype(np.float32)
    expected = np.asarray(keras.Model(model.input, layer.output)(pictures, training=False))
    np.testing.assert_allclose(part(pictures, training=False), expected, rtol=1e-4, atol=1e-4)
    assert part(np.zeros((1, 64, 96, 3), np.float32)).shape[2] == 3 * expected.shape[2]
    part.set_weights([np.zeros_like(values) for values in part.get_weights()])
    assert any(values.any() for values in model.get_weights()), "it shares no weights"


def test_layers_of_a_network_of_ones_own_that_have_places_take_pictures_of_any_size() -> None:
    maps = [
        {"Conv2D": {"filters": 4, "kernel_size": 3}},
        *("PReLU", "LayerNormalization", "RMSNormalization", "UnitNormalization", "BatchNormalization"),
        *({"GroupNormalization": {"groups": 2}}, {"SpatialDropout2D": {"rate": 0.1}}, "MaxPooling2D"),
        {"SeparableConv2D": {"filters": 4, "kernel_size": 3, "padding": "same", "activation": "tanh"}},
        *({"UpSampling2D": {"interpolation": "bilinear"}}, {"Cropping2D": {"cropping": 1}}, "ELU"),
        {"Conv2DTranspose": {"filters": 3, "kernel_size": 3, "strides": 2}},
        *({"residual": {"layers": [{"DepthwiseConv2D": {"kernel_size": 3, "padding": "same"}}]}}, "ReLU"),
    ]
    values = {"family": "layers", "input_px": 12, "layers": [*maps, "Flatten"]}
    model = building.build(building.settings_from(values, at=""), size_px=12, num_labels=2)
    top = model.get_layer(f"layer{len(maps) - 1}_relu").output
    assert layers.takes_any_size(model, top)
    assert fields.receptive_field(model, top).rows.length < 16
    given = images(2, 12).astype(np.float32)
    expected = np.asarray(keras.Model(model.input, top)(given))
    copy = layers.at_any_size(model, top)
    np.testing.assert_allclose(np.asarray(copy(given)), expected, atol=1e-4)
    assert copy(images(2, 20).astype(np.float32)).shape[1] > expected.shape[1]


def test_a_part_at_any_size_starts_after_the_networks_resizing() -> None:
    model = network(size_px=48)
    part = layers.at_any_size(model, model.get_layer("block1_1_relu").output)
    assert part(np.zeros((1, 48, 48, 3), np.float32)).shape == (1, 48, 48, 4)


def test_layers_with_maps_are_the_activations_and_the_last_of_each_size_are_found() -> None:
    found = layers.with_maps(network())
    assert [layer.name for layer in found] == [f"block{n}_{m}_relu" for n in (1, 2) for m in (1, 2)]
    assert [layer.name for layer in layers.last_of_each_size(found)] == ["block1_2_relu", "block2_2_relu"]
    assert layers.before_activation(found[0]).shape == found[0].output.shape
    dense = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    with pytest.raises(DataError, match="no layer of maps"):
        layers.with_maps(dense)


def test_spread_keeps_the_first_and_the_last() -> None:
    assert layers.spread(list(range(9)), 3) == [0, 4, 8]
    assert layers.spread([1, 2], 5) == [1, 2]


@pytest.mark.parametrize("num_calls", [1, 100])  # as it is, and compiled
def test_gradients_are_those_of_the_formula(num_calls: int) -> None:
    gradient_of = gradients.gradient_of(lambda x: keras.ops.sum(x**3), num_calls=num_calls)
    value, gradient = gradient_of(np.array([[1, 2]]))
    assert value == 9
    np.testing.assert_allclose(gradient, [[3, 12]])


@pytest.mark.parametrize(("num_calls", "num_computed"), [(1, 3), (100, 1)])
def test_what_is_asked_often_is_compiled(num_calls: int, num_computed: int) -> None:
    computed = []

    def objective(given: keras.KerasTensor) -> keras.KerasTensor:
        computed.append(given.shape)
        return keras.ops.sum(given)

    gradient_of = gradients.gradient_of(objective, num_calls=num_calls)
    for _ in range(3):
        gradient_of(np.ones((1, 2)))
    assert len(computed) == num_computed


def test_maps_are_what_the_layer_puts_out_and_grey_pictures_span_black_to_white() -> None:
    model, asked = network(), [images()[:2]] * 33 + [images()]  # in more than one batch
    layers_ = [model.get_layer(name) for name in ("block2_1_relu", "head")]
    maps, logits = activations.outputs(model, np.concatenate(asked), [layer.output for layer in layers_])
    assert (maps.shape, logits.shape[0]) == ((69, 16, 16, 6), 69)
    assert maps.min() >= 0
    assert logits == pytest.approx(forward.outputs(model, np.concatenate(asked), batch_size=69), abs=1e-5)
    grey = activations.grey(np.array([[[0.0, 5.0], [2.0, 5.0]]]))  # two maps, the second the same everywhere
    assert grey.tolist() == [[[0, 255]], [[0, 0]]]


def test_peaks_are_the_highest_values_and_their_places_over_several_batches() -> None:
    model, asked = network(), np.concatenate([images()] * 23)
    output = model.get_layer("block1_1_relu").output
    (maps,) = activations.outputs(model, asked, [output])
    logits, (found,) = activations.search(model, asked, [output])
    np.testing.assert_array_equal(logits, activations.outputs(model, asked, [model.output])[0])
    assert found.values.shape == found.rows.shape == found.columns.shape == (69, 4)
    np.testing.assert_array_equal(found.values, maps.max(axis=(1, 2)))
    photos, numbers = np.indices(found.rows.shape)
    np.testing.assert_array_equal(maps[photos, found.rows, found.columns, numbers], found.values)
    assert len(set(found.rows.ravel())) > 3


def test_the_liveliest_maps_are_those_that_vary_most() -> None:
    found = np.zeros((4, 4, 5))
    found[0, 0, 3], found[0, 0, 1], found[..., 2] = 2, 1, 100
    assert activations.liveliest(found, 2) == [1, 3]


def test_telling_filters_answer_one_label_more_than_the_others() -> None:
    peaks = np.random.default_rng(0).random((20, 6)).astype(np.float32)
    names = ["cup", "book"] * 10
    peaks[::2, 4] += 3  # filter 4 answers cups, filter 2 books
    peaks[1::2, 2] += 3
    assert activations.telling_filters(peaks, names, 2) == [(2, "book"), (4, "cup")]
    all_of_them = activations.telling_filters(peaks, names, 9)
    assert sorted(number for number, _ in all_of_them) == list(range(6))
    assert activations.telling_filters(peaks, ["cup"] * 20, 1)[0][1] == "cup"


def test_first_filters_are_shown_around_grey_each_at_its_own_scale() -> None:
    model = network()
    kernels = filters.first(model)
    assert kernels.shape == (4, 3, 3, 3)
    np.testing.assert_array_equal(kernels[2], model.layers[2].get_weights()[0][..., 2])
    shown = filters.colours(np.array([0.0, -2.0, 2.0, 0.0, 0.0, 0.0]).reshape(2, 1, 1, 3))
    assert shown.tolist() == [[[[128, 0, 255]]], [[[128, 128, 128]]]]


def test_filters_of_grey_photos_are_grey() -> None:
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3)])
    shown = filters.colours(filters.first(model))
    assert shown.shape == (2, 3, 3, 3)
    assert (shown == shown[..., :1]).all()
    assert shown.std() > 0


def test_what_does_not_look_at_pixels_has_no_filters_to_show() -> None:
    model = keras.Sequential([keras.Input((8, 8, 5)), keras.layers.Conv2D(2, 3)])
    assert not layers.sees_pixels(model)
    with pytest.raises(DataError, match="does not look at pixels"):
        filters.first(model)


def test_a_dream_excites_its_layer_more_than_the_photo_does() -> None:
    model = network()
    part = layers.at_any_size(model, model.get_layer("block2_2_relu").output)
    photo = images(1, 32)[0]
    dreamt = dreaming.dream(part, photo, num_octaves=2, steps=4, seed=1)
    assert dreamt.shape == (45, 45, 3)

    def excitement(picture: np.ndarray) -> float:
        return float(np.square(np.asarray(part(picture[None].astype(np.float32)))).mean())

    plain = dreaming.resized(photo.astype(np.float32), 45, 45).clip(0, 255)
    assert excitement(dreamt) > 1.2 * excitement(plain)
    again = dreaming.dream(part, photo, num_octaves=2, steps=4, seed=1)
    assert again.tobytes() == dreamt.tobytes()


def test_heat_is_bright_where_it_is_and_grey_elsewhere() -> None:
    heat = np.zeros((8, 8), np.float32)
    heat[0:2, 6:8] = 1
    shown = np.asarray(drawing.heated(np.full((8, 8, 3), 200, np.uint8), heat, 64)).astype(int)
    assert shown[4, 60].max() - shown[4, 60].min() > 60, "coloured in the upper right"
    assert shown[60, 4].tolist() == [120, 120, 120], "dim grey in the lower left"


def test_text_that_does_not_fit_ends_in_an_ellipsis() -> None:
    assert drawing.fitted("cup", 400) == "cup"
    cut = drawing.fitted("a very long name of a label", 150)
    assert cut.endswith("…")
    assert cut.startswith("a very")
    assert drawing.line("a very long name of a label", width=150).size == (150, 36)


def test_a_name_that_does_not_fit_keeps_both_of_its_ends() -> None:
    before, after = "stage2_1_shortcut_convolution", "stage2_1_shortcut_places"
    for name in (before, after):
        head, tail = drawing.fitted(name, 250, within=True).split("…")
        assert name.startswith(head)
        assert name.endswith(tail)
        assert len(head) < len(tail) < 3 * len(head)
    assert drawing.fitted("x" * 50, 3, within=True) == "…"
    assert drawing._short("stage2_1_1_normalisation", width=250) == "stage2_1_1_norm"
    assert drawing._short("block1_relu", width=250) == "block1_relu"


def test_a_picture_file_keeps_every_pixel_and_has_no_metadata() -> None:
    picture = drawing.framed(drawing.grid([drawing.tile(image, 100) for image in images(3)], columns=2))
    data = drawing.png(picture)
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.size == (drawing.WIDTH, 2 * 100 + drawing.GAP + 2 * drawing.MARGIN)
        assert np.array_equal(np.asarray(opened), np.asarray(picture))
        assert not opened.info
    assert drawing.png(picture) == data


@pytest.mark.parametrize(
    ("share", "text"), [(0.994, "99 %"), (0.996, "over 99 %"), (1.0, "over 99 %"), (0.004, "0 %")]
)
def test_no_answer_is_called_certain(share: float, text: str) -> None:
    assert answer_pictures._percent(share) == text


def answers(right: list[bool]) -> pd.DataFrame:
    """Answers of falling certainty, on cups and books in turn."""
    labels = ["cup", "book"] * len(right)
    rows = [
        {"photo_id": f"{i:02d}", "label": labels[i], "predicted": labels[i if good else i + 1]}
        | {"probability": 0.9 - 0.01 * i}
        for i, good in enumerate(right)
    ]
    return pd.DataFrame(rows)


def test_right_answers_are_the_surest_of_each_label_in_turn_and_wrong_ones_the_surest() -> None:
    found = answers([True, False, True, True, False, True])
    assert subject.right(found, 3)["photo_id"].tolist() == ["03", "00", "05"]  # book, cup, book
    assert subject.wrong(found, 9)["photo_id"].tolist() == ["01", "04"]
    assert subject.wrong(answers([True]), 3).empty


def test_a_fold_or_repeat_that_was_not_trained_is_an_error() -> None:
    saved = SavedVariant.model_validate(drawn_model.description())
    settings = VisualiseSettings.model_validate({**SETTINGS, "fold": 1, "repeat": 1})
    assert subject.chosen_fit(saved, settings).weights == "fold-1_repeat-1.weights.h5"
    with pytest.raises(SettingsError, match=r"visualise\.fold must be a fold of baseline.* 0 to 1, got 7"):
        subject.chosen_fit(saved, settings.model_copy(update={"fold": 7}))
    with pytest.raises(SettingsError, match=r"visualise\.repeat .*got 2"):
        subject.chosen_fit(saved, settings.model_copy(update={"repeat": 2}))


def test_of_what_no_seed_moves_the_only_training_of_the_fold_is_shown() -> None:
    described = drawn_model.description(recipe="logistic_regression")
    described["fits"] = [fit for fit in described["fits"] if fit["repeat"] == 0]
    saved = SavedVariant.model_validate(described)
    settings = VisualiseSettings.model_validate({**SETTINGS, "fold": 1, "repeat": 1})
    assert subject.chosen_fit(saved, settings).weights == "fold-1_repeat-0.weights.h5"
    with pytest.raises(SettingsError, match=r"visualise\.fold"):
        subject.chosen_fit(saved, settings.model_copy(update={"fold": 7}))


def test_answers_of_another_training_or_unknown_photos_are_errors() -> None:
    saved = SavedVariant.model_validate(drawn_model.description())
    photos = pd.DataFrame({"photo_id": ["a"], "label": ["cup"]})
    table = predictions.table(photos, np.array([[0.2, 0.8]]), ["book", "cup"], fold=1, repeat=0)
    with pytest.raises(DataError, match="no answers of fold 0, repeat 0"):
        subject.answers_of(table, saved.fits[0])
    assert subject.answers_of(table, saved.fits[2])["predicted"].tolist() == ["cup"]
    with pytest.raises(DataError, match="names photos that data/database lacks"):
        subject.in_memory(drawn_model.photos(), ["a"])
