"""Surfaces in space: the few shapes from which every object on the demo desks is built.

Lengths are centimetres; z points up and the desk is z = 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import ImageColor

GAMMA = 2.2  # of the step between light, in which shading computes, and the values of a picture


class Mesh(NamedTuple):
    """Triangles that share one print.

    Attributes:
        corners: float64 (num_triangles, 3, 3), cm.
        normals: float64, like `corners`, of length 1; which side they point to does not matter.
        places: float64 (num_triangles, 3, 2), where each corner lies on the print: across and down, 0 to 1.
        print: float32 (height, width, 3), light from 0 to 1.
        gloss: strength of the highlight, 0 (paper) to 1 (glaze).
    """

    corners: np.ndarray
    normals: np.ndarray
    places: np.ndarray
    print: np.ndarray
    gloss: float


def light_of(colour: str) -> np.ndarray:
    """Returns a colour name or `#rrggbb` as light: float32 (3,), 0 to 1."""
    values = np.array(ImageColor.getrgb(colour)[:3], dtype=np.float32) / 255
    return np.asarray(values**GAMMA, dtype=np.float32)


def plain(colour: str) -> np.ndarray:
    """Returns the print of one colour: float32 (1, 1, 3)."""
    return light_of(colour)[None, None]


def sheet(points: np.ndarray, print_: np.ndarray, *, gloss: float = 0.0) -> Mesh:
    """Spans a smooth surface over a grid of points; the print covers it once.

    Args:
        points: float (num_rows, num_columns, 3), cm; rows run down the print, columns across.
        print_: float32 (height, width, 3).
        gloss: 0 to 1.
    """
    rows, columns = points.shape[:2]
    down, across = np.gradient(points, axis=0), np.gradient(points, axis=1)
    normals = np.cross(across, down)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    places = np.stack(np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows)), axis=-1)
    return Mesh(_triangles(points), _triangles(normals), _triangles(places), print_, gloss)


def _triangles(grid: np.ndarray) -> np.ndarray:
    a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
    halves = np.stack([np.stack([a, b, c], axis=2), np.stack([a, c, d], axis=2)], axis=2)
    return halves.reshape(-1, 3, grid.shape[-1])


def quad(corners: np.ndarray | list[list[float]], print_: np.ndarray, *, gloss: float = 0.0) -> Mesh:
    """Spans a flat print over four corners: top left, top right, bottom right, bottom left of the print."""
    a, b, c, d = np.asarray(corners, dtype=float)
    return sheet(np.array([[a, b], [d, c]]), print_, gloss=gloss)


def box(
    size: tuple[float, float, float], top: np.ndarray, side: np.ndarray, *, gloss: float = 0.0
) -> list[Mesh]:
    """Returns a box that stands on the desk, centred on the origin.

    Args:
        size: along x, y and z, cm.
        top: print of the top; its upper edge lies at the largest y.
        side: print of the four sides.
        gloss: 0 to 1.
    """
    x, y, z = size[0] / 2, size[1] / 2, size[2]
    around = [[-x, -y], [x, -y], [x, y], [-x, y]]
    faces = [quad([[-x, y, z], [x, y, z], [x, -y, z], [-x, -y, z]], top, gloss=gloss)]
    for (x0, y0), (x1, y1) in zip(around, around[1:] + around[:1], strict=True):
        faces.append(quad([[x0, y0, z], [x1, y1, z], [x1, y1, 0], [x0, y0, 0]], side, gloss=gloss))
    return faces


def revolution(
    profile: np.ndarray | list[list[float]], print_: np.ndarray, *, gloss: float = 0.0, num_steps: int = 56
) -> Mesh:
    """Turns a profile round the z axis; the print is wrapped round once.

    Args:
        profile: (num_points, 2), radius and height of each point, cm, from the top of the print down.
        print_: float32 (height, width, 3).
        gloss: 0 to 1.
        num_steps: flat pieces of a full turn.
    """
    radii, heights = np.asarray(profile, dtype=float).T
    turn = np.linspace(0, 2 * np.pi, num_steps + 1)
    circle = np.stack([np.cos(turn), np.sin(turn), np.zeros_like(turn)], axis=-1)
    points = radii[:, None, None] * circle[None] + heights[:, None, None] * np.array([0.0, 0.0, 1.0])
    return sheet(points, print_, gloss=gloss)


def tube(path: np.ndarray, radii: np.ndarray, print_: np.ndarray, *, gloss: float = 0.0) -> Mesh:
    """Returns a round tube along a path.

    Args:
        path: float (num_points, 3), cm; must not run straight along its own frame's x = y = 0 upwards.
        radii: float (num_points, 2), half the thickness sideways and in the plane of the curve, cm.
        print_: float32 (height, width, 3).
        gloss: 0 to 1.
    """
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    sideways = np.cross(along, _plane_normal(path))
    sideways /= np.maximum(np.linalg.norm(sideways, axis=1, keepdims=True), 1e-9)
    across = np.cross(along, sideways)
    turn = np.linspace(0, 2 * np.pi, 13)
    ring = np.cos(turn)[None, :, None] * across[:, None] * radii[:, :1, None]
    ring = ring + np.sin(turn)[None, :, None] * sideways[:, None] * radii[:, 1:, None]
    return sheet(path[:, None] + ring, print_, gloss=gloss)


def _plane_normal(path: np.ndarray) -> np.ndarray:
    """The direction in which a path extends least."""
    return np.asarray(np.linalg.svd(path - path.mean(axis=0), full_matrices=False)[2][-1])


def frusta(low: np.ndarray, high: np.ndarray, heights: tuple[float, float], print_: np.ndarray) -> Mesh:
    """Returns many blunt pyramids, such as keys; the print is their plan, from (0, 0) to (1, 1).

    Args:
        low: float (num, 4), left, bottom, right, top of each base, as shares of the plan.
        high: like `low`, of each top.
        heights: of all bases and all tops, cm.
        print_: float32 (height, width, 3).

    Returns:
        Corners in shares of the plan across; scale x and y by the plan's size (`stretched`).
    """
    corners, places = [], []
    order = [(0, 1), (2, 1), (2, 3), (0, 3)]
    below = np.stack([np.stack([low[:, a], low[:, b]], axis=-1) for a, b in order], axis=1)
    above = np.stack([np.stack([high[:, a], high[:, b]], axis=-1) for a, b in order], axis=1)
    faces = [[(above, heights[1], k) for k in range(4)]]
    for k in range(4):
        after = (k + 1) % 4
        faces.append(
            [
                (above, heights[1], k),
                (above, heights[1], after),
                (below, heights[0], after),
                (below, heights[0], k),
            ]
        )
    for face in faces:
        for picks in ([0, 1, 2], [0, 2, 3]):
            flat = np.stack([face[i][0][:, face[i][2]] for i in picks], axis=1)
            up = np.stack([np.full(len(low), face[i][1]) for i in picks], axis=1)[..., None]
            corners.append(np.concatenate([flat, up], axis=-1))
            places.append(np.stack([flat[..., 0], 1 - flat[..., 1]], axis=-1))
    points = np.concatenate(corners)
    return Mesh(points, flat_normals(points), np.concatenate(places), print_, 0.05)


def flat_normals(corners: np.ndarray) -> np.ndarray:
    """Returns the normal of each triangle for its three corners: float64, like `corners`."""
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    return np.repeat(normals[:, None], 3, axis=1)


def stretched(mesh: Mesh, factors: tuple[float, float, float]) -> Mesh:
    """Scales a mesh of flat faces along x, y and z."""
    corners = mesh.corners * np.array(factors)
    return mesh._replace(corners=corners, normals=flat_normals(corners))


def moved(
    meshes: list[Mesh], *, turn_deg: float = 0.0, lean_deg: float = 0.0, by: tuple[float, ...]
) -> list[Mesh]:
    """Leans meshes round the x axis, then turns them round the z axis, then shifts them `by` (x, y, z) cm."""
    lean, turn = np.radians(lean_deg), np.radians(turn_deg)
    about_x = np.array([[1, 0, 0], [0, np.cos(lean), -np.sin(lean)], [0, np.sin(lean), np.cos(lean)]])
    about_z = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    matrix = (about_z @ about_x).T
    return [
        mesh._replace(corners=mesh.corners @ matrix + np.array(by), normals=mesh.normals @ matrix)
        for mesh in meshes
    ]
