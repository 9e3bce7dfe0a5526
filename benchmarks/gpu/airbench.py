"""The network of airbench94, built in Keras from its description: a yardstick for speed.

Source: Jordan 2024, arXiv:2404.00498, section 3.1, and the published code of KellerJordan/cifar10-airbench.
"""

from __future__ import annotations

from tenshots.runtime import keras

WIDTHS = (64, 256, 256)  # of its three groups
WHITENING = 24  # filters of 2 x 2 for 3 channels, each with its negative
SCALE = 1 / 9  # of the answer
MEANS, DEVIATIONS = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)  # of CIFAR-10's channels


def network(*, size_px: int, num_labels: int) -> keras.Model:
    """Returns the network, from photos of 0 to 255 to logits, with random weights.

    Its whitening filters are fixed, as in the original, but random: that changes no speed.
    """
    photos = keras.Input((size_px, size_px, 3), name="photos")
    scaled = keras.layers.Normalization(
        mean=[255 * each for each in MEANS], variance=[(255 * each) ** 2 for each in DEVIATIONS]
    )(photos)
    whitened = keras.layers.Conv2D(WHITENING, 2, name="whitening")
    maps = keras.layers.Activation("gelu")(whitened(scaled))
    for number, width in enumerate(WIDTHS, start=1):
        maps = _group(maps, width, name=f"group{number}")
    values = keras.layers.Flatten()(keras.layers.MaxPooling2D(3)(maps))
    logits = keras.layers.Dense(num_labels, use_bias=False, dtype="float32")(values)
    model = keras.Model(photos, keras.layers.Rescaling(SCALE, dtype="float32")(logits), name="airbench94")
    whitened.trainable = False
    return model


def _group(maps: keras.KerasTensor, width: int, *, name: str) -> keras.KerasTensor:
    """Applies two convolutions, the first of which is pooled before it is normalised."""
    for number in (1, 2):
        maps = keras.layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"{name}_{number}")(maps)
        if number == 1:
            maps = keras.layers.MaxPooling2D(2)(maps)
        maps = keras.layers.BatchNormalization(momentum=0.6, epsilon=1e-12, scale=False)(maps)
        maps = keras.layers.Activation("gelu")(maps)
    return maps
