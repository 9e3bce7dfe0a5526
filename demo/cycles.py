"""Blender as a renderer: an empty scene, its settings, and the light it renders."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import bpy
import numpy as np


def start(seed: int) -> None:
    """Empties Blender, so that nothing of an earlier photo can move the next one."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device, cycles.seed = "CPU", seed % 2**31
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.denoising_prefilter = "FAST"
    cycles.use_adaptive_sampling = False
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 14, 2, 4
    cycles.transmission_bounces, cycles.transparent_max_bounces = 14, 8
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect, cycles.sample_clamp_direct = 6.0, 40.0
    cycles.blur_glossy = 0.5
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    scene.render.use_persistent_data = False


def render(size_px: tuple[int, int], num_samples: int) -> np.ndarray:
    """Renders the scene: light, float16 (height, width, 3), from 0, the first row on top."""
    scene = bpy.context.scene
    scene.cycles.samples = num_samples
    settings = scene.render
    settings.resolution_x, settings.resolution_y = size_px
    settings.resolution_percentage = 100
    settings.image_settings.file_format = "OPEN_EXR"
    settings.image_settings.color_depth, settings.image_settings.exr_codec = "16", "NONE"
    with TemporaryDirectory() as folder:
        settings.filepath = str(Path(folder) / "light.exr")
        with _Quiet():
            bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(settings.filepath)
        values = np.empty(size_px[0] * size_px[1] * 4, dtype=np.float32)
        image.pixels.foreach_get(values)
    light = values.reshape(size_px[1], size_px[0], 4)[::-1, :, :3]
    return np.clip(light, 0, 60000).astype(np.float16)


class _Quiet:
    """Keeps Blender's own lines off the standard output, which it writes past Python."""

    def __enter__(self) -> None:
        self.kept = os.dup(1)
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 1)
        os.close(sink)

    def __exit__(self, *_: object) -> None:
        os.dup2(self.kept, 1)
        os.close(self.kept)
