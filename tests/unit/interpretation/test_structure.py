"""Truths about the list of a network's layers."""

from __future__ import annotations

import numpy as np

from tenshots.interpretation import drawing, structure
from tenshots.interpretation.structure import Row
from tenshots.networks import building
from tenshots.runtime import keras


def lecture(num_labels: int = 10) -> keras.Model:
    values = {
        "family": "convolutional",
        "input_px": 32,
        "filters": [32, 64, 128],
        "dense": 512,
        "dropout": 0.2,
    }
    return building.build(building.settings_from(values, at=""), size_px=96, num_labels=num_labels)


def test_every_layer_is_listed_with_its_shape_and_parameters_and_their_sum_is_the_networks() -> None:
    model = lecture()
    rows = structure.rows(model)
    assert [row.name for row in rows if row.kind != "Resize"] == [layer.name for layer in model.layers]
    by_name = {row.name: row for row in rows}
    assert by_name["photos"].shape == (96, 96, 3)
    assert by_name["block1_1_convolution"] == Row("block1_1_convolution", "Conv2D", (32, 32, 32), 896)
    assert by_name["block3_pooling"].shape == (4, 4, 128)
    assert by_name["dense"].num_parameters == 2048 * 512 + 512
    assert by_name["head"].shape == (10,)
    assert sum(row.num_parameters for row in rows) == model.count_params() == 1_345_066
    assert by_name["resize"] == Row("resize", "Resize", (32, 32, 3), 0)


def test_the_list_does_not_tell_how_many_networks_were_built_before() -> None:
    assert structure.rows(lecture()) == structure.rows(lecture())


def test_a_deep_network_is_folded_and_loses_neither_layers_nor_parameters() -> None:
    photos = keras.Input((96, 96, 3))
    arguments = {"alpha": 0.35, "include_top": False, "weights": None}
    model = keras.applications.MobileNetV2(input_tensor=photos, **arguments)
    rows = structure.rows(model)
    assert structure.folded(rows, most=len(rows)) == rows
    few = structure.folded(rows, most=40)
    assert len(few) <= 40
    assert sum(row.num_layers for row in few) == len(rows)
    assert sum(row.num_parameters for row in few) == model.count_params()
    assert few[-1].shape == rows[-1].shape


def test_the_drawing_shows_each_row_and_marks_what_learns() -> None:
    rows = [Row("photos", "InputLayer", (8, 8, 3), 0), Row("filters", "Conv2D", (8, 8, 4), 112)]
    picture = drawing.structure(rows)
    pixels = np.asarray(picture).reshape(-1, 3).tolist()
    assert picture.width <= drawing.INNER
    assert list(drawing.BLUE) in pixels
    assert list(drawing.ORANGE) not in pixels
    assert drawing.structure([*rows, rows[1]]).height > picture.height
