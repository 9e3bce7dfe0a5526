"""EfficientNet-Lite0: a backbone of 3.4 million parameters, made for phones and other small machines.

EfficientNet-B0 without squeeze-and-excitation, with ReLU6 for the swish, and with a stem and a head of fixed
width, so that it can be computed with 8-bit integers.
Source: Tan and Le 2019, arXiv:1905.11946; github.com/tensorflow/tpu, models/official/efficientnet/lite.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tenshots import params
from tenshots.errors import DataError
from tenshots.runtime import keras


class Group(NamedTuple):
    """Blocks that put out equally many maps; the first of them alone has the strides."""

    kernel: int
    filters: int
    repeats: int
    strides: int
    expansion: int


STEM, TOP = 32, 1280  # filters of the first convolution and of the last
GROUPS = (
    Group(kernel=3, filters=16, repeats=1, strides=1, expansion=1),
    Group(kernel=3, filters=24, repeats=2, strides=2, expansion=6),
    Group(kernel=5, filters=40, repeats=2, strides=2, expansion=6),
    Group(kernel=3, filters=80, repeats=3, strides=2, expansion=6),
    Group(kernel=5, filters=112, repeats=3, strides=1, expansion=6),
    Group(kernel=5, filters=192, repeats=4, strides=2, expansion=6),
    Group(kernel=3, filters=320, repeats=1, strides=1, expansion=6),
)
# Of a published file, what a backbone has no place for: the answers to ImageNet's 1000 labels, and how many
# batches a normalisation has seen, which only its training would need.
CLASSIFIER = ("_fc.weight", "_fc.bias")
_COUNTER = ".num_batches_tracked"
_STATISTICS = ("weight", "bias", "running_mean", "running_var")  # in the order of Keras' own weights


def maps_of(pixels: Any) -> Any:  # noqa: ANN401 (keras.KerasTensor, untyped)
    """Returns what the backbone makes of pixels (num_photos, side, side, 3), 0 to 255.

    Scaling to (x - 127) / 128, as its published weights were trained with, is part of it. Padding is
    TensorFlow's "same", for any side.

    Returns:
        (num_photos, side / 32, side / 32, 1280), each side rounded up, in [0, 6].
    """
    maps = keras.layers.Rescaling(1 / 128, offset=-127 / 128, name="scaling")(pixels)
    maps = _convolved(maps, "stem", STEM, kernel=3, strides=2)
    for number, group in enumerate(GROUPS, start=1):
        for repeat in range(1, group.repeats + 1):
            strides = group.strides if repeat == 1 else 1
            maps = _block(maps, f"group{number}_{repeat}", group, strides=strides)
    return _convolved(maps, "top", TOP, kernel=1)


def _block(maps: Any, name: str, group: Group, *, strides: int) -> Any:  # noqa: ANN401
    """Widens, looks at each map by itself, and narrows; adds what came in where shapes are equal.

    Source: Sandler et al. 2018, arXiv:1801.04381, section 3.3 (inverted residuals, linear bottlenecks).
    """
    inner = maps
    if group.expansion != 1:
        inner = _convolved(inner, f"{name}_expand", group.expansion * maps.shape[-1], kernel=1)
    depthwise = keras.layers.DepthwiseConv2D(
        group.kernel,
        strides=strides,
        padding="same",
        use_bias=False,
        name=f"{name}_depthwise_convolution",
    )
    inner = _relu6(_normalised(depthwise(inner), f"{name}_depthwise"), f"{name}_depthwise")
    inner = _projected(inner, f"{name}_project", group.filters, kernel=1)
    if strides == 1 and maps.shape[-1] == group.filters:
        inner = keras.layers.Add(name=f"{name}_add")([inner, maps])
    return inner


def _convolved(maps: Any, name: str, filters: int, *, kernel: int, strides: int = 1) -> Any:  # noqa: ANN401
    return _relu6(_projected(maps, name, filters, kernel=kernel, strides=strides), name)


def _projected(maps: Any, name: str, filters: int, *, kernel: int, strides: int = 1) -> Any:  # noqa: ANN401
    convolution = keras.layers.Conv2D(
        filters, kernel, strides=strides, padding="same", use_bias=False, name=f"{name}_convolution"
    )
    return _normalised(convolution(maps), name)


def _normalised(maps: Any, name: str) -> Any:  # noqa: ANN401
    return keras.layers.BatchNormalization(momentum=0.99, epsilon=0.001, name=f"{name}_normalisation")(maps)


def _relu6(maps: Any, name: str) -> Any:  # noqa: ANN401
    return keras.layers.ReLU(max_value=6, name=f"{name}_relu")(maps)


def fill(backbone: keras.Model, tensors: Mapping[str, np.ndarray], *, path: Path, remedy: str) -> None:
    """Gives a backbone the weights of a published file, each of which is used once.

    Args:
        backbone: with the layers of `maps_of`; its weights are replaced.
        tensors: by the names of `efficientnet-lite-pytorch`, in torch's order of dimensions.
        path: of the file, for messages.
        remedy: what helps where the file is of another network.

    Raises:
        DataError: a tensor is missing, left over, of another shape or type, or not finite; names it.
    """
    try:
        _fill(backbone, tensors)
    except ValueError as error:
        raise DataError(f"{path} does not fit the backbone: {error}; {remedy}") from None


def _fill(backbone: keras.Model, tensors: Mapping[str, np.ndarray]) -> None:
    left = {name for name in tensors if not name.endswith(_COUNTER)} - set(CLASSIFIER)
    for layer in backbone.layers:
        if not layer.weights:
            continue
        arrays = []
        for name, variable in zip(_theirs(layer.name), layer.weights, strict=True):
            if name not in left:
                raise ValueError(f"it has no tensor {name}")
            left.remove(name)
            arrays.append(_as_in_keras(name, tensors[name], tuple(variable.shape)))
        layer.set_weights(arrays)
    if left:
        raise ValueError(f"its tensor {params.shown(min(left))} belongs to no layer")


def _theirs(layer: str) -> list[str]:
    """Returns the names of a layer's tensors in a published file, in the order of the layer's weights."""
    unit, _, kind = layer.rpartition("_")
    convolution, normalisation = _UNITS[unit]
    if kind == "convolution":
        return [f"{convolution}.weight"]
    return [f"{normalisation}.{name}" for name in _STATISTICS]


def _units() -> Iterator[tuple[str, tuple[str, str]]]:
    """Yields how names of our layers begin, and how theirs do: of the convolution and the normalisation."""
    yield "stem", ("_conv_stem", "_bn0")
    block = 0
    for number, group in enumerate(GROUPS, start=1):
        for repeat in range(1, group.repeats + 1):
            ours, theirs = f"group{number}_{repeat}", f"_blocks.{block}."
            yield f"{ours}_expand", (f"{theirs}_expand_conv", f"{theirs}_bn0")
            yield f"{ours}_depthwise", (f"{theirs}_depthwise_conv", f"{theirs}_bn1")
            yield f"{ours}_project", (f"{theirs}_project_conv", f"{theirs}_bn2")
            block += 1
    yield "top", ("_conv_head", "_bn1")


_UNITS = dict(_units())


def _as_in_keras(name: str, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Returns a tensor in Keras' order of dimensions.

    torch has (out, in, rows, columns), where each depthwise kernel is an out of one in; Keras has (rows,
    columns, in, out), where each depthwise kernel is an in of one out.
    """
    if values.ndim == len(shape) == 4:
        depthwise = name.endswith("_depthwise_conv.weight")
        values = values.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))
    if values.shape != shape or values.dtype != np.float32:
        raise ValueError(
            f"its tensor {name} must be float32 of shape {shape} (in Keras' order), "
            f"got {values.dtype} of {values.shape}"
        )
    if not np.isfinite(values).all():  # else answers, and the loss of a training, would be NaN
        raise ValueError(f"its tensor {name} must hold finite numbers, not NaN or infinity")
    return values
