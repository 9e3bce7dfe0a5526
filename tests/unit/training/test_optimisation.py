"""Truths about the optimiser, the learning rate and the loss."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tenshots import params
from tenshots.errors import SettingsError
from tenshots.runtime import keras
from tenshots.training import losses, optimisation
from tenshots.training.schedules import LearningRate
from tenshots.training.settings import OptimisationSettings

VALUES = {
    "optimiser": "adamw",
    "weight_decay": 0.1,
    "schedule": "cosine",
    "warmup": 0.2,
    "label_smoothing": 0.1,
    "patience": 3,
}


def _settings(**changes: Any) -> OptimisationSettings:  # noqa: ANN401 (whatever stands in the file)
    return params.check({**VALUES, **changes}, OptimisationSettings, at="optimisation")


def _model() -> Any:  # noqa: ANN401 (keras.Model)
    keras.utils.set_random_seed(1)
    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.BatchNormalization()(inputs)))


def test_the_rate_rises_over_the_warm_up_and_falls_as_half_a_cosine() -> None:
    rate = LearningRate(0.5, num_updates=10, schedule="cosine", warmup=0.2)

    rates = [float(rate(step)) for step in range(11)]

    assert rates[0] == pytest.approx(0.25)
    assert rates[2] == pytest.approx(max(rates)) == pytest.approx(0.5)
    assert rates[6] == pytest.approx(0.25)
    assert rates[9] == pytest.approx(0.5 * 0.5 * (1 + math.cos(math.pi * 7 / 8)), rel=1e-5)
    assert rates[10] == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize(
    ("warmup", "num_epochs", "expected"), [(0.07, 100, 7), (0.1, 40, 4), (0.11, 10, 2), (0.9, 1, 0)]
)
def test_the_warm_up_takes_whole_epochs_and_leaves_one(warmup: float, num_epochs: int, expected: int) -> None:
    settings = _settings(warmup=warmup)
    assert optimisation.num_warmup_epochs(settings, num_epochs=num_epochs) == expected


def test_the_rate_of_every_update_is_above_zero_also_without_warm_up() -> None:
    rate = LearningRate(1.0, num_updates=1, schedule="cosine", warmup=0.0)

    assert float(rate(0)) == 1.0


def test_a_constant_rate_stays() -> None:
    rate = LearningRate(0.5, num_updates=10, schedule="constant", warmup=0.2)

    assert [float(rate(step)) for step in (0, 5, 9)] == [0.5, 0.5, 0.5]


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_preparing_again_forgets_earlier_updates_and_keeps_what_was_compiled(name: str) -> None:
    model = _model()
    inputs, targets = np.ones((4, 3), np.float32), np.eye(2, dtype=np.float32)[[0, 1, 0, 0]]
    start = model.get_weights()
    results = []
    for _ in range(2):
        model.set_weights(start)
        optimisation.prepare(model, _settings(optimiser=name), lr=0.1, num_updates=4)
        for _ in range(3):
            model.train_on_batch(inputs, targets)
        results.append((model.optimizer, model.get_weights()))

    assert results[0][0] is results[1][0]
    assert all(np.array_equal(*pair) for pair in zip(results[0][1], results[1][1], strict=True))


@pytest.mark.parametrize(
    "schedule",
    [
        {"step": {"at": [0.5, 0.75], "factor": 0.1}},
        {"exponential": {"factor": 0.1, "every": 0.5}},
        {"power": {"power": 0.5, "every": 0.1}},
        {"performance": {"factor": 0.5, "patience": 2}},
        {"one_cycle": {"rise": 0.3, "start": 0.04, "end": 0.01}},
    ],
    ids=lambda schedule: next(iter(schedule)),
)
def test_a_course_with_arguments_trains_and_leaves_the_settings_as_they_are(schedule: dict[str, Any]) -> None:
    model, settings, again = _model(), _settings(schedule=schedule), _settings(schedule=schedule)
    for _ in range(2):
        optimisation.prepare(model, settings, lr=0.1, num_updates=4)
        model.train_on_batch(np.ones((4, 3), np.float32), np.eye(2, dtype=np.float32)[[0, 1, 0, 0]])
    assert settings == again
    assert optimisation.num_warmup_epochs(settings, num_epochs=10) >= 0  # reads the course once more


@pytest.mark.parametrize("kind", ["Nadam", "Adagrad", "Adam"])
def test_an_optimiser_whose_memory_does_not_start_at_zero_starts_again_as_it_was_made(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nadam's product starts at 1, Adagrad's sum at 0.1; at zero the first would divide by nothing."""
    made_of = getattr(keras.optimizers, kind)
    monkeypatch.setattr(optimisation, "_optimiser", lambda _, rate, *__: made_of(rate))
    model = _model()
    optimisation.prepare(model, _settings(), lr=0.1, num_updates=4)
    made = [np.array(keras.ops.convert_to_numpy(variable)) for variable in model.optimizer.variables]
    for _ in range(3):
        model.train_on_batch(np.ones((4, 3), np.float32), np.eye(2, dtype=np.float32)[[0, 1, 0, 0]])
    used = model.optimizer
    optimisation.prepare(model, _settings(), lr=0.1, num_updates=4)

    assert model.optimizer is used
    again = [keras.ops.convert_to_numpy(variable) for variable in used.variables]
    for first, second in zip(made, again, strict=True):
        assert np.array_equal(first, second)
        assert first.dtype == second.dtype


def test_another_length_of_training_gives_another_schedule() -> None:
    model = _model()
    for num_updates in (4, 8):
        optimisation.prepare(model, _settings(), lr=0.1, num_updates=num_updates)
        assert optimisation.rate_of(model).num_updates == num_updates


def test_weight_decay_spares_normalisations_and_offsets() -> None:
    model = _model()
    optimisation.prepare(model, _settings(), lr=0.1, num_updates=1)

    decayed = [v.name for v in model.trainable_variables if model.optimizer._use_weight_decay(v)]
    assert decayed == ["kernel"]


def test_the_loss_is_that_of_training() -> None:
    logits = np.array([[1.0, -2.0, 30.0], [0.5, 0.25, -1.0]])
    targets = np.eye(3)[[0, 1]]
    theirs = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)

    assert losses.cross_entropy(logits, targets, label_smoothing=0.1) == pytest.approx(
        float(theirs(targets, logits)), rel=1e-6
    )


def test_a_loss_worked_by_hand() -> None:
    logits = np.log(np.array([[0.75, 0.25]]))

    assert losses.cross_entropy(logits, np.array([[1.0, 0.0]]), label_smoothing=0) == pytest.approx(
        -math.log(0.75)
    )
    assert losses.cross_entropy(logits, np.array([[1.0, 0.0]]), label_smoothing=0.5) == pytest.approx(
        -0.75 * math.log(0.75) - 0.25 * math.log(0.25)
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"optimiser": "rmsprp"},
        {"warmup": 1},
        {"patience": 0},
        {"patience": "never"},
        {"label_smoothing": -0.1},
        {"weight_decay": -1},
    ],
)
def test_a_broken_rule_names_the_key(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=rf"params\.yaml: optimisation\.{next(iter(changes))} "):
        _settings(**changes)
