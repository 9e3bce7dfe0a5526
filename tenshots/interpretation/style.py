"""Neural style transfer: what one picture shows, painted as another one is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from tenshots.interpretation import dreaming, layers
from tenshots.interpretation.gradients import Gradient, gradient_of
from tenshots.runtime import keras

# Adam's: Kingma and Ba 2015, arXiv:1412.6980.
BETAS = (0.9, 0.999)
STEP = 3.0  # levels of 255 by which a pixel moves at a step at most; it falls to 0
SMOOTHNESS = 0.1  # weight of the differences between neighbouring pixels
MIN_SIDE_PX = 32  # of a picture shrunk, so that the deepest layers still have pixels
MAX_HALVINGS = 3
NUM_LAYERS = 5  # whose maps' correlations are the style, from fine to coarse


class Progress(NamedTuple):
    """The loss after some steps, relative to that of the content picture itself, at the same size."""

    step: int
    loss: float


def parts(model: keras.Model) -> tuple[keras.Model, int]:
    """Returns a model of the layers that style and content are read from, and which of them is the content's.

    Args:
        model: a network as `building.build` returns it.

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
    report: Callable[[Progress], None] = lambda _: None,
) -> np.ndarray:
    """Changes the content picture until its maps' correlations are those of the style picture.

    Both pictures are shrunk first, then taken at twice the size again and again: a network that sees 32
    pixels at once sees broad strokes only in a small picture.
    Source: Gatys, Ecker and Bethge 2016, doi:10.1109/CVPR.2016.265, with Adam in place of L-BFGS, both losses
    relative to their size at the start, so that one weight serves any network, and a little of the total
    variation against noise; from coarse to fine: Gatys et al. 2017, arXiv:1611.07865.

    Args:
        model: of `parts`.
        content: uint8, (height, width, 3).
        style: uint8, of any size; its strokes stay as large as they are.
        content_layer: which of the model's outputs keeps the content.
        style_weight: of the style's loss; that of the content is 1.
        steps: at least 1, at each size.
        report: is told of each step, counted over all sizes.

    Returns:
        uint8, of content's shape.
    """
    num_halvings = int(np.log2(max(1, min(*content.shape[:2], *style.shape[:2]) / MIN_SIDE_PX)))
    painted = content.astype(np.float32)
    for done, halvings in enumerate(range(min(num_halvings, MAX_HALVINGS), -1, -1)):
        small, look = (_halved(picture.astype(np.float32), halvings) for picture in (content, style))
        objective = _objective(model, small, look, content_layer=content_layer, style_weight=style_weight)
        descent = gradient_of(objective, num_calls=steps)
        unpainted = descent(small[None])[0] or 1.0
        start = dreaming.resized(painted, *small.shape[:2])
        for step, loss, picture in _descended(descent, start, steps=steps):
            report(Progress(done * steps + step, loss / unpainted))
            painted = picture
    levels: np.ndarray = painted.round().astype(np.uint8)
    return levels


def _descended(
    descent: Gradient, picture: np.ndarray, *, steps: int
) -> Iterator[tuple[int, float, np.ndarray]]:
    """Yields the number of steps done, the loss and the picture after them, from 0 to `steps`."""
    momentum: np.ndarray = np.zeros_like(picture)
    squares: np.ndarray = np.zeros_like(picture)
    picture = np.clip(picture, 0, 255)
    for step in range(steps + 1):
        loss, gradient = descent(picture[None])
        yield step, loss, picture
        momentum = BETAS[0] * momentum + (1 - BETAS[0]) * gradient[0]
        squares = BETAS[1] * squares + (1 - BETAS[1]) * gradient[0] ** 2
        unbiased = momentum / (1 - BETAS[0] ** (step + 1)), squares / (1 - BETAS[1] ** (step + 1))
        rate = STEP * 0.5 * (1 + np.cos(np.pi * step / steps))
        towards = unbiased[0] / (np.sqrt(unbiased[1]) + 1e-12)
        picture = np.clip(picture - rate * towards, 0, 255).astype(np.float32)


def _objective(
    model: keras.Model, content: np.ndarray, style: np.ndarray, *, content_layer: int, style_weight: float
) -> Callable[[Any], Any]:
    wanted_style = [np.asarray(gram(maps)) for maps in _maps(model, style[None])]
    own = _maps(model, content[None])
    wanted_content = np.asarray(own[content_layer])
    start_style = [
        float(np.square(np.asarray(gram(maps)) - wanted).sum()) or 1.0
        for maps, wanted in zip(own, wanted_style, strict=True)
    ]
    content_size = float(np.square(wanted_content).sum()) or 1.0

    def objective(given: Any) -> Any:  # noqa: ANN401 (a backend's tensor)
        found = _maps(model, given)
        styles = [
            keras.ops.sum(keras.ops.square(gram(maps) - wanted)) / start
            for maps, wanted, start in zip(found, wanted_style, start_style, strict=True)
        ]
        kept = keras.ops.sum(keras.ops.square(found[content_layer] - wanted_content)) / content_size
        return style_weight * sum(styles) / len(styles) + kept + SMOOTHNESS * _variation(given / 255)

    return objective


def _halved(picture: np.ndarray, times: int) -> np.ndarray:
    return dreaming.resized(picture, *(round(side / 2**times) for side in picture.shape[:2]))


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
