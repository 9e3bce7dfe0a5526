"""VGG: convolutions of 3 x 3 alone, in five blocks, then two dense layers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from tenshots.networks.across import ScaledSettings

if TYPE_CHECKING:
    from tenshots.runtime import keras

LEAST_PX = 32  # halved five times
GRID = 7  # cells per side that reach the dense layers at 224 px; never more
FILTERS = (64, 128, 256, 512, 512)
# Convolutions of each block, by how many layers learn.
BLOCKS: Mapping[int, tuple[int, ...]] = MappingProxyType(
    {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
)


class VggSettings(ScaledSettings):
    """A section of `networks` with `family: vgg`."""

    usual_dropout = 0.5
    is_chain = True

    input_px: int = Field(ge=LEAST_PX, le=1024)
    depth: Literal[11, 13, 16, 19]

    @property
    def title(self) -> str:
        """What the network is."""
        return f"VGG-{self.depth}, a convolutional network"

    def build(self, *, size_px: int, num_labels: int) -> keras.Model:
        """Builds the network: see `tenshots.networks.building.build`.

        At 224 px with 1000 labels, depth 16 has 138,357,544 parameters.
        Source: Simonyan and Zisserman 2015, arXiv:1409.1556, table 1 (A, B, D and E).
        """
        # Not at the top: `check` reads the settings of every family, and Keras takes seconds to import.
        from tenshots.networks import blocks
        from tenshots.networks.units import Units
        from tenshots.runtime import keras

        units = Units(self, momentum=self.momentum)
        photos = keras.Input((size_px, size_px, 3), name="photos")
        maps = blocks.seen(photos, self)
        for block, (steps, filters) in enumerate(zip(BLOCKS[self.depth], FILTERS, strict=True), start=1):
            for step in range(1, steps + 1):
                maps = units.convolution(maps, self.wide(filters), 3, name=f"block{block}_{step}")
            maps = keras.layers.MaxPooling2D(2, name=f"block{block}_pooling")(maps)
        values = keras.layers.Flatten(name="flatten")(blocks.at_most(maps, GRID))
        for number in (1, 2):
            values = units.dense(values, self.wide(4096), name=f"dense{number}", dropout=self.dropped)
        return keras.Model(photos, units.head(values, num_labels), name="vgg")


SETTINGS = VggSettings
