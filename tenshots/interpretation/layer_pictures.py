"""Pictures of single layers: what they make of a photo, and what they look for."""

from __future__ import annotations

import numpy as np
from PIL import Image

from tenshots.interpretation import (
    activations,
    drawing,
    excitation,
    fields,
    filters,
    layers,
    patches,
    subject,
)
from tenshots.interpretation.picture import Picture, times
from tenshots.interpretation.settings import VisualiseSettings
from tenshots.interpretation.subject import Subject
from tenshots.networks import building
from tenshots.runtime import keras
from tenshots.wording import counted

NUM_MAP_LAYERS = 6
MAX_FIRST_FILTERS = 64
OUTSIDE = 44  # grey level of what lies beyond a photo's edge
LEGEND = ("white: here the filter found it", "black: here it did not")
LEGEND_PX = 440  # for the longest of these lines
PATTERN_PX = (64, 112)  # least and most: small networks look at less than shows what excites them


def feature_maps_picture(shown: Subject, settings: VisualiseSettings) -> Picture:
    """Draws one photo, and what some layers make of it."""
    (photo_id,) = subject.example(shown.answers)
    photo = subject.in_memory(shown.photos, [photo_id])
    columns = max(settings.num_maps, 4)
    side = (drawing.INNER - (columns - 1) * 6) // columns
    beside = [
        drawing.line(photo.labels[0], width=LEGEND_PX, bold=True),
        *(drawing.line(words, width=LEGEND_PX, colour=drawing.SOFT) for words in LEGEND),
    ]
    # As high as two maps; where these are few, and so large, as the words beside it allow.
    photo_px = min(2 * side + 6, drawing.INNER - 24 - LEGEND_PX)
    tiles = [drawing.tile(photo.images[0], photo_px), drawing.stacked(beside, gap=6)]
    pieces = [drawing.side_by_side(tiles, gap=24)]
    chosen = layers.spread(layers.with_maps(shown.model), NUM_MAP_LAYERS)
    outputs = activations.outputs(shown.model, photo.images, [layer.output for layer in chosen])
    for layer, (found,) in zip(chosen, outputs, strict=True):
        liveliest = activations.liveliest(found, settings.num_maps)
        tiles = [drawing.tile(map_, side, smooth=False) for map_ in activations.grey(found[..., liveliest])]
        pieces.append(_headed(layer, drawing.side_by_side(tiles, gap=6)))
    return Picture(
        "feature_maps",
        "What each layer makes of a photo",
        "At the top the photo, below it what layer after layer makes of it. A small picture is one map: "
        "white where the filter found what it looks for, black where it did not (each map from its own "
        "lowest to its own highest value). Early maps look like drawings of the photo: edges and patches "
        "of colour. Later ones are coarser and say what is there more than how it looks. Of each layer "
        "those maps are shown that vary most.",
        f"A photo of {photo.labels[0]} and below it maps in grey of {counted(len(chosen), 'layer')}, sharp "
        "at first and ever coarser.",
        drawing.framed(drawing.stacked(pieces, gap=18)),
        [photo_id],
    )


def filters_picture(model: keras.Model, share: float | None) -> Picture:
    """Draws the filters of the first convolution.

    Args:
        model: whose.
        share: of its backbone that learnt from these photos (see `Subject.share`).
    """
    kernels = filters.first(model)
    shown = filters.colours(kernels[:MAX_FIRST_FILTERS])
    side = (drawing.INNER - 7 * 10) // 8
    tiles = [drawing.tile(kernel, side, smooth=False) for kernel in shown]
    size = times(kernels.shape[1:3])
    grey = kernels.shape[-1] == 1
    colours = (
        "a change from dark to bright is a filter for edges"
        if grey
        else "a change from dark to bright is a filter for edges, two colours against each other one "
        "for that contrast of colours, a single tint one for that colour"
    )
    return Picture(
        "filters",
        "The first filters",
        f"Each square is one filter of the first layer, {size} pixels{' of three colours' * (not grey)}. It "
        "slides over the photo and answers strongly where the photo looks like it. Grey means that a place "
        f"does not matter; {colours}. {_origin_of_filters(share)}",
        f"{len(shown)} squares of {size} pixels{' in many colours' * (not grey)}.",
        drawing.framed(drawing.grid(tiles, columns=8, gap=10)),
        [],
    )


