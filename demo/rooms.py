"""The room round a desk: walls, floor, furniture out of focus, and the light that falls in."""

from __future__ import annotations

import bpy
import numpy as np

from demo import prints
from demo.desks import desk
from demo.materials import fabric, linear, node, paper, plastic, surface
from demo.seeds import chance, pick
from demo.shapes import moved, sheet, slab
from demo.students import Room

DESK_HEIGHT = 0.74
NEAR_M = 0.45  # from the middle of a desk to its near edge
DAY = (0.88, 0.95, 1.0)
BULB = (1.0, 0.66, 0.36)
TUBE = (1.0, 0.88, 0.74)


def build(room: Room, rng: np.random.Generator, *, desk_shift: tuple[float, float]) -> None:
    """Builds the room round a desk whose top is z = 0; the photographed thing stands at the origin.

    Args:
        room: whose it is.
        rng: of the day: clouds, what stands where.
        desk_shift: how far the middle of the desk lies from the origin, metres.
    """
    x, y = desk_shift
    _desk(room, x, y)
    far = y + room.depth
    _surroundings(room, far, rng)
    _world(room, rng)
    _window_light(room, rng)
    if room.lamp:
        _desk_lamp(room, rng)
    if room.ceiling:
        light = _area("ceiling", (0.6, 1.0, 1.75), 0.5, room.ceiling * 22, TUBE)
        light.rotation_euler = (0, 0, 0)


def _desk(room: Room, x: float, y: float) -> None:
    top = slab((1.7, room.depth + NEAR_M, 0.028), desk(*room.desk), corner=0.004, edge=0.003)
    moved(top, (x, y + room.depth - (room.depth + NEAR_M) / 2, -0.028))
    legs = surface("#2b2b2b", 0.4)
    for side in (-0.75, 0.75):
        moved(slab((0.05, 0.5, 0.7), legs), (x + side, y, -DESK_HEIGHT))


def _plane(corners: list[tuple[float, float, float]], material: bpy.types.Material) -> bpy.types.Object:
    a, b, c, d = np.array(corners, dtype=float)
    return sheet(np.array([[a, b], [d, c]]), material, smooth=False)


def _surroundings(room: Room, far: float, rng: np.random.Generator) -> None:
    """Floor, walls and what stands along them."""
    ground = _plane([(-4, -4, 0), (4, -4, 0), (4, 4, 0), (-4, 4, 0)], desk(*room.floor, 0.4))
    moved(ground, (0, 0, -DESK_HEIGHT))
    back = far + (0.015 if room.behind in {"wall", "window"} else float(rng.uniform(1.4, 2.6)))
    plaster = surface(room.wall, 0.9, grain=(140.0, 0.0006))
    low, high = -DESK_HEIGHT, 1.8
    if room.behind == "window":
        _window_wall(plaster, back, rng)
    else:
        _plane([(-4, back, low), (4, back, low), (4, back, high), (-4, back, high)], plaster)
    board = surface("#e6e3dc", 0.5)
    moved(slab((8, 0.02, 0.07), board), (0, back - 0.01, low))
    if room.behind == "wall":
        _on_the_wall(back, rng)
    if room.behind == "room":
        _furniture(back, rng)


def _window_wall(plaster: bpy.types.Material, back: float, rng: np.random.Generator) -> None:
    """A wall with a sill, a white frame and a bright view."""
    sill, top, half = 0.12, 1.5, 0.75
    low, high = -DESK_HEIGHT, 1.8
    for left, right, bottom, upper in (
        (-4, 4, low, sill), (-4, 4, top, high), (-4, -half, sill, top), (half, 4, sill, top),
    ):  # fmt: skip
        _plane(
            [(left, back, bottom), (right, back, bottom), (right, back, upper), (left, back, upper)], plaster
        )
    white = surface("#e4e3df", 0.35)
    moved(slab((2 * half + 0.1, 0.2, 0.03), white), (0, back + 0.06, sill - 0.03))
    for x in (-half, 0.0, half):
        moved(slab((0.07, 0.06, top - sill), white), (x, back + 0.1, sill))
    for z in (sill, top - 0.06):
        # Thinner than the uprights: where two faces lie in one plane, each shades the other black
        moved(slab((2 * half, 0.05, 0.06), white), (0, back + 0.1, z))
    sky = prints.mottled((256, 192), ("#dfe8f2", "#bcd0e6"), rng)
    sky.paste(prints.mottled((256, 70), ("#52633f", "#8f9a86"), rng, 24), (0, 122))
    view = surface(sky, 1.0, glow=float(rng.uniform(3, 7)))
    _plane([(-3, back + 1.2, -1), (3, back + 1.2, -1), (3, back + 1.2, 2.4), (-3, back + 1.2, 2.4)], view)


