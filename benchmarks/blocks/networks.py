"""Blocks of Keras and TensorFlow: each layer forward and backward, optimisers, and whole trainings."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.blocks import Block, drawn
from tenshots import params
from tenshots.augmentation import copying
from tenshots.augmentation.settings import AugmentSettings
from tenshots.interpretation import excitation, gradcam, layers
from tenshots.networks import activations, blocks, building, drawing, features, forward
from tenshots.networks.across import ARGUMENTS, Activation
from tenshots.networks.orthogonal import Orthogonal
from tenshots.networks.settings import TransferSettings
from tenshots.runtime import keras
from tenshots.training import optimisation, scratch, transfer
from tenshots.training.courses import SCHEDULES
from tenshots.training.jobs import Job
from tenshots.training.linear import Known
from tenshots.training.loop import TrainSettings
from tenshots.training.optimisers import OPTIMISERS
from tenshots.training.schedules import LearningRate
from tenshots.training.settings import OptimisationSettings

# isort: split
import tensorflow as tf  # after Keras, with which runtime imports it without its notices

BATCH, SIDE_PX, NUM_LABELS = 16, 32, 3
MAPS = drawn(1, BATCH, 16, 16, 32, dtype="float32")  # as after the lecture's first block
LINE = drawn(2, 5003, dtype="float32")
ABOVE = np.abs(LINE) + np.float32(2.0**-10)
IMAGES = np.random.default_rng(3).integers(0, 256, (72, 48, 48, 3), dtype=np.uint8)
LABELS = np.arange(len(IMAGES)) % NUM_LABELS
JOB = Job(0, 0, 7, np.arange(64), np.arange(64, 72), 64)
ONE_JOB = Job(0, 0, 7, np.arange(4), np.arange(64, 65), 4)


def layer(build: Callable[[], Any], inputs: np.ndarray = MAPS, *, training: bool = True) -> Block:
    """A layer's outputs, and both its gradients: of its inputs and of its weights."""

    def compute() -> list[np.ndarray]:
        built = build()
        given = tf.convert_to_tensor(inputs)
        built.build(given.shape)
        weights = built.trainable_variables
        for number, weight in enumerate(weights):
            weight.assign(drawn(100 + number, *weight.shape, dtype="float32") / 8)
        with tf.GradientTape() as tape:
            tape.watch(given)
            outputs = built(given, training=training)
            loss = tf.reduce_sum(outputs * drawn(99, *outputs.shape, dtype="float32"))
        gradients = tape.gradient(loss, [given, *[weight.value for weight in weights]])
        moved = [weight.numpy() for weight in built.non_trainable_variables]
        return [outputs.numpy(), *[gradient.numpy() for gradient in gradients], *moved]

    return compute


def operation(function: Callable[..., Any], *arguments: np.ndarray) -> Block:
    """An operation's output, and its gradient by the first argument."""

    def compute() -> list[np.ndarray]:
        given = [tf.convert_to_tensor(argument) for argument in arguments]
        with tf.GradientTape() as tape:
            tape.watch(given[0])
            outputs = function(*given)
        return [np.asarray(outputs), np.asarray(tape.gradient(outputs, given[0]))]

    return compute


def cross_entropy() -> list[np.ndarray]:
    """The loss of training, with smoothed targets, and its gradient."""
    function = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    targets = np.eye(NUM_LABELS, dtype=np.float32)[np.arange(BATCH) % NUM_LABELS]
    logits = drawn(4, BATCH, NUM_LABELS, dtype="float32")
    computed: list[np.ndarray] = operation(lambda given: function(targets, given), logits)()
    return computed


def optimiser(name: str, *, as_graph: bool = False, **changes: Any) -> list[np.ndarray]:  # noqa: ANN401
    """Five updates of weights by drawn gradients, with the schedule and decay of params.yaml."""
    values = {**params.read()["optimisation"], "optimiser": name, **changes}
    settings = params.check(values, OptimisationSettings, at="optimisation")
    model = keras.Sequential([keras.Input((61,)), keras.layers.Dense(17)])
    optimisation.prepare(model, settings, lr=0.01, num_updates=5)
    model.set_weights([drawn(5, 61, 17, dtype="float32"), drawn(6, 17, dtype="float32")])
    update = lambda gradients: model.optimizer.apply(gradients, model.trainable_variables)  # noqa: E731
    update = tf.function(update) if as_graph else update
    for step in range(5):
        shapes = enumerate([(61, 17), (17,)])
        gradients = [
            tf.constant(drawn(10 * step + number, *shape, dtype="float32")) for number, shape in shapes
        ]
        update(gradients)
    return list(model.get_weights())


