"""Wide ResNet: fewer and wider residual blocks, which normalise before they convolve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from tenshots.networks.across import ClassicSettings

if TYPE_CHECKING:
    from tenshots.networks.units import Units
    from tenshots.runtime import keras

LEAST_PX = 8  # halved twice
FILTERS = (16, 32, 64)  # of the three stages, times width


class WideResNetSettings(ClassicSettings):
    """A section of `networks` with `family: wide_resnet`."""

    usual_batch_norm = True
    has_sums = True

    input_px: int = Field(ge=LEAST_PX, le=1024)
    depth: int = Field(ge=10, le=100)
    width: int = Field(ge=1, le=20)

    @field_validator("depth")
    @classmethod
    def _stages_are_alike(cls, value: int) -> int:
        if (value - 4) % 6:
            raise ValueError("must be 4 more than a multiple of 6, such as 10, 16, 22, 28 or 40")
        return value

    @property
    def title(self) -> str:
        """What the network is."""
        return f"Wide ResNet-{self.depth}-{self.width}, a convolutional network with shortcuts"

    def build(self, *, size_px: int, num_labels: int) -> keras.Model:
        """Builds the network: see `tenshots.networks.building.build`.

        At 32 px with 10 labels, depth 28 and width 10 have 36,479,194 parameters that are trained. Dropout
        lies between the two convolutions of a block.
        Source: Zagoruyko and Komodakis 2016, arXiv:1605.07146, section 2.
        """
        # Not at the top: `check` reads the settings of every family, and Keras takes seconds to import.
        from tenshots.networks import blocks
        from tenshots.networks.units import Units
        from tenshots.runtime import keras

        units = Units(self, bias=False, momentum=self.momentum)
        photos = keras.Input((size_px, size_px, 3), name="photos")
        maps = units.kernel(blocks.seen(photos, self), FILTERS[0], 3, name="stem")
        for stage, filters in enumerate(FILTERS):
            for place in range((self.depth - 4) // 6):
                strides = 2 if stage and not place else 1
                name = f"stage{stage + 1}_{place + 1}"
                maps = self._block(maps, units, self.width * filters, strides=strides, name=name)
        maps = units.activated(units.normalised(maps, "last"), "last")
        values = keras.layers.GlobalAveragePooling2D(name="mean_of_places")(maps)
        return keras.Model(photos, units.head(values, num_labels), name="wide_resnet")

    def _block(self, maps: Any, units: Units, filters: int, *, strides: int, name: str) -> Any:  # noqa: ANN401
        """Applies two convolutions, each after its normalisation, and adds the shortcut."""
        from tenshots.runtime import keras  # not at the top, as above

        ready = units.activated(units.normalised(maps, f"{name}_1"), f"{name}_1")
        found = units.kernel(ready, filters, 3, name=f"{name}_1", strides=strides)
        found = units.activated(units.normalised(found, f"{name}_2"), f"{name}_2")
        found = units.dropped(found, self.dropped, name)
        found = units.kernel(found, filters, 3, name=f"{name}_2")
        if strides > 1 or maps.shape[-1] != filters:
            maps = units.kernel(ready, filters, 1, name=f"{name}_shortcut", strides=strides)
        return keras.layers.Add(name=f"{name}_sum")([maps, found])


SETTINGS = WideResNetSettings
