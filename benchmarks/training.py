"""How many images per second each default variant trains: `python -m benchmarks.training`.

Draws its images, so it needs neither photos nor DVC, and runs on whatever backend Keras has
(KERAS_BACKEND=jax). An epoch is timed after one that is not, in which everything is compiled.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from tenshots import params, runtime
from tenshots.augmentation.settings import AugmentSettings
from tenshots.networks import building, drawing, features
from tenshots.networks.settings import TransferSettings
from tenshots.runtime import keras
from tenshots.training import scratch, transfer
from tenshots.training.executor import Trainer
from tenshots.training.feeding import OnTheFly
from tenshots.training.jobs import Epoch, Job
from tenshots.training.linear import Known
from tenshots.training.loop import TrainSettings
from tenshots.training.settings import OptimisationSettings

NUM_LABELS = 10
NUM_COPIES = 4  # of each image, in the variant that has copies


def main(argv: Sequence[str] | None = None) -> None:
    """Prints a table: variant, phase, images per second, and how long a processor is busy with one.

    Fresh copies are drawn by the layers of params.yaml, on TensorFlow alone.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--size-px", type=int, default=96, help="side of the photos (default: %(default)s)")
    parser.add_argument(
        "--input-px", type=int, default=32, help="side inside the network (default: %(default)s)"
    )
    parser.add_argument("--images", type=int, default=512, help="an epoch (default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=32, help="default: %(default)s")
    parser.add_argument("--epochs", type=int, default=3, help="timed, of each phase (default: %(default)s)")
    parser.add_argument(
        "--threads", type=int, default=2, help="of TensorFlow on a CPU (default: %(default)s)"
    )
    given = parser.parse_args(argv)
    runtime.configure(threads=given.threads)

    scratch, pretrained = network_settings(given.input_px)
    settings = TrainSettings(
        lr=0.002,
        batch_size=given.batch_size,
        epochs=given.epochs + 1,
        optimisation=OptimisationSettings(
            optimiser="adamw",
            weight_decay=0.0005,
            schedule="cosine",
            warmup=0.1,
            label_smoothing=0.1,
            patience=given.epochs + 1,
        ),
    )
    table = Table()
    for column in ("variant", "phase", "images/s", "CPU ms/image"):
        table.add_column(column, justify="left" if column in ("variant", "phase") else "right")
    plans = [
        ("baseline", scratch, 0),
        ("augmented", scratch, NUM_COPIES),
        ("fine_tuned", pretrained, NUM_COPIES),
        ("on_the_fly", scratch, 0),
        ("fine_tuned, on_the_fly", pretrained, 0),
    ]
    for variant, network, copies in plans:
        is_fresh = variant.endswith("on_the_fly")
        if is_fresh and keras.backend.backend() != "tensorflow":
            continue
        job, images, labels = drawn(given.images, copies=copies, size_px=given.size_px)
        begin = trainers_of(network, images=images)
        stopwatch = Stopwatch()
        given_too = {"on_the_fly": fresh(images)} if is_fresh else {}
        begin(labels=labels, settings=settings, **given_too)().train(job, stopwatch, lambda: None)
        timed = {phase: seconds for phase, seconds in stopwatch.seconds.items() if len(seconds) > 1}
        for phase, seconds in timed.items():  # a head that is solved for has no epochs
            busy_ms = 1000 * np.median(stopwatch.busy[phase][1:]) / given.images
            table.add_row(variant, phase, f"{given.images / np.median(seconds[1:]):,.0f}", f"{busy_ms:.2f}")
    print(f"{keras.backend.backend()}, photos of {given.size_px} px, networks at {given.input_px} px")
    Console().print(table)


class Stopwatch:
    """Seconds of each epoch, by phase, of a clock and of processors; the first holds the compilation."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.busy: dict[str, list[float]] = {}
        self.last, self.last_busy = time.perf_counter(), time.process_time()

    def __call__(self, epoch: Epoch) -> None:
        """Takes the time at the end of an epoch."""
        now, busy = time.perf_counter(), time.process_time()
        self.seconds.setdefault(epoch.phase, []).append(now - self.last)
        self.busy.setdefault(epoch.phase, []).append(busy - self.last_busy)
        self.last, self.last_busy = now, busy


def fresh(images: np.ndarray) -> OnTheFly:
    """Returns what draws fresh copies of these images by the layers of params.yaml."""
    from tenshots.augmentation import copying  # not at the top: it needs TensorFlow

    layers = params.section(params.read(), "augment", AugmentSettings).layers
    begin = partial(copying.Policy, layers, size_px=images.shape[1], tried=True)
    return OnTheFly(begin, [str(row) for row in range(len(images))])


def network_settings(input_px: int) -> tuple[Any, Any]:
    """Returns the settings of the lecture's network and of a backbone of its blocks, without weights."""
    blocks = {"filters": [32, 64, 128], "dense": 512, "dropout": 0.25}
    scratch = {"family": "convolutional", "input_px": input_px, **blocks}
    pretrained = {
        "family": "pretrained",
        "input_px": input_px,
        "backbone": {"architecture": "convolutional", "arguments": blocks, "weights": "none"},
        "dropout": 0.25,
        "unfreeze": 0.5,
        "fine_tune_lr_factor": 0.1,
    }
    return building.settings_from(scratch, at="scratch"), building.settings_from(pretrained, at="pretrained")


def trainers_of(network: Any, *, images: np.ndarray) -> Callable[..., Callable[[], Trainer]]:  # noqa: ANN401 (of any family)
    """Returns the recipe for this network, lacking labels and the loop's settings."""
    build = partial(building.build, network, size_px=images.shape[1], num_labels=NUM_LABELS)
    if isinstance(network, TransferSettings):
        build = partial(_drawn, build)
        below = features.below_head(build())
        rows, mirrored = (features.outputs(below, turned) for turned in (images, images[:, :, ::-1]))
        known = Known(rows, mirrored, np.arange(len(images)))
        return partial(transfer.trainers, build, images=images, phases=network, known=known)
    return partial(scratch.trainers, build, images=images)


def _drawn(build: Callable[[], keras.Model]) -> keras.Model:
    network = build()
    drawing.draw(network, 0)
    return network


def drawn(num_originals: int, *, copies: int, size_px: int) -> tuple[Job, np.ndarray, np.ndarray]:
    """Returns a job, of which an eighth validates, uint8 images of random pixels, and their labels."""
    generator = np.random.default_rng(0)
    num_train = num_originals * (1 + copies)
    num_images = num_train + max(num_originals // 8, 1)
    images = generator.integers(0, 256, (num_images, size_px, size_px, 3), dtype=np.uint8)
    job = Job(
        fold=0,
        repeat=0,
        seed=0,
        train=np.arange(num_train),
        val=np.arange(num_train, num_images),
        num_originals=num_originals,
    )
    return job, images, np.arange(num_images) % NUM_LABELS


if __name__ == "__main__":
    main()
