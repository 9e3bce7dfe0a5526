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
from tenshots.networks import building, drawing, forward
from tenshots.runtime import keras
from tenshots.training import cuts, executor, losses, scratch
from tenshots.training import loop as looping
from tenshots.training.jobs import Epoch
from tenshots.training.loop import Kept
from tenshots.training.schedules import LearningRate
from tests.drawn.fine_tuning import fine_tuned
from tests.drawn.trainings import (
    NUM_ORIGINALS,
    TINY,
    Trained,
    build,
    digest,
    drawn,
    from_scratch,
    job,
    loop,
    misled,
    same,
    trained,
)
from tests.drawn.weights import told

runtime.configure(threads=1)


@pytest.fixture(scope="module")
def plain() -> Trained:
    """One job by itself, for all tests that look at one."""
    return from_scratch(job())[0]


def test_dark_and_bright_are_learnt() -> None:
    (found,) = from_scratch(job(), epochs=10)

    assert found.history[found.outcome.kept_epoch].val_accuracy == 1
    assert found.probabilities.argmax(axis=1).tolist() == drawn()[1].tolist()


def test_a_job_gives_the_same_weights_whichever_came_before_and_repeats_differ(plain: Trained) -> None:
    other, again = from_scratch(job(1, num_originals=20), job(0))

    assert same(again.weights, plain.weights)
    assert again.history == plain.history
    assert not same(other.weights, plain.weights)


def test_photos_scaled_once_give_the_bytes_that_scaling_in_each_update_gives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    images, labels = drawn()
    larger = np.kron(images, np.ones((1, 3, 3, 1), dtype=np.uint8))  # 96 px
    settings = building.settings_from(TINY, at="")

    def found() -> Trained:
        begin = scratch.trainers(
            lambda: building.build(settings, size_px=96, num_labels=2),
            images=larger,
            labels=labels,
            settings=loop(),
        )
        finish = lambda network, outcome: Trained(outcome, network.get_weights(), labels, labels)  # noqa: E731
        return executor.run(begin, [job(copies=True)], finish=finish)[0]

    once = found()
    monkeypatch.setattr(cuts, "inputs_of", lambda _, images, **__: images)
    in_each = found()
    assert same(once.weights, in_each.weights)
    assert once.history == in_each.history


def test_copies_give_no_more_updates_and_no_more_images(plain: Trained) -> None:
    (enlarged,) = from_scratch(job(copies=True))

    assert [row.num_updates for row in plain.history] == [3, 6, 9]
    assert [row.num_updates for row in enlarged.history] == [3, 6, 9]
    assert plain.outcome.num_images == enlarged.outcome.num_images == 3 * NUM_ORIGINALS


def test_the_network_is_left_with_the_weights_of_the_best_epoch() -> None:
    (found,) = from_scratch(job(), epochs=6, lr=0.05)

    targets = np.eye(2)[drawn()[1][21:28]]
    loss = losses.cross_entropy(found.val_logits, targets, label_smoothing=0.1)
    after_warm_up = found.history[1:]
    best = max(after_warm_up, key=lambda row: (row.val_accuracy, -row.val_loss))
    assert found.outcome.kept_epoch == best.epoch
    assert loss == pytest.approx(best.val_loss, rel=1e-6)


def epoch(val_accuracy: float, val_loss: float, *, number: int = 1) -> Epoch:
    return Epoch(0, 0, "scratch", number, 1, 0.1, 0.0, 0.0, val_loss, val_accuracy)


def test_the_best_epoch_has_the_most_right_answers_and_of_several_the_lowest_loss() -> None:
    best = Kept(epoch=0, val_accuracy=0.5, val_loss=1.0)
    assert best.is_beaten_by(epoch(0.6, 2.0))
    assert best.is_beaten_by(epoch(0.5, 0.9))
    assert not best.is_beaten_by(epoch(0.4, 0.1))
    assert not best.is_beaten_by(epoch(0.5, 1.0))


@pytest.mark.parametrize(
    ("accuracies", "patience", "warmup", "kept", "stopped"),
    [
        ([0.5, 0.9, 0.6, 0.6, 0.6], 2, 0.0, 1, 3),
        ([0.9, 0.5, 0.6, 0.5, 0.5], 2, 0.4, 2, 4),  # the first two are of the warm-up
        ([0.5, 0.4, 0.4, 0.6, 0.4], 3, 0.0, 3, None),
        ([0.9, 0.5, 0.4, 0.3, 0.2], "none", 0.0, 4, None),
        ([0.0, 0.0, 0.0, 0.0, 0.0], 2, 0.0, -1, 1),  # an earlier phase had more right: it stays
    ],
)
def test_the_rule_keeps_the_best_epoch_after_the_warm_up_and_stops_after_its_patience(
    accuracies: list[float],
    patience: int | str,
    warmup: float,
    kept: int,
    stopped: int | None,
) -> None:
    class Network:
        """Has no weights."""

        def get_weights(self) -> list[np.ndarray]:
            """None."""
            return []

    rule = looping.KeepRule(
        loop(epochs=5, patience=patience, warmup=warmup), kept=Kept(val_accuracy=0.1, val_loss=1.0)
    )
    over = []
    for index, accuracy in enumerate(accuracies):
        rule.weigh(index, epoch(accuracy, 1.0, number=index), Network())
        over.append(rule.is_over)

    assert rule.kept.epoch == kept
    assert (over.index(True) if True in over else None) == stopped


