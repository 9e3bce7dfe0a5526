"""Settings that networks of several families share, each optional: absent, a network is as its family says.

What makes layers of them is `tenshots.networks.units`; nothing here imports Keras.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Discriminator, Field, Tag

from tenshots import params
from tenshots.errors import SettingsError
from tenshots.networks.settings import ScratchSettings, SparingSettings

ActivationName = Literal[
    "relu", "leaky_relu", "rrelu", "prelu", "elu", "selu", "gelu", "tanh", "sigmoid", "maxout"
]
InitializerName = Literal[
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "orthogonal",
]
# What each activation may be told, and what it is told where nothing stands. Sources: Maas et al. 2013
# (leaky_relu), Xu et al. 2015, arXiv:1505.00853, as PyTorch has it (rrelu), He et al. 2015, arXiv:1502.01852
# (prelu: where the slope starts), Clevert et al. 2016, arXiv:1511.07289 (elu).
ARGUMENTS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "relu": {},
        "leaky_relu": {"slope": 0.01},
        "rrelu": {"lower": 1 / 8, "upper": 1 / 3},
        "prelu": {"slope": 0.25},
        "elu": {"alpha": 1.0},
        "selu": {},
        "gelu": {},
        "tanh": {},
        "sigmoid": {},
        "maxout": {"pieces": 2},
    }
)
# By which weights start where an activation is named and no initialiser: those of the rectifiers' kind, which
# let half of the signal through, by He et al. 2015; others as here. Sources: Glorot and Bengio 2010, AISTATS;
# Klambauer et al. 2017, arXiv:1706.02515 (selu).
RECTIFIED = "he_normal"
STARTS: Mapping[str, str] = MappingProxyType(
    {"selu": "lecun_normal", "tanh": "glorot_uniform", "sigmoid": "glorot_uniform"}
)
MOMENTUM = 0.9  # of batch normalisation's moving means: at Keras' 0.99 few updates hardly move them


class Activation(NamedTuple):
    """An activation with all that it is told."""

    name: str
    arguments: Mapping[str, float]


class ActivationSettings(SparingSettings):
    """An activation with arguments: `{name: leaky_relu, slope: 0.1}`."""

    name: ActivationName
    slope: float | None = Field(default=None, ge=0, lt=1)  # below 0; of prelu: at the start
    lower: float | None = Field(default=None, ge=0, lt=1)  # of the slopes that rrelu draws
    upper: float | None = Field(default=None, gt=0, lt=1)
    alpha: float | None = Field(default=None, gt=0, le=10)  # elu never falls below minus this
    pieces: int | None = Field(
        default=None, ge=2, le=16
    )  # sums per unit, of which maxout lets the largest through

    def given(self) -> dict[str, float]:
        """Returns the arguments that stand there."""
        return self.model_dump(exclude={"name"})


def _written_as(value: Any) -> str:  # noqa: ANN401 (whatever stands in the file)
    return "section" if isinstance(value, Mapping | ActivationSettings) else "word"


AnyActivation = Annotated[
    Annotated[ActivationName, Tag("word")] | Annotated[ActivationSettings, Tag("section")],
    Discriminator(_written_as),
]


class UnitSettings(ScratchSettings):
    """A network whose units, a convolution or a dense layer each with what follows it, can be varied."""

    usual_activation: ClassVar[str] = "relu"
    usual_batch_norm: ClassVar[bool] = False
    # By which weights start where neither an activation nor an initialiser is named; None: as Keras does.
    usual_initializer: ClassVar[str | None] = None
    has_sums: ClassVar[bool] = False  # between a convolution and its activation, as in residual networks

    activation: AnyActivation | None = None
    initializer: InitializerName | None = None
    batch_norm: bool | None = None
    l1: float | None = Field(default=None, ge=0, le=10)
    l2: float | None = Field(default=None, ge=0, le=10)
    max_norm: float | None = Field(default=None, gt=0, le=1000)

    @property
    def activated(self) -> Activation:
        """The activation, with arguments that are not given as they usually are."""
        written = self.activation or self.usual_activation
        if isinstance(written, ActivationSettings):
            return Activation(written.name, {**ARGUMENTS[written.name], **written.given()})
        return Activation(written, ARGUMENTS[written])

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
        if isinstance(self.activation, ActivationSettings):
            for key in self.activation.given():
                if key not in ARGUMENTS[name]:
                    known = ", ".join(ARGUMENTS[name]) or "none"
                    raise SettingsError(
                        f"{where}.{key} is not an argument of {name}, which takes {known}; remove it"
                    )
            if name == "rrelu" and arguments["lower"] > arguments["upper"]:
                raise SettingsError(
                    f"{where}.lower must be at most upper, {arguments['upper']:g}, got {arguments['lower']:g}"
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
