"""A network that has seen other photos (the backbone), with a new head for ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator

from tenshots import params
from tenshots.errors import SettingsError
from tenshots.networks.families.convolutional import ConvolutionalSettings
from tenshots.networks.settings import FEATURES, HEAD, SCRATCH, TransferSettings
from tenshots.networks.sources import WeightsFile, WeightsPackage
from tenshots.params import Settings

if TYPE_CHECKING:
    import numpy as np

    from tenshots.runtime import keras

# Backbones of ours, beside the networks of keras.applications: the blocks of a family, and a published one.
OURS, LITE = "convolutional", "EfficientNetLite0"
TORCH_ENDINGS = (".pth", ".pt")
MAX_ARGUMENT = 1_000_000  # of any number in a backbone's arguments


def _weights_kind(value: Any) -> str:  # noqa: ANN401 (whatever stands in the file)
    if isinstance(value, WeightsPackage) or (isinstance(value, Mapping) and "package" in value):
        return "installed"  # not "package", which a message would take for a key
    return "file" if isinstance(value, Mapping | WeightsFile) else "name"


class BackboneSettings(Settings):
    """What the backbone is and what it has learnt."""

    architecture: str = Field(min_length=1)
    arguments: dict[str, Any] = Field(default_factory=dict)
    weights: Annotated[
        Annotated[Literal["imagenet", "none"], Tag("name")]
        | Annotated[WeightsFile, Tag("file")]
        | Annotated[WeightsPackage, Tag("installed")],
        Discriminator(_weights_kind),
    ]

    @field_validator("arguments")
    @classmethod
    def _numbers_are_bounded(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        params.check_numbers(arguments, most=MAX_ARGUMENT)
        return arguments


class PretrainedSettings(TransferSettings):
    """A section of `networks` with `family: pretrained`."""

    input_px: int = Field(ge=32, le=1024)
    backbone: BackboneSettings

    @property
    def title(self) -> str:
        """What the network is."""
        if self.backbone.weights == "none":
            return "a convolutional network with a backbone of random weights"
        return "a convolutional network with a pretrained backbone"

    @property
    def recipes(self) -> tuple[str, ...]:
        """By which it can be taught: all of it at once, too, where its backbone has learnt nothing."""
        return super().recipes if self.has_learnt else (*super().recipes, SCRATCH)

    @property
    def has_learnt(self) -> bool:
        """Whether its backbone has seen other photos before."""
        return self.backbone.weights != "none"

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
        from tenshots.networks import backbones, blocks, efficientnet_lite
        from tenshots.networks.units import Units
        from tenshots.runtime import keras

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
                self.backbone.architecture,
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
                self.backbone.architecture, self.backbone.arguments, input_px=self.input_px
            )
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

    def _whole(self) -> ConvolutionalSettings:
        """Returns the network of our own whose blocks are the backbone."""
        return ConvolutionalSettings.model_validate(self._described_whole())

    def _described_whole(self) -> dict[str, Any]:
        return {**self.backbone.arguments, "family": OURS, "input_px": self.input_px}


SETTINGS = PretrainedSettings
