"""Units of networks: a convolution or a dense layer, with normalisation, activation and dropout around it."""

from __future__ import annotations

from typing import Any

from tenshots.networks import activations, blocks
from tenshots.networks.across import MOMENTUM, UnitSettings
from tenshots.networks.orthogonal import Orthogonal
from tenshots.networks.settings import HEAD
from tenshots.runtime import keras

CONVOLUTION_AXES = (0, 1, 2)  # of a kernel: what leads to one unit lies along these
DENSE_AXES = (0,)
Tensor = Any  # keras.KerasTensor, untyped


class Units:
    """Makes the units of one network by its settings.

    A convolution or dense layer is followed by its normalisation and then by its activation.
    Source: Ioffe and Szegedy 2015, arXiv:1502.03167, section 3.2.
    """

    def __init__(self, settings: UnitSettings, *, bias: bool = True, momentum: float | None = None) -> None:
        """Takes the settings.

        Args:
            settings: of the network.
            bias: whether a convolution that is normalised has one all the same; its offset does as well.
            momentum: of normalisations, in [0, 1); None: as usual here.
        """
        self._settings = settings
        self._activation = settings.activated
        self._pieces = int(self._activation.arguments.get("pieces", 1))
        self._bias = bias or not settings.normalised
        self._momentum = MOMENTUM if momentum is None else momentum

    def convolution(
        self,
        maps: Tensor,
        filters: int,
        size: int,
        *,
        name: str,
        strides: int = 1,
        padding: str = "same",
        activated: bool = True,
    ) -> Tensor:
        """Applies a convolution with what follows it.

        Args:
            maps: (num_photos, height, width, channels).
            filters: at least 1.
            size: of a kernel, in px.
            name: of the unit; its layers are called `NAME_convolution` and so on.
            strides: in px.
            padding: same or valid.
            activated: whether the activation belongs to it; else it ends with the normalisation.
        """
        maps = self.kernel(
            maps,
            filters * (self._pieces if activated else 1),
            size,
            name=name,
            strides=strides,
            padding=padding,
        )
        maps = self.normalised(maps, name)
        return self.activated(maps, name) if activated else maps

    def kernel(
        self, maps: Tensor, filters: int, size: int, *, name: str, strides: int = 1, padding: str = "same"
    ) -> Tensor:
        """Applies a convolution alone: see `convolution`."""
        if size == 1:
            maps, strides = blocks.every(maps, strides, name=f"{name}_places"), 1
        return keras.layers.Conv2D(
            filters,
            size,
            strides=strides,
            padding=padding,
            use_bias=self._bias,
            name=f"{name}_convolution",
            **self._of_kernel(CONVOLUTION_AXES, started=True),
        )(maps)

    def dense(self, values: Tensor, units: int, *, name: str, dropout: float) -> Tensor:
        """Applies a dense layer with what follows it, dropout included.

        Args:
            values: (num_photos, num_values).
            units: at least 1.
            name: of the dense layer; those that follow are called `NAME_relu` and so on.
            dropout: share of its values that are left out while training, in [0, 1).
        """
        own = self._of_kernel(DENSE_AXES, started=True)
        values = keras.layers.Dense(units * self._pieces, name=name, **own)(values)
        return self.dropped(self.activated(self.normalised(values, name), name), dropout, name)

    def head(self, values: Tensor, num_labels: int) -> Tensor:
        """Applies the last layer: one logit per label.

        Its weights start by the initialiser only where that is named: no activation follows it.
        """
        own = self._of_kernel(DENSE_AXES, started=self._settings.initializer is not None)
        return keras.layers.Dense(num_labels, name=HEAD, **own)(values)

    def normalised(self, values: Tensor, name: str) -> Tensor:
        """Applies batch normalisation where the network has it."""
        if not self._settings.normalised:
            return values
        return keras.layers.BatchNormalization(momentum=self._momentum, name=f"{name}_normalisation")(values)

    def activated(self, values: Tensor, name: str) -> Tensor:
        """Applies the activation; maxout leaves one value of as many as it has pieces."""
        of_maps = len(values.shape) == 4
        called = f"{name}_{self._activation.name}"
        return activations.layer(self._activation, name=called, of_maps=of_maps)(values)

    def dropped(self, values: Tensor, share: float, name: str) -> Tensor:
        """Applies dropout; after selu that which keeps mean and deviation.

        Source: Klambauer et al. 2017, arXiv:1706.02515, section 3 ("New Dropout Technique").
        """
        kind = keras.layers.AlphaDropout if self._activation.name == "selu" else keras.layers.Dropout
        return kind(share, name=f"{name}_dropout")(values)

    def _of_kernel(self, axes: tuple[int, ...], *, started: bool) -> dict[str, Any]:
        """Returns the arguments of a layer that concern its kernel."""
        found: dict[str, Any] = {}
        name = self._settings.started if started else None
        if name == "orthogonal":
            found["kernel_initializer"] = Orthogonal()
        elif name:
            found["kernel_initializer"] = name
        if self._settings.l1 or self._settings.l2:
            own = keras.regularizers.L1L2(l1=self._settings.l1 or 0.0, l2=self._settings.l2 or 0.0)
            found["kernel_regularizer"] = own
        if self._settings.max_norm:
            found["kernel_constraint"] = keras.constraints.MaxNorm(self._settings.max_norm, axis=axes)
        return found
