"""From light to a picture, as a phone does: exposure, lens, sensor."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from benchmarks.desks.meshes import GAMMA
from benchmarks.desks.students import Student


def develop(light: np.ndarray, student: Student, rng: np.random.Generator) -> Image.Image:
    """Returns the upright photo.

    Args:
        light: float32 (height, width, 3), from 0; a multiple of the photo's size.
        student: whose phone it is.
        rng: of vignette, focus and noise.
    """
    width, height = student.size_px
    factor = light.shape[1] // width
    light = light.reshape(height, factor, width, factor, 3).mean(axis=(1, 3))
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    light = light * (1 - rng.uniform(0.05, 0.2) * (x**2 + y**2))[..., None]
    light = light / (1 + 0.25 * light) * 1.25  # a soft shoulder, so that bright spots keep some shape
    values = np.clip(light, 0, 1) ** (1 / GAMMA) * 255
    photo = Image.fromarray(np.round(values).astype(np.uint8))
    photo = photo.filter(ImageFilter.GaussianBlur(student.blur_px * float(rng.uniform(0.5, 1.6))))
    grain = rng.normal(0, 1, size=(height, width, 1)) + 0.4 * rng.normal(0, 1, size=(height, width, 3))
    noisy = np.asarray(photo, dtype=np.float64) + student.grain * 0.5 * grain
    return Image.fromarray(np.clip(np.round(noisy), 0, 255).astype(np.uint8))
