"""Jobs side by side: each worker trains one at a time, on a network of its own, and finishes it by itself.

A small network does not fill several CPUs. A second thread for every operation trains it no faster; a second
training beside it makes both together 1.3 times as fast (benchmarks/README.md). Workers are threads, since
TensorFlow computes outside Python's lock: images, what frozen layers put out and TensorFlow itself are in
memory once.

What leaves a worker is plain data. A process or another machine could take a worker's place, and a job that
was done before need not be done again.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from functools import partial
from typing import NamedTuple, TypeVar

from tenshots.runtime import keras
from tenshots.training import memory
from tenshots.training.jobs import Epoch, Job, Outcome

Result = TypeVar("Result")


class Trainer(NamedTuple):
    """A network and what trains it.

    Attributes:
        network: has the weights of the job that was trained last.
        train: from a job, `report` and `check` to the outcome. `report` is told of each epoch; `check` is
            called before each update, and may raise.
        num_bytes: of memory that a training takes, about, beside the images.
    """

    network: keras.Model
    train: Callable[[Job, Callable[[Epoch], None], Callable[[], None]], Outcome]
    num_bytes: int


def run(
    begin: Callable[[], Trainer],
    jobs: Iterable[Job],
    *,
    finish: Callable[[keras.Model, Outcome], Result],
    num_workers: int = 1,
    report: Callable[[Epoch], None] = lambda _: None,
    done: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Trains all jobs, and returns what `finish` made of each, in any order.

    An error, wherever it is raised, ends all workers before their next update, and is raised here after that.

    Args:
        begin: returns a network with what trains it; called once per worker: for the first in the thread that
            calls `run`, so that the memory of a training is known, for the others in theirs.
        jobs: the trainings.
        finish: is given the trained network and the outcome, in the worker's thread: it saves or predicts,
            and returns plain data. What it writes is whole or not there.
        num_workers: at most so many at a time; fewer where there are fewer jobs or memory has no room.
        report: is told of each epoch, in the thread that calls `run`.
        done: is told of each result, in the thread that calls `run`.

    Raises:
        Exception: whatever a training, or a function that was given, raised.
    """
    todo = list(jobs)
    first = begin()
    num_workers = min(num_workers, len(todo))
    if num_workers > 1:
        num_workers = min(num_workers, memory.num_fitting(first.num_bytes))
    if num_workers < 2:
        results = []
        for job in todo:
            results.append(finish(first.network, first.train(job, report, lambda: None)))
            done(results[-1])
        return results

    waiting = iter(todo)  # shared: a list's iterator gives each item to one thread
    calls: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()  # what this thread is to do
    stopped = threading.Event()

    def check() -> None:
        if stopped.is_set():
            raise CancelledError

    def work(begin: Callable[[], Trainer]) -> list[Result]:
        check()
        trainer = begin()
        found = []
        for job in waiting:
            outcome = trainer.train(job, lambda epoch: calls.put(partial(report, epoch)), check)
            found.append(finish(trainer.network, outcome))
            calls.put(partial(done, found[-1]))
        return found

    with ThreadPoolExecutor(num_workers) as workers:
        try:
            futures: list[Future[list[Result]]] = []
            for each in [lambda: first, *[begin] * (num_workers - 1)]:
                futures.append(workers.submit(work, each))
                # Wakes this thread, and raises here what ended the worker.
                futures[-1].add_done_callback(lambda future: calls.put(future.result))
            while not all(future.done() for future in futures) or not calls.empty():
                calls.get()()
        finally:
            stopped.set()
    return [result for future in futures for result in future.result()]
