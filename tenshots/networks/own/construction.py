"""From the tree of a network of one's own to Keras layers, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tenshots import entries
from tenshots.errors import SettingsError
from tenshots.networks import blocks
from tenshots.networks.own import faults
from tenshots.networks.own.faults import Shape, described
from tenshots.networks.own.tree import MAXOUT, PARALLEL, PART, REPEAT, RESIDUAL, Node
from tenshots.runtime import keras

Tensor = Any  # keras.KerasTensor, untyped


def applied(nodes: Sequence[Node], values: Tensor) -> Tensor:
    """Returns what the layers make of values.

    Each layer is named after its place: "layer3_conv2d" is of `layers[3]`, "layer3_round2_0_conv2d" the first
    layer in the second round of the repeat there.

    Args:
        nodes: of `tree.parsed`.
        values: (num_photos, height, width, channels).

    Raises:
        SettingsError: a layer cannot take what arrives; begins with its key below the network's own.
    """
    return _in_a_row(nodes, values, "layer", "")


def check_end(values: Tensor) -> None:
    """Raises a SettingsError where the last layer leaves maps, of which no answer can be made."""
    shape = _shape(values)
    if len(shape) != 1:
        raise SettingsError(
            f"layers must end in a row of numbers for each photo, got {described(shape)}; end with Flatten "
            "or GlobalAveragePooling2D: the layer of the answer follows by itself"
        )


def _in_a_row(nodes: Sequence[Node], values: Tensor, stem: str, note: str) -> Tensor:
    for place, node in enumerate(nodes):
        values = _applied(node, values, f"{stem}{place}", note)
    return values


def _applied(node: Node, values: Tensor, stem: str, note: str) -> Tensor:
    """Returns what a node makes of values; `note` says how it came to be there, where its key does not."""
    if node.kind == PART:
        name = node.arguments["name"]
        used = f"{note}, used by {node.key}"
        if len(node.inside[0]) == 1:
            return _applied(node.inside[0][0], values, f"{stem}_{name}", used)
        return _in_a_row(node.inside[0], values, f"{stem}_{name}_", used)
    if node.kind == REPEAT:
        times = node.arguments["times"]
        for number in range(1, times + 1):
            told = f"{note}, in round {number} of {times}"
            values = _in_a_row(node.inside[0], values, f"{stem}_round{number}_", told)
        return values
    if node.kind == RESIDUAL:
        return _residual(node, values, stem, note)
    if node.kind == PARALLEL:
        return _parallel(node, values, stem, note)
    if node.kind == MAXOUT:
        return _maxout(node, values, stem, note)
    return _layer(node.kind, node.arguments, values, stem, _place(node, note))


def _layer(kind: str, arguments: Mapping[str, Any], values: Tensor, stem: str, place: str) -> Tensor:
    """Applies one layer, its activation as a layer of its own: pictures look at what goes into an activation.

    Raises:
        SettingsError: it cannot take what arrives.
    """
    shape = _shape(values)
    _refuse(place, faults.fault(kind, arguments, shape))
    given = dict(arguments)
    activation = given.pop("activation", None) if kind != "Activation" else None
    if kind == "PReLU" and len(shape) == 3:
        # One slope per channel, as published, and pictures of any size can pass.
        # Source: He et al. 2015, arXiv:1502.01852, section 2.1.
        given["shared_axes"] = [1, 2]
    try:
        made = getattr(keras.layers, kind)(**given, name=f"{stem}_{kind.lower()}")(values)
    except Exception as error:  # whatever it is (Keras knows no rule), the settings are its cause
        raise SettingsError(
            f"{place} cannot take {described(shape)}: {entries.reason(error)}; change it or what is before"
        ) from None
    _refuse(place, faults.too_large(_shape(made)))
    if activation == "relu":
        return keras.layers.ReLU(name=f"{stem}_relu")(made)
    if activation is not None:
        return keras.layers.Activation(activation, name=f"{stem}_{activation}")(made)
    return made


def _residual(node: Node, values: Tensor, stem: str, note: str) -> Tensor:
    """Returns values plus what layers make of them, values first projected where shapes differ.

    The projection has neither offset nor activation.
    Source: He et al. 2016, arXiv:1512.03385, equations 1 and 2.
    """
    made = _in_a_row(node.inside[0], values, f"{stem}_", note)
    before, after = _shape(values), _shape(made)
    if before != after:
        strides = faults.projection(before, after)
        if isinstance(strides, str):
            raise SettingsError(f"{_place(node, note)} {strides}")
        name = f"{stem}_projection"
        if len(before) == 1:
            values = keras.layers.Dense(after[-1], use_bias=False, name=name)(values)
        else:
            values = blocks.every(values, strides, name=f"{stem}_every")
            values = keras.layers.Conv2D(after[-1], 1, use_bias=False, name=name)(values)
    return keras.layers.Add(name=f"{stem}_add")([values, made])


def _parallel(node: Node, values: Tensor, stem: str, note: str) -> Tensor:
    """Returns what branches make of the same values, side by side: channel after channel.

    Source: Szegedy et al. 2014, arXiv:1409.4842, section 4.
    """
    made = [
        _in_a_row(branch, values, f"{stem}_branch{number}_", note)
        for number, branch in enumerate(node.inside)
    ]
    _refuse(_place(node, note), faults.unlike([_shape(each) for each in made]))
    return keras.layers.Concatenate(name=f"{stem}_concatenate")(made)


def _maxout(node: Node, values: Tensor, stem: str, note: str) -> Tensor:
    """Returns the largest of several linear layers, unit by unit.

    Source: Goodfellow et al. 2013, arXiv:1302.4389, section 3.
    """
    given = dict(node.arguments)
    pieces = given.pop("pieces")
    kind = "Dense" if "units" in given else "Conv2D"
    made = [
        _layer(kind, given, values, f"{stem}_piece{number}", _place(node, note))
        for number in range(1, pieces + 1)
    ]
    return keras.layers.Maximum(name=f"{stem}_maxout")(made)


def _place(node: Node, note: str) -> str:
    return f"{node.key} ({node.kind}{note})"


def _shape(values: Tensor) -> Shape:
    """Returns the shape of values for one photo."""
    return tuple(int(side) for side in values.shape[1:])


def _refuse(place: str, why: str) -> None:
    if why:
        raise SettingsError(f"{place} {why}")
