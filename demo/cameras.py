"""Where the phone is held, and what its lens does."""

from __future__ import annotations

from typing import NamedTuple

import bpy
import mathutils
import numpy as np

APERTURE_M = 0.0034  # of a phone's main camera: about 5.7 mm focal length at f/1.7


class View(NamedTuple):
    """How a phone is held over a thing.

    Attributes:
        azimuth_deg: of the phone round the thing; 0: from the near side of the desk; over 0: from the right.
        elevation_deg: over the desk; 90: from straight above.
        roll_deg: of the phone round its line of sight.
        share: how much of the frame, along its tighter side, the thing fills; over 1 it is cut off.
        off: where the thing's middle lies in the frame, shares of its width and height from the middle.
        lens_mm: focal length on a frame 36 mm long (phones: 24 to 28, or 50 with their second lens).
        nudge: millimetres and degrees by which a later photo of a burst is moved, (6,).
    """

    azimuth_deg: float
    elevation_deg: float
    roll_deg: float
    share: float
    off: tuple[float, float]
    lens_mm: float
    nudge: tuple[float, float, float, float, float, float] = (0, 0, 0, 0, 0, 0)


def _axes(azimuth_deg: float, elevation_deg: float) -> np.ndarray:
    """Right, up and backward of the phone: float (3, 3), one a row."""
    turn, rise = np.radians(azimuth_deg - 90), np.radians(elevation_deg)
    back = np.array([np.cos(rise) * np.cos(turn), np.cos(rise) * np.sin(turn), np.sin(rise)])
    right = np.array([-np.sin(turn), np.cos(turn), 0.0])
    return np.array([right, np.cross(back, right), back])


def _tangents(lens_mm: float, size_px: tuple[int, int]) -> np.ndarray:
    """Half the frame's width and height at distance 1."""
    long_side = max(size_px)
    return np.array([18.0 / lens_mm * side / long_side for side in size_px])


def place(view: View, corners: np.ndarray, size_px: tuple[int, int]) -> bpy.types.Object:
    """Puts the camera where the thing fills the wanted share of the frame; returns it.

    Args:
        view: how the phone is held.
        corners: float (n, 3), of the thing in the scene.
        size_px: width and height of the photo.
    """
    axes, half = _axes(view.azimuth_deg, view.elevation_deg), _tangents(view.lens_mm, size_px)
    aim = (corners.min(axis=0) + corners.max(axis=0)) / 2
    local = (corners - aim) @ axes.T
    # Smallest distance at which the corners keep within the share, but never nearer than a phone focuses
    needed = np.abs(local[:, :2]) / (half * view.share) + local[:, 2:]
    distance = max(float(np.quantile(needed.max(axis=1), 0.9)), 0.13)
    shift = -np.array(view.off) * 2 * half * distance
    where = aim + axes[2] * distance + axes[0] * shift[0] + axes[1] * shift[1]
    where[2] = max(where[2], 0.06)
    data = bpy.data.cameras.new("phone")
    data.sensor_fit, data.sensor_width, data.sensor_height = "AUTO", 36.0, 36.0
    data.lens, data.clip_start = view.lens_mm, 0.01
    data.dof.use_dof = True
    data.dof.focus_distance = distance - 0.3 * float(local[:, 2].max())
    data.dof.aperture_fstop = view.lens_mm / 1000 / APERTURE_M
    data.dof.aperture_blades = 0
    camera = bpy.data.objects.new("phone", data)
    bpy.context.scene.collection.objects.link(camera)
    bpy.context.scene.camera = camera
    dx, dy, dz, pitch, yaw, roll = view.nudge
    where = where + (axes.T @ np.array([dx, dy, dz])) / 1000
    turned = mathutils.Matrix(axes.T.tolist()).to_4x4()
    own = mathutils.Euler(np.radians([pitch, yaw, roll + view.roll_deg])).to_matrix().to_4x4()
    camera.matrix_world = mathutils.Matrix.Translation(where.tolist()) @ turned @ own
    return camera


def project(camera: bpy.types.Object, points: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """Returns where points of the scene lie in the frame: float (n, 2), each 0 to 1 inside it."""
    inverse = np.array(camera.matrix_world.inverted())
    local = np.column_stack([points, np.ones(len(points))]) @ inverse.T
    half = _tangents(camera.data.lens, size_px)
    depth = np.maximum(-local[:, 2:3], 1e-3)
    return np.asarray(local[:, :2] / depth / half / 2 + 0.5)