def _on_the_wall(back: float, rng: np.random.Generator) -> None:
    for _ in range(int(rng.integers(0, 4))):
        width, height = float(rng.uniform(0.1, 0.42)), float(rng.uniform(0.14, 0.5))
        stops = (
            pick(rng, ("#c9b79c", "#7d97a5", "#d8d2c6", "#a8534a")),
            pick(rng, ("#2f3e46", "#8a9a7b", "#e8e1d2")),
        )
        picture = prints.mottled((120, 160), stops, rng, int(rng.integers(3, 7)))
        poster = slab((width, height, 0.004), paper(picture), edge=0.0005)
        moved(
            poster,
            (float(rng.uniform(-0.8, 0.8)), back - 0.001, float(rng.uniform(0.3, 0.7))),
            (90, 0, float(rng.normal(0, 0.6))),
        )
    if chance(rng, 0.4):
        socket = slab((0.08, 0.08, 0.01), plastic("#e8e7e2"), corner=0.006, edge=0.003)
        moved(socket, (float(rng.uniform(-0.5, 0.5)), back - 0.001, 0.12), (90, 0, 0))


def _furniture(back: float, rng: np.random.Generator) -> None:
    """Large plain things along the far wall; the lens leaves only their colours."""
    tones = ("#6b4c35", "#8d8a84", "#dcd8cf", "#39424a", "#7c6f5d", "#54634f", "#b5a58c", "#7b4038")
    x = -2.6
    while x < 2.6:
        width = float(rng.uniform(0.45, 1.5))
        height = pick(rng, (0.45, 0.8, 1.1, 2.0))
        colour = pick(rng, tones)
        material = fabric(colour) if height < 0.9 and chance(rng, 0.6) else surface(colour, 0.5)
        moved(
            slab((width, 0.45, height), material, corner=0.03, edge=0.02),
            (x + width / 2, back - 0.25, -DESK_HEIGHT),
        )
        for _ in range(int(rng.integers(0, 5))):
            size = (
                float(rng.uniform(0.04, 0.25)),
                float(rng.uniform(0.05, 0.2)),
                float(rng.uniform(0.08, 0.3)),
            )
            at = (x + float(rng.uniform(0.1, width)), back - 0.2, height - DESK_HEIGHT)
            moved(slab(size, surface(pick(rng, tones), 0.6), corner=0.01, edge=0.01), at)
        x += width + float(rng.uniform(0.0, 0.8))
    if chance(rng, 0.5):  # a chair's back at the other side of the desk
        cloth = fabric(pick(rng, tones))
        rest = slab((0.42, 0.05, 0.4), cloth, corner=0.02, edge=0.02)
        place = (float(rng.uniform(-0.6, 0.6)), back - float(rng.uniform(0.9, 1.2)), -0.28)
        moved(rest, place, (float(rng.normal(0, 4)), 0, float(rng.normal(0, 25))))


def _area(
    name: str, at: tuple[float, float, float], size: float, watts: float, colour: tuple[float, float, float]
) -> bpy.types.Object:
    data = bpy.data.lights.new(name, "AREA")
    data.size, data.energy, data.color = size, watts, colour
    light = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(light)
    light.location = at
    return light


def _aim(light: bpy.types.Object, target: tuple[float, float, float]) -> None:
    import mathutils  # comes with bpy and is only there once bpy has started

    light.rotation_euler = (mathutils.Vector(target) - light.location).to_track_quat("-Z", "Y").to_euler()


