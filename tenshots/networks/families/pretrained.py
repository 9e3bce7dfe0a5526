"""A network that has seen other photos (the backbone), with a new head for ours."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator

from tenshots import params
from tenshots.errors import SettingsError
from tenshots.networks.families.convolutional import BlockSettings, ConvolutionalSettings
from tenshots.networks.settings import FEATURES, HEAD, TransferSettings
from tenshots.params import Settings

if TYPE_CHECKING:
    import numpy as np

    from tenshots.runtime import keras

OURS = "convolutional"  # the family whose blocks may be a backbone, beside the networks of keras.applications
MAX_ARGUMENT = 1_000_000  # of any number in a backbone's arguments


class WeightsFile(Settings):
    """A file of weights and its hash, so that another file of that name is noticed."""

    path: str = Field(min_length=1)
    sha256: str

    @field_validator("path")
    @classmethod
    def _stays_in_the_project(cls, path: str) -> str:
        if path.startswith("~"):
            raise ValueError(f"must be written out: {str(Path(path).expanduser())!r}")
        # As it is written: where DVC links files into its cache, the file itself lies elsewhere.
        if not Path(path).is_absolute() and Path(os.path.normpath(path)).parts[:1] == (os.pardir,):
            raise ValueError(
                "must not leave the repository, as temporary and queued experiments would not find the file; "
                "copy it in, or give an absolute path"
            )
        return path

    @field_validator("sha256")
    @classmethod
    def _is_a_hash(cls, sha256: str) -> str:
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            raise ValueError("must be 64 characters of 0-9 and a-f")
        return sha256


def _weights_kind(value: Any) -> str:  # noqa: ANN401 (whatever stands in the file)
    return "file" if isinstance(value, Mapping | WeightsFile) else "name"


class BackboneSettings(Settings):
    """What the backbone is and what it has learnt."""

    architecture: str = Field(min_length=1)
    arguments: dict[str, Any] = Field(default_factory=dict)
    weights: Annotated[
        Annotated[Literal["imagenet", "none"], Tag("name")] | Annotated[WeightsFile, Tag("file")],
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
    def taught(self) -> str:
        """How it is taught."""
        return "from scratch" if self.backbone.weights == "none" else "pretrained"

    def build(self, *, size_px: int, num_labels: int) -> keras.Model:
        """Builds the network: see `tenshots.networks.building.build`.

        It is flat: the backbone's layers are its own layers, so each can be reached by name, frozen or cut
        at.
        """
        # Not at the top: `check` reads the settings of every family, and Keras takes seconds to import.
        from tenshots.networks import backbones, blocks
        from tenshots.runtime import keras

        photos = keras.Input((size_px, size_px, 3), name="photos")
        pixels = blocks.resized(photos, self.input_px)
        if self.backbone.architecture == OURS:
            whole = self._whole()
            maps = blocks.convolutions(
                pixels, filters=whole.filters, dropout=whole.dropout, momentum=whole.momentum
            )
        else:
            maps = backbones.maps_of(
                pixels,
                self.backbone.architecture,
                self.backbone.arguments,
                known=(OURS,),
                for_imagenet=self.backbone.weights == "imagenet",
            )
        features = keras.layers.GlobalAveragePooling2D(name=FEATURES)(maps)
        features = keras.layers.Dropout(self.dropout, name="head_dropout")(features)
        return keras.Model(photos, keras.layers.Dense(num_labels, name=HEAD)(features), name="pretrained")

    def learnt(self) -> list[np.ndarray]:
        """Returns the weights of the backbone: see `tenshots.networks.building.learnt`."""
        from tenshots.networks import backbones, weights_files  # not at the top, as above
        from tenshots.networks.building import backbone_of

        if self.backbone.weights == "none":
            return []
        if self.backbone.weights == "imagenet":
            return backbones.imagenet(
                self.backbone.architecture, self.backbone.arguments, input_px=self.input_px
            )
        backbone = backbone_of(self.build(size_px=self.input_px, num_labels=2))
        path = weights_files.verified(self.backbone.weights.path, sha256=self.backbone.weights.sha256)
        remedy = "correct backbone.architecture or its arguments, or fetch the file again"
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
        if self.backbone.architecture != OURS:
            return
        if self.backbone.weights == "imagenet":
            raise SettingsError(
                f"{params.PATH}: {at}.backbone.weights of architecture {OURS} must be none or "
                "{path, sha256}, got 'imagenet'"
            )
        at = f"{at}.backbone.arguments"
        params.check(self.backbone.arguments, BlockSettings, at=at)
        params.check(self._described_whole(), ConvolutionalSettings, at=at)

    def _whole(self) -> ConvolutionalSettings:
        """Returns the network of our own whose blocks are the backbone."""
        return ConvolutionalSettings.model_validate(self._described_whole())

    def _described_whole(self) -> dict[str, Any]:
        return {**self.backbone.arguments, "family": OURS, "input_px": self.input_px}


SETTINGS = PretrainedSettings
