"""Each optimiser that may be chosen: Keras has it with these arguments, and its updates are as published."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from tenshots import params
from tenshots.choices import given, name_of
from tenshots.errors import SettingsError
from tenshots.runtime import keras
from tenshots.training import optimisation, optimisers
from tenshots.training.optimisers import OPTIMISERS
from tenshots.training.settings import OptimisationSettings

VALUES = {
    "optimiser": "adamw",
    "weight_decay": 0.1,
    "schedule": "constant",
    "warmup": 0.0,
    "label_smoothing": 0.0,
    "patience": "none",
}
LR = 0.1
# Arguments of every optimiser that are set elsewhere, or of no use here.
ELSEWHERE = {
    *("self", "learning_rate", "kwargs", "name", "loss_scale_factor", "gradient_accumulation_steps"),
    *("clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum", "ema_overwrite_frequency"),
}
LEFT_OUT = {
    "exclude_layers": "holds patterns of names",
    "exclude_embeddings": "is of networks for text",
}
REFUSED = {
    "Optimizer": "is the base of all",
    "LossScaleOptimizer": "is for numbers of 16 bits",
    "MultiOptimizer": "takes other optimisers",
    "OptimizerMap": "is no optimiser",
    "ScheduleFreeAdamW": "trains one set of weights and answers by another",
}
# Of a dense layer of two units on three numbers, and its gradient in two updates.
KERNEL = np.array([[0.5, -0.25], [1.0, 0.75], [-0.5, 0.125]])
BIAS = np.array([0.25, -0.5])
GRADIENTS = [
    [np.array([[0.3, -0.2], [0.1, 0.4], [-0.6, 0.05]]), np.array([0.2, -0.1])],
    [np.array([[-0.1, 0.2], [0.3, 0.1], [0.2, -0.15]]), np.array([-0.3, 0.4])],
]


def settings(**changes: Any) -> OptimisationSettings:  # noqa: ANN401 (whatever stands in the file)
    return params.check({**VALUES, **changes}, OptimisationSettings, at="optimisation")


def updated(gradients: list[list[np.ndarray]] = GRADIENTS, **changes: Any) -> list[np.ndarray]:  # noqa: ANN401
    """Kernel and bias after updates by these gradients, in turn."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    optimisation.prepare(model, settings(**changes), lr=LR, num_updates=len(gradients))
    model.set_weights([KERNEL, BIAS])
    for each in gradients:
        tensors = [keras.ops.convert_to_tensor(gradient, dtype="float32") for gradient in each]
        model.optimizer.apply(tensors, model.trainable_variables)
    return [np.asarray(weight, dtype=np.float64) for weight in model.get_weights()]


Rule = Callable[[np.ndarray, list[np.ndarray]], np.ndarray]  # weight, its gradients → weight after them


