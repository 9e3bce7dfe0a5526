"""GoogLeNet, the first Inception: modules that look at 1, 3 and 5 px at once, and a mean over places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from tenshots.networks.across import ScaledSettings

if TYPE_CHECKING:
    from tenshots.networks.units import Units
    from tenshots.runtime import keras

LEAST_PX = 32  # halved five times
# Filters of each module: 1 x 1; reduction and 3 x 3; reduction and 5 x 5; after pooling. A pooling follows
# 3b and 4e. Source: table 1 of the paper.
MODULES = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
POOLED = ("3b", "4e")


class InceptionSettings(ScaledSettings):
    """A section of `networks` with `family: inception`."""

    usual_dropout = 0.4

    input_px: int = Field(ge=LEAST_PX, le=1024)

    @property
    def title(self) -> str:
        """What the network is."""
        return "GoogLeNet, a convolutional network of Inception modules"

    def build(self, *, size_px: int, num_labels: int) -> keras.Model:
        """Builds the network: see `tenshots.networks.building.build`.

        At 224 px with 1000 labels it has 6,998,552 parameters. The two further heads that helped to train it,
        and the normalisation of each value by its neighbours, are left out; `batch_norm: true` does more.
        Source: Szegedy et al. 2015, arXiv:1409.4842.
        """
        # Not at the top: `check` reads the settings of every family, and Keras takes seconds to import.
        from tenshots.networks import blocks
        from tenshots.networks.units import Units
        from tenshots.runtime import keras

        units = Units(self, momentum=self.momentum)
        photos = keras.Input((size_px, size_px, 3), name="photos")
        maps = units.convolution(blocks.seen(photos, self), self.wide(64), 7, name="stem1", strides=2)
        maps = _halved(maps, "stem1")
        maps = units.convolution(maps, self.wide(64), 1, name="stem2")
        maps = _halved(units.convolution(maps, self.wide(192), 3, name="stem3"), "stem3")
        for name, filters in MODULES.items():
            maps = module(maps, units, tuple(map(self.wide, filters)), name=f"module{name}")
            maps = _halved(maps, f"module{name}") if name in POOLED else maps
        values = keras.layers.GlobalAveragePooling2D(name="mean_of_places")(maps)
        values = units.dropped(values, self.dropped, "head")
        return keras.Model(photos, units.head(values, num_labels), name="inception")


def module(maps: Any, units: Units, filters: tuple[int, ...], *, name: str) -> Any:  # noqa: ANN401 (keras.KerasTensor)
    """Applies an Inception module: four branches side by side, whose maps are joined.

    Convolutions of 1 x 1 reduce the number of maps first, so that those of 3 x 3 and 5 x 5 cost less.

    Args:
        maps: (num_photos, height, width, channels).
        units: of the network.
        filters: as in MODULES.
        name: of the module.

    Returns:
        (num_photos, height, width, sum of the last convolutions' filters).
    """
    from tenshots.runtime import keras  # not at the top, as above

    one, before_three, three, before_five, five, after_pool = filters
    threes = units.convolution(maps, before_three, 1, name=f"{name}_3x3_reduction")
    fives = units.convolution(maps, before_five, 1, name=f"{name}_5x5_reduction")
    pool = keras.layers.MaxPooling2D(3, strides=1, padding="same", name=f"{name}_pooling")(maps)
    branches = [
        units.convolution(maps, one, 1, name=f"{name}_1x1"),
        units.convolution(threes, three, 3, name=f"{name}_3x3"),
        units.convolution(fives, five, 5, name=f"{name}_5x5"),
        units.convolution(pool, after_pool, 1, name=f"{name}_pooled"),
    ]
    return keras.layers.Concatenate(name=name)(branches)


def _halved(maps: Any, name: str) -> Any:  # noqa: ANN401 (keras.KerasTensor)
    from tenshots.runtime import keras  # not at the top, as above

    return keras.layers.MaxPooling2D(3, strides=2, padding="same", name=f"{name}_halving")(maps)


SETTINGS = InceptionSettings
