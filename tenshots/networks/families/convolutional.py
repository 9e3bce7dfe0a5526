"""The lecture's convolutional network: blocks of two convolutions, then one dense layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationInfo, field_validator

from tenshots.networks.across import UnitSettings
from tenshots.params import Listed, Settings

if TYPE_CHECKING:
    from tenshots.runtime import keras

# Cells per side that reach the dense layer, whatever the input is, so that this layer keeps its size.
GRID = 4
MAX_FILTERS = 4096  # twice what the widest layers of keras.applications have
MAX_DENSE = 65_536


class BlockSettings(Settings):
    """What shapes the convolutional blocks and the layer after them."""

    filters: Annotated[Listed[Annotated[int, Field(ge=1, le=MAX_FILTERS)]], Field(min_length=1, max_length=8)]
    dense: int = Field(ge=1, le=MAX_DENSE)
    dropout: float = Field(ge=0, lt=1)
    # Share of its moving means that batch normalisation keeps per update. At Keras' 0.99, a training of a few
    # dozen updates ends with the means of its random start.
    momentum: float = Field(default=0.99, ge=0, lt=1)


class ConvolutionalSettings(UnitSettings, BlockSettings):
    """A section of `networks` with `family: convolutional`."""

    usual_batch_norm = True
    is_chain = True

    input_px: int = Field(ge=32, le=1024)

    @field_validator("input_px")
    @classmethod
    def _blocks_leave_a_grid(cls, value: int, info: ValidationInfo) -> int:
        num_blocks = len(info.data.get("filters", ()))  # missing where they break a rule of their own
        least = GRID * 2**num_blocks
        if value < least:
            raise ValueError(
                f"must be at least {least} for {num_blocks} blocks, because each entry of filters halves it"
            )
        return value

    @property
    def title(self) -> str:
        """What the network is."""
        return "a convolutional network"

    def build(self, *, size_px: int, num_labels: int) -> keras.Model:
        """Builds the network: see `tenshots.networks.building.build`.

        At 32 px, filters (32, 64, 128), 512 dense units and 10 labels it has 1,345,066 parameters, as the
        lecture's has.
        """
        # Not at the top: `check` reads the settings of every family, and Keras takes seconds to import.
        from tenshots.networks import blocks
        from tenshots.networks.units import Units
        from tenshots.runtime import keras

        units = Units(self, momentum=self.momentum)
        photos = keras.Input((size_px, size_px, 3), name="photos")
        grid = blocks.convolutions(
            blocks.seen(photos, self), units, filters=self.filters, dropout=self.dropout
        )
        features = keras.layers.Flatten(name="flatten")(blocks.at_most(grid, GRID))
        features = units.dense(features, self.dense, name="dense", dropout=min(2 * self.dropout, 0.9))
        return keras.Model(photos, units.head(features, num_labels), name="convolutional")


SETTINGS = ConvolutionalSettings
