"""A network with a new head in place of its own: everything but the head is reused."""

from __future__ import annotations

from tenshots.networks.settings import FEATURES, HEAD
from tenshots.runtime import keras


def with_new_head(whole: keras.Model, *, num_labels: int, dropout: float) -> keras.Model:
    """Returns the network with another last layer; all layers below it are shared with `whole`.

    Args:
        whole: of a family's `build`.
        num_labels: of the new head, at least 2.
        dropout: before it, in [0, 1), in place of that before the old one.
    """
    if any(layer.name == FEATURES for layer in whole.layers):  # it had a backbone itself
        old = whole.get_layer(FEATURES)
        is_pooled = isinstance(old, keras.layers.GlobalAveragePooling2D)
        kind = keras.layers.GlobalAveragePooling2D if is_pooled else keras.layers.Identity
        features = kind(name=FEATURES)(old.input)
    else:
        below = whole.get_layer(HEAD).input
        while "Dropout" in type(layer := below._keras_history.operation).__name__:
            below = layer.input
        features = keras.layers.Identity(name=FEATURES)(below)
    values = keras.layers.Dropout(dropout, name="head_dropout")(features)
    return keras.Model(whole.input, keras.layers.Dense(num_labels, name=HEAD)(values), name="pretrained")
