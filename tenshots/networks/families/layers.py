"""A network of one's own: Keras layers by name, one after the other, as `augment.layers` lists its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from tenshots import params
from tenshots.networks.own import activating, chains, tree
from tenshots.networks.settings import ScratchSettings

if TYPE_CHECKING:
    from tenshots.runtime import keras


class LayersSettings(ScratchSettings):
    """A section of `networks` with `family: layers`.

    Attributes:
        parts: layers, or lists of them, by names by which `layers` may call them, and `-S` reaches them.
        layers: from the photos to the layer below the answer: see `tenshots.networks.own.tree`.
    """

    input_px: int = Field(ge=8, le=1024)
    parts: dict[str, Any] = Field(default_factory=dict)
    layers: Any  # a list, which `tree` says in its own words

    @property
    def title(self) -> str:
        """What the network is."""
        return "a network of one's own"

    def nodes(self, *, at: str = "") -> tuple[tree.Node, ...]:
        """Returns the layers as a tree.

        Raises:
            SettingsError: a layer or an argument is wrong; says where it stands.
        """
        return tree.parsed(self.parts, self.layers, at=f"{params.PATH}: {at}")

    def check_together(self, *, at: str) -> None:
        """Raises a SettingsError where a layer or an argument is wrong."""
        self.nodes(at=at)

    def unchained(self) -> str:
        """Returns why its layers cannot learn one by one without labels; an empty text where they can."""
        return chains.fault(self.nodes())

    def doubts(self, *, at: str) -> list[str]:
        """Returns a sentence for two layers that are one, since nothing bends in between."""
        return activating.doubts(self.nodes(), at=at)

    def build(self, *, size_px: int, num_labels: int) -> keras.Model:
        """Builds the network: see `tenshots.networks.building.build`.

        The photos arrive at the first layer at `input_px`, scaled to [-1, 1]. The numbers of the last one go
        into the layer of the answer, which is dense and has a logit per label.
        """
        # Not at the top: `check` reads the settings of every family, and Keras takes seconds to import.
        from tenshots.networks import blocks
        from tenshots.networks.own import construction
        from tenshots.runtime import keras

        photos = keras.Input((size_px, size_px, 3), name="photos")
        values = construction.applied(self.nodes(), blocks.scaled(blocks.resized(photos, self.input_px)))
        construction.check_end(values)
        return keras.Model(photos, keras.layers.Dense(num_labels, name="head")(values), name="layers")


SETTINGS = LayersSettings
