"""What the pictures say of who taught a network, and that their own words are not cut off."""

from __future__ import annotations

import numpy as np
import pytest

from tenshots.interpretation import drawing, gallery, layer_pictures, restored_picture, structure
from tenshots.interpretation.structure import Row
from tenshots.networks import building
from tenshots.tables.restored import Restored, unpacked


@pytest.mark.parametrize(
    ("share", "who", "filters"),
    [
        (None, "All of it learnt from these photos.", "hardly moved them from their random start"),
        (0.0, "The last layer alone learnt from these photos", "these photos did not change them"),
        (0.08, "those before them belong to the backbone", "these photos did not change them"),
        (1.0, "the backbone had learnt from others before", "had learnt from other photos."),
    ],
)
def test_only_what_learnt_from_these_photos_is_said_to_have(
    share: float | None, who: str, filters: str
) -> None:
    values = {"family": "convolutional", "input_px": 32, "filters": [4], "dense": 8, "dropout": 0.2}
    model = building.build(building.settings_from(values, at=""), size_px=32, num_labels=2)
    assert who in gallery.structure_picture(model, share).caption
    caption = layer_pictures.filters_picture(model, share).caption
    assert filters in caption
    assert ("random start" in caption) == (share is None)


def test_where_names_say_what_was_tuned_the_picture_names_it() -> None:
    values = {"family": "dense", "input_px": 8, "channels": 1, "units": [4], "dropout": 0}
    model = building.build(building.settings_from(values, at=""), size_px=8, num_labels=2)
    caption = gallery.structure_picture(model, 0.5, ("block1", "block3")).caption
    assert "and of the backbone block1, block3; the rest of it stayed as it was" in caption


def test_what_was_restored_is_shown_in_grey_or_colour_with_the_filters() -> None:
    for channels in (1, 3):
        levels = np.zeros((2, 4, 4, channels), dtype=np.uint8)
        filters = np.ones((5, 3, 3, channels), dtype=np.float32)
        found = Restored(np.arange(2), filters, levels, levels, levels)
        picture = restored_picture.restored_picture(unpacked(found.packed()), ["a", "b"])
        assert picture.alt == "2 photos, the same with holes and restored, and 5 filters."
        assert picture.image.width > drawing.INNER


def test_neither_the_legend_nor_a_folded_row_is_cut_off() -> None:
    for words in layer_pictures.LEGEND:
        assert drawing.fitted(words, layer_pictures.LEGEND_PX) == words
    assert drawing.INNER - 24 - layer_pictures.LEGEND_PX >= 200  # px that are left for the photo
    layers = [Row(f"layer{number}", "Conv2D", (8, 8, 4), 112) for number in range(144)]
    (row,) = structure.folded(layers, most=40)
    assert row.name == "144 layers, 144 learnt"
    assert drawing.fitted(row.name, drawing.NAME_PX, size=drawing.SMALL_PX) == row.name
