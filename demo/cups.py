"""Cups: mugs, tea cups, paper cups and glasses, with what is in them."""

from __future__ import annotations

import bpy
import numpy as np

from demo import materials, prints
from demo.seeds import chance, pick
from demo.shapes import curve, filleted, group, lathe, moved, slab, tube
from demo.tableware import GLAZES, saucer, spoon

BODIES = ("straight", "straight", "tapered", "barrel", "bell", "tall")
WATER = "#f2f6f4"
HOT = ("coffee", "coffee", "latte", "crema", "tea", "milk tea", "cocoa")


def cup(kind: str, own: np.random.Generator, rng: np.random.Generator) -> bpy.types.Object:
    """Makes a cup that stands on z = 0 round the origin.

    Args:
        kind: mug, pottery, enamel, tea cup, espresso, paper, glass or steel.
        own: of the cup itself, the same in all photos of it.
        rng: of this photo: how it is turned, and what is in it.
    """
    makers = {
        "mug": _mug, "pottery": _pottery, "enamel": _enamel, "tea cup": _tea_cup, "espresso": _tea_cup,
        "paper": _paper, "glass": _glass, "steel": _steel,
    }  # fmt: skip
    parts = makers[kind](kind, own, rng)
    return group([group(parts, turn_deg=(0, 0, float(rng.uniform(0, 360))))])


def _outline(body: str, rim: float, height: float) -> np.ndarray:
    """The outside from the middle of the foot up to the rim: float (num_points, 2), radius and height."""
    foot = {"straight": 0.97, "tapered": 0.7, "barrel": 0.82, "bell": 0.58, "tall": 0.8, "bowl": 0.5}[body]
    shapes = {  # radius as a share of the rim's, at shares of the height
        "straight": [(foot, 0), (foot * 1.02, 0.1), (1.0, 0.5), (1.0, 1)],
        "tapered": [(foot, 0), (foot * 1.03, 0.06), (0.88, 0.55), (1.0, 1)],
        "barrel": [(foot, 0), (1.06, 0.3), (1.1, 0.55), (1.0, 1)],
        "bell": [(foot, 0), (foot * 1.15, 0.12), (0.88, 0.5), (1.02, 1)],
        "tall": [(foot, 0), (foot * 1.02, 0.05), (0.92, 0.55), (1.0, 1)],
        "bowl": [(foot, 0), (foot * 1.25, 0.1), (0.86, 0.42), (0.97, 0.75), (1.04, 1)],
    }
    side = curve(np.array(shapes[body]) * [rim, height], 36)
    inset = np.array([[0.0, 0.002], [side[0, 0] - 0.006, 0.002], [side[0, 0] - 0.005, 0.0]])
    return np.concatenate([inset, filleted(np.array([inset[-1], side[0], side[3]]), 0.003)[1:], side[4:]])


def _shell(
    outline: np.ndarray, wall: float, outside: bpy.types.Material, inside: bpy.types.Material
) -> list[bpy.types.Object]:
    """A hollow body with a round rim."""
    rim, height = outline[-1]
    turn = np.linspace(0, np.pi, 9)[1:]
    lip = np.column_stack([rim - wall / 2 + wall / 2 * np.cos(turn), height + wall / 2 * np.sin(turn)])
    inner = outline[outline[:, 1] > 0.006][::-1] - [wall, 0]
    floor = filleted(np.array([inner[-2], [inner[-1][0], 0.005], [0.0, 0.005]]), 0.008)
    # The print ends under the rim, so the outside's first point is the foot's outer edge
    foot = int(np.argmax(outline[:, 0] > outline[2, 0] + 1e-4)) if len(outline) > 3 else 0
    return [
        lathe(outline[: foot + 1], inside),
        lathe(outline[foot:], outside),
        lathe(np.concatenate([outline[-1:], lip, inner[1:-2], floor]), inside),
    ]


