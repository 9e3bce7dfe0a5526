"""Trainings side by side: each worker trains one part at a time, on a network of its own.

A small network does not fill several CPUs. A second thread for every operation trains it no faster; a second
training beside it makes both together 1.3 times as fast (benchmarks/README.md). Workers are threads, since
TensorFlow computes outside Python's lock: images, what frozen layers say of them and TensorFlow itself are in
memory once.
"""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tenshots.runtime import keras

if TYPE_CHECKING:
    from tenshots.training.fitting import Epoch, Fit, Part

MEMORY_SHARE = 0.5  # of what is free: as much as workers may fill
FLOAT_BYTES = 4
GRAPH_BYTES = 100_000_000


class Trainer(NamedTuple):
    """A network and what trains it.

    Attributes:
        train: from a part, `report` and `check` to the fit, whose network keeps its weights until the next
            call. `report` is told of each epoch; `check` is called before each update, and may raise.
        num_bytes: of memory that a training takes, about, beside the images.
    """

    train: Callable[[Part, Callable[[Epoch], None], Callable[[], None]], Fit]
    num_bytes: int


class _Stopped(Exception):  # noqa: N818 (no error: a worker was asked to end)
    pass


class _Done(NamedTuple):
    fit: Fit
    used: threading.Event  # set once the network may go on


class _Crew:
    """Threads that train, and what they tell: epochs, fits, and the error that ends one of them."""

    def __init__(self, begins: Sequence[Callable[[], Trainer]], parts: Sequence[Part]) -> None:
        self.waiting = iter(parts)  # shared: a list's iterator gives each item to one thread
        self.news: queue.SimpleQueue[Epoch | _Done | BaseException] = queue.SimpleQueue()
        self.stop = threading.Event()
        self.used = [threading.Event() for _ in begins]
        self.begins = begins
        self.threads: list[threading.Thread] = []

    def begin(self) -> None:
        """Starts the threads; after an error here, too, `end` ends those that run."""
        for given in zip(self.begins, self.used, strict=True):
            thread = threading.Thread(target=self._work, args=given)
            thread.start()
            self.threads.append(thread)

    def next_done(self, report: Callable[[Epoch], None]) -> _Done:
        """Waits for the next training to end; reports epochs meanwhile."""
        while True:
            told = self.news.get()
            if isinstance(told, _Done):
                return told
            if isinstance(told, BaseException):
                raise told
            report(told)

    def end(self) -> None:
        """Waits for the threads to end, before their next update at the latest."""
        self.stop.set()
        for used in self.used:
            used.set()
        for thread in self.threads:
            thread.join()

    def _work(self, begin: Callable[[], Trainer], used: threading.Event) -> None:
        try:
            trainer = begin()
            for part in self.waiting:
                self._check()
                self.news.put(_Done(trainer.train(part, self.news.put, self._check), used))
                used.wait()
                used.clear()
        except _Stopped:
            pass
        except BaseException as error:
            self.news.put(error)

    def _check(self) -> None:
        if self.stop.is_set():
            raise _Stopped


def fits(
    begin: Callable[[], Trainer],
    parts: Iterable[Part],
    *,
    num_workers: int,
    report: Callable[[Epoch], None] = lambda _: None,
) -> Generator[Fit]:
    """Trains all parts; yields each as it is done, so that with several workers the order may vary.

    A fit's network keeps its weights until the next fit is asked for. Whoever may give up before the last
    fit, by an error say, closes the generator (`contextlib.closing`), and the workers end before their next
    update; unclosed, they would wait for ever, and the process with them.

    Args:
        begin: returns a network with what trains it; called once a worker.
        parts: the trainings.
        num_workers: at most so many at a time; fewer where memory or the parts would not do for more.
        report: is told of each epoch when it ends, in the thread that iterates.

    Raises:
        Exception: whatever a training raised.
    """
    todo = list(parts)
    first = begin()
    num_workers = min(num_workers, len(todo))
    if num_workers > 1:
        num_workers = min(num_workers, num_fitting(first.num_bytes))
    if num_workers < 2:
        for part in todo:
            yield first.train(part, report, lambda: None)
        return
    crew = _Crew([lambda: first, *[begin] * (num_workers - 1)], todo)
    try:
        crew.begin()
        for _ in todo:
            done = crew.next_done(report)
            yield done.fit
            done.used.set()
    finally:
        crew.end()


def num_fitting(num_bytes: int) -> int:
    """Returns how many trainings of so many bytes fit into the memory that is free; at least one."""
    import psutil  # not at the top: one training at a time, as on JAX, needs no such package

    return max(int(MEMORY_SHARE * psutil.virtual_memory().available // max(num_bytes, 1)), 1)


def training_bytes(model: keras.Model, *, batch_size: int) -> int:
    """Returns about how many bytes a training fills: what the layers put out, the weights, and the graph.

    Measured peaks of the lecture's network and MobileNetV2, EfficientNetB0 and ResNet50 at 96 to 160 px are
    0.6 to 1.0 times as high.

    Args:
        model: that is trained.
        batch_size: images at once.
    """
    activations = sum(
        _size(tensor) for layer in _layers(model) for tensor in keras.tree.flatten(layer.output)
    )
    weights = sum(_size(weight) for weight in model.weights)
    # An activation is kept for its gradient; each weight comes with its gradient and two moments.
    return FLOAT_BYTES * (2 * batch_size * activations + 4 * weights) + GRAPH_BYTES


def _layers(model: keras.Model) -> Iterator[keras.Layer]:
    """Yields the layers of a model, and of the models that are layers of it."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
        else:
            yield layer


def _size(tensor: keras.KerasTensor | keras.Variable) -> int:
    return math.prod(side for side in tensor.shape if side is not None)
