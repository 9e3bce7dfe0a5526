"""Moving averages of weights, and full and single batches, worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tenshots.errors import SettingsError
from tenshots.runtime import keras
from tenshots.training import loop as looping
from tenshots.training import losses, memory, optimisation
from tenshots.training.averaging import Averages
from tenshots.training.jobs import Epoch, Job
from tests.drawn.trainings import from_scratch, job, loop, same

RANDOM = np.random.default_rng(3)
INPUTS = RANDOM.normal(size=(6, 3)).astype(np.float32)
LABELS = np.array([0, 1, 1, 0, 1, 0])
TARGETS = np.eye(2, dtype=np.float32)[LABELS]
KERNEL, BIAS = RANDOM.normal(size=(3, 2)), np.array([0.1, -0.2])


def linear() -> Any:  # noqa: ANN401 (keras.Model)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.set_weights([KERNEL, BIAS])
    return model


def gradient(rows: Any, kernel: np.ndarray, bias: np.ndarray) -> list[np.ndarray]:  # noqa: ANN401
    """Of the mean cross-entropy of these rows, in float64."""
    inputs, targets = INPUTS[rows].astype(np.float64), np.eye(2)[LABELS[rows]]
    logits = inputs @ kernel + bias
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    wrong = (shares - targets) / len(inputs)
    return [inputs.T @ wrong, wrong.sum(axis=0)]


def trained(model: Any, batch_size: Any, *, epochs: int = 1, **changes: Any) -> list[Epoch]:  # noqa: ANN401
    """Plain gradient descent at a rate of 0.5 on the first four rows; the last two validate."""
    history: list[Epoch] = []
    given = Job(0, 0, 1, np.arange(4), np.array([4, 5]), 4)
    settings = loop(
        lr=0.5, batch_size=batch_size, epochs=epochs, optimiser={"sgd": {}}, schedule="constant",
        label_smoothing=0.0, patience="none", **changes,
    )  # fmt: skip
    kept = looping.train(
        model, given, inputs=INPUTS, targets=TARGETS, settings=settings, phase="scratch", history=history
    )
    model.set_weights(kept.weights)
    return history


def test_all_photos_at_once_are_one_update_by_the_mean_gradient() -> None:
    model = linear()
    (row,) = trained(model, "all")

    kernel, bias = gradient(np.arange(4), KERNEL, BIAS)
    assert row.num_updates == 1
    assert model.get_weights()[0] == pytest.approx(KERNEL - 0.5 * kernel, rel=1e-5)
    assert model.get_weights()[1] == pytest.approx(BIAS - 0.5 * bias, rel=1e-5)


def test_one_photo_at_a_time_is_an_update_by_its_gradient_alone() -> None:
    model = linear()
    (row,) = trained(model, 1)

    assert row.num_updates == 4
    orders = looping.epochs_of_batches(np.arange(4), num_originals=4, batch_size=1, seed=0)
    assert [len(batch) for batch in next(orders)] == [1, 1, 1, 1]
    expected = []
    for order in np.array(np.meshgrid(*[np.arange(4)] * 4)).T.reshape(-1, 4):
        if sorted(order) != [0, 1, 2, 3]:
            continue
        kernel, bias = KERNEL, BIAS
        for place in order:
            moved = gradient([place], kernel, bias)
            kernel, bias = kernel - 0.5 * moved[0], bias - 0.5 * moved[1]
        expected.append(kernel)
    distances = [np.abs(model.get_weights()[0] - kernel).max() for kernel in expected]
    assert min(distances) < 1e-5  # in one order of the four
    assert np.median(distances) > 1e-3


def test_all_photos_with_copies_are_still_one_update_per_epoch() -> None:
    (found,) = from_scratch(job(copies=True), batch_size="all", epochs=2)
    assert [row.num_updates for row in found.history] == [1, 2]
    assert found.outcome.num_images == 42


def test_all_photos_beyond_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = linear()
    needed = memory.training_bytes(model, batch_size=1000)
    monkeypatch.setattr(memory, "free_bytes", lambda: needed - 1)
    with pytest.raises(
        SettingsError, match=r"batch_size must be a number here.*takes 1,000 photos.* 0\.1 GB are free"
    ):
        memory.of_updates(model, "all", 1000)
    assert memory.of_updates(model, 1000, 1) == needed
    monkeypatch.setattr(memory, "free_bytes", lambda: needed)
    assert memory.of_updates(model, "all", 1000) == needed


def test_what_is_judged_and_kept_are_the_averages_and_training_goes_on_from_the_weights() -> None:
    plain, averaged = linear(), linear()
    raw = []
    for epochs in (1, 2, 3):
        plain.set_weights([KERNEL, BIAS])
        trained(plain, "all", epochs=epochs)
        raw.append([weight.astype(np.float64) for weight in plain.get_weights()])
    history = trained(averaged, "all", epochs=3, ema=0.75)

    # The average begins with the first update's weights.
    first = raw[0]
    second = [0.75 * mean + 0.25 * weight for mean, weight in zip(first, raw[1], strict=True)]
    third = [0.75 * mean + 0.25 * weight for mean, weight in zip(second, raw[2], strict=True)]
    for found, expected in zip(averaged.get_weights(), third, strict=True):
        assert found == pytest.approx(expected, rel=1e-5)
    for row, (kernel, bias) in zip(history, [first, second, third], strict=True):
        logits = INPUTS[4:].astype(np.float64) @ kernel + bias
        expected_loss = losses.cross_entropy(logits, TARGETS[4:].astype(np.float64), label_smoothing=0)
        assert row.val_loss == pytest.approx(expected_loss, rel=1e-5)


def test_the_means_of_normalisation_are_averaged_likewise() -> None:
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.BatchNormalization(momentum=0.5)(inputs)))
    settings = loop(ema=0.75, schedule="constant", patience="none").optimisation
    optimisation.prepare(model, settings, lr=0.1, num_updates=3)
    averages, seen = Averages(model, 0.75), []
    for _ in range(3):
        model.train_on_batch(INPUTS[:4], TARGETS[:4])
        averages.update()
        seen.append([np.array(weight, dtype=np.float64) for weight in model.get_weights()])
    averages.show()
    shown = model.get_weights()
    averages.hide()

    for place, weight in enumerate(shown):
        expected = seen[0][place]
        for later in seen[1:]:
            expected = 0.75 * expected + 0.25 * later[place]
        assert weight == pytest.approx(expected, rel=1e-4, abs=1e-7)
    assert same(model.get_weights(), [weight.astype(np.float32) for weight in seen[-1]])


def test_a_network_is_saved_with_the_averages_that_were_judged() -> None:
    (found,) = from_scratch(job(), epochs=2, ema=0.5, patience="none")
    (without,) = from_scratch(job(), epochs=2, patience="none")

    loss = losses.cross_entropy(found.val_logits, np.eye(2)[[1, 0, 1, 0, 1, 0, 1]], label_smoothing=0.1)
    assert loss == pytest.approx(found.history[-1].val_loss, rel=1e-6)
    assert [row.loss for row in found.history] == [row.loss for row in without.history]  # the same training
    assert not same(found.weights, without.weights)
