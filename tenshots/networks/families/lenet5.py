"""LeNet-5, of 1998: two convolutions with pooling, then two dense layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from tenshots.networks.across import ClassicSettings

if TYPE_CHECKING:
    from tenshots.runtime import keras

LEAST_PX = 16  # below it, the second pooling has nothing left to put out


class LeNet5Settings(ClassicSettings):
    """A section of `networks` with `family: lenet5`."""

    usual_activation = "tanh"
    usual_initializer = "glorot_uniform"
    is_chain = True

    input_px: int = Field(ge=LEAST_PX, le=1024)

    @property
    def title(self) -> str:
        """What the network is."""
        return "LeNet-5, a small convolutional network"

    def build(self, *, size_px: int, num_labels: int) -> keras.Model:
        """Builds the network: see `tenshots.networks.building.build`.

        At 32 px, grey, with 10 labels it has 61,706 parameters. As is usual today, each map of the second
        convolution sees all of the first, poolings learn nothing, and the answer is a softmax.
        Source: LeCun et al. 1998, doi:10.1109/5.726791, section II.B.
        """
        # Not at the top: `check` reads the settings of every family, and Keras takes seconds to import.
        from tenshots.networks import blocks
        from tenshots.networks.units import Units
        from tenshots.runtime import keras

        units = Units(self, momentum=self.momentum)
        photos = keras.Input((size_px, size_px, 3), name="photos")
        maps = blocks.seen(photos, self)
        for number, filters in enumerate((6, 16), start=1):
            maps = units.convolution(maps, filters, 5, name=f"block{number}", padding="valid")
            maps = keras.layers.AveragePooling2D(2, name=f"block{number}_pooling")(maps)
        values = keras.layers.Flatten(name="flatten")(maps)
        for number, width in enumerate((120, 84), start=1):
            values = units.dense(values, width, name=f"dense{number}", dropout=self.dropped)
        return keras.Model(photos, units.head(values, num_labels), name="lenet5")


SETTINGS = LeNet5Settings
