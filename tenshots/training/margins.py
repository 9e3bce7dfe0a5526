"""Probabilities from the margins of a hinge loss: one temperature, which the head takes over.

The margins are divided by a temperature, fitted to those of the fold's validation photos, and then the
softmax is taken. The head's kernel and bias are divided by it once, so all who use the saved network
(answers, evaluation, prediction, the registered model) get the same probabilities and need not know of it.
Which label is the most probable does not change.

Validation photos are used twice here: they also choose among variants (and with patience the epoch). One
number hardly learns any photo by heart, but log loss and calibration on validation photos are a little too
good for it; those on test photos are not.

Sources: Platt 1999, Advances in Large Margin Classifiers, section 2.2; Guo et al. 2017, arXiv:1706.04599.
"""

from __future__ import annotations

import numpy as np

from tenshots.networks import forward
from tenshots.networks.settings import HEAD
from tenshots.runtime import keras


def scale(network: keras.Model, trained: keras.Model, inputs: np.ndarray, labels: np.ndarray) -> float:
    """Divides the network's head by the temperature, in place, and returns it.

    Args:
        network: whose layer `head` puts out the margins.
        trained: from `inputs` to the margins, with that head.
        inputs: of validation photos, (num_photos, ...).
        labels: of the same, int (num_photos,), from 0.
    """
    # Not at the top: only the hinge loss needs scikit-learn's second.
    from tenshots.networks.classifiers import fitted_temperature

    found = forward.outputs(trained, inputs, batch_size=128).astype(np.float64)
    temperature = fitted_temperature(found, labels)
    head = network.get_layer(HEAD)
    head.set_weights([weights / np.float32(temperature) for weights in head.get_weights()])
    return temperature