def sgd(weight: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    return weight - LR * sum(gradients)


def momentum(weight: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    velocity = np.zeros_like(weight)
    for gradient in gradients:
        velocity = 0.5 * velocity - LR * gradient
        weight = weight + velocity
    return weight


def nesterov(weight: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    velocity = np.zeros_like(weight)
    for gradient in gradients:
        velocity = 0.9 * velocity - LR * gradient
        weight = weight + 0.9 * velocity - LR * gradient
    return weight


def adagrad(weight: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    total = np.full_like(weight, 0.1)
    for gradient in gradients:
        total = total + gradient**2
        weight = weight - LR * gradient / np.sqrt(total + 1e-7)
    return weight


def adadelta(weight: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    squares, moves = np.zeros_like(weight), np.zeros_like(weight)
    for gradient in gradients:
        squares = 0.9 * squares + 0.1 * gradient**2
        move = -np.sqrt(moves + 1e-6) / np.sqrt(squares + 1e-6) * gradient
        moves = 0.9 * moves + 0.1 * move**2
        weight = weight + LR * move
    return weight


def rmsprop(weight: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    squares = np.zeros_like(weight)
    for gradient in gradients:
        squares = 0.9 * squares + 0.1 * gradient**2
        weight = weight - LR * gradient / np.sqrt(squares + 1e-7)
    return weight


def moments(gradients: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Moving means of gradients and of their squares, without correction."""
    first, second = np.zeros_like(gradients[0]), np.zeros_like(gradients[0])
    for gradient in gradients:
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
    return first, second


def adam(weight: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    for number in range(1, len(gradients) + 1):
        first, second = moments(gradients[:number])
        first, second = first / (1 - 0.9**number), second / (1 - 0.999**number)
        weight = weight - LR * first / (np.sqrt(second) + 1e-7)
    return weight


def adamw(weight: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    decay = 0.1 if weight.ndim == 2 else 0.0  # the bias is spared
    for number in range(1, len(gradients) + 1):
        weight = weight - LR * decay * weight
        first, second = moments(gradients[:number])
        first, second = first / (1 - 0.9**number), second / (1 - 0.999**number)
        weight = weight - LR * first / (np.sqrt(second) + 1e-7)
    return weight


def adamax(weight: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    largest = np.zeros_like(weight)
    for number, gradient in enumerate(gradients, start=1):
        largest = np.maximum(0.999 * largest, np.abs(gradient))
        weight = weight - LR * moments(gradients[:number])[0] / ((1 - 0.9**number) * (largest + 1e-7))
    return weight


def nadam(weight: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    """With the momentum that rises by the update, as Dozat has it."""
    product = 1.0
    for number, gradient in enumerate(gradients, start=1):
        now, after = (0.9 * (1 - 0.5 * 0.96**step) for step in (number, number + 1))
        product *= now
        first, second = moments(gradients[:number])
        ahead = after * first / (1 - product * after) + (1 - now) * gradient / (1 - product)
        weight = weight - LR * ahead / (np.sqrt(second / (1 - 0.999**number)) + 1e-7)
    return weight


def ftrl(weight: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    """Per coordinate, with a penalty of 0.01 on sizes: small weights are 0."""
    total, linear = np.full_like(weight, 0.1), np.zeros_like(weight)
    for gradient in gradients:
        sigma = (np.sqrt(total + gradient**2) - np.sqrt(total)) / LR
        linear, total = linear + gradient - sigma * weight, total + gradient**2
        excess = np.sign(linear) * np.maximum(np.abs(linear) - 0.01, 0)
        weight = -excess * LR / np.sqrt(total)
    return weight


def lamb(weight: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    for number in range(1, len(gradients) + 1):
        first, second = moments(gradients[:number])
        step = first / (1 - 0.9**number) / (np.sqrt(second / (1 - 0.999**number)) + 1e-7)
        weight = weight - LR * np.linalg.norm(weight) / np.linalg.norm(step) * step
    return weight


def adafactor(weight: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    rows, columns, plain = 0.0, 0.0, 0.0
    for number, gradient in enumerate(gradients, start=1):
        decay = 1 - number**-0.8
        squares = gradient**2 + 1e-30
        if weight.ndim == 2:
            rows = decay * rows + (1 - decay) * squares.mean(axis=1)
            columns = decay * columns + (1 - decay) * squares.mean(axis=0)
            scale = np.outer(rows / np.mean(rows), columns)
        else:
            scale = plain = decay * plain + (1 - decay) * squares
        step = gradient / np.sqrt(scale)
        step = step / max(1.0, np.sqrt((step**2).mean()))
        length = max(1e-3, np.sqrt((weight**2).mean()))
        weight = weight - length * min(LR, 1 / math.sqrt(number)) * step
    return weight


def lion(weight: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    mean = np.zeros_like(weight)
    for gradient in gradients:
        weight = weight - LR * np.sign(0.9 * mean + 0.1 * gradient)
        mean = 0.99 * mean + 0.01 * gradient
    return weight


def muon(weight: np.ndarray, gradients: list[np.ndarray]) -> np.ndarray:
    """Of matrices; of the bias Adam."""
    if weight.ndim < 2:
        return adam(weight, gradients)
    mean = np.zeros_like(weight)
    for gradient in gradients:
        mean = 0.95 * mean + gradient
        ahead = (gradient + 0.95 * mean).T  # the shorter side first
        ahead = ahead / (np.linalg.norm(ahead) + 1e-7)
        for _ in range(5):
            product = ahead @ ahead.T
            ahead = 3.4445 * ahead + (-4.775 * product + 2.0315 * product @ product) @ ahead
        weight = weight - LR * 0.2 * math.sqrt(max(weight.shape)) * ahead.T
    return weight


BY_HAND: Mapping[str, tuple[Any, Rule]] = {
    "sgd, plain": ({"sgd": {}}, sgd),
    "sgd, momentum": ({"sgd": {"momentum": 0.5}}, momentum),
    "sgd": ("sgd", nesterov),
    "adagrad": ("adagrad", adagrad),
    "adadelta": ({"adadelta": {"rho": 0.9, "epsilon": 1e-6}}, adadelta),
    "rmsprop": ("rmsprop", rmsprop),
    "adam": ("adam", adam),
    "adamw": ("adamw", adamw),
    "adamax": ("adamax", adamax),
    "nadam": ("nadam", nadam),
    "ftrl": ({"ftrl": {"l1_regularization_strength": 0.01}}, ftrl),
    "lamb": ("lamb", lamb),
    "adafactor": ("adafactor", adafactor),
    "lion": ("lion", lion),
    "muon": ({"muon": {"weight_decay": 0, "adam_weight_decay": 0}}, muon),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_two_updates_are_those_worked_by_hand(name: str) -> None:
    choice, rule = BY_HAND[name]
    kernel, bias = updated(optimiser=choice)

    assert kernel == pytest.approx(rule(KERNEL, [each[0] for each in GRADIENTS]), rel=2e-4, abs=1e-6)
    assert bias == pytest.approx(rule(BIAS, [each[1] for each in GRADIENTS]), rel=2e-4, abs=1e-6)


def test_every_optimiser_is_worked_by_hand() -> None:
    assert {name_of(choice) for choice, _ in BY_HAND.values()} == set(OPTIMISERS)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_the_table_has_the_arguments_that_keras_has(name: str) -> None:
    signature = inspect.signature(getattr(keras.optimizers, optimisers.keras_name(name)).__init__)
    known = set(signature.parameters) - ELSEWHERE - set(LEFT_OUT)

    own = {"weight_decay"} if name == "adamw" else set()  # the setting of that name
    assert set(OPTIMISERS[name].model_fields) == known - own
    # What Keras takes when nothing is said lies within the bounds.
    defaults = {key: signature.parameters[key].default for key in known - own}
    OPTIMISERS[name].model_validate({key: value for key, value in defaults.items() if value is not None})


def test_every_optimiser_of_keras_is_offered_or_refused() -> None:
    there = {name for name, item in vars(keras.optimizers).items() if inspect.isclass(item)}
    offered = {optimisers.keras_name(name) for name in OPTIMISERS}
    assert there == offered | set(REFUSED)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_second_training_starts_as_the_first_did(name: str) -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    inputs, targets = np.ones((4, 3), np.float32), np.eye(2, dtype=np.float32)[[0, 1, 0, 0]]
    told = settings(optimiser=name, clip={"norm": 1.0}, ema=0.5, schedule="performance", warmup=0.2)
    found = []
    for _ in range(2):
        model.set_weights([KERNEL, BIAS])
        optimisation.prepare(model, told, lr=LR, num_updates=4)
        scale = optimisation.rate_of(model).scale
        assert scale is not None
        assert float(scale) == 1
        scale.assign(0.5)
        for _ in range(2):
            model.train_on_batch(inputs, targets)
        found.append(
            (model.optimizer, model.get_weights(), [np.array(each) for each in model.optimizer.variables])
        )

    assert found[0][0] is found[1][0]
    for first, second in zip([*found[0][1], *found[0][2]], [*found[1][1], *found[1][2]], strict=True):
        assert np.array_equal(first, second)


@pytest.mark.parametrize("optimiser", [{"sgd": {"weight_decay": 0.5}}, {"lion": {"weight_decay": 0.5}}])
def test_decay_takes_a_share_of_weights_and_spares_offsets(optimiser: dict[str, Any]) -> None:
    nothing = [[np.zeros_like(KERNEL), np.zeros_like(BIAS)]]
    kernel, bias = updated(nothing, optimiser=optimiser)

    assert kernel == pytest.approx(KERNEL * (1 - LR * 0.5), rel=1e-6)
    assert bias.tolist() == BIAS.tolist()


@pytest.mark.parametrize(
    ("clip", "expected"),
    [
        ({"value": 0.25}, [np.clip(each, -0.25, 0.25) for each in GRADIENTS[0]]),
        ({"norm": 0.25}, [each * min(1.0, 0.25 / np.linalg.norm(each)) for each in GRADIENTS[0]]),
        (
            {"global_norm": 0.25},
            [each * 0.25 / math.sqrt(sum((part**2).sum() for part in GRADIENTS[0])) for each in GRADIENTS[0]],
        ),
    ],
)
def test_gradients_are_cut_off(clip: dict[str, float], expected: list[np.ndarray]) -> None:
    kernel, bias = updated(GRADIENTS[:1], optimiser={"sgd": {}}, clip=clip)

    assert kernel == pytest.approx(KERNEL - LR * expected[0], rel=1e-6)
    assert bias == pytest.approx(BIAS - LR * expected[1], rel=1e-6)


def test_an_optimiser_that_this_keras_lacks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(keras.optimizers, "Muon")
    with pytest.raises(
        SettingsError, match=r"optimisation\.optimiser must be one that Keras .* has, got 'muon'"
    ):
        optimisation.keras_class(settings(optimiser="muon"))


def test_what_was_not_given_is_not_written_down() -> None:
    assert settings().described() == VALUES
    told = settings(optimiser={"sgd": {"momentum": 0.5}}, clip={"norm": 1}, ema=0.9, schedule={"step": None})
    assert told.described() == {
        **VALUES,
        "optimiser": {"sgd": {"momentum": 0.5}},
        "schedule": {"step": {}},
        "clip": {"norm": 1.0},
        "ema": 0.9,
    }
    assert given(told.schedule) == {}


@pytest.mark.parametrize(
    ("choice", "rule"),
    [
        ("adagrad", lambda g: np.float32(LR) * g / np.sqrt(np.float32(0.1) + g * g + np.float32(1e-7))),
        (
            {"rmsprop": {"rho": 0.5}},
            lambda g: np.float32(LR) * g / np.sqrt(np.float32(0.5) * (g * g) + np.float32(1e-7)),
        ),
    ],
    ids=["adagrad", "rmsprop"],
)
def test_a_graph_divides_by_roots_to_the_bit(
    choice: Any,  # noqa: ANN401 (whatever stands in the file)
    rule: Callable[[np.ndarray], np.ndarray],
) -> None:
    """By itself TensorFlow would take the processor's approximation, which differs between makers."""
    import tensorflow as tf

    drawn = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    model = keras.Sequential([keras.Input((300,)), keras.layers.Dense(2, use_bias=False)])
    optimisation.prepare(model, settings(optimiser=choice), lr=LR, num_updates=1)
    model.set_weights([np.zeros_like(drawn)])
    tf.function(lambda gradient: model.optimizer.apply([gradient], model.trainable_variables))(drawn)

    assert np.array_equal(model.get_weights()[0], -rule(drawn))
