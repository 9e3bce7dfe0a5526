"""Parts of a network by name: its layers, and the blocks that its architecture is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tenshots import params
from tenshots.errors import SettingsError
from tenshots.networks.settings import FEATURES
from tenshots.networks.standardising import Standardising
from tenshots.networks.unfreezing import Unfreeze
from tenshots.runtime import keras

# As architectures name their blocks: block3b_expand_conv (EfficientNet), block1_2_convolution (ours),
# block_14_project (MobileNetV2), conv4_block6_1_conv (ResNet50, DenseNet), stage2_1_1_convolution (ours) and
# convnext_tiny_stage_0_block_2_layer_scale, expanded_conv_3_expand (MobileNetV3).
_BLOCK = re.compile(
    r"(?:^|_)(conv\d+_block\d+|block_?\d+[a-z]?|stage_?\d+|expanded_conv(?:_\d+)?)(?=_|$)", re.IGNORECASE
)
_OF_MOBILENET = re.compile(r"conv_(?:dw|pw|pad)_(\d+)")  # its blocks have a number and no name


def block_of(name: str) -> str:
    """Returns the block that a layer belongs to, by its name: "block3b_expand_conv" is of "block3b".

    Where the name tells no block it begins with it: "stem_conv" is of "stem".
    """
    if found := _OF_MOBILENET.match(name):
        return f"conv_{found[1]}"
    if found := _BLOCK.search(name):
        return found[1]
    return name.split("_")[0]


def blocks(network: keras.Model) -> dict[str, str]:
    """Returns the block of each layer of a backbone, by the layer's name, from the photos up.

    A layer whose name Keras made up belongs to the block of the next one above that has a name of its own,
    as those of InceptionV3, whose blocks end in mixed0, mixed1 and so on.

    Args:
        network: of `building.build`, with a backbone.
    """
    found: dict[str, str] = {}
    above = FEATURES
    for layer in reversed(backbone_layers(network)):
        above = above if _is_made_up(layer) else block_of(layer.name)
        found[layer.name] = above
    return dict(reversed(found.items()))


def backbone_layers(network: keras.Model) -> list[keras.Layer]:
    """Returns the layers below the features, from the photos up."""
    layers: list[keras.Layer] = network.layers
    return layers[: layers.index(network.get_layer(FEATURES))]


def weighted(network: keras.Model) -> list[keras.Layer]:
    """Returns the layers of the backbone that tuning may move: those with weights, except normalisations."""
    return [layer for layer in backbone_layers(network) if layer.weights and not is_normalisation(layer)]


def is_normalisation(layer: keras.Layer) -> bool:
    """Whether a layer only shifts and scales, by what it has learnt of photos."""
    # By name: Keras has a dozen of them, without a common class.
    return "Normalization" in type(layer).__name__ or isinstance(layer, Standardising)


def tuned(network: keras.Model, unfreeze: Unfreeze) -> list[keras.Layer]:
    """Returns the layers of the backbone that the setting `unfreeze` names, from the photos up.

    Args:
        network: of `building.build`, with a backbone.
        unfreeze: a share of its layers with weights, counted from the top and rounded to whole layers; or
            from which block or layer on up; or a list of blocks and layers.

    Raises:
        SettingsError: there is no such block or layer; names the nearest that there are.
    """
    known = weighted(network)
    if isinstance(unfreeze, int | float):
        number = round(unfreeze * len(known))
        return known[len(known) - number :]
    of = blocks(network)
    if isinstance(unfreeze, Mapping):
        named = _named(unfreeze["from"], known, of, at="unfreeze.from")
        return known[known.index(named[0]) :]
    wanted = [
        layer
        for place, name in enumerate(unfreeze)
        for layer in _named(name, known, of, at=f"unfreeze[{place}]")
    ]
    return [layer for layer in known if layer in wanted]


def _named(name: str, known: list[keras.Layer], of: Mapping[str, str], *, at: str) -> list[keras.Layer]:
    """Returns the layers of a block, or the one of that name."""
    found = [layer for layer in known if of[layer.name] == name]
    # What Keras makes up counts on in a process, so it names another layer in the next one.
    named = [layer for layer in known if not _is_made_up(layer)]
    found = found or [layer for layer in named if layer.name == name]
    if not found:
        names = list(dict.fromkeys(of[layer.name] for layer in known))
        near = params.nearest(name, [*names, *(layer.name for layer in named)])
        raise SettingsError(
            f"{at} must name a block of the backbone, or a layer with weights that is no normalisation, "
            f"got {name!r}{near or '; its blocks are ' + ', '.join(names)}"
        )
    return found


def rates(layers: list[keras.Layer], of: Mapping[str, str], factor: float) -> dict[str, float]:
    """Returns what each block's learning rate is multiplied by, from the topmost block, which keeps it, down.

    Args:
        layers: that are tuned, from the photos up.
        of: the block of each, of `blocks`.
        factor: between a block's rate and that of the tuned one above it.
    """
    found: dict[str, float] = {}
    for layer in reversed(layers):
        block = of[layer.name]
        if block not in found:
            found[block] = factor ** len(found)
    return found


def _is_made_up(layer: keras.Layer) -> bool:
    """Whether Keras made up the layer's name, of its class and a number: "conv2d_7"."""
    stem = re.sub(r"_\d+$", "", layer.name)
    return stem.replace("_", "") == type(layer).__name__.lower()
