"""Truths about training from scratch, and about the loop that fine-tuning shares."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections import Counter
from pathlib import Path

import h5py
import numpy as np
import pytest

from tenshots import runtime
from tenshots.errors import SettingsError
from tenshots.networks import forward
from tenshots.runtime import keras
from tenshots.training import fitting, optimisation
from tenshots.training.fitting import Epoch, Fit, Kept
from tests.drawn.trainings import NUM_ORIGINALS, build, drawn, fits, loop, part, same

runtime.configure(threads=1)


@pytest.fixture(scope="module")
def plain() -> tuple[Fit, list[np.ndarray]]:
    """One fit by itself, for all tests that look at one."""
    return fits(part())[0]


def test_dark_and_bright_are_learnt() -> None:
    ((fit, _),) = fits(part(), epochs=10)

    assert fit.history[fit.kept_epoch].val_accuracy == 1
    assert forward.predict(fit.network, drawn()[0]).argmax(axis=1).tolist() == drawn()[1].tolist()


def test_a_part_gives_the_same_weights_whichever_came_before_and_repeats_differ(
    plain: tuple[Fit, list[np.ndarray]],
) -> None:
    other, again = fits(part(1, num_originals=20), part(0))

    assert same(again[1], plain[1])
    assert again[0].history == plain[0].history
    assert not same(other[1], plain[1])


def test_copies_give_no_more_updates_and_no_more_images(plain: tuple[Fit, list[np.ndarray]]) -> None:
    ((enlarged, _),) = fits(part(copies=True))

    assert [row.num_updates for row in plain[0].history] == [3, 6, 9]
    assert [row.num_updates for row in enlarged.history] == [3, 6, 9]
    assert plain[0].num_images == enlarged.num_images == 3 * NUM_ORIGINALS


def test_the_network_is_left_with_the_weights_of_the_best_epoch() -> None:
    ((fit, _),) = fits(part(), epochs=6, lr=0.05)
    images, labels = drawn()

    logits = forward.outputs(fit.network, images[21:28], batch_size=7)
    loss = optimisation.loss(logits, np.eye(2)[labels[21:28]], label_smoothing=0.1)
    after_warm_up = fit.history[1:]
    best = max(after_warm_up, key=lambda row: (row.val_accuracy, -row.val_loss))
    assert fit.kept_epoch == best.epoch
    assert loss == pytest.approx(best.val_loss, rel=1e-6)


def test_the_best_epoch_has_the_most_right_answers_and_of_several_the_lowest_loss() -> None:
    def epoch(val_accuracy: float, val_loss: float) -> Epoch:
        return Epoch(0, 0, "scratch", 1, 1, 0.1, 0.0, 0.0, val_loss, val_accuracy)

    best = Kept(epoch=0, val_accuracy=0.5, val_loss=1.0)
    assert best.is_beaten_by(epoch(0.6, 2.0))
    assert best.is_beaten_by(epoch(0.5, 0.9))
    assert not best.is_beaten_by(epoch(0.4, 0.1))
    assert not best.is_beaten_by(epoch(0.5, 1.0))


def test_without_patience_all_epochs_are_trained_and_the_last_one_is_kept() -> None:
    images, labels = drawn()
    labels[21:28] = 1 - labels[21:28]  # learning makes validation worse, so an early epoch looks best
    settings = loop(epochs=8, patience="none")
    (fit,) = fitting.fits(build, [part()], images=images, labels=labels, settings=settings)

    best = max(fit.history[1:], key=lambda row: (row.val_accuracy, -row.val_loss))
    assert best.epoch < 7
    assert fit.kept_epoch == 7
    assert len(fit.history) == 8
    logits = forward.outputs(fit.network, images[21:28], batch_size=7)
    loss = optimisation.loss(logits, np.eye(2)[labels[21:28]], label_smoothing=0.1)
    assert loss == pytest.approx(fit.history[-1].val_loss, rel=1e-6)


def test_epochs_of_the_warm_up_neither_win_nor_use_up_patience() -> None:
    images, labels = drawn()
    labels[21:28] = 1 - labels[21:28]  # learning makes validation worse, so the first epochs look best
    warming = loop(epochs=10, patience=2)
    warming = warming._replace(
        optimisation=warming.optimisation.model_copy(update={"schedule": "cosine", "warmup": 0.5})
    )
    (fit,) = fitting.fits(build, [part()], images=images, labels=labels, settings=warming)

    assert fit.kept_epoch >= 5
    assert len(fit.history) >= 5 + 2


def test_a_saved_network_holds_its_weights_and_not_the_optimisers_memory(
    plain: tuple[Fit, list[np.ndarray]], tmp_path: Path
) -> None:
    plain[0].network.save_weights(tmp_path / "a.weights.h5")

    with h5py.File(tmp_path / "a.weights.h5") as file:
        assert "optimizer" not in file


def test_training_stops_after_its_patience_without_a_lower_validation_loss() -> None:
    # The validation photos have the wrong labels, so learning makes their loss higher.
    images, labels = drawn()
    labels[21:28] = 1 - labels[21:28]
    ((fit),) = fitting.fits(
        build, [part()], images=images, labels=labels, settings=loop(epochs=50, patience=2)
    )

    assert len(fit.history) < 50
    assert len(fit.history) == fit.kept_epoch + 3


def test_each_epoch_is_reported_as_it_ends() -> None:
    images, labels = drawn()
    rows: list[Epoch] = []
    found = fitting.fits(build, [part()], images=images, labels=labels, settings=loop(), report=rows.append)

    assert rows == next(found).history
    assert [row.epoch for row in rows] == [0, 1, 2]
    assert {row.phase for row in rows} == {"scratch"}
    rate = optimisation.LearningRate(0.01, num_updates=9, schedule="cosine", warmup=0.1)
    assert [row.lr for row in rows] == [float(rate(step)) for step in (2, 5, 8)]


def test_a_training_can_be_ended_before_any_update() -> None:
    images, labels = drawn()
    model = build()
    asked: list[int] = []

    def check() -> None:
        asked.append(len(asked))
        if len(asked) == 5:
            raise InterruptedError

    history: list[Epoch] = []
    with pytest.raises(InterruptedError):
        fitting.improve(
            model, part(), inputs=images, targets=np.eye(2, dtype=np.float32)[labels], settings=loop(),
            phase="scratch", history=history, check=check,
        )  # fmt: skip
    assert int(model.optimizer.iterations.numpy()) == 4
    assert [row.num_updates for row in history] == [3]


def test_a_rate_far_too_high_is_an_error_that_names_it() -> None:
    with pytest.raises(SettingsError, match=r"lr must keep the loss finite.*fold 0, repeat 0 at lr 1e\+30"):
        fits(part(), lr=1e30, optimiser="sgd")


def test_what_is_given_is_not_altered() -> None:
    images, labels = drawn()
    list(fitting.fits(build, [part()], images=images, labels=labels, settings=loop(epochs=1)))

    assert np.array_equal(images, drawn()[0])
    assert np.array_equal(labels, drawn()[1])


def test_seeded_weights_are_those_that_keras_draws_from_its_own_seed() -> None:
    keras.utils.set_random_seed(3)
    expected = build().get_weights()

    assert same(fitting.seeded(3, build).get_weights(), expected)
    assert not same(fitting.seeded(4, build).get_weights(), expected)


def test_dropout_and_order_follow_the_seed_alone() -> None:
    model = build()
    images = drawn()[0][:8]
    results = []
    for seed in (1, 2, 1):
        fitting.reseed(model, seed)
        results.append(keras.ops.convert_to_numpy(model(images, training=True)))

    assert np.array_equal(results[0], results[2])
    assert not np.array_equal(results[0], results[1])


def test_every_row_is_used_once_before_any_is_used_twice() -> None:
    stream = fitting.epochs_of_batches(np.arange(10), num_originals=4, batch_size=3, seed=0)

    drawn_rows = np.concatenate([row for epoch in itertools.islice(stream, 5) for row in epoch])
    assert Counter(drawn_rows[:10]) == Counter(drawn_rows[10:]) == Counter(range(10))
    assert not np.array_equal(drawn_rows[:10], drawn_rows[10:])


def test_probabilities_sum_to_one_whatever_the_batch() -> None:
    model, images = build(), drawn()[0]
    whole = forward.predict(model, images)

    assert whole.dtype == np.float64
    assert whole.shape == (70, 2)
    assert whole.sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert forward.predict(model, images, batch_size=8) == pytest.approx(whole, abs=1e-6)


def test_no_images_give_no_probabilities() -> None:
    assert forward.predict(build(), np.empty((0, 32, 32, 3), np.uint8)).shape == (0, 2)


@pytest.mark.slow
def test_two_processes_give_the_same_bytes() -> None:
    code = (
        "import hashlib, tempfile, pathlib\n"
        "from tests.drawn import fine_tuning as f, trainings as t\n"
        "for make in (t.fits, f.fits):\n"
        "    [(fit, _)] = make(t.part())\n"
        "    path = pathlib.Path(tempfile.mkdtemp()) / 'a.weights.h5'\n"
        "    fit.network.save_weights(path)\n"
        "    print(hashlib.sha256(path.read_bytes()).hexdigest())\n"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]

    assert runs[0] == runs[1]
    assert len(set(runs[0].split())) == 2
