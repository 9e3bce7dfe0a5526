"""The lecture's first network: dense layers alone, each unit of which sees every pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tenshots import params
from tenshots.errors import SettingsError
from tenshots.networks.across import UnitSettings
from tenshots.params import Listed

if TYPE_CHECKING:
    from tenshots.runtime import keras

MAX_UNITS = 65_536
MAX_LAYERS = 16


class DenseSettings(UnitSettings):
    """A section of `networks` with `family: dense`."""

    is_chain = True

    input_px: int = Field(ge=8, le=1024)
    channels: Literal[1, 3]
    units: Annotated[
        Listed[Annotated[int, Field(ge=1, le=MAX_UNITS)]], Field(min_length=1, max_length=MAX_LAYERS)
    ]
    dropout: float = Field(ge=0, lt=1)
    momentum: float | None = Field(default=None, ge=0, lt=1)  # of batch normalisation, where there is some

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
        from tenshots.networks.units import Units
        from tenshots.runtime import keras

        units = Units(self, momentum=self.momentum)
        photos = keras.Input((size_px, size_px, 3), name="photos")
        pixels = blocks.resized(photos, self.input_px)
        values = blocks.scaled(
            blocks.coloured(pixels, "grey" if self.channels == 1 else None), self.normalisation
        )
        features = keras.layers.Flatten(name="flatten")(values)
        for number, width in enumerate(self.units, start=1):
            features = units.dense(features, width, name=f"dense{number}", dropout=self.dropout)
        return keras.Model(photos, units.head(features, num_labels), name="dense")

    def check_together(self, *, at: str) -> None:
        """Raises a SettingsError where the colour is not that of the channels, or as its base does."""
        super().check_together(at=at)
        if self.colour and self.channels != 1:
            raise SettingsError(
                f"{params.PATH}: {at}.colour must not be grey where channels is {self.channels}; "
                "set channels: 1, which says the same, or remove colour"
            )


SETTINGS = DenseSettings
