"""What a GPU makes of the lectures' networks, on Keras' JAX backend.

    KERAS_BACKEND=jax python -m benchmarks.gpu --mnist PHOTOS --cifar10 PHOTOS

PHOTOS is a folder or its .tar.gz, train/LABEL/NAME and test/LABEL/NAME, as the presets take it. Printed are
the card, then

1. images per second of the lecture's network (1,345,066 parameters) beside airbench's at batches of 64, 256
   and 1,024: as the pipeline trains, each batch from the computer's memory; and with all of it on the card.
   airbench is PyTorch; here is its network, built in Keras, under the same loop and optimiser;
2. the presets mnist-cnn and cifar10-cnn-full, with their settings, by the pipeline's own loop: test accuracy,
   and what flips, rotations and shifts bring.

Options: --mixed computes in bfloat16, with weights and loss in float32; --share 0.01 takes a hundredth of the
photos and of the updates, and two epochs, to see that all works; --times 2 trains twice as many epochs.

It needs JAX, Keras, NumPy, Pillow, pydantic, ruamel.yaml, joblib and psutil; neither TensorFlow nor DVC nor
pandas. Where the machine has JAX alone, the others come along as wheels (`pip download`).
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import numpy as np

from benchmarks.gpu import airbench, changing, photos, speed
from tenshots import params
from tenshots.networks import building
from tenshots.networks.settings import NetworkSettings
from tenshots.outlook import presets
from tenshots.runtime import keras
from tenshots.seeds import derived_seed
from tenshots.training import scratch
from tenshots.training.feeding import OnTheFly
from tenshots.training.jobs import Epoch, Job
from tenshots.training.loop import TrainSettings
from tenshots.training.settings import OptimisationSettings

LECTURE = {
    "family": "convolutional",
    "input_px": 32,
    "filters": [32, 64, 128],
    "dense": 512,
    "dropout": 0.25,
    "momentum": 0.9,
}
BATCHES = (64, 256, 1024)
NUM_IMAGES = 16_384  # per timed round
SIDE_PX, NUM_LABELS = 32, 10


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the card, the table of speeds, and the presets' results as far as photos are given."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--mnist", type=Path, help="photos for mnist-cnn")
    parser.add_argument("--cifar10", type=Path, help="photos for cifar10-cnn-full")
    parser.add_argument("--mixed", action="store_true", help="compute in bfloat16")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of photos and updates (default: %(default)s)"
    )
    parser.add_argument("--times", type=float, default=1.0, help="times the epochs (default: %(default)s)")
    given = parser.parse_args(argv)
    if keras.backend.backend() != "jax":
        raise SystemExit("error: KERAS_BACKEND must be jax; run `KERAS_BACKEND=jax python -m benchmarks.gpu`")
    if not 0 < given.share <= 1:
        raise SystemExit(f"error: --share must lie in (0, 1], got {given.share}")
    if given.mixed:
        keras.config.set_dtype_policy("mixed_bfloat16")
    device = jax.devices()[0]
    precision = "bfloat16, weights float32" if given.mixed else "float32"
    versions = f"JAX {jax.__version__}, Keras {keras.__version__}"
    print(f"{device.platform}: {device.device_kind}; {versions}; {precision}")
    _speeds(given.share)
    for name, source in (("mnist-cnn", given.mnist), ("cifar10-cnn-full", given.cifar10)):
        if source is not None:
            _preset(name, photos.read(source, share=given.share), share=given.share, times=given.times)


def _speeds(share: float) -> None:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (1024, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    targets = np.eye(NUM_LABELS, dtype=np.float32)[generator.integers(0, NUM_LABELS, len(images))]
    lecture = partial(building.build, building.settings_from(LECTURE, at="lecture"))
    print("network                        batch  as the pipeline  on the card   images per second")
    for build in (lecture, airbench.network):
        for batch in BATCHES:
            num_updates = max(1, round(share * NUM_IMAGES / batch))
            rows = generator.integers(0, len(images), (num_updates, batch))
            rates = []
            for measure in (speed.of_pipeline, speed.of_card):
                keras.utils.clear_session()
                model = build(size_px=SIDE_PX, num_labels=NUM_LABELS)
                rates.append(measure(model, images, targets, rows, num_rounds=3 if share == 1 else 1))
            title = f"{model.name} ({model.count_params():,})"
            print(f"{title:30s} {batch:5d}  {rates[0]:15,.0f}  {rates[1]:11,.0f}", flush=True)


def _preset(name: str, found: photos.Photos, *, share: float, times: float) -> None:
    """Trains each variant of a preset once; prints its test accuracy, and of two variants the difference."""
    settings = presets.read(name).settings
    epochs = 2 if share < 1 else max(1, round(times * settings["epochs"]))
    right = []
    for variant, described in settings["variants"].items():
        network = building.settings_from(settings["networks"][described["network"]], at=variant)
        train = TrainSettings(
            lr=settings["lr"],
            batch_size=settings["batch_size"],
            epochs=epochs,
            optimisation=params.check(_short(settings, share), OptimisationSettings, at="optimisation"),
        )
        fresh = None
        if described["data"] == "on_the_fly":
            layers = settings["augment"]["layers"]
            fresh = OnTheFly(partial(changing.begin, layers), [str(row) for row in range(len(found.labels))])
        start = time.perf_counter()
        answers, job = _taught(network, train, found, fresh, settings=settings)
        seconds = time.perf_counter() - start
        right.append(answers[np.isin(job.held_out, job.test)] == found.labels[job.test])
        accuracy = 100 * right[-1].mean()
        rate = epochs * job.num_originals / seconds
        print(
            f"{name}, {variant}: {accuracy:.2f} % of {len(right[-1]):,} test photos right after {epochs} "
            f"epochs of {job.num_originals:,} ({seconds:.0f} s, compilation too; {rate:,.0f} images/s)",
            flush=True,
        )
    if len(right) == 2:
        gain = right[1].astype(float) - right[0]
        half = 1.96 * gain.std() / np.sqrt(len(gain))
        print(f"{name}: {100 * gain.mean():+.2f} points, 95 % interval of {100 * half:.2f} either way")


def _short(settings: dict[str, Any], share: float) -> dict[str, Any]:
    """Returns how it is trained; without averages where there are too few updates for them."""
    found: dict[str, Any] = settings["optimisation"]
    return {key: value for key, value in found.items() if share == 1 or key != "ema"}


def _taught(
    network: NetworkSettings,
    train: TrainSettings,
    found: photos.Photos,
    fresh: OnTheFly | None,
    *,
    settings: dict[str, Any],
) -> tuple[np.ndarray, Job]:
    """Returns the answers on the held-out photos, as labels, and the training that was done."""
    seed = derived_seed(settings["seed"], 0, 0)
    order = np.random.default_rng(seed).permutation(found.num_train)
    num_val = max(1, round(settings["split"]["val"] * found.num_train))
    job = Job(
        fold=0,
        repeat=0,
        seed=seed,
        train=np.sort(order[num_val:]),
        val=np.sort(order[:num_val]),
        num_originals=found.num_train - num_val,
        test=np.arange(found.num_train, len(found.labels)),
    )
    num_labels = int(found.labels.max()) + 1
    build = partial(building.build, network, size_px=found.images.shape[1], num_labels=num_labels)
    keras.utils.clear_session()
    begin = scratch.trainers(
        build, images=found.images, labels=found.labels, settings=train, on_the_fly=fresh
    )
    outcome = begin().train(job, _shown, lambda: None)
    return outcome.probabilities.argmax(axis=1), job


def _shown(epoch: Epoch) -> None:
    print(
        f"  epoch {epoch.epoch + 1}: loss {epoch.loss:.3f}, validation {epoch.val_accuracy:.4f}", flush=True
    )


if __name__ == "__main__":
    main()