def rates() -> list[np.ndarray]:
    """Learning rates on each course."""
    return [
        np.asarray(LearningRate(0.1, num_updates=997, schedule=name, warmup=0.1)(np.arange(997)))
        for name in SCHEDULES
    ]


def random_numbers() -> list[np.ndarray]:
    """How Keras draws weights and dropout."""
    shape = (3, 3, 16, 32)
    initialisers = (
        keras.initializers.GlorotUniform,
        keras.initializers.HeNormal,
        keras.initializers.Orthogonal,
    )
    dropped = keras.layers.Dropout(0.3, seed=9)(MAPS, training=True)
    return [*[np.asarray(each(seed=8)(shape)) for each in initialisers], np.asarray(dropped)]


def settings_of(name: str) -> Any:  # noqa: ANN401 (of either family)
    """The settings of a network of params.yaml."""
    return building.settings_from(params.read()["networks"][name], at=f"networks.{name}")


def build(name: str) -> keras.Model:
    """A network of params.yaml; what it has not learnt before has whatever weights Keras draws next."""
    settings = settings_of(name)
    learnt = building.learnt(settings)
    return building.build(settings, size_px=IMAGES.shape[1], num_labels=NUM_LABELS, learnt=learnt)


def built(name: str) -> keras.Model:
    """A network of params.yaml, with the same weights each time."""
    network = build(name)
    # The backbone keeps what it has learnt.
    drawing.draw(network.get_layer("head") if name == "pretrained" else network, 7)
    return network


def heat_maps(network: keras.Model) -> np.ndarray:
    """Where the network looks, in its default layer."""
    layer = gradcam.default_layer(network)
    assert layer is not None
    return gradcam.heat_maps(network, IMAGES[:8], LABELS[:8], layer=layer)


def trained(name: str) -> list[np.ndarray]:
    """Weights, history and answers after two epochs as `train` trains them."""
    values = params.read()
    settings = TrainSettings(0.002, BATCH, 2, params.section(values, "optimisation", OptimisationSettings))
    network = settings_of(name)
    data: dict[str, Any] = {"images": IMAGES, "labels": LABELS, "settings": settings}
    if isinstance(network, TransferSettings):
        trainer = transfer.trainers(partial(built, name), **data, known=known(name), phases=network)()
    else:
        trainer = scratch.trainers(partial(build, name), **data)()
    outcome = trainer.train(JOB, lambda _: None, lambda: None)
    losses = np.array([(row.loss, row.val_loss) for row in outcome.history])
    return [*trainer.network.get_weights(), losses, forward.predict(trainer.network, IMAGES)]


def known(name: str) -> Known:
    """Frozen features of a network with a backbone; each photo is a component of its own."""
    below = features.below_head(built(name))
    mirrored = features.outputs(below, IMAGES[:, :, ::-1])
    return Known(features.outputs(below, IMAGES), mirrored, np.arange(len(IMAGES)))


def copies() -> np.ndarray:
    """Changed copies, by each layer of params.yaml."""
    settings = params.section(params.read(), "augment", AugmentSettings)
    return copying.Policy(settings.layers, size_px=48)(IMAGES[:12], range(12))


def patterns() -> np.ndarray:
    """Pictures that excite filters, by gradient ascent."""
    model = built("pretrained")
    chosen = layers.at_any_size(model, layers.before_activation(layers.with_maps(model)[1]))
    return excitation.patterns(chosen, [0, 1], size_px=32, steps=4, seed=3)


def one_photo() -> list[np.ndarray]:
    """Where there is a single photo: training, an answer, its heat, one filter's pattern."""
    values = params.read()
    settings = TrainSettings(0.002, 1, 2, params.section(values, "optimisation", OptimisationSettings))
    trainer = scratch.trainers(partial(build, "lecture"), images=IMAGES, labels=LABELS, settings=settings)()
    trainer.train(ONE_JOB, lambda _: None, lambda: None)
    network = built("pretrained")
    layer = gradcam.default_layer(network)
    assert layer is not None
    chosen = layers.at_any_size(network, layers.before_activation(layers.with_maps(network)[1]))
    return [
        *trainer.network.get_weights(),
        forward.predict(trainer.network, IMAGES[:1]),
        gradcam.heat_maps(network, IMAGES[:1], LABELS[:1], layer=layer),
        excitation.patterns(chosen, [0], size_px=32, steps=4, seed=3),
    ]


