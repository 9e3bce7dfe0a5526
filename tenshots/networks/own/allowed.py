"""Which Keras layers a network of one's own may have, with which arguments, and why not the others.

Nothing here loads code, takes several inputs, or keeps a state that cannot be seeded. The arguments are those
of Keras, but for what `_NOT_GIVEN` names, and what no photo needs (output_padding, noise_shape, renorm,
quantising).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from tenshots.networks.own.rules import (
    MAX_FILTERS,
    MAX_UNITS,
    Rule,
    borders,
    flag,
    integer,
    number,
    optional,
    shape,
    sides,
    text,
)

ACTIVATIONS = (
    *("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "tanh", "sigmoid", "softplus", "softsign"),
    *("relu6", "hard_sigmoid", "softmax", "linear"),
)
_RANDOM = ("glorot", "he", "lecun")
INITIALISERS = (
    *(f"{name}_{spread}" for name in _RANDOM for spread in ("uniform", "normal")),
    *("random_uniform", "random_normal", "truncated_normal", "zeros", "ones"),
)


class Layer(NamedTuple):
    """What is known of a layer before Keras is asked.

    Attributes:
        arguments: what each may be.
        required: of them, those without a default.
        takes: "maps" (height, width, channels), "numbers" (a row of them), or "any".
        bends: whether its output is no linear function of its input.
        weighs: whether it multiplies its input by weights, each output by all channels: the kind of layer of
            which two in a row are one, if nothing bends in between.
    """

    arguments: Mapping[str, Rule]
    required: tuple[str, ...] = ()
    takes: str = "any"
    bends: bool = False
    weighs: bool = False


_WEIGHTS = {
    "activation": optional(text(*ACTIVATIONS)),
    "use_bias": flag(),
    "bias_initializer": text(*INITIALISERS),
}
_KERNEL = {"kernel_initializer": text(*INITIALISERS)}
_DEPTHWISE = {
    "depth_multiplier": integer(1, 256),
    "depthwise_initializer": text(*INITIALISERS),
}
_WINDOW = {
    "kernel_size": sides(1),
    "strides": sides(1),
    "padding": text("valid", "same"),
    "dilation_rate": sides(1),
}
_FILTERS = {"filters": integer(1, MAX_FILTERS)}
_POOLING = {"pool_size": sides(1), "strides": optional(sides(1)), "padding": text("valid", "same")}
_SCALES = {"epsilon": number(0, 1, above=True), "center": flag(), "scale": flag()}
_RATE = {"rate": number(0, 1, below=True)}
_KEEPDIMS = {"keepdims": flag()}

LAYERS: Mapping[str, Layer] = MappingProxyType(
    {
        "Dense": Layer(
            {"units": integer(1, MAX_UNITS), **_WEIGHTS, **_KERNEL}, ("units",), "numbers", weighs=True
        ),
        "Conv2D": Layer(
            {**_FILTERS, **_WINDOW, **_WEIGHTS, **_KERNEL}, ("filters", "kernel_size"), "maps", weighs=True
        ),
        "Conv2DTranspose": Layer(
            {**_FILTERS, **_WINDOW, **_WEIGHTS, **_KERNEL}, ("filters", "kernel_size"), "maps", weighs=True
        ),
        "SeparableConv2D": Layer(
            {
                **_FILTERS,
                **_WINDOW,
                **_WEIGHTS,
                **_DEPTHWISE,
                "pointwise_initializer": text(*INITIALISERS),
            },
            ("filters", "kernel_size"),
            "maps",
            weighs=True,
        ),
        "DepthwiseConv2D": Layer({**_WINDOW, **_WEIGHTS, **_DEPTHWISE}, ("kernel_size",), "maps"),
        "MaxPooling2D": Layer(_POOLING, (), "maps", bends=True),
        "AveragePooling2D": Layer(_POOLING, ("pool_size",), "maps"),
        "GlobalMaxPooling2D": Layer(_KEEPDIMS, (), "maps", bends=True),
        "GlobalAveragePooling2D": Layer(_KEEPDIMS, (), "maps"),
        "AdaptiveMaxPooling2D": Layer({"output_size": sides(1)}, ("output_size",), "maps", bends=True),
        "AdaptiveAveragePooling2D": Layer({"output_size": sides(1)}, ("output_size",), "maps"),
        "Activation": Layer({"activation": text(*ACTIVATIONS)}, ("activation",), bends=True),
        "ReLU": Layer(
            {
                "max_value": optional(number(0, 1e6, above=True)),
                "negative_slope": number(0, 100),
                "threshold": number(0, 1e6),
            },
            bends=True,
        ),
        "LeakyReLU": Layer({"negative_slope": number(0, 100)}, bends=True),
        "PReLU": Layer({"alpha_initializer": text(*INITIALISERS)}, bends=True),
        "ELU": Layer({"alpha": number(0, 100)}, bends=True),
        "Softmax": Layer({}, bends=True),
        "BatchNormalization": Layer({"momentum": number(0, 1, below=True), **_SCALES}),
        "LayerNormalization": Layer(_SCALES, bends=True),
        "GroupNormalization": Layer({"groups": integer(1, MAX_UNITS), **_SCALES}, bends=True),
        "RMSNormalization": Layer({"epsilon": number(0, 1, above=True)}, bends=True),
        "UnitNormalization": Layer({}, bends=True),
        "Dropout": Layer(_RATE, ("rate",)),
        "SpatialDropout2D": Layer(_RATE, ("rate",), "maps"),
        "AlphaDropout": Layer(_RATE, ("rate",)),
        "GaussianDropout": Layer(_RATE, ("rate",)),
        "GaussianNoise": Layer({"stddev": number(0, 100)}, ("stddev",)),
        "ZeroPadding2D": Layer({"padding": borders()}, (), "maps"),
        "Cropping2D": Layer({"cropping": borders()}, (), "maps"),
        "UpSampling2D": Layer({"size": sides(1), "interpolation": text("nearest", "bilinear")}, (), "maps"),
        "Flatten": Layer({}),
        "Reshape": Layer({"target_shape": shape()}, ("target_shape",)),
        "Identity": Layer({}),
    }
)
# Further names that Keras has for the same layers.
ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "AvgPool2D": "AveragePooling2D",
        "Convolution2D": "Conv2D",
        "Convolution2DTranspose": "Conv2DTranspose",
        "GlobalAvgPool2D": "GlobalAveragePooling2D",
        "GlobalMaxPool2D": "GlobalMaxPooling2D",
        "MaxPool2D": "MaxPooling2D",
        "SeparableConvolution2D": "SeparableConv2D",
    }
)
# Other layers of Keras by a pattern of their names, each with the reason why it is refused.
_REFUSED = (
    (r"Lambda|\w+Wrapper|TFSMLayer|FlaxLayer|JaxLayer", "which runs or loads code"),
    (r"Layer|Wrapper|InputLayer|Pipeline", "which does nothing by itself"),
    (
        r"Bidirectional|TimeDistributed|RNN|StackedRNNCells|SpectralNormalization",
        "which is made of other layers",
    ),
    (r"\w*(GRU|LSTM|RNN)\w*", "which reads sequences, not photos"),
    (r"(?!Random)\w+[13]D(Transpose)?", "which is not for pictures; take the layer of that name with 2D"),
    (
        r"Add|Average|Concatenate|Dot|Maximum|Minimum|Multiply|Subtract|\w*Attention",
        "which takes several inputs; take residual (adds) or parallel (puts side by side)",
    ),
    (r"\w*Embedding|Masking|RepeatVector|EinsumDense", "which is for words and sequences"),
    (r"Permute", "which takes channels for places"),
    (
        r"\w*Lookup|Text\w+|Hash\w+|CategoryEncoding|Discretization|\w+Spectrogram|MaxNumBoundingBoxes",
        "which is for other data than photos",
    ),
    (
        r"Normalization|Rescaling|Resizing|CenterCrop",
        "which prepares photos; they arrive here at input_px and scaled",
    ),
    (r"ActivityRegularization", "which adds to the loss; take optimisation.weight_decay"),
    (
        r"Random\w+|Rand\w+|AugMix|CutMix|MixUp|Solarization|Equalization|AutoContrast|Contrast\w+",
        "which changes photos; list it under augment.layers",
    ),
)
# Arguments that are refused although Keras or a tutorial has them, by a pattern of their names, each with the
# reason.
_NOT_GIVEN = (
    ("seed", "each training has its own"),
    ("name", "a layer is named after its place"),
    ("input_shape|input_dim|batch_size|batch_input_shape", "input_px says how large photos arrive"),
    ("axis|shared_axes|data_format", "channels come last, and photos never mix"),
    ("dtype|trainable|weights", "all weights are float32, drawn from the seed, and learn"),
    (
        "groups",
        "TensorFlow would compile it for the processor, and bytes would differ; take parallel for groups",
    ),
    (r"\w+_regularizer|\w+_constraint|[lL][12]", "optimisation.weight_decay keeps weights small"),
)


def refusal(name: str) -> str:
    """Returns why a layer of Keras is refused; nothing where no layer is known by that name."""
    return next((why for pattern, why in _REFUSED if re.fullmatch(pattern, name)), "")


def no_argument(name: str) -> str:
    """Returns why a layer is not given an argument of this name; nothing where there is no reason to tell."""
    return next((why for pattern, why in _NOT_GIVEN if re.fullmatch(pattern, name)), "")
