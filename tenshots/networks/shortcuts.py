"""Shortcuts of residual networks: around some convolutions, to a sum with what they put out."""

from __future__ import annotations

from typing import Any

from tenshots.networks import blocks
from tenshots.networks.units import Units
from tenshots.runtime import keras

Tensor = Any  # keras.KerasTensor, untyped


class MoreMaps(keras.layers.Layer):  # type: ignore[misc]  # Keras is untyped
    """Adds maps of zeros, half of them before the others: (..., channels) to (..., num_maps)."""

    def __init__(self, num_maps: int, **options: Any) -> None:  # noqa: ANN401 (of Keras' layers)
        super().__init__(**options)
        self.num_maps = num_maps

    def call(self, maps: keras.KerasTensor) -> keras.KerasTensor:
        """Returns maps of the same size."""
        missing = self.num_maps - maps.shape[-1]
        return keras.ops.pad(maps, ((0, 0), (0, 0), (0, 0), (missing // 2, missing - missing // 2)))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments."""
        return {**super().get_config(), "num_maps": self.num_maps}


def joined(
    before: Tensor, after: Tensor, units: Units, *, projected: bool, strides: int, name: str
) -> Tensor:
    """Returns the sum of what a block puts out and of what it was given.

    Args:
        before: what the block was given, (num_photos, height, width, channels).
        after: what it puts out, (num_photos, height / strides, width / strides, filters).
        units: of the network.
        projected: whether a convolution of 1 x 1 makes both alike where they are not (option B of the paper);
            else every other place is taken and maps of zeros are added (option A), which learns nothing.
        strides: of the block.
        name: of the block.
    """
    alike = strides == 1 and before.shape[-1] == after.shape[-1]
    if not alike and projected:
        before = units.convolution(
            before, after.shape[-1], 1, name=f"{name}_shortcut", strides=strides, activated=False
        )
    elif not alike:
        before = blocks.every(before, strides, name=f"{name}_shortcut_places")
        before = MoreMaps(after.shape[-1], name=f"{name}_shortcut_maps")(before)
    return keras.layers.Add(name=f"{name}_sum")([before, after])
