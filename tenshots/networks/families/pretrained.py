"""A network that has seen other photos (the backbone), with a new head for ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from tenshots import choices, params
from tenshots.errors import SettingsError
from tenshots.networks.families.convolutional import ConvolutionalSettings
from tenshots.networks.reuse import NAME, Reused, completed
from tenshots.networks.settings import (
    FEATURES,
    HEAD,
    SCRATCH,
    NetworkSettings,
    SparingSettings,
    TransferSettings,
)
from tenshots.networks.sources import WeightsFile, WeightsPackage

if TYPE_CHECKING:
    import numpy as np

    from tenshots.runtime import keras

# Backbones of ours, beside the networks of keras.applications: the blocks of a family, and a published one.
OURS, LITE = "convolutional", "EfficientNetLite0"
TORCH_ENDINGS = (".pth", ".pt")
LEAST_PX = 32  # of the networks of keras.applications and the two above; what is reused has its own bound
MAX_ARGUMENT = 1_000_000  # of any number in a backbone's arguments


def _weights_kind(value: Any) -> str:  # noqa: ANN401 (whatever stands in the file)
    if isinstance(value, WeightsPackage) or (isinstance(value, Mapping) and "package" in value):
        return "installed"  # not "package", which a message would take for a key
    return "file" if isinstance(value, Mapping | WeightsFile) else "name"


class BackboneSettings(SparingSettings):
    """What the backbone is and what it has learnt.

    Attributes:
        architecture: its name; None where it is that of a network that tenshots trained, which model.json
            beside the weights describes.
        reused: what model.json says of that one; read from there, and not written in params.yaml.
    """

    architecture: str | None = Field(default=None, min_length=1)
    arguments: dict[str, Any] = Field(default_factory=dict)
    weights: Annotated[
        Annotated[Literal["imagenet", "none"], Tag("name")]
        | Annotated[WeightsFile, Tag("file")]
        | Annotated[WeightsPackage, Tag("installed")],
        Discriminator(_weights_kind),
    ]
    reused: Reused | None = None

    @field_validator("arguments")
    @classmethod
    def _numbers_are_bounded(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        params.check_numbers(arguments, most=MAX_ARGUMENT)
        return arguments


class PretrainedSettings(TransferSettings):
    """A section of `networks` with `family: pretrained`."""

    input_px: int = Field(ge=8, le=1024)
    backbone: BackboneSettings

    @model_validator(mode="after")
    def _is_large_enough(self) -> PretrainedSettings:
        if self.input_px < LEAST_PX and not self.backbone.reused:
            raise choices.refusal(("input_px",), f"must be at least {LEAST_PX}", self.input_px)
        return self

    @classmethod
    def completed(cls, values: Any, *, at: str) -> Any:  # noqa: ANN401 (whatever stands in the file)
        """Returns the settings with what model.json says of a network that is reused."""
        return completed(values, at=at)

    @property
    def title(self) -> str:
        """What the network is."""
        if self.backbone.reused:
            return f"{self._origin(self.backbone.reused).title}, begun with what it had learnt before"
        if self.backbone.weights == "none":
            return "a convolutional network with a backbone of random weights"
        return "a convolutional network with a pretrained backbone"

    @property
    def recipes(self) -> tuple[str, ...]:
        """By which it can be taught: all of it at once, too, where its backbone has learnt nothing."""
        return super().recipes if self.has_learnt else (*super().recipes, SCRATCH)

    @property
    def built_by(self) -> tuple[str, ...]:
        """Families whose code builds it: of a network that is reused, too."""
        reused = self.backbone.reused
        return (*super().built_by, *(self._origin(reused).built_by if reused else ()))

    @property
    def has_learnt(self) -> bool:
        """Whether its backbone has seen other photos before."""
        return self.backbone.weights != "none"

    @property
    def labels_before(self) -> tuple[str, ...]:
        """Labels that the network which is reused told apart, and those that it had begun with itself."""
        reused = self.backbone.reused
        return (*reused.labels, *self._origin(reused).labels_before) if reused else ()

    @property
    def taught(self) -> str:
        """How it is taught."""
        return "pretrained" if self.has_learnt else "from scratch"

    def build(self, *, size_px: int, num_labels: int) -> keras.Model:
        """Builds the network: see `tenshots.networks.building.build`.

        It is flat: the backbone's layers are its own layers, so each can be reached by name, frozen or cut
        at.
        """
        # Not at the top: `check` reads the settings of every family, and Keras takes seconds to import.
        from tenshots.networks import backbones, blocks, efficientnet_lite, reusing
        from tenshots.networks.units import Units
        from tenshots.runtime import keras

        if reused := self.backbone.reused:
            before = self._origin(reused).build(size_px=size_px, num_labels=reused.num_labels)
            return reusing.with_new_head(before, num_labels=num_labels, dropout=self.dropout)
        photos = keras.Input((size_px, size_px, 3), name="photos")
        if self.backbone.architecture == OURS:
            whole = self._whole()
            maps = blocks.convolutions(
                blocks.seen(photos, whole),
                Units(whole, momentum=whole.momentum),
                filters=whole.filters,
                dropout=whole.dropout,
            )
        elif self.backbone.architecture == LITE:
            maps = efficientnet_lite.maps_of(blocks.resized(photos, self.input_px))
        else:
            maps = backbones.maps_of(
                blocks.resized(photos, self.input_px),
                str(self.backbone.architecture),
                self.backbone.arguments,
                known=(OURS, LITE),
                for_imagenet=self.backbone.weights == "imagenet",
            )
        features = keras.layers.GlobalAveragePooling2D(name=FEATURES)(maps)
        features = keras.layers.Dropout(self.dropout, name="head_dropout")(features)
        return keras.Model(photos, keras.layers.Dense(num_labels, name=HEAD)(features), name="pretrained")

    def learnt(self) -> list[np.ndarray]:
        """Returns the weights of the backbone: see `tenshots.networks.building.learnt`."""
        # Not at the top, as above.
        from tenshots.networks import backbones, efficientnet_lite, torch_files, weights_files
        from tenshots.networks.building import backbone_of

        if self.backbone.weights == "none":
            return []
        if self.backbone.weights == "imagenet":
            return backbones.imagenet(
                str(self.backbone.architecture), self.backbone.arguments, input_px=self.input_px
            )
        if isinstance(self.backbone.weights, WeightsFile) and self.backbone.reused:
            return self._learnt_before(self.backbone.weights, self.backbone.reused)
        backbone = backbone_of(self.build(size_px=self.input_px, num_labels=2))
        path, sha256 = self.backbone.weights.place(), self.backbone.weights.sha256
        remedy = "correct backbone.architecture or its arguments, or fetch the file again"
        if self.backbone.architecture == LITE and path.suffix in TORCH_ENDINGS:
            data = weights_files.verified_bytes(path, sha256=sha256)
            tensors = torch_files.tensors(data, path=path, remedy=remedy)
            efficientnet_lite.fill(backbone, tensors, path=path, remedy=remedy)
            filled: list[np.ndarray] = backbone.get_weights()
            return filled
        weights_files.verified(path, sha256=sha256)
        if self.backbone.architecture != OURS:
            weights_files.load(backbone, path, of="backbone", remedy=remedy)
        else:  # the file holds a whole network, as `train` wrote it
            num_labels = weights_files.num_labels(path)
            trained = self._whole().build(size_px=self.input_px, num_labels=num_labels)
            weights_files.load(trained, path, of="backbone", remedy=remedy)
            for layer in backbone.layers:
                if layer.weights:
                    layer.set_weights(trained.get_layer(layer.name).get_weights())
        weights: list[np.ndarray] = backbone.get_weights()
        return weights

    def check_together(self, *, at: str) -> None:
        """Raises a SettingsError where the arguments or the weights are not for a backbone of our own."""
        if self.backbone.reused:
            self._check_reused(self.backbone.reused, at=f"{at}.backbone")
            return
        if self.backbone.architecture is None:
            raise SettingsError(
                f"{params.PATH}: {at}.backbone.architecture is missing; it may be left out where weights are "
                "{path, sha256} of a network that tenshots trained, with its model.json beside it"
            )
        if self.backbone.architecture not in (OURS, LITE):
            return
        if self.backbone.weights == "imagenet":
            raise SettingsError(
                f"{params.PATH}: {at}.backbone.weights of architecture {self.backbone.architecture} must be "
                "none, {path, sha256} or {package, version, file, sha256}, got 'imagenet'"
            )
        if self.backbone.architecture == LITE:
            if self.backbone.arguments:
                raise SettingsError(
                    f"{params.PATH}: {at}.backbone.arguments of architecture {LITE} must be empty, "
                    f"got {params.shown(self.backbone.arguments)}"
                )
            return
        at = f"{at}.backbone.arguments"
        for key in ("family", "input_px"):
            if key in self.backbone.arguments:
                raise SettingsError(f"{params.PATH}: {at}.{key} is not a known setting; remove it")
        params.check(self._described_whole(), ConvolutionalSettings, at=at).check_together(at=at)

    def _check_reused(self, reused: Reused, *, at: str) -> None:
        if self.backbone.architecture is not None or self.backbone.arguments:
            key = "arguments" if self.backbone.arguments else "architecture"
            raise SettingsError(
                f"{params.PATH}: {at}.{key} must be left out, since model.json beside the weights says "
                f"what the network is, got {params.shown(getattr(self.backbone, key))}; remove it"
            )
        reused.settings(at=f"{at}.reused")

    def _origin(self, reused: Reused) -> NetworkSettings:
        """Returns the settings of the network that is reused."""
        return reused.settings(at="backbone.reused")

    def _learnt_before(self, weights: WeightsFile, reused: Reused) -> list[np.ndarray]:
        """Returns the weights below the head of the network that is reused."""
        from tenshots.networks import reusing, weights_files  # not at the top, as above
        from tenshots.networks.building import backbone_of

        path = weights_files.verified(weights.place(), sha256=weights.sha256)
        before = self._origin(reused).build(size_px=self.input_px, num_labels=reused.num_labels)
        remedy = "put the model.json that was made with these weights beside them"
        weights_files.load(before, path, of=f"network that {path.parent / NAME} describes", remedy=remedy)
        network = reusing.with_new_head(before, num_labels=2, dropout=self.dropout)
        found: list[np.ndarray] = backbone_of(network).get_weights()
        return found

    def _whole(self) -> ConvolutionalSettings:
        """Returns the network of our own whose blocks are the backbone."""
        return ConvolutionalSettings.model_validate(self._described_whole())

    def _described_whole(self) -> dict[str, Any]:
        return {**self.backbone.arguments, "family": OURS, "input_px": self.input_px}


SETTINGS = PretrainedSettings
