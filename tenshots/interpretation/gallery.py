"""The pictures of one trained network: what is drawn, and in what words it is explained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tenshots.errors import DataError
from tenshots.interpretation import (
    activations,
    drawing,
    dreaming,
    fields,
    gradcam,
    landscape,
    layers,
    structure,
    subject,
)
from tenshots.interpretation.answer_pictures import gradcam_picture
from tenshots.interpretation.layer_pictures import excitation_picture, feature_maps_picture, filters_picture
from tenshots.interpretation.picture import Picture
from tenshots.interpretation.restored_picture import restored_picture
from tenshots.interpretation.settings import VisualiseSettings
from tenshots.interpretation.subject import Subject
from tenshots.networks import forward
from tenshots.runtime import keras
from tenshots.seeds import derived_seed
from tenshots.wording import counted

MAX_ROWS = 40  # of the structure; deeper networks are folded
NUM_EXCITED_LAYERS = 3
DREAM_OCTAVES, DREAM_PX = 4, 720


def pictures(shown: Subject, settings: VisualiseSettings, *, seed: int) -> Iterator[Picture]:
    """Yields the pictures that the settings ask for and the network allows, the quick ones first.

    Args:
        shown: the network and its photos.
        settings: how much of each.
        seed: of the experiment; noise, jitter and directions are derived from it.

    Raises:
        DataError: the network is not the one whose answers are known.
    """
    excited = _excited_layers(shown.model)
    tensors = [layers.before_activation(layer) for layer in excited]
    found = activations.search(shown.model, shown.tested.images, tensors)
    answers = forward.softmax(found.logits)
    if shown.flips:
        answers = forward.predict(shown.model, shown.tested.images, flips=True)
    shown.check(answers)
    yield structure_picture(shown.model, shown.share, shown.tuned)
    if shown.restored is not None:
        photo_ids = shown.photos["photo_id"].iloc[shown.restored.rows].tolist()
        yield restored_picture(shown.restored, photo_ids)
    if layers.has_maps(shown.model):
        yield from _of_maps(shown, settings, dict(zip(excited, found.peaks, strict=True)), seed=seed)
    if settings.landscape:
        yield landscape_picture(shown, settings, seed=derived_seed(seed, "landscape"))


def left_out(model: keras.Model) -> str:
    """Says which pictures there are not, and why; nothing where a network allows all of them."""
    if not layers.has_maps(model):
        return (
            "This network has no layers of maps, in which each value belongs to a place. So there are no "
            "feature maps, no filters with what excites them, no heat maps and no dream."
        )
    if gradcam.default_layer(model) is None:
        return (
            "In this network there are several ways from the photo to the answer, and no layer of maps lies "
            "on all of them. So there are no heat maps."
        )
    left = layers.last_of_each_size(layers.with_maps(model))
    placed = _placed(model)
    unplaced = [str(layer.name) for layer in left if layer not in placed]
    if unplaced:
        return (
            f"Values of {', '.join(unplaced)} belong to no place of the photo, or to maps that have one size "
            "alone. So what excites these is not shown."
        )
    return ""


def _placed(model: keras.Model) -> list[Any]:
    """Layers of maps of different sizes whose values belong to places, and that take any picture."""
    if not layers.has_maps(model):
        return []
    found = []
    for layer in layers.last_of_each_size(layers.with_maps(model)):
        tensor = layers.before_activation(layer)
        try:
            fields.receptive_field(model, tensor)
        except DataError:
            continue
        if layers.takes_any_size(model, tensor):
            found.append(layer)
    return found


def _excited_layers(model: keras.Model) -> list[Any]:
    """Layers of maps of different sizes, from the input up; none where there are none."""
    return layers.spread(_placed(model), NUM_EXCITED_LAYERS)


def _of_maps(
    shown: Subject, settings: VisualiseSettings, excited: Mapping[Any, activations.Peaks], *, seed: int
) -> Iterator[Picture]:
    """Yields the pictures that need layers of maps."""
    yield feature_maps_picture(shown, settings)
    if layers.sees_pixels(shown.model):
        yield filters_picture(shown.model, shown.share_of_first)
    for layer, peaks in excited.items():
        own = derived_seed(seed, "excitation", layer.name)
        yield excitation_picture(shown, layer, peaks, settings, seed=own)
    looked_at = gradcam.default_layer(shown.model)
    for answers, words in (
        (subject.right(shown.answers, settings.num_photos), "right"),
        (subject.wrong(shown.answers, settings.num_photos), "wrong"),
    ):
        if looked_at and len(answers):
            yield gradcam_picture(shown, answers, words, layer=looked_at)
    if settings.dream and excited:
        yield dream_picture(shown, settings, seed=derived_seed(seed, "dream"))


def structure_picture(model: keras.Model, share: float | None, tuned: Sequence[str] = ()) -> Picture:
    """Draws layers, shapes and numbers of parameters.

    Args:
        model: whose.
        share: of its backbone that learnt from these photos (see `Subject.share`).
        tuned: names of the parts that did (see `Subject.tuned`).
    """
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
        "From the photo at the top to the answer at the bottom, one row per layer. A bar is as wide as the "
        "maps that the layer puts out (on a logarithmic scale); beside its name stand their height, their "
        "width and how many they are. Blue layers hold what is learnt, orange ones change the size, grey "
        "ones do neither or only scale. On the right stands how many parameters a layer has. "
        f"{_who_taught(share, tuned)}{folded}",
        f"A list of {counted(len(drawn), 'row')} from photo to answer, with shapes; together the layers have "
        f"{model.count_params():,} parameters.",
        drawing.framed(drawing.structure(drawn)),
        [],
    )


def _who_taught(share: float | None, tuned: Sequence[str]) -> str:
    if share is None:
        return "All of it learnt from these photos."
    if tuned:
        return (
            "The backbone had learnt from other photos. From these photos the last layer learnt, and of the "
            f"backbone {', '.join(tuned)}; the rest of it stayed as it was."
        )
    if share == 0:
        return (
            "The last layer alone learnt from these photos: the backbone before it had learnt from others, "
            "and stayed as it was."
        )
    if share == 1:
        return "All of it learnt from these photos, but the backbone had learnt from others before."
    return (
        "The last layers learnt from these photos; those before them belong to the backbone, which had "
        "learnt from others, and stayed as they were."
    )


def dream_picture(shown: Subject, settings: VisualiseSettings, *, seed: int) -> Picture:
    """Draws a photo, and the same after dreaming with a middle layer."""
    (photo_id,) = subject.example(shown.answers)
    photo = subject.in_memory(shown.photos, [photo_id])
    chosen = _placed(shown.model)
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
