"""Surfaces in space: the few shapes from which everything on and round the desks is built.

Lengths are metres, z points up, and a thing stands on z = 0 round the origin until it is placed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import bpy
import numpy as np

Points = np.ndarray  # float (..., 3), metres


def mesh(
    points: Points,
    faces: Iterable[Sequence[int]],
    material: bpy.types.Material,
    *,
    uv: np.ndarray | None = None,
    smooth: bool = True,
) -> bpy.types.Object:
    """Makes an object of points and faces and puts it into the scene.

    Args:
        points: float (num_points, 3).
        faces: indices of the corners of each face.
        material: of all faces.
        uv: float, place on the picture of every point (num_points, 2) or of every corner of every face in
            turn (num_corners, 2), 0 to 1, from the lower left.
        smooth: whether the faces' normals run into one another.
    """
    data = bpy.data.meshes.new("mesh")
    data.from_pydata(np.asarray(points, dtype=float).tolist(), [], [list(face) for face in faces])
    if uv is not None:
        corner_points = np.empty(len(data.loops), dtype=np.int32)
        data.loops.foreach_get("vertex_index", corner_points)
        places = np.asarray(uv, dtype=np.float32)
        places = places[corner_points] if len(places) == len(points) else places
        data.uv_layers.new().data.foreach_set("uv", places.ravel())
    data.polygons.foreach_set("use_smooth", [smooth] * len(data.polygons))
    data.materials.append(material)
    data.update()
    thing = bpy.data.objects.new("thing", data)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def sheet(
    points: Points, material: bpy.types.Material, *, smooth: bool = True, heights: np.ndarray | None = None
) -> bpy.types.Object:
    """Spans a surface over a grid of points (num_rows, num_columns, 3); the picture covers it once.

    The first row lies along the picture's lower edge, others at even steps or the given `heights`, 0 to 1.
    """
    rows, columns = points.shape[:2]
    heights = np.linspace(0, 1, rows) if heights is None else heights
    index = np.arange(rows * columns).reshape(rows, columns)
    faces = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], axis=-1).reshape(-1, 4)
    places = np.stack(np.meshgrid(np.linspace(0, 1, columns), heights), axis=-1)
    return mesh(points.reshape(-1, 3), faces.tolist(), material, uv=places.reshape(-1, 2), smooth=smooth)


def lathe(profile: np.ndarray, material: bpy.types.Material, *, num_steps: int = 72) -> bpy.types.Object:
    """Turns a profile round the z axis; the picture is wrapped round once, its foot at the first point.

    Args:
        profile: float (num_points, 2): radius and height. Going up the outside, the normals point outwards.
        material: of the surface.
        num_steps: flat pieces of a full turn.
    """
    turn = np.linspace(0, 2 * np.pi, num_steps + 1)
    circle = np.stack([np.cos(turn), np.sin(turn), np.zeros_like(turn)], axis=-1)
    radii, heights = _held(np.asarray(profile, dtype=float)).T
    points = radii[:, None, None] * circle[None] + heights[:, None, None] * np.array([0.0, 0.0, 1.0])
    steps = np.hypot(np.diff(radii), np.diff(heights))
    along = np.concatenate([[0.0], np.cumsum(steps)])
    return sheet(points, material, heights=along / along[-1])


def _held(profile: np.ndarray, reach: float = 0.0006) -> np.ndarray:
    """Adds points near both ends of long pieces: a corner's smooth shading shall not bend a whole wall.

    Bent so, the walls of a glass would be lenses, and dark.
    """
    line = [profile[0]]
    for start, end in pairwise(profile):
        length = float(np.linalg.norm(end - start))
        if length > 4 * reach:
            line += [start + (end - start) * reach / length, end - (end - start) * reach / length]
        line.append(end)
    return np.array(line)


def filleted(corners: np.ndarray, radius: float | Sequence[float], num_steps: int = 6) -> np.ndarray:
    """Rounds the inner corners of a line with arcs (drawn as quadratic curves).

    Args:
        corners: float (num_corners, 2 or 3).
        radius: how far from each inner corner its curve begins, one for all or one each; cut where the
            neighbouring pieces are too short.
        num_steps: pieces of a curve.
    """
    corners = np.asarray(corners, dtype=float)
    radii = np.broadcast_to(np.asarray(radius, dtype=float), (len(corners) - 2,))
    line = [corners[0]]
    for before, corner, after, reach in zip(corners[:-2], corners[1:-1], corners[2:], radii, strict=True):
        back, ahead = before - corner, after - corner
        lengths = np.linalg.norm(back), np.linalg.norm(ahead)
        cut = min(reach, 0.49 * lengths[0], 0.49 * lengths[1])
        start, end = corner + back / lengths[0] * cut, corner + ahead / lengths[1] * cut
        for t in np.linspace(0, 1, num_steps + 1):
            line.append((1 - t) ** 2 * start + 2 * t * (1 - t) * corner + t**2 * end)
    line.append(corners[-1])
    return np.array(line)


def curve(controls: np.ndarray, num_points: int) -> np.ndarray:
    """Returns a smooth line through control points (Catmull-Rom): float (num_points, 2 or 3)."""
    controls = np.asarray(controls, dtype=float)
    padded = np.concatenate([[2 * controls[0] - controls[1]], controls, [2 * controls[-1] - controls[-2]]])
    places = np.linspace(0, len(controls) - 1 - 1e-9, num_points)
    whole = places.astype(int)
    t = (places - whole)[:, None]
    a, b, c, d = (padded[whole + shift] for shift in range(4))
    line = 2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    return np.asarray(line / 2)


def tube(
    path: Points, radii: np.ndarray | float, material: bpy.types.Material, *, num_steps: int = 20
) -> bpy.types.Object:
    """Lays a round or flattened tube along a path and closes its ends.

    Args:
        path: float (num_points, 3).
        radii: half the thickness: one number, or (num_points, 2): sideways, and in the plane of the bend.
        material: of the surface.
        num_steps: flat pieces round it.
    """
    path = np.asarray(path, dtype=float)
    sizes = np.broadcast_to(np.asarray(radii, dtype=float), (len(path), 2))
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    # One sideways direction carried along the path keeps the tube from twisting
    start = np.array([0.0, 0.0, 1.0]) if abs(along[0, 2]) < 0.9 else np.array([0.0, 1.0, 0.0])
    side = np.cross(along[0], start)
    sides = []
    for direction in along:
        side = side - direction * (side @ direction)
        side = side / np.linalg.norm(side)
        sides.append(side)
    across = np.array(sides)
    up = np.cross(across, along)
    turn = np.linspace(0, 2 * np.pi, num_steps + 1)
    rings = [path[:1].repeat(num_steps + 1, axis=0)[None]]
    rings.append(
        path[:, None]
        + sizes[:, None, :1] * np.cos(turn)[None, :, None] * across[:, None]
        + sizes[:, None, 1:] * np.sin(turn)[None, :, None] * up[:, None]
    )
    rings.append(path[-1:].repeat(num_steps + 1, axis=0)[None])
    return sheet(np.concatenate(rings), material)


def rounded_outline(width: float, depth: float, radius: float, num_steps: int = 6) -> np.ndarray:
    """Returns a rectangle with round corners, counter-clockwise: float (4 * (num_steps + 1), 2)."""
    radius = min(radius, width / 2 - 1e-5, depth / 2 - 1e-5)
    centres = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * [width / 2 - radius, depth / 2 - radius]
    turn = np.linspace(0, np.pi / 2, num_steps + 1)
    arcs = [
        centre + radius * np.stack([np.cos(turn + k * np.pi / 2), np.sin(turn + k * np.pi / 2)], axis=-1)
        for k, centre in enumerate(centres)
    ]
    return np.concatenate(arcs)


def slab(
    size: tuple[float, float, float],
    material: bpy.types.Material,
    *,
    corner: float = 0.0005,
    edge: float = 0.0005,
    num_steps: int = 5,
) -> bpy.types.Object:
    """Makes a box that stands on z = 0, with round corners (seen from above) and round edges.

    The picture covers it as seen from above, so its sides take the picture's border.

    Args:
        size: along x, y and z.
        material: of all sides.
        corner: radius of the upright edges.
        edge: radius of the edges of top and bottom.
        num_steps: flat pieces of a round.
    """
    width, depth, height = size
    edge = min(edge, 0.49 * height, 0.4 * width, 0.4 * depth)
    turn = np.linspace(0, np.pi / 2, num_steps + 1)
    levels = [(edge * (1 - np.sin(t)), edge * (1 - np.cos(t))) for t in turn]
    levels += [(inset, height - z) for inset, z in reversed(levels)]
    rings = []
    for inset, z in levels:
        outline = rounded_outline(width - 2 * inset, depth - 2 * inset, max(corner - inset, 1e-5), num_steps)
        rings.append(np.column_stack([outline, np.full(len(outline), z)]))
    points = np.concatenate(rings)
    around = len(rings[0])
    faces: list[list[int]] = [list(range(around))[::-1]]
    for level in range(len(rings) - 1):
        for here in range(around):
            after = (here + 1) % around
            low, high = level * around, (level + 1) * around
            faces.append([low + here, low + after, high + after, high + here])
    faces.append(list(range((len(rings) - 1) * around, len(points))))
    places = points[:, :2] / [width, depth] + 0.5
    made = mesh(points, faces, material, uv=places)
    flat = [0, len(faces) - 1]  # smooth shading of large flat faces would bend their light near the rim
    for number in flat:
        made.data.polygons[number].use_smooth = False
    return made


def group(
    parts: Sequence[bpy.types.Object],
    *,
    at: Sequence[float] = (0, 0, 0),
    turn_deg: Sequence[float] = (0, 0, 0),
) -> bpy.types.Object:
    """Ties parts to one new parent and places that; returns the parent."""
    parent = bpy.data.objects.new("group", None)
    bpy.context.scene.collection.objects.link(parent)
    for part in parts:
        part.parent = parent
    parent.location = at
    parent.rotation_euler = np.radians(turn_deg)
    return parent


def moved(
    thing: bpy.types.Object, at: Sequence[float], turn_deg: Sequence[float] = (0, 0, 0)
) -> bpy.types.Object:
    """Places a part in its parent's space, turned by angles round x, y and z; returns it."""
    thing.location = at
    thing.rotation_euler = np.radians(turn_deg)
    return thing


