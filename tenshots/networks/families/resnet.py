"""ResNet: blocks of convolutions with a shortcut around each; or the same without shortcuts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from tenshots import params
from tenshots.errors import SettingsError
from tenshots.networks.across import ScaledSettings

if TYPE_CHECKING:
    from tenshots.networks.units import Units
    from tenshots.runtime import keras

# Blocks per stage, by how many layers learn. Those of 50 layers and more narrow the maps inside a block.
FOR_IMAGENET: Mapping[int, tuple[int, ...]] = MappingProxyType(
    {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
)
FOR_CIFAR: Mapping[int, tuple[int, ...]] = MappingProxyType(
    {depth: ((depth - 2) // 6,) * 3 for depth in (20, 32, 44, 56, 110)}
)
BOTTLENECK_DEPTH = 50
EXPANSION = 4  # of a narrowing block: how many times wider it ends
LEAST_PX, LEAST_CIFAR_PX = 32, 8  # halved five times, and twice


class ResNetSettings(ScaledSettings):
    """A section of `networks` with `family: resnet`."""

    usual_batch_norm = True
    has_sums = True

    depth: Literal[18, 34, 50, 101, 152, 20, 32, 44, 56, 110]
    input_px: int = Field(le=1024)
    shortcut: Literal["residual", "plain"] = "residual"

    def check_together(self, *, at: str) -> None:
        """Raises a SettingsError where photos are too small for the depth, or as its base does."""
        super().check_together(at=at)
        least = LEAST_CIFAR_PX if self.depth in FOR_CIFAR else LEAST_PX
        if self.input_px < least:
            raise SettingsError(
                f"{params.PATH}: {at}.input_px must be at least {least} for depth {self.depth}, "
                f"got {self.input_px}"
            )

    @property
    def title(self) -> str:
        """What the network is."""
        if self.shortcut == "plain":
            return f"a plain convolutional network as deep as ResNet-{self.depth}"
        return f"ResNet-{self.depth}, a convolutional network with shortcuts"

    def build(self, *, size_px: int, num_labels: int) -> keras.Model:
        """Builds the network: see `tenshots.networks.building.build`.

        At 224 px with 1000 labels, depth 50 has 25,557,032 parameters that are trained, as torchvision's; at
        32 px with 10 labels, depth 20 has 269,722. Those for ImageNet lead shortcuts to other sizes through
        a convolution of 1 x 1, those for CIFAR-10 fill up with zeros. A block that narrows halves its maps in
        the convolution of 3 x 3, as torchvision's does; the paper's does so in the one before.
        Source: He et al. 2016, arXiv:1512.03385, sections 3.3 and 4.2.
        """
        # Not at the top: `check` reads the settings of every family, and Keras takes seconds to import.
        from tenshots.networks import blocks
        from tenshots.networks.units import Units
        from tenshots.runtime import keras

        units = Units(self, bias=False, momentum=self.momentum)
        for_cifar = self.depth in FOR_CIFAR
        photos = keras.Input((size_px, size_px, 3), name="photos")
        maps = blocks.seen(photos, self)
        if for_cifar:
            maps = units.convolution(maps, self.wide(16), 3, name="stem")
        else:
            maps = units.convolution(maps, self.wide(64), 7, name="stem", strides=2)
            maps = keras.layers.MaxPooling2D(3, strides=2, padding="same", name="stem_pooling")(maps)
        first = 16 if for_cifar else 64
        for stage, number in enumerate((FOR_CIFAR if for_cifar else FOR_IMAGENET)[self.depth]):
            for place in range(number):
                strides = 2 if stage and not place else 1
                name = f"stage{stage + 1}_{place + 1}"
                maps = self._block(maps, units, self.wide(first * 2**stage), strides=strides, name=name)
        values = keras.layers.GlobalAveragePooling2D(name="mean_of_places")(maps)
        values = units.dropped(values, self.dropped, "head")
        return keras.Model(photos, units.head(values, num_labels), name="resnet")

    def _block(self, maps: Any, units: Units, filters: int, *, strides: int, name: str) -> Any:  # noqa: ANN401
        """Applies convolutions, and adds what the shortcut leads around them (maps: keras.KerasTensor)."""
        from tenshots.networks.shortcuts import joined  # not at the top, as above

        narrows = self.depth >= BOTTLENECK_DEPTH and self.depth in FOR_IMAGENET
        plan: tuple[tuple[int, int, int], ...]
        if narrows:
            plan = ((filters, 1, 1), (filters, 3, strides), (EXPANSION * filters, 1, 1))
        else:
            plan = ((filters, 3, strides), (filters, 3, 1))
        found = maps
        for step, (number, size, stride) in enumerate(plan, start=1):
            # The last activation comes after the sum.
            activated = step < len(plan)
            found = units.convolution(
                found, number, size, name=f"{name}_{step}", strides=stride, activated=activated
            )
        if self.shortcut == "residual":
            found = joined(
                maps, found, units, projected=self.depth in FOR_IMAGENET, strides=strides, name=name
            )
        return units.activated(found, name)


SETTINGS = ResNetSettings
