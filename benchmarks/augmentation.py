"""Measures augmentation: milliseconds per copy, of the policy in params.yaml and of all layers of Keras.

Run from the project's top folder: `python -m benchmarks.augmentation [--size-px 96]`.
Aim: at most 25 ms per copy at 96 px for the policy in params.yaml.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

# Keras chooses its backend when it is imported; the stage does the same.
os.environ["KERAS_BACKEND"] = "tensorflow"

from tenshots import params, runtime
from tenshots.augmentation import copying, preprocessing
from tenshots.augmentation.settings import AugmentSettings, LayerSettings
from tenshots.errors import SettingsError
from tenshots.tables import database
from tenshots.tables.encoding import encode

NUM_PHOTOS = 64
NUM_ROUNDS = 5
# For layers that cannot do without: usual values.
ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "CenterCrop": {"height": 96, "width": 96},
    "MaxNumBoundingBoxes": {"max_number": 1},
    "RandomBrightness": {"factor": 0.2},
    "RandomColorDegeneration": {"factor": 0.3},
    "RandomColorJitter": {
        "brightness_factor": 0.2,
        "contrast_factor": 0.2,
        "saturation_factor": 0.2,
        "hue_factor": 0.1,
    },
    "RandomContrast": {"factor": 0.3},
    "RandomCrop": {"height": 96, "width": 96},
    "RandomHue": {"factor": 0.1},
    "RandomPosterization": {"factor": 4},
    "RandomRotation": {"factor": 0.06},
    "RandomSaturation": {"factor": 0.3},
    "RandomSharpness": {"factor": 0.3},
    "RandomShear": {"x_factor": 0.2},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.2},
    "Resizing": {"height": 96, "width": 96},
}


def main(argv: Sequence[str] | None = None) -> None:
    """Prints a line for the policy of params.yaml, and one for each layer alone."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.augmentation", description=__doc__)
    parser.add_argument("--size-px", type=int, default=96, help="side of the photos, in pixels")
    size_px = parser.parse_args(argv).size_px
    runtime.configure(threads=1)
    settings = params.section(params.read(), "augment", AugmentSettings)
    originals = drawn_photos(size_px)
    print(f"{size_px} px, {NUM_PHOTOS} photos, median of {NUM_ROUNDS} rounds; with decoding and encoding")
    print(f"{'policy of params.yaml':44s} {measured(settings.layers, originals)}")
    for name in sorted(preprocessing.LAYERS):
        arguments = dict(ARGUMENTS.get(name, {}))
        for side in {"height", "width"} & arguments.keys():
            arguments[side] = size_px
        layer = LayerSettings.model_validate({name: arguments})
        print(f"{name:44s} {measured([layer], originals)}", flush=True)


def measured(layers: Sequence[LayerSettings], originals: pd.DataFrame) -> str:
    """Returns the median time of a copy in milliseconds and that of the preparation, or why there is none."""
    size_px = database.decode(originals["image"].iloc[:1]).shape[1]
    start_s = time.perf_counter()
    try:
        policy = copying.Policy(layers, size_px=size_px)
    except SettingsError as error:
        return f"refused: {error}"
    list(copying.changed_copies(originals.head(1), policy, num_copies=1, seed=0))  # compiles the graph
    prepared_s = time.perf_counter() - start_s
    rounds_s = []
    for seed in range(NUM_ROUNDS):
        start_s = time.perf_counter()
        list(copying.changed_copies(originals, policy, num_copies=1, seed=seed))
        rounds_s.append(time.perf_counter() - start_s)
    return f"{statistics.median(rounds_s) / len(originals) * 1000:6.2f} ms, prepared in {prepared_s:4.1f} s"


def drawn_photos(size_px: int) -> pd.DataFrame:
    """Returns photos with as much detail as real ones: noise, in steps of 4 px, on a slope."""
    random = np.random.default_rng(0)
    slope = np.linspace(0, 127, size_px)[:, np.newaxis, np.newaxis]
    images = []
    for _ in range(NUM_PHOTOS):
        coarse = random.integers(0, 120, (-(-size_px // 4), -(-size_px // 4), 3))
        noise = coarse.repeat(4, axis=0).repeat(4, axis=1)[:size_px, :size_px]
        images.append((slope + noise + random.integers(0, 8, (size_px, size_px, 3))).astype(np.uint8))
    rows = [
        {"photo_id": f"{index:064x}", "label": "cup", "image": encode(image, "lossless")}
        for index, image in enumerate(images)
    ]
    return pd.DataFrame(rows)


if __name__ == "__main__":
    main()
