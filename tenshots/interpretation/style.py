"""Neural style transfer: what one picture shows, painted as another one is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tenshots.interpretation import layers
from tenshots.interpretation.gradients import gradient_of
from tenshots.runtime import keras

# Adam's: Kingma and Ba 2015, arXiv:1412.6980.
BETAS = (0.9, 0.999)
NUM_LAYERS = 5  # whose maps' correlations are the style, from fine to coarse


class Progress(NamedTuple):
    """The loss after a step, from 0, relative to the loss of the content picture itself, which is 1."""

    step: int
    loss: float


def parts(model: keras.Model) -> tuple[keras.Model, int]:
    """Returns a model of the layers that style and content are read from, and which of them is the content's.

    Args:
        model: a network as `networks.build` returns it.

    Returns:
        A model from pictures of any size, 0 to 255, to a list of maps from fine to coarse; content is read
        from the middle one: deeper ones have forgotten where things are.
    """
    chosen = layers.spread(layers.with_maps(model), NUM_LAYERS)
    return layers.at_any_size(model, [layer.output for layer in chosen]), (len(chosen) - 1) // 2


def transferred(
    model: keras.Model,
    content: np.ndarray,
    style: np.ndarray,
    *,
    content_layer: int,
    style_weight: float,
    steps: int,
    step_levels: float = 3.0,
    report: Callable[[Progress], None] = lambda _: None,
) -> np.ndarray:
    """Changes the content picture until its maps' correlations are those of the style picture.

    Source: Gatys, Ecker and Bethge 2016, doi:10.1109/CVPR.2016.265, with Adam in place of L-BFGS, both losses
    relative to their size at the start, so that one weight serves any network, and a little of the total
    variation against noise.

    Args:
        model: of `parts`.
        content: uint8, (height, width, 3).
        style: uint8, of any size.
        content_layer: which of the model's outputs keeps the content.
        style_weight: of the style's loss; that of the content is 1.
        steps: from 1.
        step_levels: how far a pixel moves at a step at most, in levels of 255; it falls to 0.
        report: is told of each step.

    Returns:
        uint8, of content's shape.
    """
    picture = content[None].astype(np.float32)
    wanted_style = [np.asarray(gram(maps)) for maps in _maps(model, style[None].astype(np.float32))]
    wanted_content = np.asarray(_maps(model, picture)[content_layer])
    start_style = [
        float(np.square(np.asarray(gram(maps)) - wanted).sum()) or 1.0
        for maps, wanted in zip(_maps(model, picture), wanted_style, strict=True)
    ]
    content_size = float(np.square(wanted_content).sum()) or 1.0

    def objective(given: Any) -> Any:  # noqa: ANN401 (a backend's tensor)
        found = _maps(model, given)
        styles = [
            keras.ops.sum(keras.ops.square(gram(maps) - wanted)) / start
            for maps, wanted, start in zip(found, wanted_style, start_style, strict=True)
        ]
        kept = keras.ops.sum(keras.ops.square(found[content_layer] - wanted_content)) / content_size
        return style_weight * sum(styles) / len(styles) + kept + 1e-3 * _variation(given / 255)

    descent = gradient_of(objective)
    momentum: np.ndarray = np.zeros_like(picture)
    squares: np.ndarray = np.zeros_like(picture)
    first = None
    for step in range(1, steps + 1):
        loss, gradient = descent(picture)
        first = first or loss or 1.0
        report(Progress(step - 1, loss / first))
        momentum = BETAS[0] * momentum + (1 - BETAS[0]) * gradient
        squares = BETAS[1] * squares + (1 - BETAS[1]) * gradient**2
        towards = (momentum / (1 - BETAS[0] ** step)) / (np.sqrt(squares / (1 - BETAS[1] ** step)) + 1e-12)
        rate = step_levels * 0.5 * (1 + np.cos(np.pi * (step - 1) / steps))
        picture = np.clip(picture - rate * towards, 0, 255).astype(np.float32)
    report(Progress(steps, descent(picture)[0] / (first or 1.0)))
    levels: np.ndarray = picture[0].round().astype(np.uint8)
    return levels


def gram(maps: Any) -> Any:  # noqa: ANN401 (a backend's tensor)
    """Returns how much each two maps of a picture are strong at the same places, whatever its size.

    Args:
        maps: (1, height, width, num_filters).

    Returns:
        (num_filters, num_filters): the mean over places of the products.
    """
    flat = keras.ops.reshape(maps, (-1, maps.shape[-1]))
    return keras.ops.matmul(keras.ops.transpose(flat), flat) / flat.shape[0]


def _maps(model: keras.Model, pictures: Any) -> Sequence[Any]:  # noqa: ANN401
    found = model(pictures, training=False)
    return found if isinstance(found, list | tuple) else [found]


def _variation(pictures: Any) -> Any:  # noqa: ANN401
    """Returns how much neighbouring pixels differ, on average."""
    ops = keras.ops
    return ops.mean(ops.square(pictures[:, 1:] - pictures[:, :-1])) + ops.mean(
        ops.square(pictures[:, :, 1:] - pictures[:, :, :-1])
    )
