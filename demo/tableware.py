"""What belongs to cups without being one: saucers, plates, spoons, coasters."""

from __future__ import annotations

import bpy
import numpy as np

from demo import materials
from demo.seeds import chance
from demo.shapes import curve, group, lathe, sheet, slab, tube

GLAZES = (
    "#e9e6de", "#e4dccb", "#8f2f28", "#2a4a6b", "#3c5f50", "#c08a35", "#26282c", "#5d4266", "#b1674a",
    "#86a5ad", "#54392a", "#c79f9a", "#7d8471", "#d8d6d1", "#1f3a3d", "#a7a39a",
)  # fmt: skip


def saucer(radius: float, material: bpy.types.Material, height: float = 0.016) -> bpy.types.Object:
    """Makes a saucer or plate of the given radius."""
    top = curve(np.array([[radius * 0.55, 0.006], [radius * 0.75, 0.0085], [radius, height]]), 14)
    profile = np.concatenate(
        [
            [[0.0, 0.003], [radius * 0.5, 0.003], [radius * 0.5, 0.0], [radius * 0.56, 0.0]],
            [
                [radius * 0.6, 0.004],
                [radius * 0.78, 0.0065],
                [radius, height - 0.002],
                [radius + 0.001, height - 0.001],
            ],
            top[::-1],
            [[radius * 0.5, 0.0052], [0.0, 0.005]],
        ]
    )
    return lathe(profile, material)


def spoon() -> bpy.types.Object:
    """Makes a tea spoon that lies along x."""
    steel = materials.metal("#c3c4c6", 0.15)
    along = np.linspace(-0.065, 0.035, 16)
    path = np.column_stack([along, np.zeros(16), 0.003 + 0.004 * np.sin((along + 0.065) * 28)])
    widths = np.interp(along, [-0.065, -0.05, 0.0, 0.035], [0.0045, 0.004, 0.002, 0.0022])
    handle = tube(path, np.column_stack([widths, np.full(16, 0.0009)]), steel)
    turn, out = np.meshgrid(np.linspace(0, 2 * np.pi, 25), np.linspace(0, 1, 8))
    bowl = np.stack([
        0.05 + 0.019 * out * np.cos(turn), 0.0125 * out * np.sin(turn), 0.0012 + 0.005 * out**2,
    ], axis=-1)  # fmt: skip
    return group([handle, sheet(bowl, steel)])


def coaster(material: bpy.types.Material, rng: np.random.Generator) -> bpy.types.Object:
    """Makes a round or square coaster."""
    corner = 0.047 if chance(rng, 0.5) else 0.006
    return slab((0.095, 0.095, 0.004), material, corner=corner, edge=0.001)
