"""Truths about jobs side by side, and about what ends them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenshots import runtime
from tenshots.errors import SettingsError
from tenshots.training import executor, memory, scratch, storing
from tenshots.training.executor import Trainer
from tenshots.training.jobs import Epoch, Job, Outcome
from tests.drawn.trainings import build, drawn, job, loop

runtime.configure(threads=1)

JOBS = [job(repeat) for repeat in range(5)]
EPOCH = Epoch(0, 0, "scratch", 0, 1, 0.1, 0.0, 0.0, 0.0, 0.0)
ANSWERS = np.ones((1, 1))


def repeat_of(_: object, outcome: Outcome) -> int:
    """What the simplest finish makes of a job."""
    return outcome.job.repeat


class Meeting:
    """Trainers that meet in the middle of their first job, so a test knows that they work side by side."""

    def __init__(self, num_workers: int) -> None:
        self.barrier = threading.Barrier(num_workers, timeout=20)
        self.threads: set[int] = set()
        self.finishing: set[int] = set()

    def begin(self) -> Trainer:
        """Begins a worker."""
        first = [True]

        def train(job: Job, report: Callable[[Epoch], None], check: Callable[[], None]) -> Outcome:
            self.threads.add(threading.get_ident())
            if first:
                first.clear()
                self.barrier.wait()
            check()
            report(EPOCH._replace(repeat=job.repeat))
            return Outcome(job, [EPOCH], 0, 1, ANSWERS)

        return Trainer(None, train, 1)

    def finish(self, _: object, outcome: Outcome) -> int:
        """Notes the thread."""
        self.finishing.add(threading.get_ident())
        return outcome.job.repeat


def test_jobs_are_done_once_each_in_as_many_threads_as_workers_and_finished_there() -> None:
    meeting = Meeting(3)
    epochs: list[Epoch] = []
    told: list[int] = []
    found = executor.run(
        meeting.begin, JOBS, finish=meeting.finish, num_workers=3, report=epochs.append, done=told.append
    )

    assert len(meeting.threads) == 3
    assert meeting.finishing <= meeting.threads
    assert threading.get_ident() not in meeting.threads
    assert sorted(found) == sorted(told) == sorted(epoch.repeat for epoch in epochs) == [0, 1, 2, 3, 4]


def test_one_worker_trains_in_the_thread_that_asks_and_in_order() -> None:
    meeting = Meeting(1)

    assert executor.run(meeting.begin, JOBS, finish=meeting.finish, num_workers=1) == [0, 1, 2, 3, 4]
    assert meeting.threads == meeting.finishing == {threading.get_ident()}


def test_epochs_and_results_are_told_in_the_thread_that_asks() -> None:
    threads: set[int] = set()
    meeting = Meeting(2)

    def tell(_: object) -> None:
        threads.add(threading.get_ident())

    executor.run(meeting.begin, JOBS, finish=repeat_of, num_workers=2, report=tell, done=tell)

    assert threads == {threading.get_ident()}


def test_there_are_never_more_workers_than_jobs_or_than_memory_has_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    meeting = Meeting(2)
    executor.run(meeting.begin, JOBS[:2], finish=repeat_of, num_workers=64)
    assert len(meeting.threads) == 2

    monkeypatch.setattr(memory, "free_bytes", lambda: 1000)
    meeting = Meeting(1)
    cramped = meeting.begin()._replace(num_bytes=600)
    executor.run(lambda: cramped, JOBS, finish=repeat_of, num_workers=4)
    assert meeting.threads == {threading.get_ident()}


@pytest.mark.parametrize("num_workers", [1, 2])
def test_the_error_of_a_training_ends_them_all_and_is_raised(num_workers: int) -> None:
    images, labels = drawn()
    before = threading.enumerate()
    begin = scratch.trainers(build, images=images, labels=labels, settings=loop(lr=1e30, optimiser="sgd"))

    with pytest.raises(SettingsError, match="lr must keep the loss finite"):
        executor.run(begin, JOBS, finish=repeat_of, num_workers=num_workers)
    assert set(threading.enumerate()) <= set(before)  # earlier ones may end meanwhile


@pytest.mark.parametrize("num_workers", [1, 2, 3])
@pytest.mark.parametrize("place", ["begin", "train", "report", "save", "done"])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, OSError])
def test_whatever_breaks_ends_all_workers_is_raised_and_leaves_whole_files(
    place: str, num_workers: int, kind: type[BaseException], tmp_path: Path
) -> None:
    """The other workers are in the middle of their trainings, of some ten seconds each."""
    before = threading.enumerate()
    begun, to_the_end = [0], []

    def break_at(here: str) -> None:
        if here == place:
            raise kind("on purpose")

    def begin() -> Trainer:
        begun[0] += 1
        if begun[0] == num_workers:  # the first begins in the thread that asks
            break_at("begin")
        return Trainer(build() if place == "save" else None, train, 1)

    def train(job: Job, report: Callable[[Epoch], None], check: Callable[[], None]) -> Outcome:
        report(EPOCH)
        if job.repeat == 0:
            break_at("train")
            return Outcome(job, [EPOCH], 0, 1, ANSWERS)
        for _ in range(1000):  # updates
            check()
            time.sleep(0.01)
        to_the_end.append(job.repeat)
        return Outcome(job, [EPOCH], 0, 1, ANSWERS)

    def finish(network: Any, outcome: Outcome) -> int:  # noqa: ANN401 (keras.Model)
        if place == "save":
            storing.save(network, outcome, folder=tmp_path)
            break_at("save")
        return outcome.job.repeat

    with pytest.raises(kind, match="on purpose") as caught:
        executor.run(
            begin, JOBS, finish=finish, num_workers=num_workers,
            report=lambda _: break_at("report"), done=lambda _: break_at("done"),
        )  # fmt: skip

    assert caught.traceback  # holds the frames, and with them the trainings
    assert to_the_end == []
    assert set(threading.enumerate()) <= set(before)  # earlier ones may end meanwhile
    assert [path.name for path in tmp_path.iterdir()] == ["fold-0_repeat-0.weights.h5"] * (place == "save")


def test_ctrl_c_while_the_thread_that_asks_waits_ends_the_workers() -> None:
    """A real signal: it interrupts the wait for the next call."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored
    before = threading.enumerate()

    def train(job: Job, report: Callable[[Epoch], None], check: Callable[[], None]) -> Outcome:
        del report
        if job.repeat == 0:
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            check()
            time.sleep(0.01)
        return Outcome(job, [EPOCH], 0, 1, ANSWERS)

    with pytest.raises(KeyboardInterrupt):
        executor.run(lambda: Trainer(None, train, 1), JOBS, finish=repeat_of, num_workers=2)
    assert set(threading.enumerate()) <= set(before)  # earlier ones may end meanwhile


def test_a_thread_that_cannot_be_started_ends_those_that_were(monkeypatch: pytest.MonkeyPatch) -> None:
    before = threading.enumerate()
    start, started = threading.Thread.start, []

    def start_one(thread: threading.Thread) -> None:
        if started:
            raise RuntimeError("can't start new thread")  # as where a container allows no more
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_one)
    done: list[int] = []

    def train(job: Job, report: Callable[[Epoch], None], check: Callable[[], None]) -> Outcome:
        del report
        for _ in range(1000):
            check()
            time.sleep(0.01)
        done.append(job.repeat)
        return Outcome(job, [EPOCH], 0, 1, ANSWERS)

    with pytest.raises(RuntimeError, match="new thread"):
        executor.run(lambda: Trainer(None, train, 1), JOBS, finish=repeat_of, num_workers=2)

    assert len(started) == 1
    assert done == []
    assert set(threading.enumerate()) <= set(before)  # earlier ones may end meanwhile