def _handle(
    outline: np.ndarray,
    wall_m: float,
    material: bpy.types.Material,
    own: np.random.Generator,
    *,
    small: bool = False,
) -> bpy.types.Object:
    """A handle whose ends just sink into the wall."""
    sink = 0.15 * wall_m
    height = float(outline[-1, 1])
    reach = float(own.uniform(0.02, 0.025) if small else own.uniform(0.026, 0.036))
    high, low = height * own.uniform(0.8, 0.9), height * own.uniform(0.2, 0.34)
    side = outline[2:]

    def wall(z: float) -> float:
        return float(np.interp(z, side[:, 1], side[:, 0]))

    ear = float(own.uniform(-0.15, 0.35))  # how far the upper part stands out more than the lower
    controls = np.array([
        [wall(high) - sink, 0, high - 0.002],
        [wall(high) + reach * (0.55 + 0.3 * max(ear, 0)), 0, high + 0.003],
        [wall(high) + reach * (1 + 0.15 * ear), 0, high - 0.2 * (high - low)],
        [wall(low) + reach * (0.95 - 0.25 * ear), 0, low + 0.32 * (high - low)],
        [wall(low) + reach * (0.5 - 0.15 * ear), 0, low + 0.06 * (high - low)],
        [wall(low) - sink, 0, low],
    ])  # fmt: skip
    path = curve(controls, 40)
    thick, wide = own.uniform(0.0036, 0.0048), own.uniform(0.0052, 0.0075)
    if small:
        thick, wide = thick * 0.7, wide * 0.65
    ends = 1 + 0.35 * np.abs(np.linspace(-1, 1, 40)) ** 4
    return tube(path, np.column_stack([wide * ends, thick * ends]), material)


def _contents(
    outline: np.ndarray, wall: float, kind: str, level: float, floor: float = 0.0
) -> bpy.types.Object:
    """The surface of a drink, creeping up the wall a little."""
    radius = float(np.interp(level, outline[2:, 1], outline[2:, 0])) - wall
    across = np.linspace(0, 1, 16)
    creep = 0.0012 * np.exp((across - 1) * 25)
    made = lathe(
        np.column_stack([(radius + 0.0004) * (1 - across), level + creep[::-1]]), materials.drink(kind)
    )
    return moved(made, (0, 0, floor))


def _fill(outline: np.ndarray, wall: float, rng: np.random.Generator) -> list[bpy.types.Object]:
    if chance(rng, 0.3):
        return []
    height = float(outline[-1, 1])
    level = height * float(rng.uniform(0.45, 0.9))
    parts = [_contents(outline, wall, pick(rng, HOT), level)]
    if chance(rng, 0.15):
        parts.append(_spoon_in(outline, wall))
    return parts


def _spoon_in(outline: np.ndarray, wall: float) -> bpy.types.Object:
    height, rim = float(outline[-1, 1]), float(outline[-1, 0]) - wall
    path = np.array([[-rim * 0.6, 0, 0.012], [rim * 0.93, 0, height + 0.001], [rim * 1.3, 0, height * 1.3]])
    return tube(curve(path, 12), np.array([[0.003, 0.001]]).repeat(12, axis=0), materials.metal())


def _tea_tag(outline: np.ndarray, rng: np.random.Generator) -> list[bpy.types.Object]:
    """The string and paper tag of a tea bag, over the rim and down the wall."""
    height, rim = float(outline[-1, 1]), float(outline[-1, 0])
    low = height * float(rng.uniform(0.35, 0.55))
    at = float(np.interp(low, outline[2:, 1], outline[2:, 0]))
    path = curve(np.array([
        [rim * 0.6, 0, height * 0.8], [rim - 0.003, 0, height + 0.003], [rim + 0.002, 0, height],
        [at + 0.0025, 0.002, low],
    ]), 24)  # fmt: skip
    tag = slab((0.018, 0.024, 0.0006), materials.paper(prints.tea_tag(rng)), edge=0.0001)
    turned = moved(tag, (at + 0.002, 0.002, low - 0.012), (90, 0, 90))
    string = tube(path, 0.0005, materials.paper("#f4f1e8"), num_steps=6)
    return [group([string, turned], turn_deg=(0, 0, 110))]  # the handle is at 0 degrees


def _mug(_kind: str, own: np.random.Generator, rng: np.random.Generator) -> list[bpy.types.Object]:
    body = pick(own, BODIES)
    height = float(own.uniform(0.105, 0.125) if body == "tall" else own.uniform(0.084, 0.1))
    rim, wall = float(own.uniform(0.038, 0.045)), float(own.uniform(0.0035, 0.0048))
    outline = _outline(body, rim, height)
    base, second = pick(own, GLAZES), pick(own, GLAZES)
    print_ = prints.mug(base, second, 2 * np.pi * rim, height, own) if chance(own, 0.65) else base
    outside = materials.ceramic(print_, matt=chance(own, 0.2))
    inside = materials.ceramic(second if chance(own, 0.3) else "#e8e5dd")
    handle = materials.ceramic(second if chance(own, 0.2) else base)
    parts = [*_shell(outline, wall, outside, inside), _handle(outline, wall, handle, own)]
    parts += _fill(outline, wall, rng)
    if chance(rng, 0.2):
        parts += _tea_tag(outline, rng)
    return parts


