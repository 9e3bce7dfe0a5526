"""Random starts: a network's weights, and its dropout, as one seed draws them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tenshots.runtime import keras
from tenshots.seeds import derived_seed


def draw(network: keras.Layer, seed: int) -> None:
    """Draws each random weight of a network or a layer again, in place, by its own initialiser.

    The seed of a weight comes from `seed`, the place of its layer in the network, and the name of the layer's
    attribute that holds the initialiser. Names that Keras gives count up within a process, and what it draws
    by itself follows the process's `random`, so neither has a part in it: two networks of one build get the
    same weights in any process or thread. Another backend has another generator, and so other weights.

    What starts at no random value (offsets, the scales of normalisations) is left as it is. Initialisers
    count as random where Keras lets one give them a `seed`; one that draws without it is an error.

    Args:
        network: built; layers and models within it count, too.
        seed: in [0, 2^32).

    Raises:
        TypeError: a layer does not show which of its weights an initialiser is of, or has a random weight
            without one. Such a weight shows by differing values, so call this with the weights as built, or
            as drawn here: before any that were learnt are set.
    """
    for position, layer in enumerate(network._flatten_layers()):
        for attribute, initialiser, weight in _random_weights(layer):
            given = {**initialiser.get_config(), "seed": derived_seed(seed, "weights", position, attribute)}
            weight.assign(type(initialiser)(**given)(weight.shape, dtype=weight.dtype))


def draw_dropout(network: keras.Model, seed: int) -> None:
    """Sets the random number generators of a network (those of dropout) to the start of streams of `seed`."""
    weights = {id(variable) for variable in network.weights}
    states = [variable for variable in network.variables if id(variable) not in weights]
    for index, state in enumerate(states):
        state.assign(np.array([derived_seed(seed, "dropout", index), 0], dtype=np.uint32))


def _random_weights(
    layer: keras.Layer,
) -> Iterator[tuple[str, keras.initializers.Initializer, keras.Variable]]:
    """Yields the layer's own random weights, each with its initialiser and the attribute that holds it.

    Keras keeps no link between the two. They share a name (kernel_initializer and kernel), or the beginning
    of one (pointwise_initializer and pointwise_kernel), or are the only random one and the only weight left
    (depthwise_initializer and kernel).
    """
    initialisers = {
        name: value
        for name, value in vars(layer).items()
        if isinstance(value, keras.initializers.Initializer) and name.endswith("_initializer")
    }
    weights = list(layer._trainable_variables + layer._non_trainable_variables)
    pairs = {}
    for begins in (False, True):
        for attribute in [name for name in initialisers if name not in pairs]:
            stem = attribute.removesuffix("_initializer")
            found = [
                weight
                for weight in weights
                if weight.name == stem or (begins and weight.name.startswith(f"{stem}_"))
            ]
            if len(found) == 1:
                pairs[attribute] = found[0]
                weights = [weight for weight in weights if weight is not found[0]]
    left = [name for name in initialisers if name not in pairs and _is_random(initialisers[name])]
    if len(left) == len(weights) == 1:
        pairs[left[0]] = weights.pop()
    unclear = weights if left else [weight for weight in weights if _varies(weight)]
    if unclear:
        raise TypeError(
            f"layer {layer.name} ({type(layer).__name__}) does not show by which initialisers its weights "
            f"{', '.join(weight.name for weight in unclear)} start: keep the initialiser of each weight NAME "
            "as NAME_initializer, and give no two weights one name"
        )
    for attribute, weight in pairs.items():
        if _is_random(initialisers[attribute]):
            yield attribute, initialisers[attribute], weight
        elif _varies(weight) and not _repeats_itself(initialisers[attribute], weight):
            raise TypeError(
                f"layer {layer.name} ({type(layer).__name__}): its {attribute} draws at random, but takes no "
                "seed; let it have an argument `seed` that get_config returns"
            )


def _varies(weight: keras.Variable) -> bool:
    return bool(np.ptp(np.array(weight)))


def _repeats_itself(initialiser: keras.initializers.Initializer, weight: keras.Variable) -> bool:
    first, second = (np.array(initialiser(weight.shape, dtype=weight.dtype)) for _ in range(2))
    return np.array_equal(first, second)


def _is_random(initialiser: keras.initializers.Initializer) -> bool:
    return "seed" in initialiser.get_config()
