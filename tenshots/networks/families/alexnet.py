"""AlexNet, as its author published it again in 2014: five convolutions, then two dense layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from tenshots.networks.across import ScaledSettings

if TYPE_CHECKING:
    from tenshots.runtime import keras

LEAST_PX = 57  # below it, the last pooling has nothing left to put out
GRID = 6  # cells per side that reach the dense layers at 224 px; never more
# Filters, side of a kernel, and whether a pooling follows.
CONVOLUTIONS = ((64, 11, True), (192, 5, True), (384, 3, False), (256, 3, False), (256, 3, True))


class AlexNetSettings(ScaledSettings):
    """A section of `networks` with `family: alexnet`."""

    usual_dropout = 0.5
    is_chain = True

    input_px: int = Field(ge=LEAST_PX, le=1024)

    @property
    def title(self) -> str:
        """What the network is."""
        return "AlexNet, a convolutional network"

    def build(self, *, size_px: int, num_labels: int) -> keras.Model:
        """Builds the network: see `tenshots.networks.building.build`.

        At 224 px with 1000 labels it has 61,100,840 parameters, as torchvision's has. The network of 2012 was
        divided over two GPUs and normalised each value by its neighbours, which this one leaves out.
        Sources: Krizhevsky 2014, arXiv:1404.5997; Krizhevsky et al. 2012, NIPS 25.
        """
        # Not at the top: `check` reads the settings of every family, and Keras takes seconds to import.
        from tenshots.networks import blocks
        from tenshots.networks.units import Units
        from tenshots.runtime import keras

        units = Units(self, momentum=self.momentum)
        photos = keras.Input((size_px, size_px, 3), name="photos")
        maps = blocks.seen(photos, self)
        for number, (filters, size, pooled) in enumerate(CONVOLUTIONS, start=1):
            strides = 4 if number == 1 else 1
            maps = units.convolution(maps, self.wide(filters), size, name=f"block{number}", strides=strides)
            if pooled:
                maps = keras.layers.MaxPooling2D(3, strides=2, name=f"block{number}_pooling")(maps)
        values = keras.layers.Flatten(name="flatten")(blocks.at_most(maps, GRID))
        for number in (1, 2):
            values = units.dense(values, self.wide(4096), name=f"dense{number}", dropout=self.dropped)
        return keras.Model(photos, units.head(values, num_labels), name="alexnet")


SETTINGS = AlexNetSettings
