"""What a network is built of: layers, the shapes of what they put out, and their numbers of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

from tenshots.interpretation import layers
from tenshots.runtime import keras


class Row(NamedTuple):
    """A layer, or neighbouring layers in one row.

    Attributes:
        name: of the layer; of several, how many there are and how many of them hold what is learnt.
        kind: Keras' name of its class; of several, of the one with most parameters.
        shape: what it puts out for one photo, such as (32, 32, 3).
        num_parameters: numbers in its weights, trained or not.
        num_layers: in this row.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    num_parameters: int
    num_layers: int = 1


def rows(model: keras.Model) -> list[Row]:
    """Returns one row per layer or operation, in the order in which they are computed.

    The rows' parameters sum up to `model.count_params()`.
    """
    return [
        Row(str(part.name), layers.kind(part), _shape(part), part.count_params())
        if isinstance(part, keras.layers.Layer)
        # Keras numbers operations through a process: the name would tell how many networks came before.
        else Row(layers.kind(part).lower(), layers.kind(part), _shape(part), 0)
        for part in model.operations
    ]


def folded(found: Sequence[Row], *, most: int) -> list[Row]:
    """Returns the rows as they are, or, of more than `most`, one for neighbours of one size of maps."""
    if len(found) <= most:
        return list(found)
    groups = [list(group) for _, group in groupby(found, key=lambda row: row.shape[:-1])]
    for number in range(len(groups) - 1, 0, -1):
        if all("Padding" in row.kind for row in groups[number - 1]):  # a border for those that follow
            groups[number - 1 : number + 1] = [groups[number - 1] + groups[number]]
    return [group[0] if len(group) == 1 else _folded(group) for group in groups]


def learns(row: Row) -> bool:
    """Whether a row holds filters or their like, learnt here or elsewhere; normalisation only scales."""
    return row.num_parameters > 0 and "Normalization" not in row.kind and row.kind != "Standardising"


def _folded(group: list[Row]) -> Row:
    return Row(
        name=f"{len(group)} layers, {sum(map(learns, group))} learnt",
        kind=max(group, key=lambda row: row.num_parameters).kind,
        shape=group[-1].shape,
        num_parameters=sum(row.num_parameters for row in group),
        num_layers=sum(row.num_layers for row in group),
    )


def _shape(part: Any) -> tuple[int, ...]:  # noqa: ANN401 (a layer or keras.Operation, untyped)
    output = part.output[0] if isinstance(part.output, list | tuple) else part.output
    return tuple(int(side) for side in output.shape[1:])
