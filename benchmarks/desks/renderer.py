"""A small renderer: a camera, a depth buffer, one lamp, soft shadows.

Everything is computed with NumPy, so the photos depend on pinned packages only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from benchmarks.desks.meshes import Mesh

WALL_CM = 75.0  # from the aim of the camera to the wall behind the desk


class Camera(NamedTuple):
    """Where a phone is held; `right`, `up`, `ahead` are its axes in space."""

    place: np.ndarray
    right: np.ndarray
    up: np.ndarray
    ahead: np.ndarray
    focal_px: float
    width: int
    height: int

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns pixel positions (…, 2) and the inverse distance (…), 1/cm, of points (…, 3)."""
        seen = (points - self.place) @ np.stack([self.right, self.up, self.ahead], axis=1)
        nearness = 1 / np.maximum(seen[..., 2], 1.0)
        x = self.width / 2 + self.focal_px * seen[..., 0] * nearness
        y = self.height / 2 - self.focal_px * seen[..., 1] * nearness
        return np.stack([x, y], axis=-1), nearness


class Lamp(NamedTuple):
    """Light on a scene: `towards` points to the lamp; `key` and `ambient` are RGB strengths."""

    towards: np.ndarray
    key: np.ndarray
    ambient: np.ndarray
    softness_cm: float


def camera_at(
    aim: np.ndarray, *, azimuth_deg: float, elevation_deg: float, tilt_deg: float, distance_cm: float,
    focal: float, width: int, height: int,
) -> Camera:  # fmt: skip
    """Returns a camera that looks at `aim` from a distance; `focal` is relative to the longer side."""
    azimuth, elevation, tilt = np.radians([azimuth_deg, elevation_deg, tilt_deg])
    flat = np.cos(elevation)
    back = np.array([np.sin(azimuth) * flat, -np.cos(azimuth) * flat, np.sin(elevation)])
    right = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
    up = np.cross(back, right)
    leaned = np.cos(tilt) * right + np.sin(tilt) * up
    focal_px = focal * max(width, height)
    return Camera(aim + distance_cm * back, leaned, np.cross(back, leaned), -back, focal_px, width, height)


class Surfaces(NamedTuple):
    """What each pixel shows, row by row: float32, (num_pixels, …)."""

    points: np.ndarray
    normals: np.ndarray
    colours: np.ndarray
    gloss: np.ndarray


def render(
    meshes: list[Mesh], camera: Camera, lamp: Lamp, desk: Callable[[np.ndarray], np.ndarray], wall: np.ndarray
) -> np.ndarray:
    """Renders objects on a desk.

    Args:
        meshes: the objects.
        camera: where it is seen from.
        lamp: what lights it.
        desk: colours (n, 3), light from 0 to 1, of places (n, 2) on the desk, cm.
        wall: colour of what lies behind the desk, (3,).

    Returns:
        Light, float32 (height, width, 3), from 0; above 1 is overexposed.
    """
    nearness = np.zeros(camera.width * camera.height)
    shapes = ((len(nearness), 3), (len(nearness), 3), (len(nearness), 3), (len(nearness),))
    surfaces = Surfaces(*(np.zeros(shape, dtype=np.float32) for shape in shapes))
    for mesh in meshes:
        _draw(mesh, camera, nearness, surfaces)
    _draw_background(np.flatnonzero(nearness == 0), camera, desk, wall, surfaces)
    shadow = _shadow(meshes, surfaces.points, lamp.towards, lamp.softness_cm)
    openness = _shadow(meshes, surfaces.points, np.array([0.05, 0.08, 0.995]), 3.0)
    sight = (camera.place - surfaces.points).astype(np.float32)
    sight /= np.linalg.norm(sight, axis=1, keepdims=True)
    facing = np.sign(np.sum(sight * surfaces.normals, axis=1, keepdims=True))
    normals = surfaces.normals * np.where(facing == 0, 1, facing).astype(np.float32)
    towards = lamp.towards.astype(np.float32)
    diffuse = np.clip(normals @ towards, 0, 1) * shadow
    halfway = sight + towards
    halfway /= np.linalg.norm(halfway, axis=1, keepdims=True)
    highlight = np.clip(np.sum(normals * halfway, axis=1), 0, 1) ** 70 * surfaces.gloss * shadow
    sky = (0.45 + 0.55 * openness) * (0.75 + 0.25 * normals[:, 2])
    light = surfaces.colours * (diffuse[:, None] * lamp.key + sky[:, None] * lamp.ambient)
    light = light + highlight[:, None] * lamp.key
    return np.asarray(light.reshape(camera.height, camera.width, 3), dtype=np.float32)


