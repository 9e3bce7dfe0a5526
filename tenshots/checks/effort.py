"""How much a network computes for an image, as a number that needs no clock."""

from __future__ import annotations

import math

from tenshots.networks.settings import NetworkSettings, TransferSettings
from tenshots.runtime import keras
from tenshots.training import cuts
from tenshots.training.memory import layers_of, num_values

# As many multiplications take as long as writing one value that a layer puts out: layers that multiply
# little wait for memory. With it, updates of the lecture's network and of the tops of the CIFAR-10 backbone,
# EfficientNet-Lite0 and MobileNetV2 0.35 take 0.7 to 1.4 times as long as this says.
PER_VALUE = 50


def efforts(network: keras.Model, settings: NetworkSettings) -> dict[str, int]:
    """Returns what one image costs, in multiplications.

    Training multiplies three times as often as answering: forward, and back to inputs and to weights.

    Args:
        network: of `building.build`; its normalisations may be frozen, in place.
        settings: which it was built by.

    Returns:
        whole: forward, through all layers; tuned: likewise, through those that training moves (without the
        head's own training, which costs next to nothing), 0 where there are none.
    """
    if not isinstance(settings, TransferSettings):
        return {"whole": effort(network), "tuned": effort(network)}
    cut = cuts.below_top(network, settings.unfreeze)
    return {"whole": effort(network), "tuned": 0 if cut is None else effort(cut.upper)}


def effort(model: keras.Model) -> int:
    """Returns the multiplications that one image costs, and what its values cost, as so many more.

    A kernel is multiplied at each place of what its layer puts out; vectors (biases, scales) cost as much as
    writing the values does.
    """
    total = 0
    for layer in layers_of(model):
        outputs = keras.tree.flatten(layer.output)
        places = max(math.prod(tensor.shape[1:-1]) for tensor in outputs)
        kernels = sum(num_values(weight) for weight in layer.weights if len(weight.shape) > 1)
        total += places * kernels + PER_VALUE * sum(map(num_values, outputs))
    return total