def test_without_patience_all_epochs_are_trained_and_the_last_one_is_kept() -> None:
    (found,) = from_scratch(job(), labels=misled(), epochs=8, patience="none")

    best = max(found.history[1:], key=lambda row: (row.val_accuracy, -row.val_loss))
    assert best.epoch < 7
    assert found.outcome.kept_epoch == 7
    assert len(found.history) == 8
    loss = losses.cross_entropy(found.val_logits, np.eye(2)[misled()[21:28]], label_smoothing=0.1)
    assert loss == pytest.approx(found.history[-1].val_loss, rel=1e-6)


def test_epochs_of_the_warm_up_neither_win_nor_use_up_patience() -> None:
    (found,) = from_scratch(job(), labels=misled(), epochs=10, patience=2, warmup=0.5)

    assert found.outcome.kept_epoch >= 5
    assert len(found.history) >= 5 + 2


def test_a_saved_network_holds_its_weights_and_not_the_optimisers_memory(tmp_path: Path) -> None:
    images, labels = drawn()
    trainer = scratch.trainers(build, images=images, labels=labels, settings=loop(epochs=1))()
    trainer.train(job(), lambda _: None, lambda: None)
    trainer.network.save_weights(tmp_path / "a.weights.h5")

    with h5py.File(tmp_path / "a.weights.h5") as file:
        assert "optimizer" not in file


def test_training_stops_after_its_patience_without_a_lower_validation_loss() -> None:
    (found,) = from_scratch(job(), labels=misled(), epochs=50, patience=2)

    assert len(found.history) < 50
    assert len(found.history) == found.outcome.kept_epoch + 3


def test_each_epoch_is_reported_as_it_ends() -> None:
    images, labels = drawn()
    rows: list[Epoch] = []
    begin = scratch.trainers(build, images=images, labels=labels, settings=loop())
    (outcome,) = executor.run(begin, [job()], finish=lambda _, outcome: outcome, report=rows.append)

    assert rows == outcome.history
    assert [row.epoch for row in rows] == [0, 1, 2]
    assert {row.phase for row in rows} == {"scratch"}
    rate = LearningRate(0.01, num_updates=9, schedule="cosine", warmup=0.1)
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
        looping.train(
            model, job(), inputs=images, targets=np.eye(2, dtype=np.float32)[labels], settings=loop(),
            phase="scratch", history=history, check=check,
        )  # fmt: skip
    assert int(model.optimizer.iterations.numpy()) == 4
    assert [row.num_updates for row in history] == [3]


def test_a_rate_far_too_high_is_an_error_that_names_it() -> None:
    with pytest.raises(SettingsError, match=r"lr must keep the loss finite.*fold 0, repeat 0 at lr 1e\+30"):
        from_scratch(job(), lr=1e30, optimiser="sgd")


def test_what_is_given_is_not_altered() -> None:
    images, labels = drawn()
    trained(scratch.trainers(build, images=images, labels=labels, settings=loop(epochs=1)), job())

    assert np.array_equal(images, drawn()[0])
    assert np.array_equal(labels, drawn()[1])


def test_dropout_follows_the_seed_alone() -> None:
    model = build()
    images = drawn()[0][:8]
    results = []
    for seed in (1, 2, 1):
        drawing.draw_dropout(model, seed)
        results.append(keras.ops.convert_to_numpy(model(images, training=True)))

    assert np.array_equal(results[0], results[2])
    assert not np.array_equal(results[0], results[1])


def test_every_row_is_used_once_before_any_is_used_twice() -> None:
    stream = looping.epochs_of_batches(np.arange(10), num_originals=4, batch_size=3, seed=0)

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
def test_another_process_draws_and_trains_the_same_bytes(plain: Trained) -> None:
    code = (
        "import stages  # which pins, as this process is\n"
        "from tests.drawn import fine_tuning as f, trainings as t, weights as w\n"
        "for make in (t.from_scratch, f.fine_tuned):\n"
        "    print(t.digest(*make(t.job())))\n"
        "print(w.told(3))\n"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    here = [digest(plain), digest(*fine_tuned(job())), told(3)]
    assert there.split() == here
    assert len(set(here)) == 3