def _draw_background(
    where: np.ndarray,
    camera: Camera,
    desk: Callable[[np.ndarray], np.ndarray],
    wall: np.ndarray,
    surfaces: Surfaces,
) -> None:
    """Draws the desk and the wall into the pixels `where`, which show no object."""
    across = (where % camera.width + 0.5 - camera.width / 2) / camera.focal_px
    down = (where // camera.width + 0.5 - camera.height / 2) / camera.focal_px
    rays = camera.ahead + across[:, None] * camera.right - down[:, None] * camera.up
    behind = camera.ahead * np.array([1.0, 1.0, 0.0])
    behind /= np.linalg.norm(behind)
    forward = rays @ behind
    with np.errstate(divide="ignore", invalid="ignore"):
        to_desk = np.where(rays[:, 2] < -1e-3, -camera.place[2] / rays[:, 2], np.inf)
        to_wall = np.where(forward > 1e-3, (WALL_CM - camera.place @ behind) / forward, np.inf)
    on_desk = to_desk <= to_wall
    points = camera.place + np.minimum(to_desk, to_wall)[:, None] * rays
    surfaces.points[where] = points
    surfaces.normals[where] = np.where(on_desk[:, None], np.array([0.0, 0.0, 1.0]), -behind)
    surfaces.gloss[where] = np.where(on_desk, 0.06, 0.0)
    surfaces.colours[where[~on_desk]] = wall
    surfaces.colours[where[on_desk]] = desk(points[on_desk, :2])


def _draw(mesh: Mesh, camera: Camera, nearness: np.ndarray, surfaces: Surfaces) -> None:
    """Draws one mesh into the buffers `nearness` and `surfaces`."""
    pixels, keys = camera.project(mesh.corners)
    where, triangle, shares, key = rasterise(pixels, keys, camera.width, camera.height)
    ahead = key > nearness[where]
    where, triangle, shares, key = where[ahead], triangle[ahead], shares[ahead], key[ahead]
    nearness[where] = key
    shares = shares * keys[triangle] / key[:, None]  # so that prints run straight in perspective
    for buffer, values in ((surfaces.points, mesh.corners), (surfaces.normals, mesh.normals)):
        buffer[where] = _mix(values, triangle, shares)
    places = _mix(mesh.places, triangle, shares)
    height, width = mesh.print.shape[:2]
    column = np.clip((places[:, 0] * width).astype(int), 0, width - 1)
    row = np.clip((places[:, 1] * height).astype(int), 0, height - 1)
    surfaces.colours[where] = mesh.print[row, column]
    surfaces.gloss[where] = mesh.gloss


def _mix(values: np.ndarray, triangle: np.ndarray, shares: np.ndarray) -> np.ndarray:
    return np.asarray(sum(values[triangle, corner] * shares[:, corner, None] for corner in range(3)))


def rasterise(
    pixels: np.ndarray, keys: np.ndarray, width: int, height: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Finds the triangle that each pixel shows.

    Args:
        pixels: float (num_triangles, 3, 2), corners in pixels.
        keys: float (num_triangles, 3); where triangles overlap, the larger key hides the smaller.
        width: of the picture, pixels.
        height: of the picture, pixels.

    Returns:
        For each covered pixel, in rising order: its number (row by row), the number of its triangle, the
        shares of the three corners there, float (n, 3), and the key.
    """
    limit = np.array([width, height])
    low = np.clip(np.floor(pixels.min(axis=1)), 0, limit).astype(int)
    sides = np.clip(np.ceil(pixels.max(axis=1)), 0, limit).astype(int) - low
    area = _area(pixels)
    counts = np.where(np.abs(area) > 1e-9, sides[:, 0] * sides[:, 1], 0)
    triangle = np.repeat(np.arange(len(pixels)), counts)
    number = np.arange(len(triangle)) - np.repeat(np.cumsum(counts) - counts, counts)
    x = low[triangle, 0] + number % sides[triangle, 0]
    y = low[triangle, 1] + number // sides[triangle, 0]
    shares = np.empty((len(triangle), 3))
    for corner in range(3):
        (ax, ay), (bx, by) = pixels[:, (corner + 1) % 3].T, pixels[:, (corner + 2) % 3].T
        with np.errstate(divide="ignore", invalid="ignore"):
            slope_x, slope_y = (ay - by) / area, (bx - ax) / area
        from_x, from_y = x + 0.5 - ax[triangle], y + 0.5 - ay[triangle]
        shares[:, corner] = slope_x[triangle] * from_x + slope_y[triangle] * from_y
    inside = (shares >= -1e-9).all(axis=1)
    triangle, shares = triangle[inside], shares[inside]
    where = y[inside] * width + x[inside]
    key = np.sum(keys[triangle] * shares, axis=1)
    order = np.argsort(key, kind="stable")
    best = np.full(width * height, -1)
    best[where[order]] = order  # of several values for one pixel the last, which has the largest key, stays
    chosen = best[best >= 0]
    return where[chosen], triangle[chosen], shares[chosen], key[chosen]


def _area(pixels: np.ndarray) -> np.ndarray:
    """Twice the signed area of each triangle, square pixels."""
    one, two = pixels[:, 1] - pixels[:, 0], pixels[:, 2] - pixels[:, 0]
    return np.asarray(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0])


def _shadow(meshes: list[Mesh], points: np.ndarray, towards: np.ndarray, softness_cm: float) -> np.ndarray:
    """Returns the share of the light from `towards` that reaches each point, float32 (n,), 0 to 1."""
    towards = towards / np.linalg.norm(towards)
    right = np.cross([0.0, 1.0, 0.0], towards)
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(towards, right)], axis=1)
    px_per_cm = float(np.clip(9 / softness_cm, 4, 10))  # a soft edge needs no sharp map
    corners = np.concatenate([mesh.corners for mesh in meshes])
    flat = corners @ axes
    origin = flat.reshape(-1, 2).min(axis=0) - softness_cm - 1
    extent = flat.reshape(-1, 2).max(axis=0) + softness_cm + 1 - origin
    width, height = (int(side) + 1 for side in extent * px_per_cm)
    where, _, _, key = rasterise((flat - origin) * px_per_cm, corners @ towards, width, height)
    tops = np.full(width * height, -np.inf, dtype=np.float32)
    tops[where] = key
    place = ((points @ axes - origin) * px_per_cm).astype(np.float32)
    depth = (points @ towards + 0.3).astype(np.float32)
    reached = np.zeros(len(points), dtype=np.float32)
    angles = np.arange(16) * 2.39996  # the golden angle spreads points evenly over a disc (Vogel 1979)
    rings = np.sqrt((np.arange(16) + 0.5) / 16) * softness_cm * px_per_cm
    for step_x, step_y in zip(np.cos(angles) * rings, np.sin(angles) * rings, strict=True):
        column = np.clip((place[:, 0] + np.float32(step_x)).astype(int), 0, width - 1)
        row = np.clip((place[:, 1] + np.float32(step_y)).astype(int), 0, height - 1)
        reached += tops[row * width + column] <= depth
    return reached / 16
