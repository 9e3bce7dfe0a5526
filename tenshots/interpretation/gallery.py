"""The pictures of one trained network: what is drawn, and in what words it is explained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from tenshots.interpretation import (
    activations,
    drawing,
    dreaming,
    excitation,
    fields,
    filters,
    gradcam,
    landscape,
    layers,
    patches,
    structure,
    subject,
)
from tenshots.interpretation.settings import VisualiseSettings
from tenshots.interpretation.subject import Subject
from tenshots.runtime import keras
from tenshots.seeds import derived_seed
from tenshots.wording import counted

MAX_ROWS = 40  # of the structure; deeper networks are folded
NUM_MAP_LAYERS, NUM_EXCITED_LAYERS = 6, 3
MAX_FIRST_FILTERS = 64
OUTSIDE = 44  # grey level of what lies beyond a photo's edge
PATTERN_PX = (64, 160)  # least and most: small networks look at less than shows what excites them
DREAM_OCTAVES, DREAM_PX = 4, 720


class Picture(NamedTuple):
    """A picture with its words.

    Attributes:
        kind: what it is, once or more a variant: structure, feature_maps, ...
        title: a few words.
        caption: how to read it, for someone in the first year.
        alt: what is to be seen, for who does not see it.
        image: RGB.
        photo_ids: of the photos in it.
    """

    kind: str
    title: str
    caption: str
    alt: str
    image: Image.Image
    photo_ids: list[str]


def pictures(shown: Subject, settings: VisualiseSettings, *, seed: int) -> Iterator[Picture]:
    """Yields the pictures that the settings ask for and the network allows, the quick ones first.

    Args:
        shown: the network and its photos.
        settings: how much of each.
        seed: of the experiment; noise, jitter and directions are derived from it.
    """
    yield structure_picture(shown.model)
    if layers.has_maps(shown.model):
        yield from _of_maps(shown, settings, seed=seed)
    if settings.landscape:
        yield landscape_picture(shown, settings, seed=derived_seed(seed, "landscape"))


def left_out(model: keras.Model) -> str:
    """Says which pictures there are not, and why; nothing where a network allows all of them."""
    if layers.has_maps(model):
        return ""
    return (
        "This network has no layers of maps: each unit of a dense layer sees the whole photo, and none "
        "belongs to a place. So there are no feature maps, no filters with what excites them, no heat maps "
        "and no dream."
    )


def _of_maps(shown: Subject, settings: VisualiseSettings, *, seed: int) -> Iterator[Picture]:
    """Yields the pictures that need layers of maps."""
    yield feature_maps_picture(shown, settings)
    if layers.sees_colours(shown.model):
        yield filters_picture(shown.model)
    chosen = layers.spread(layers.last_of_each_size(layers.with_maps(shown.model)), NUM_EXCITED_LAYERS)
    for layer in chosen:
        yield excitation_picture(shown, layer, settings, seed=derived_seed(seed, "excitation", layer.name))
    for answers, words in (
        (subject.right(shown.answers, settings.num_photos), "right"),
        (subject.wrong(shown.answers, settings.num_photos), "wrong"),
    ):
        if len(answers):
            yield gradcam_picture(shown, answers, words)
    if settings.dream:
        yield dream_picture(shown, settings, seed=derived_seed(seed, "dream"))


def structure_picture(model: keras.Model) -> Picture:
    """Draws layers, shapes and numbers of parameters."""
    rows = structure.rows(model)
    drawn = structure.folded(rows, most=MAX_ROWS)
    folded = (
        " The network is deep, so that neighbouring layers whose maps have one size share a row."
        if len(drawn) < len(rows)
        else ""
    )
    return Picture(
        "structure",
        "How the network is built",
        "From the photo at the top to the answer at the bottom, a row a layer. A bar is as wide as the "
        "maps that the layer puts out (on a logarithmic scale); beside its name stand their height, their "
        "width and how many they are. Blue layers learn, orange ones change the size, grey ones do neither "
        f"or only scale. On the right stands how many parameters a layer has.{folded}",
        f"A list of {counted(len(drawn), 'row')} from photo to answer, with shapes; together the layers have "
        f"{model.count_params():,} parameters.",
        drawing.framed(drawing.structure(drawn)),
        [],
    )


def feature_maps_picture(shown: Subject, settings: VisualiseSettings) -> Picture:
    """Draws one photo, and what some layers make of it."""
    (photo_id,) = _example(shown.answers)
    photo = subject.in_memory(shown.photos, [photo_id])
    columns = max(settings.num_maps, 4)
    side = (drawing.INNER - (columns - 1) * 6) // columns
    beside = [
        drawing.line(photo.labels[0], width=400, bold=True),
        drawing.line("white: here the filter found it", width=480, colour=drawing.SOFT),
        drawing.line("black: here it did not", width=480, colour=drawing.SOFT),
    ]
    tiles = [drawing.tile(photo.images[0], 2 * side + 6), drawing.stacked(beside, gap=6)]
    pieces = [drawing.side_by_side(tiles, gap=24)]
    chosen = layers.spread(layers.with_maps(shown.model), NUM_MAP_LAYERS)
    for layer in chosen:
        found = activations.maps(shown.model, photo.images, layer.name)[0]
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


def filters_picture(model: keras.Model) -> Picture:
    """Draws the filters of the first convolution."""
    kernels = filters.first(model)
    shown = filters.colours(kernels[:MAX_FIRST_FILTERS])
    side = (drawing.INNER - 7 * 10) // 8
    tiles = [drawing.tile(kernel, side, smooth=False) for kernel in shown]
    size = _times(kernels.shape[1:3])
    return Picture(
        "filters",
        "The first filters",
        f"Each square is one filter of the first layer, {size} pixels of three colours. It slides over the "
        "photo and answers strongly where the photo looks like it. Grey means that a place does not "
        "matter; a change from dark to bright is a filter for edges, two colours against each other one "
        "for that contrast of colours, a single tint one for that colour. Where all are "
        "like confetti, few photos have moved them little from their random start.",
        f"{len(shown)} squares of {size} pixels in many colours.",
        drawing.framed(drawing.grid(tiles, columns=8, gap=10)),
        [],
    )


def excitation_picture(
    shown: Subject, layer: keras.layers.Layer, settings: VisualiseSettings, *, seed: int
) -> Picture:
    """Draws for some filters of a layer the pattern and the nine photo patches that excite them most."""
    tensor = layers.before_activation(layer)
    part = keras.Model(shown.model.input, tensor)
    values = activations.outputs(part, shown.tested.images)
    field = fields.receptive_field(shown.model, tensor)
    chosen = activations.telling_filters(values, shown.tested.labels, settings.num_filters)
    made = excitation.patterns(
        layers.at_any_size(shown.model, tensor),
        [number for number, _ in chosen],
        size_px=int(np.clip(layers.pixels(shown.model).shape[1], *PATTERN_PX)),
        steps=settings.steps,
        seed=seed,
    )
    side = (drawing.INNER - 3 * 14) // 4
    small = (side - 2 * 3) // 3
    photo_ids: set[str] = set()
    columns = []
    for (number, name), pattern in zip(chosen, excitation.shown(made), strict=True):
        found = patches.strongest(values[..., number], field)
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


def gradcam_picture(shown: Subject, answers: pd.DataFrame, words: str) -> Picture:
    """Draws photos beside the places that spoke for the answer; of wrong ones, also those for the truth."""
    photos = subject.in_memory(shown.photos, list(answers["photo_id"]))
    layer = gradcam.default_layer(shown.model)
    speaking = [answers["predicted"]] + ([answers["label"]] if words == "wrong" else [])
    heats = [
        gradcam.scaled(
            gradcam.heat_maps(
                shown.model,
                photos.images,
                np.array([shown.labels.index(name) for name in names]),
                layer=layer,
            )
        )
        for names in speaking
    ]
    draw = _right_answer if words == "right" else _wrong_answer
    tiles = [
        draw(image, [heat[row] for heat in heats], answer)
        for row, (image, answer) in enumerate(zip(photos.images, answers.to_dict("records"), strict=True))
    ]
    also = (
        "then the places that speak for the label it gave, then those that would speak for the right one"
        if words == "wrong"
        else "then the places that speak for its answer"
    )
    return Picture(
        f"gradcam_{words}",
        f"Where it looked when it was {words}",
        f"Each time the photo first, {also}: bright where the evidence lies, grey where there is none. "
        "Ask whether the light falls on the object or on something that merely comes with it, such as the "
        "desk. The map is as coarse as the layer's maps, drawn smooth, and each is "
        "scaled to its own brightest place, so that it tells where, not how much. Shown are the answers "
        f"that it was surest of{', label by label' if words == 'right' else ''}; "
        f"the percentages are its own. (Grad-CAM over {layer}, with gradients kept "
        "in place.)",
        f"{counted(len(tiles), 'photo')} that the network answered {words}, each beside a heat map.",
        drawing.framed(drawing.grid(tiles, columns=2 if words == "right" else 1, gap=20)),
        photos.photo_ids,
    )


def dream_picture(shown: Subject, settings: VisualiseSettings, *, seed: int) -> Picture:
    """Draws a photo, and the same after dreaming with a middle layer."""
    (photo_id,) = _example(shown.answers)
    photo = subject.in_memory(shown.photos, [photo_id])
    chosen = layers.last_of_each_size(layers.with_maps(shown.model))
    layer = chosen[len(chosen) // 2]
    start = round(DREAM_PX / 2 / dreaming.SCALE ** (DREAM_OCTAVES - 1))
    dreamt = dreaming.dream(
        layers.at_any_size(shown.model, layers.before_activation(layer)),
        dreaming.resized(photo.images[0].astype(np.float32), start, start).clip(0, 255).astype(np.uint8),
        num_octaves=DREAM_OCTAVES,
        steps=settings.dream_steps,
        seed=seed,
    )
    side = (drawing.INNER - drawing.GAP) // 2
    tiles = [drawing.tile(photo.images[0], side), drawing.tile(dreamt, side)]
    return Picture(
        "dream",
        "A dream about a photo",
        f"The photo was changed, again and again, so that the layer {layer.name} answers more strongly to "
        "whatever it already finds there: as one sees faces in clouds. Textures that come up everywhere "
        "are what this layer looks for. (DeepDream.)",
        f"A photo of {photo.labels[0]}, and beside it the same overgrown with patterns.",
        drawing.framed(drawing.side_by_side(tiles)),
        [photo_id],
    )


def landscape_picture(shown: Subject, settings: VisualiseSettings, *, seed: int) -> Picture:
    """Draws the loss around the network's weights."""
    labels = np.array([shown.labels.index(label) for label in shown.trained.labels])
    found = landscape.surface(
        shown.model,
        shown.trained.images,
        labels,
        directions=landscape.directions(shown.model, seed=seed),
        num_points=settings.landscape,
    )
    middle = found.losses[settings.landscape // 2, settings.landscape // 2]
    return Picture(
        "landscape",
        "The valley that training found",
        "All the network's numbers together are one point in a space of very many dimensions; this is a "
        "map of a small piece of it, along two random directions. The cross is the trained network, dark "
        f"is a low loss on {counted(len(labels), 'photo')} that it was taught with, and each line is "
        "higher than the last by the same factor. At ±1 each filter is moved by as much as it is long. In "
        "a wide, round valley small changes of the weights do little harm; two random directions can miss "
        "a steep one, though. (Li et al. 2018.)",
        f"Lines of equal loss around a cross, where it is {middle:.2g} nats; at the edge it reaches "
        f"{found.losses.max():.2g}.",
        drawing.framed(drawing.surface(found)),
        [],
    )


def _headed(layer: keras.layers.Layer, piece: Image.Image) -> Image.Image:
    """Returns the piece under the layer's name and the shape of its maps."""
    words = f"{layer.name}   {_times(layer.output.shape[1:])}"
    return drawing.stacked([drawing.line(words, bold=True), piece], gap=6)


def _right_answer(image: np.ndarray, heats: Sequence[np.ndarray], answer: dict[str, object]) -> Image.Image:
    side = (drawing.INNER - 24 - 2 * 6) // 4
    words = f"{_percent(answer['probability'])} {answer['predicted']}"
    width = 2 * side + 6
    return drawing.stacked(
        [
            drawing.side_by_side([drawing.tile(image, side), drawing.heated(image, heats[0], side)], gap=6),
            drawing.line(f"✓ {words}", width=width, colour=drawing.GREEN),
        ],
        gap=4,
    )


def _wrong_answer(image: np.ndarray, heats: Sequence[np.ndarray], answer: dict[str, object]) -> Image.Image:
    side = (drawing.INNER - 2 * drawing.GAP) // 3
    tiles = [drawing.tile(image, side), *(drawing.heated(image, heat, side) for heat in heats)]
    words = [
        (f"is {answer['label']}", drawing.INK),
        (f"✗ {_percent(answer['probability'])} {answer['predicted']}", drawing.ORANGE),
        (f"{answer['label']}?", drawing.SOFT),
    ]
    lines = [drawing.line(text, width=side, size=drawing.SMALL_PX, colour=colour) for text, colour in words]
    return drawing.stacked(
        [drawing.side_by_side(tiles), drawing.side_by_side(lines)],
        gap=4,
    )


def _example(answers: pd.DataFrame) -> list[str]:
    """Returns the photo_id of the surest right answer, or of any where none is right."""
    found = subject.right(answers, 1)
    return list((found if len(found) else answers.head(1))["photo_id"])


def _percent(share: object) -> str:
    """Writes a probability; no network is ever wholly sure."""
    text = f"{100 * float(str(share)):.0f}"
    return "over 99 %" if text == "100" else f"{text} %"


def _seen(image: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """Returns a patch, or all of the photo where the patch would be mostly what lies around it."""
    if box[2] - box[0] > 1.5 * len(image):
        return image
    return patches.cut(image, box, outside=OUTSIDE)


def _size_seen(field: fields.Field, size_px: int) -> str:
    seen = float(field.rows.length)
    if seen >= size_px:
        return "the whole photo"
    own = _times([round(field.rows.length), round(field.columns.length)])
    return f"{own} of the photo's {_times([size_px, size_px])} pixels"


def _times(sides: Sequence[int]) -> str:
    return f" {drawing.TIMES} ".join(map(str, sides))
