"""The lecture's first network: dense layers alone, each unit of which sees every pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tenshots.networks.settings import ScratchSettings
from tenshots.params import Listed

if TYPE_CHECKING:
    from tenshots.runtime import keras

MAX_UNITS = 65_536
MAX_LAYERS = 16


class DenseSettings(ScratchSettings):
    """A section of `networks` with `family: dense`."""

    input_px: int = Field(ge=8, le=1024)
    channels: Literal[1, 3]
    units: Annotated[
        Listed[Annotated[int, Field(ge=1, le=MAX_UNITS)]], Field(min_length=1, max_length=MAX_LAYERS)
    ]
    dropout: float = Field(ge=0, lt=1)

    @property
    def title(self) -> str:
        """What the network is."""
        return "a network of dense layers"

    def build(self, *, size_px: int, num_labels: int) -> keras.Model:
        """Builds the network: see `tenshots.networks.building.build`.

        At 28 px, 1 channel, units (512, 512, 512) and 10 labels it has 932,362 parameters, as the
        lecture's has.
        """
        # Not at the top: `check` reads the settings of every family, and Keras takes seconds to import.
        from tenshots.networks import blocks
        from tenshots.runtime import keras

        photos = keras.Input((size_px, size_px, 3), name="photos")
        pixels = blocks.resized(photos, self.input_px)
        values = blocks.scaled(blocks.Grey(name="grey")(pixels) if self.channels == 1 else pixels)
        features = keras.layers.Flatten(name="flatten")(values)
        for number, units in enumerate(self.units, start=1):
            features = keras.layers.Dense(units, name=f"dense{number}")(features)
            features = keras.layers.ReLU(name=f"dense{number}_relu")(features)
            features = keras.layers.Dropout(self.dropout, name=f"dense{number}_dropout")(features)
        return keras.Model(photos, keras.layers.Dense(num_labels, name="head")(features), name="dense")


SETTINGS = DenseSettings