def _window_light(room: Room, rng: np.random.Generator) -> None:
    """Four panes of light, so that glazes mirror a window with its cross."""
    turn = np.radians(room.window_deg + rng.normal(0, 4))
    away = 1.5
    towards, sideways = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    strength = room.daylight * float(np.exp(rng.normal(0, 0.25)))
    red, green, blue = (np.array(DAY) * np.exp(rng.normal(0, 0.04, size=3) * [1, 0, 1])).tolist()
    for across in (-0.31, 0.31) if room.daylight else ():
        for z in (0.35, 1.0):
            x, y = towards * away + sideways * across
            pane = _area("pane", (float(x), float(y), z), 0.56, 14 * strength, (red, green, blue))
            pane.data.shape, pane.data.size_y = "RECTANGLE", 0.58
            x, y = sideways * across
            _aim(pane, (float(x), float(y), z - 0.35))
    if room.sun:
        data = bpy.data.lights.new("sun", "SUN")
        data.energy, data.angle, data.color = room.sun * float(rng.uniform(0.5, 1.2)), 0.01, (1.0, 0.9, 0.76)
        sun = bpy.data.objects.new("sun", data)
        bpy.context.scene.collection.objects.link(sun)
        sun.location = (*(towards * 4).tolist(), float(rng.uniform(2.2, 4.5)))
        _aim(sun, (0, 0, 0))
        _blind(towards, sideways, rng)


def _blind(towards: np.ndarray, sideways: np.ndarray, rng: np.random.Generator) -> None:
    """What keeps most of the sun out: a wall with a gap through which a patch of it falls on the desk."""
    wall = surface("#8a8780", 0.9)
    width, shift = float(rng.uniform(0.12, 0.5)), float(rng.normal(0, 0.15))
    for low, high in ((-3.0, shift - width / 2), (shift + width / 2, 3.0)):
        ends = [towards * 1.9 + sideways * side for side in (low, high)]
        (a, b), (c, d) = ends[0].tolist(), ends[1].tolist()
        made = _plane([(a, b, -0.7), (c, d, -0.7), (c, d, 4), (a, b, 4)], wall)
        made.visible_camera = made.visible_glossy = made.visible_diffuse = False


def _desk_lamp(room: Room, rng: np.random.Generator) -> None:
    side = float(rng.choice([-1.0, 1.0]))
    at = (side * float(rng.uniform(0.3, 0.55)), float(rng.uniform(0.05, 0.4)), float(rng.uniform(0.35, 0.55)))
    data = bpy.data.lights.new("lamp", "AREA")
    data.energy, data.color, data.size, data.shape = 5.0 * room.lamp, BULB, 0.1, "DISK"
    lamp = bpy.data.objects.new("lamp", data)
    bpy.context.scene.collection.objects.link(lamp)
    lamp.location = at
    _aim(lamp, (0, 0, 0))


def _world(room: Room, rng: np.random.Generator) -> None:
    """The rest of the room as light and reflections: walls, a dark floor, darker furniture, drawn blurred."""
    height, width = 64, 128
    up = np.linspace(-1, 1, height)[:, None, None]
    wall = np.array(linear(room.wall)[:3])
    floor, ceiling = np.array(linear(room.floor[1])[:3]) * 0.5, np.array([0.8, 0.8, 0.78])
    share = 1 / (1 + np.exp(-9 * (up + 0.25))), 1 / (1 + np.exp(-9 * (up - 0.4)))
    light = floor + (wall - floor) * share[0] + (ceiling - wall) * share[1]
    light = light * np.ones((1, width, 1))
    for _ in range(14):
        centre, half, top = rng.integers(width), int(rng.integers(3, 12)), int(rng.integers(20, 44))
        columns = np.arange(centre - half, centre + half) % width
        light[:top, columns] *= rng.uniform(0.15, 0.8)
    glow = (
        room.daylight * np.array(DAY) * 0.32
        + room.ceiling * np.array(TUBE) * 0.35
        + room.lamp * np.array(BULB) * 0.12
    )
    light = light * (glow + 0.01)
    pixels = np.concatenate([light, np.ones((height, width, 1))], axis=-1).astype(np.float32)
    image = bpy.data.images.new("room", width, height, float_buffer=True)
    image.pixels.foreach_set(pixels.ravel())
    image.update()
    world = bpy.data.worlds.new("room")
    bpy.context.scene.world = world
    world.use_nodes = True
    tree = world.node_tree
    picture = node(tree, "TexEnvironment", image=image, interpolation="Cubic")
    tree.links.new(picture.outputs[0], tree.nodes["Background"].inputs[0])