def _pottery(_kind: str, own: np.random.Generator, rng: np.random.Generator) -> list[bpy.types.Object]:
    height, rim = float(own.uniform(0.075, 0.095)), float(own.uniform(0.04, 0.048))
    outline = _outline(pick(own, ("barrel", "bell", "tapered")), rim, height)
    base = pick(own, ("#cbbfa8", "#a8a298", "#b99a78", "#7f8c86", "#3f474c"))
    dip = pick(own, ("#2f4a58", "#e4dfd3", "#6c7b5a", "#8c4a35", "#1e2124"))
    glaze = materials.speckled(base, "#4b3b2c", dip, height * float(own.uniform(0.3, 0.65)))
    parts = _shell(outline, 0.005, glaze, materials.ceramic(dip))
    if chance(own, 0.6):
        parts.append(_handle(outline, 0.005, glaze, own))
    return parts + _fill(outline, 0.005, rng)


def _enamel(_kind: str, own: np.random.Generator, rng: np.random.Generator) -> list[bpy.types.Object]:
    height, rim = float(own.uniform(0.075, 0.085)), float(own.uniform(0.04, 0.044))
    outline = _outline("straight", rim, height)
    base = pick(own, ("#e9e8e3", "#d9dfe0", "#27465f", "#31493d", "#9a2f27"))
    outside = materials.speckled(base, "#5c6468" if chance(own, 0.4) else base)
    edge = materials.surface(pick(own, ("#1d2b45", "#17181a", "#7d231f")), 0.2, coat=0.5)
    parts = [
        *_shell(outline, 0.0018, outside, materials.ceramic("#e6e5e0")),
        _handle(outline, 0.0018, outside, own),
    ]
    turn = np.linspace(0, 2 * np.pi, 15)
    ring = np.column_stack([rim - 0.001 + 0.0018 * np.cos(turn), height + 0.0018 * np.sin(turn)])
    return [*parts, lathe(ring, edge), *_fill(outline, 0.0018, rng)]


def _tea_cup(kind: str, own: np.random.Generator, rng: np.random.Generator) -> list[bpy.types.Object]:
    scale = 0.72 if kind == "espresso" else 1.0
    height, rim = float(own.uniform(0.055, 0.066)) * scale, float(own.uniform(0.043, 0.05)) * scale
    outline = _outline("bowl" if scale == 1.0 else pick(own, ("bowl", "bell", "tapered")), rim, height)
    base = pick(own, ("#efece4", "#f0ede7", "#e6dccb", "#2e5266", "#94a79b", "#d9b7b0", "#23262a"))
    print_ = prints.porcelain(base, pick(own, GLAZES), own)
    glaze, plain = materials.ceramic(print_), materials.ceramic(base)
    wall = 0.003
    parts = [
        *_shell(outline, wall, glaze, materials.ceramic("#eeebe3")),
        _handle(outline, wall, plain, own, small=True),
    ]
    parts += _fill(outline, wall, rng)
    radius = rim * float(own.uniform(1.5, 1.75))
    dish = saucer(radius, plain)
    lifted = group(parts, at=(float(rng.normal(0, 0.002)), float(rng.normal(0, 0.002)), 0.0055))
    made = [lifted, dish]
    if chance(rng, 0.5):
        angle = float(rng.uniform(0, 360))
        on_rim = radius * 0.82
        place = (on_rim * np.cos(np.radians(angle)), on_rim * np.sin(np.radians(angle)), 0.016)
        made.append(group([spoon()], at=place, turn_deg=(0, 0, angle + 90)))
    return made


