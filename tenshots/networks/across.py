"""Settings that networks of several families share, each optional: absent, a network is as its family says.

What makes layers of them is `tenshots.networks.units`; nothing here imports Keras.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field, PlainValidator

from tenshots import choices, params
from tenshots.choices import Choice
from tenshots.errors import SettingsError
from tenshots.networks.settings import ScratchSettings
from tenshots.params import Settings

InitializerName = Literal[
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "orthogonal",
]
# By which weights start where an activation is named and no initialiser: those of the rectifiers' kind, which
# let half of the signal through, by He et al. 2015; others as here. Sources: Glorot and Bengio 2010, AISTATS;
# Klambauer et al. 2017, arXiv:1706.02515 (selu).
RECTIFIED = "he_normal"
STARTS: Mapping[str, str] = MappingProxyType(
    {"selu": "lecun_normal", "tanh": "glorot_uniform", "sigmoid": "glorot_uniform"}
)
MOMENTUM = 0.9  # of batch normalisation's moving means: at Keras' 0.99 few updates hardly move them


class Plain(Settings):
    """The arguments of an activation that has none."""


class LeakyRelu(Settings):
    """Source of the default: Maas et al. 2013, ICML workshop."""

    slope: float = Field(default=0.01, ge=0, lt=1)  # below 0


class Rrelu(Settings):
    """Source: Xu et al. 2015, arXiv:1505.00853; the defaults are PyTorch's."""

    lower: float = Field(default=1 / 8, ge=0, lt=1)  # of the slopes that are drawn
    upper: float = Field(default=1 / 3, gt=0, lt=1)


class Prelu(Settings):
    """Source of the default: He et al. 2015, arXiv:1502.01852."""

    slope: float = Field(default=0.25, ge=0, lt=1)  # at the start


class Elu(Settings):
    """Source of the default: Clevert et al. 2016, arXiv:1511.07289."""

    alpha: float = Field(default=1.0, gt=0, le=10)  # it never falls below minus this


class Maxout(Settings):
    """Source: Goodfellow et al. 2013, arXiv:1302.4389."""

    pieces: int = Field(default=2, ge=2, le=16)  # sums per unit, of which the largest is let through


ACTIVATIONS: Mapping[str, type[Settings]] = MappingProxyType(
    {
        "relu": Plain,
        "leaky_relu": LeakyRelu,
        "rrelu": Rrelu,
        "prelu": Prelu,
        "elu": Elu,
        "selu": Plain,
        "gelu": Plain,
        "tanh": Plain,
        "sigmoid": Plain,
        "maxout": Maxout,
    }
)


AnyActivation = Annotated[Choice | None, PlainValidator(partial(choices.checked_if_any, known=ACTIVATIONS))]


class Activation(NamedTuple):
    """An activation with all that it is told."""

    name: str
    arguments: Mapping[str, float]


def activation(choice: Choice) -> Activation:
    """Returns an activation with the arguments that are given, and the others as they usually are."""
    name = choices.name_of(choice)
    return Activation(name, ACTIVATIONS[name].model_validate(choices.given(choice)).model_dump())


class UnitSettings(ScratchSettings):
    """A network whose units, a convolution or a dense layer each with what follows it, can be varied."""

    usual_activation: ClassVar[str] = "relu"
    usual_batch_norm: ClassVar[bool] = False
    # By which weights start where neither an activation nor an initialiser is named; None: as Keras does.
    usual_initializer: ClassVar[str | None] = None
    is_chain: ClassVar[bool] = False  # of dense layers and convolutions, without a branch
    has_sums: ClassVar[bool] = False  # between a convolution and its activation, as in residual networks

    activation: AnyActivation = None
    initializer: InitializerName | None = None
    batch_norm: bool | None = None
    l1: float | None = Field(default=None, ge=0, le=10)
    l2: float | None = Field(default=None, ge=0, le=10)
    max_norm: float | None = Field(default=None, gt=0, le=1000)

    @property
    def activated(self) -> Activation:
        """The activation, with arguments that are not given as they usually are."""
        return activation(self.activation or self.usual_activation)

    @property
    def started(self) -> str | None:
        """The initialiser of kernels; None: as Keras does it."""
        if self.initializer:
            return self.initializer
        return STARTS.get(self.activated.name, RECTIFIED) if self.activation else self.usual_initializer

    @property
    def normalised(self) -> bool:
        """Whether batch normalisation follows each convolution and each hidden dense layer."""
        return self.usual_batch_norm if self.batch_norm is None else self.batch_norm

    def check_together(self, *, at: str) -> None:
        """Raises a SettingsError where the activation does not go with what stands beside it."""
        super().check_together(at=at)
        where = f"{params.PATH}: {at}.activation"
        name, arguments = self.activated
        if name == "rrelu" and arguments["lower"] > arguments["upper"]:
            raise SettingsError(
                f"{where}.rrelu.lower must be at most upper, {arguments['upper']:g}, "
                f"got {arguments['lower']:g}"
            )
        if name == "selu" and self.normalised:
            raise SettingsError(
                f"{where} must not be selu where batch_norm is {self._why_normalised()}: selu keeps mean and "
                "deviation by itself, and a normalisation between undoes that; set batch_norm: false"
            )
        if name == "maxout" and self.has_sums:
            raise SettingsError(
                f"{where} must not be maxout in family {self.family}, where sums lie between a convolution "
                "and its activation; choose another activation, or a family without shortcuts such as vgg"
            )

    def unchained(self) -> str:
        """Returns why its layers cannot learn one by one without labels; an empty text where they can."""
        if not self.is_chain:
            return super().unchained()
        if self.activated.name == "maxout":
            return "of what maxout lets through, no way leads back to all that went in"
        return ""

    def _why_normalised(self) -> str:
        return "true" if self.batch_norm else f"absent, since family {self.family} normalises by itself"


class ClassicSettings(UnitSettings):
    """A published network. Its weights start as its activation asks for, whether that is named or not."""

    usual_initializer = RECTIFIED
    usual_dropout: ClassVar[float] = 0.0

    dropout: float | None = Field(default=None, ge=0, lt=1)
    momentum: float | None = Field(default=None, ge=0, lt=1)

    @property
    def dropped(self) -> float:
        """The share of values that dropout leaves out while training."""
        return self.usual_dropout if self.dropout is None else self.dropout


class ScaledSettings(ClassicSettings):
    """A published network that can be built with fewer filters, for fewer photos."""

    width: float = Field(default=1.0, gt=0, le=4)  # times the published numbers of filters and dense units

    def wide(self, number: int) -> int:
        """Returns a published number of filters times the width, at least 1."""
        return max(1, round(self.width * number))
