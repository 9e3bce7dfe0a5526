"""Where in a network to look: its layers of maps, and parts of it that take pictures of any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tenshots.errors import DataError
from tenshots.networks import building
from tenshots.runtime import keras

# By name: Keras has a dozen of each without a common class.
_CONVOLUTIONS = ("Conv2D", "DepthwiseConv2D", "SeparableConv2D")
_OF_ONE_SIZE = ("AdaptiveAveragePooling2D", "AdaptiveMaxPooling2D", "Reshape")
_ACTIVATIONS = ("Activation", "ELU", "LeakyReLU", "PReLU", "RandomLeakyReLU", "ReLU")
_CHOICES = ("Maxout",)  # activations that are never shut
_JOINTS = ("Concatenate",)  # where the branches of a module meet


def kind(operation: Any) -> str:  # noqa: ANN401 (a layer or keras.Operation, untyped)
    """Returns what a layer or an operation is called in Keras, such as `Conv2D`."""
    return type(operation).__name__


def is_convolution(layer: Any) -> bool:  # noqa: ANN401
    """Whether filters slide over the layer's input."""
    return kind(layer) in _CONVOLUTIONS


def with_maps(model: keras.Model) -> list[Any]:
    """Returns the layers to look at, from the input up: activations of maps wider than one value.

    A network without such activations has its convolutions looked at instead.

    Raises:
        DataError: the network has neither.
    """
    found = _of_maps(model)
    if not found:
        raise DataError(f"the network {model.name} has no layer of maps to look at")
    return found


def has_maps(model: keras.Model) -> bool:
    """Whether there is a layer to look at; dense layers alone have no maps."""
    return bool(_of_maps(model))


def _of_maps(model: keras.Model) -> list[Any]:
    maps = [layer for layer in model.layers if len(layer.output.shape) == 4 and layer.output.shape[1] > 1]
    return [layer for layer in maps if kind(layer) in (*_ACTIVATIONS, *_CHOICES)] or [
        layer for layer in maps if is_convolution(layer)
    ]


def meeting(model: keras.Model) -> list[Any]:
    """Returns the layers of maps in which branches meet, besides those of `with_maps`, from the input up."""
    return [layer for layer in model.layers if kind(layer) in _JOINTS and len(layer.output.shape) == 4]


def last_of_each_size(layers: Sequence[Any]) -> list[Any]:
    """Returns of the layers whose maps have one size the last, in order."""
    last = {layer.output.shape[1:3]: layer for layer in layers}
    return list(last.values())


def spread(layers: Sequence[Any], number: int) -> list[Any]:
    """Returns at most `number` of the layers at equal steps, the first and the last among them."""
    places = np.linspace(0, len(layers) - 1, min(number, len(layers)))
    return [layers[place] for place in np.floor(places + 0.5).astype(int)]


def sees_pixels(model: keras.Model) -> bool:
    """Whether the first convolution looks at pixels, so that it can be shown as a picture."""
    first = next((layer for layer in model.layers if is_convolution(layer)), None)
    return first is not None and kind(first) == "Conv2D" and first.input.shape[-1] in (1, 3)


def before_activation(layer: Any) -> Any:  # noqa: ANN401
    """Returns the tensor that an activation is given, or what another layer puts out.

    A ReLU that is shut lets no gradient through, so whoever wants to excite it starts before it.
    """
    return layer.input if kind(layer) in _ACTIVATIONS else layer.output


def takes_any_size(model: keras.Model, outputs: Any) -> bool:  # noqa: ANN401
    """Whether `at_any_size` can copy the part below a tensor: no layer there makes maps of one size alone."""
    part = keras.Model(building.pixels(model), outputs)
    return not any(kind(operation) in _OF_ONE_SIZE for operation in part.operations)


def at_any_size(model: keras.Model, outputs: Any) -> keras.Model:  # noqa: ANN401
    """Returns a copy of the network's lower part that takes pictures of any size.

    Args:
        model: a convolutional network; it is not changed, nor does it share weights with the copy.
        outputs: a tensor of it or a list of them, (num_photos, height, width, num_filters) each.

    Returns:
        A model from (num_pictures, any height, any width, 3), 0 to 255, without the network's resizing.
    """
    part = keras.Model(building.pixels(model), outputs)
    copy = keras.models.clone_model(part, input_tensors=keras.Input((None, None, 3), name="pixels"))
    copy.set_weights(part.get_weights())
    return copy