def hang(thing: bpy.types.Object, near: float, far: float) -> None:
    """Lets what is `loose` of a thing, its cable, hang down over a desk's edges.

    Args:
        thing: where it lies.
        near: y of the edge towards the viewer, metres.
        far: of the other edge.
    """
    bpy.context.view_layer.update()
    for part in [thing, *thing.children_recursive]:
        if part.type != "MESH" or not part.get("loose"):
            continue
        to_scene = part.matrix_world
        to_part = to_scene.inverted()
        for vertex in part.data.vertices:
            place = to_scene @ vertex.co
            beyond = max(place.y - far, near - place.y, 0.0)
            if beyond:
                place.y = far + 0.003 if place.y > far else near - 0.003
                place.z -= beyond
                vertex.co = to_part @ place
        part.data.update()


def corners(thing: bpy.types.Object) -> Points:
    """Returns the corners of the boxes round all parts of a thing, in the scene: float (8 * num_parts, 3).

    Parts marked with `loose` are left out: nobody steps back to have the whole of a cable in the photo.
    """
    bpy.context.view_layer.update()
    found = []
    for part in [thing, *thing.children_recursive]:
        if part.type == "MESH" and not part.get("loose"):
            box = np.array([[*corner, 1.0] for corner in part.bound_box])
            found.append((box @ np.array(part.matrix_world).T)[:, :3])
    return np.concatenate(found)
