"""Truths about trainings side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from tenshots import runtime
from tenshots.errors import SettingsError
from tenshots.networks import building
from tenshots.runtime import keras
from tenshots.training import executor, fitting, transfer
from tenshots.training.executor import Trainer
from tenshots.training.fitting import Epoch, Fit, Part
from tests.drawn import fine_tuning
from tests.drawn.trainings import build, drawn, loop, part

runtime.configure(threads=1)

PARTS = [part(repeat) for repeat in range(5)]
EPOCH = Epoch(0, 0, "scratch", 0, 1, 0.1, 0.0, 0.0, 0.0, 0.0)


class Meeting:
    """Trainers that meet in the middle of their first part, so a test knows that they work side by side."""

    def __init__(self, num_workers: int) -> None:
        self.barrier = threading.Barrier(num_workers, timeout=20)
        self.threads: set[int] = set()
        self.trained: list[int] = []

    def begin(self) -> Trainer:
        """Begins a worker."""
        first = [True]

        def train(part: Part, report: Callable[[Epoch], None], check: Callable[[], None]) -> Fit:
            self.threads.add(threading.get_ident())
            if first:
                first.clear()
                self.barrier.wait()
            check()
            report(EPOCH._replace(repeat=part.repeat))
            self.trained.append(part.repeat)
            return Fit(part, None, [EPOCH], 0, 1)

        return Trainer(train, 1)


def saved(found: Any, folder: Path) -> dict[str, bytes]:  # noqa: ANN401 (an iterator of fits)
    """The files of weights of all fits, by the repeat; each is saved while its network still has them."""
    folder.mkdir()
    for fit in found:
        fit.network.save_weights(folder / f"{fit.part.repeat}.weights.h5")
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("family", ["scratch", "pretrained"])
def test_weights_are_the_same_to_the_byte_however_many_are_trained_at_a_time(
    family: str, tmp_path: Path
) -> None:
    images, labels = drawn()
    data = {"images": images, "labels": labels, "settings": loop(epochs=4, patience="none")}

    def fits(num_workers: int) -> Any:  # noqa: ANN401
        if family == "scratch":
            return fitting.fits(build, PARTS, **data, num_workers=num_workers)
        given = fine_tuning.settings()
        return transfer.fits(
            lambda: fitting.seeded(
                5, lambda: building.build(given, size_px=32, num_labels=2)
            ),
            PARTS, **data, stages=given, num_workers=num_workers,
        )  # fmt: skip

    alone = saved(fits(1), tmp_path / "1")
    assert len(set(alone.values())) == len(PARTS)
    for num_workers in (2, 3):
        assert saved(fits(num_workers), tmp_path / str(num_workers)) == alone


def test_parts_are_trained_once_each_in_as_many_threads_as_workers() -> None:
    meeting = Meeting(3)
    epochs: list[Epoch] = []
    found = list(executor.fits(meeting.begin, PARTS, num_workers=3, report=epochs.append))

    assert len(meeting.threads) == 3
    assert sorted(meeting.trained) == [fit.part.repeat for fit in sorted(found, key=lambda f: f.part.repeat)]
    assert sorted(meeting.trained) == sorted(epoch.repeat for epoch in epochs) == [0, 1, 2, 3, 4]


def test_one_worker_trains_in_the_thread_that_asks_and_in_order() -> None:
    meeting = Meeting(1)
    found = executor.fits(meeting.begin, PARTS, num_workers=1)

    assert [fit.part.repeat for fit in found] == [0, 1, 2, 3, 4]
    assert meeting.threads == {threading.get_ident()}


def test_epochs_are_reported_in_the_thread_that_asks() -> None:
    threads: set[int] = set()
    meeting = Meeting(2)
    list(
        executor.fits(
            meeting.begin, PARTS, num_workers=2, report=lambda _: threads.add(threading.get_ident())
        )
    )

    assert threads == {threading.get_ident()}
    assert threading.get_ident() not in meeting.threads


def test_a_network_is_not_trained_on_before_the_next_fit_is_asked_for() -> None:
    meeting = Meeting(2)
    found = executor.fits(meeting.begin, PARTS, num_workers=2)

    next(found)
    time.sleep(0.3)
    assert len(meeting.trained) <= 2  # one that is looked at, one that waits its turn
    found.close()


def test_there_are_never_more_workers_than_parts_or_than_memory_has_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    meeting = Meeting(2)
    list(executor.fits(meeting.begin, PARTS[:2], num_workers=64))
    assert len(meeting.threads) == 2

    free = psutil.virtual_memory()._replace(available=1000)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    assert [executor.num_fitting(size) for size in (1, 100, 249, 251, 501, 10**12)] == [500, 5, 2, 1, 1, 1]
    meeting = Meeting(1)
    cramped = meeting.begin()._replace(num_bytes=600)
    list(executor.fits(lambda: cramped, PARTS, num_workers=4))
    assert meeting.threads == {threading.get_ident()}


@pytest.mark.parametrize("num_workers", [1, 2])
def test_the_error_of_a_training_ends_them_all_and_is_raised(num_workers: int) -> None:
    images, labels = drawn()
    before = threading.active_count()
    found = fitting.fits(
        build, PARTS, images=images, labels=labels, settings=loop(lr=1e30, optimiser="sgd"),
        num_workers=num_workers,
    )  # fmt: skip

    with pytest.raises(SettingsError, match="lr must keep the loss finite"):
        list(found)
    assert threading.active_count() == before


def test_who_gives_up_leaves_no_worker_behind_and_waits_for_no_training() -> None:
    before = threading.active_count()
    to_the_end: list[int] = []

    def train(part: Part, report: Callable[[Epoch], None], check: Callable[[], None]) -> Fit:
        report(EPOCH)
        for _ in range(2000):  # updates, some four seconds
            check()
            time.sleep(0.002)
        to_the_end.append(part.repeat)
        return Fit(part, None, [EPOCH], 0, 1)

    def give_up(_: Epoch) -> None:
        raise KeyboardInterrupt

    found = executor.fits(lambda: Trainer(train, 1), PARTS[:2], num_workers=2, report=give_up)
    with pytest.raises(KeyboardInterrupt):
        next(found)

    assert to_the_end == []
    assert threading.active_count() == before


def test_a_thread_that_cannot_be_started_ends_those_that_were(monkeypatch: pytest.MonkeyPatch) -> None:
    before = threading.active_count()
    start, started = threading.Thread.start, []

    def start_one(thread: threading.Thread) -> None:
        if started:
            raise RuntimeError("can't start new thread")  # as where a container allows no more
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_one)
    trainer = Trainer(lambda part, report, check: Fit(part, None, [EPOCH], 0, 1), 1)  # noqa: ARG005
    with pytest.raises(RuntimeError, match="new thread"):
        list(executor.fits(lambda: trainer, PARTS, num_workers=2))

    assert len(started) == 1
    assert threading.active_count() == before


def test_memory_of_a_training_grows_with_its_batch_and_counts_weights_four_times() -> None:
    model = build()
    small, large = (executor.training_bytes(model, batch_size=size) for size in (1, 2))
    outputs = sum(int(np.prod(layer.output.shape[1:])) for layer in model.layers)

    assert large - small == 2 * 4 * outputs
    assert small - (large - small) == 4 * 4 * sum(int(np.prod(w.shape)) for w in model.weights) + 100_000_000


def test_memory_of_a_training_counts_a_model_within_a_model_and_every_output_of_a_layer() -> None:
    class Twice(keras.layers.Layer):
        """Puts out what it is given, twice."""

        def call(self, inputs: Any) -> Any:  # noqa: ANN401 (tensors)
            """Returns both."""
            return inputs, inputs

    inner_input = keras.Input((10,))
    inner = keras.Model(inner_input, keras.layers.Dense(3)(keras.layers.Add()(Twice()(inner_input))))
    outer_input = keras.Input((10,))
    outer = keras.Model(outer_input, inner(outer_input))
    small, large = (executor.training_bytes(outer, batch_size=size) for size in (1, 2))

    # Two inputs, two outputs of Twice and one of Add of 10 numbers each; 3 of the dense layer.
    assert large - small == 2 * 4 * (10 + 10 + 20 + 10 + 3)