def _origin_of_filters(share: float | None) -> str:
    if share is None:
        return (
            "Where all are like confetti, training has hardly moved them from their random start: the photos "
            "were too few."
        )
    changed = "" if share == 1 else ", and these photos did not change them"
    return f"They came with the backbone, which had learnt from other photos{changed}."


def excitation_picture(
    shown: Subject,
    layer: keras.layers.Layer,
    peaks: activations.Peaks,
    settings: VisualiseSettings,
    *,
    seed: int,
) -> Picture:
    """Draws for some filters of a layer the pattern and the nine photo patches that excite them most.

    `peaks` are those of the layer, before its activation, in the test photos.
    """
    tensor = layers.before_activation(layer)
    field = fields.receptive_field(shown.model, tensor)
    chosen = activations.telling_filters(peaks.values, shown.tested.labels, settings.num_filters)
    made = excitation.patterns(
        layers.at_any_size(shown.model, tensor),
        [number for number, _ in chosen],
        size_px=int(np.clip(building.pixels(shown.model).shape[1], *PATTERN_PX)),
        steps=settings.steps,
        seed=seed,
    )
    side = (drawing.INNER - 3 * 14) // 4
    small = (side - 2 * 3) // 3
    photo_ids: set[str] = set()
    columns = []
    for (number, name), pattern in zip(chosen, excitation.shown(made), strict=True):
        found = patches.strongest(peaks, number, field)
        photo_ids |= {shown.tested.photo_ids[patch.photo] for patch in found}
        tiles = [drawing.tile(_seen(shown.tested.images[patch.photo], patch.box), small) for patch in found]
        words = f"{number}: {name}"
        label = drawing.line(words, width=side, size=drawing.SMALL_PX, colour=drawing.SOFT)
        columns.append(
            drawing.stacked(
                [label, drawing.tile(pattern, side), drawing.grid(tiles, columns=3, gap=3)], gap=6
            )
        )
    size = _size_seen(field, shown.tested.images.shape[1])
    return Picture(
        "excitation",
        f"What excites filters of {layer.name}",
        "Above, a pattern that was made for the filter: from grey noise, each pixel was moved step by "
        "step to where the filter answers more strongly. Below, the nine places in test photos at which "
        "it answered most, the strongest first; dark grey is what lies beyond a photo's edge. What the nine "
        "have in common, the pattern often exaggerates. "
        f"One value of this layer sees {size}. Shown are filters that answer the photos of one label, named "
        "beside the filter's number, more than those of the others.",
        f"For {counted(len(chosen), 'filter')} a coloured pattern and nine cut-outs of photos.",
        drawing.framed(_headed(layer, drawing.grid(columns, columns=4, gap=14))),
        sorted(photo_ids),
    )


def _headed(layer: keras.layers.Layer, piece: Image.Image) -> Image.Image:
    """Returns the piece under the layer's name and the shape of its maps."""
    words = f"{layer.name}   {times(layer.output.shape[1:])}"
    return drawing.stacked([drawing.line(words, bold=True), piece], gap=6)


def _seen(image: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """Returns a patch, or all of the photo where the patch would be mostly what lies around it."""
    if box[2] - box[0] > 1.5 * len(image):
        return image
    return patches.cut(image, box, outside=OUTSIDE)


def _size_seen(field: fields.Field, size_px: int) -> str:
    seen = float(field.rows.length)
    if seen >= size_px:
        return "the whole photo"
    own = times([round(field.rows.length), round(field.columns.length)])
    return f"{own} of the photo's {times([size_px, size_px])} pixels"