def brightness() -> np.ndarray:
    """Grey levels of pixels, as the dense network begins with."""
    photos = keras.Input(IMAGES.shape[1:])
    return forward.outputs(keras.Model(photos, blocks.Grey()(photos)), IMAGES, batch_size=BATCH)


def activation(name: str) -> list[np.ndarray]:
    """An activation of `networks.NAME.activation` on maps, while training, and its gradients."""
    chosen = Activation(name, ARGUMENTS[name])
    found: list[np.ndarray] = layer(lambda: activations.layer(chosen, name=name, of_maps=True))()
    return found


def orthogonal() -> list[np.ndarray]:
    """How `initializer: orthogonal` draws weights of a convolution and of a dense layer."""
    return [np.asarray(Orthogonal(8)(shape)) for shape in ((3, 3, 16, 32), (300, 512))]


def held_together() -> list[np.ndarray]:
    """Weights after an update with penalties and a norm, from standardised pixels."""
    values = {"family": "convolutional", "input_px": 32, "filters": [8], "dense": 16, "dropout": 0.2}
    values |= {"normalisation": "standard", "l1": 0.001, "l2": 0.001, "max_norm": 1.0, "batch_norm": False}
    settings = building.settings_from({**values, "activation": "selu"}, at="")
    build = partial(building.build, settings, size_px=IMAGES.shape[1], num_labels=NUM_LABELS)
    loop = TrainSettings(0.002, BATCH, 1, params.section(params.read(), "optimisation", OptimisationSettings))
    trainer = scratch.trainers(build, images=IMAGES, labels=LABELS, settings=loop)()
    trainer.train(JOB, lambda _: None, lambda: None)
    return list(trainer.network.get_weights())