def _paper(_kind: str, own: np.random.Generator, rng: np.random.Generator) -> list[bpy.types.Object]:
    height, rim = float(own.uniform(0.092, 0.128)), float(own.uniform(0.039, 0.044))
    foot = rim * 0.7
    side = np.array([[foot - 0.001, 0.0], [foot, 0.0], [rim, height]])
    outside = materials.paper(prints.paper_cup(own), shiny=chance(own, 0.4))
    line = np.concatenate([[side[0]], np.linspace(side[1], side[2], 12)])
    parts = [lathe(line, outside), lathe(line[::-1] - [0.0008, 0], materials.paper("#e9e4da"))]
    turn = np.linspace(-np.pi / 2, 1.5 * np.pi, 15)
    parts.append(lathe(
        np.column_stack([rim + 0.0016 * np.cos(turn), height + 0.0016 * np.sin(turn)]),
        materials.paper("#ece7dd"),
    ))  # fmt: skip
    if chance(own, 0.5):  # the sleeve against hot fingers
        low, high = height * 0.3, height * 0.74
        wide = np.interp([low, high], [0, height], [foot, rim]) + 0.0012
        sleeve = np.array([[wide[0] - 0.001, low], [wide[0], low], [wide[1], high], [wide[1] - 0.001, high]])
        parts.append(lathe(sleeve, materials.surface("#9c7650", 0.95, grain=(260.0, 0.0006))))
    if chance(rng, 0.65):
        parts.append(_lid(rim, height, pick(own, ("#1c1b1b", "#ecebe7", "#4a2f22"))))
    else:
        inside = np.concatenate([[[0, 0], [0, 0]], line[1:]])
        parts.append(_contents(inside, 0.001, pick(rng, HOT), height * float(rng.uniform(0.7, 0.92))))
    return parts


def _lid(rim: float, height: float, colour: str) -> bpy.types.Object:
    corners = np.array([
        [rim + 0.001, -0.006], [rim + 0.0034, -0.005], [rim + 0.003, 0.003], [rim - 0.003, 0.004],
        [rim - 0.004, 0.014], [rim - 0.0075, 0.0145], [rim - 0.009, 0.010], [0.0, 0.010],
    ])  # fmt: skip
    return lathe(filleted(corners + np.array([0, height]), 0.0016, 4), materials.plastic(colour, 0.3))


def _glass(_kind: str, own: np.random.Generator, rng: np.random.Generator) -> list[bpy.types.Object]:
    height, rim = float(own.uniform(0.085, 0.14)), float(own.uniform(0.033, 0.041))
    foot, wall = rim * float(own.uniform(0.72, 0.98)), 0.0022
    outer = filleted(np.array([[0.0, 0.0], [foot, 0.0], [rim, height]]), 0.004)
    turn = np.linspace(0, np.pi, 7)
    lip = np.column_stack([rim - wall / 2 + wall / 2 * np.cos(turn), height + wall / 2 * np.sin(turn)])
    bottom = float(own.uniform(0.006, 0.012))
    inner = filleted(np.array([[rim - wall, height], [foot - wall, bottom], [0.0, bottom]]), 0.006)
    parts = [lathe(np.concatenate([outer, lip[1:-1], inner]), materials.glass("#fdfefd"))]
    if chance(rng, 0.85):
        # The drink reaches a little into the wall: a gap of air between them would mirror like silver
        level = bottom + (height - bottom) * float(rng.uniform(0.35, 0.85))
        edge = float(np.interp(level, [bottom, height], [foot, rim])) - wall + 0.0003
        drinks = (WATER, WATER, "#dd8a24", "#d9b25a", "#b8402f", "#efe9dc", "#b98c62")
        fill = np.array(
            [[0.0, bottom - 0.0003], [foot - wall + 0.0003, bottom - 0.0003], [edge, level], [0.0, level]]
        )
        tint = pick(rng, drinks)
        # A tinted drink that light passes through turned dark at its sides; juice and milk let none through
        liquid = materials.glass(tint, ior=1.33) if tint == WATER else materials.surface(tint, 0.12)
        parts.append(lathe(filleted(fill, 0.0015), liquid))
    if chance(own, 0.25):
        clear = materials.glass("#fdfefd")
        side = np.concatenate([np.zeros((2, 2)), np.array([[foot, 0.0], [rim, height]])])
        parts.append(_handle(side, wall, clear, own))
    return parts


def _steel(_kind: str, own: np.random.Generator, rng: np.random.Generator) -> list[bpy.types.Object]:
    height, rim = float(own.uniform(0.1, 0.15)), float(own.uniform(0.036, 0.041))
    outline = _outline(pick(own, ("tall", "tapered", "straight")), rim, height)
    colour = pick(own, ("#26292c", "#35544f", "#7a2f2b", "#b5b7ba", "#d8d4cc"))
    coat = (
        materials.metal("#b5b7ba")
        if colour == "#b5b7ba"
        else materials.surface(colour, 0.42, grain=(3000.0, 4e-5))
    )
    parts = _shell(outline, 0.003, coat, materials.metal("#aeb0b2", 0.3))
    if chance(own, 0.5):
        parts.append(_handle(outline, 0.003, coat, own))
    if chance(rng, 0.5):
        return [*parts, _lid(rim, height, "#1c1d1e")]
    return parts + _fill(outline, 0.003, rng)