def saved_weights() -> bytes:
    """A network's weights as HDF5."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.weights.h5"
        built("pretrained").save_weights(path)
        return path.read_bytes()


L = keras.layers
BLOCKS: dict[str, Block] = {
    **{
        f"tf {name}": operation(lambda values, name=name: getattr(tf.math, name)(values), ABOVE)
        for name in (
            "exp",
            "sqrt",
            "rsqrt",
            "tanh",
            "sigmoid",
            "softplus",
            "cos",
            "erf",
        )
    },
    "tf log": lambda: [tf.math.log(ABOVE).numpy(), tf.math.log1p(ABOVE).numpy()],
    # What may differ between Intel and AMD (RSQRTPS, RCPPS). `tenshots.runtime` leads around the first, and
    # nothing here computes the others.
    "unused: gradient of log": operation(tf.math.log, ABOVE),
    "unused: rsqrt of Eigen": operation(lambda values: tf.raw_ops.Rsqrt(x=values), ABOVE),
    "unused: reciprocal of Eigen": operation(lambda values: tf.raw_ops.Reciprocal(x=values), ABOVE),
    "tf division": operation(lambda values: values[:-1] / values[1:], ABOVE),
    "tf power": operation(lambda values: values**0.3, ABOVE),
    "tf sums": operation(lambda values: tf.reduce_sum(values * values, axis=(1, 2)), MAPS),
    "tf sum of all": operation(lambda values: tf.reduce_mean(values * values), MAPS),
    "tf variance": operation(lambda values: tf.math.reduce_variance(values, axis=(0, 1, 2)), MAPS),
    "tf matrix product float32": operation(
        tf.linalg.matmul, drawn(11, 300, 2000, dtype="float32"), drawn(12, 2000, 200, dtype="float32")
    ),
    "tf matrix product float64": operation(tf.linalg.matmul, drawn(13, 70, 900), drawn(14, 900, 50)),
    "tf batches of products": operation(
        lambda first, second: tf.einsum("bij,bjk->bik", first, second),
        drawn(15, 5, 40, 700, dtype="float32"),
        drawn(16, 5, 700, 30, dtype="float32"),
    ),
    "tf fft": lambda: tf.signal.rfft2d(drawn(17, 48, 48, dtype="float32")).numpy(),
    "resize": layer(lambda: L.Resizing(SIDE_PX, SIDE_PX), drawn(18, 4, 48, 48, 3, dtype="float32")),
    "resize, antialiased": layer(
        lambda: L.Resizing(SIDE_PX, SIDE_PX, antialias=True), drawn(18, 4, 96, 96, 3, dtype="float32")
    ),
    "convolution of pixels": layer(
        lambda: L.Conv2D(32, 3, padding="same"), drawn(19, BATCH, SIDE_PX, SIDE_PX, 3, dtype="float32")
    ),
    "convolution": layer(lambda: L.Conv2D(64, 3, padding="same", activation="relu")),
    "convolution, stride 2": layer(lambda: L.Conv2D(24, 3, strides=2, padding="same", use_bias=False)),
    "convolution, 1 x 1": layer(lambda: L.Conv2D(96, 1)),
    "depthwise convolution": layer(lambda: L.DepthwiseConv2D(3, padding="same")),
    "separable convolution": layer(lambda: L.SeparableConv2D(48, 3, padding="same")),
    "transposed convolution": layer(lambda: L.Conv2DTranspose(16, 3, strides=2, padding="same")),
    "dense": layer(lambda: L.Dense(512, activation="relu"), drawn(20, BATCH, 2048, dtype="float32")),
    "dense, three labels": layer(lambda: L.Dense(3), drawn(21, BATCH, 512, dtype="float32")),
    "batch normalisation": layer(lambda: L.BatchNormalization(momentum=0.9)),
    "batch normalisation, frozen": layer(lambda: L.BatchNormalization(), training=False),
    "layer normalisation": layer(lambda: L.LayerNormalization()),
    "maximum pooling": layer(lambda: L.MaxPooling2D()),
    "average pooling": layer(lambda: L.AveragePooling2D(3, strides=2, padding="same")),
    "mean over places": layer(lambda: L.GlobalAveragePooling2D()),
    "softmax": layer(lambda: L.Softmax(), drawn(22, BATCH, 1003, dtype="float32")),
    **{
        f"activation {name}": layer(lambda name=name: L.Activation(name), LINE.reshape(1, -1))  # type: ignore[misc]
        for name in (
            *("relu", "relu6", "elu", "gelu", "silu", "hard_swish", "leaky_relu", "selu", "mish", "softplus"),
            *("softsign", "tanh", "sigmoid", "hard_sigmoid"),
        )
    },
    "group normalisation": layer(lambda: L.GroupNormalization(8)),
    "RMS normalisation": layer(lambda: L.RMSNormalization()),
    "unit normalisation": layer(lambda: L.UnitNormalization()),
    "upsampling": layer(lambda: L.UpSampling2D(2)),
    "upsampling, bilinear": layer(lambda: L.UpSampling2D(2, interpolation="bilinear")),
    "adaptive pooling": layer(lambda: L.AdaptiveAveragePooling2D(5)),
    **{f"unit: {name}": partial(activation, name) for name in ARGUMENTS},
    "orthogonal weights": orthogonal,
    "penalties, a norm, standardised pixels": held_together,
    "cross-entropy": cross_entropy,
    **{f"optimiser {name}": partial(optimiser, name) for name in ("adam", "adamw", "sgd")},
    # Graphs compute some of these otherwise than single operations, and `train` computes with graphs.
    **{f"{name} in a graph": partial(optimiser, name, as_graph=True) for name in OPTIMISERS},
    **{
        f"clipping by {kind} in a graph": partial(optimiser, "sgd", as_graph=True, clip={kind: 0.5})
        for kind in ("value", "norm", "global_norm")
    },
    "rates over time": rates,
    "keras random": random_numbers,
    "augmentation": copies,
    "training from scratch": partial(trained, "lecture"),
    "fine-tuning": partial(trained, "pretrained"),
    "features of a backbone": lambda: features.outputs(features.below_head(built("pretrained")), IMAGES),
    "Grad-CAM": lambda: heat_maps(built("pretrained")),
    "patterns of filters": patterns,
    "one photo alone": one_photo,
    "brightness of pixels": brightness,
    "weights as HDF5": saved_weights,
}
