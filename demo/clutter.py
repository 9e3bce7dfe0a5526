"""Small things that lie about on a desk and belong to no label."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import bpy
import numpy as np
from PIL import Image

from demo import prints
from demo.materials import ceramic, fabric, glass, metal, paper, plastic, surface
from demo.seeds import chance, pick
from demo.shapes import curve, filleted, group, lathe, moved, sheet, slab, tube
from demo.tableware import GLAZES, coaster, saucer, spoon

Thing: TypeAlias = bpy.types.Object


def draw(kind: str, rng: np.random.Generator) -> Thing:
    """Makes one thing of a kind (a key of KINDS) that lies round the origin, turned by chance."""
    return group([group([KINDS[kind](rng)], turn_deg=(0, 0, float(rng.uniform(0, 360))))])


def _pen(rng: np.random.Generator) -> Thing:
    colour = pick(rng, ("#1d2c6b", "#17181a", "#8f2f28", "#d8d6d1", "#2f6e57", "#c08a35"))
    x = np.array([-0.07, -0.0685, -0.06, 0.02, 0.058, 0.067, 0.07])
    radii = np.array([0.003, 0.0042, 0.0045, 0.0047, 0.0044, 0.0016, 0.0006])
    barrel = tube(
        np.column_stack([x, 0 * x, 0 * x + 0.0048]), radii[:, None].repeat(2, 1), plastic(colour, 0.25)
    )
    clip = moved(slab((0.035, 0.002, 0.001), metal()), (-0.048, 0, 0.0095))
    return group([barrel, clip])


def _pencil(rng: np.random.Generator) -> Thing:
    colour = pick(rng, ("#c79a2d", "#2f5d4a", "#9a2f27", "#23355c", "#b58a5e"))

    def part(ends: list[tuple[float, float]], paint: str) -> Thing:
        points = np.array([[x, 0, 0.0038] for x, _ in ends])
        return tube(points, np.array([[r, r] for _, r in ends]), plastic(paint, 0.45), num_steps=6)

    wood = part([(0.06, 0.0038), (0.078, 0.001)], "#cfa878")
    return group(
        [
            part([(-0.085, 0.0038), (0.06, 0.0038)], colour),
            wood,
            part([(0.0778, 0.0011), (0.082, 0.0003)], "#2a2a2c"),
        ]
    )


def _sticky(rng: np.random.Generator) -> Thing:
    colour = pick(rng, ("#e6d25c", "#e293ab", "#a4cf9c", "#8fc1d6"))
    return slab((0.076, 0.076, float(rng.uniform(0.001, 0.009))), paper(colour), edge=0.0002)


def _sheet_of_notes(rng: np.random.Generator) -> Thing:
    size = (0.21, 0.297) if chance(rng, 0.7) else (0.148, 0.21)
    picture = prints.handwriting((620, 877), rng, squared=chance(rng, 0.6))
    if chance(rng, 0.4):
        picture = Image.new("RGB", (620, 877), "#f2f1ed")
        prints.text_lines(picture, (70, 80, 550, 800), 15, rng)
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, 14) * size[0], np.linspace(-0.5, 0.5, 18) * size[1])
    lift = (
        0.0007
        + 0.004 * np.clip(x / size[0] + 0.2 * rng.normal(), 0, 1) ** 2
        + 0.006 * np.clip(-y / size[1], 0, 1) ** 3
    )
    return sheet(np.stack([x, y, lift], axis=-1), paper(picture))


def _papers(rng: np.random.Generator) -> Thing:
    lying = []
    for k in range(int(rng.integers(2, 4))):
        at = (float(rng.normal(0, 0.03)), float(rng.normal(0, 0.03)), 0.0015 * k)
        lying.append(group([_sheet_of_notes(rng)], at=at, turn_deg=(0, 0, float(rng.normal(0, 12)))))
    return group(lying)


def _phone(rng: np.random.Generator) -> Thing:
    size = (0.073, float(rng.uniform(0.145, 0.16)), 0.0078)
    case = slab(
        size, plastic(pick(rng, ("#1b1c1f", "#6b2d3a", "#c7c5bf", "#31465c"))), corner=0.009, edge=0.003
    )
    front = slab(
        (0.068, size[1] - 0.005, 0.0004), surface("#07080a", 0.05, coat=1.0, smudges=0.9), corner=0.007
    )
    return group([case, moved(front, (0, 0, 0.0076))])


def _mouse(rng: np.random.Generator) -> Thing:
    up, turn = np.meshgrid(np.linspace(0, np.pi / 2, 14), np.linspace(0, 2 * np.pi, 40), indexing="ij")
    wide = np.cos(up) ** 0.6
    points = np.stack([
        0.031 * wide * np.cos(turn) * (1 - 0.08 * np.sin(turn)), 0.054 * wide * np.sin(turn),
        0.036 * np.sin(up) ** 0.8 * (1 - 0.25 * np.sin(turn) * np.cos(up)),
    ], axis=-1)  # fmt: skip
    colour = pick(rng, ("#17181b", "#dcdcd9", "#4c5158"))
    wheel = moved(
        tube(np.array([[-0.003, 0, 0], [0.003, 0, 0]]), 0.008, plastic("#111111")), (0, 0.03, 0.0225)
    )
    return group([sheet(points, plastic(colour)), wheel])


def _plate(rng: np.random.Generator) -> Thing:
    radius = float(rng.uniform(0.075, 0.12))
    parts = [saucer(radius, ceramic(pick(rng, GLAZES)), 0.02)]
    for _ in range(int(rng.integers(0, 5))):
        tone = pick(rng, ("#b57f45", "#8a5630", "#c99a5c", "#5a3420"))
        biscuit = filleted(np.array([[0.0, 0.011], [0.026, 0.010], [0.029, 0.0], [0.0, 0.0]]), 0.004)[::-1]
        turn = float(rng.uniform(0, 6.3))
        at = (0.4 * radius * np.cos(turn), 0.4 * radius * np.sin(turn), 0.007 + float(rng.uniform(0, 0.008)))
        baked = surface(tone, 0.9, grain=(240.0, 0.002))
        parts.append(moved(lathe(biscuit, baked), at, (float(rng.normal(0, 8)), float(rng.normal(0, 8)), 0)))
    if chance(rng, 0.4):
        parts.append(moved(spoon(), (0, radius * 0.6, 0.012)))
    return group(parts)


def _fruit(rng: np.random.Generator) -> Thing:
    kind = int(rng.integers(3))
    colour = ("#c9661a", "#93231d", "#7f952e")[kind]
    radius = float(rng.uniform(0.033, 0.041))
    up = np.linspace(-np.pi / 2, np.pi / 2, 24)
    dent = 0.0 if kind == 0 else 0.22 * np.exp(-(((up - np.pi / 2) / 0.35) ** 2))
    profile = np.column_stack([radius * np.cos(up), radius * 0.93 * (1 + np.sin(up)) * (1 - dent)])
    peel = surface(
        colour, 0.35, coat=0.2, wax=0.1, grain=(520.0 if kind == 0 else 40.0, 0.0006 if kind == 0 else 0.0004)
    )
    parts = [lathe(profile, peel)]
    if kind:
        top = float(profile[-1, 1])
        stalk = np.array([[0, 0, top - 0.004], [0.001, 0, top + 0.008], [0.004, 0, top + 0.018]])
        parts.append(tube(stalk, 0.0013, surface("#4b3420", 0.8)))
    return group(parts)


def _cable(rng: np.random.Generator) -> Thing:
    number = int(rng.integers(5, 9))
    heading = np.cumsum(rng.normal(0, 0.9, size=number))
    steps = 0.05 * np.column_stack([np.cos(heading), np.sin(heading)])
    line = np.cumsum(steps, axis=0)
    line = np.column_stack([line - line.mean(axis=0), np.full(number, 0.0022)])
    colour = pick(rng, ("#1b1b1c", "#dededb", "#7c2f2a"))
    parts = [tube(curve(line, 90), 0.0018, plastic(colour), num_steps=10)]
    if chance(rng, 0.6):
        plug = slab((0.03, 0.011, 0.007), plastic(colour), corner=0.003, edge=0.002)
        turn = float(np.degrees(heading[-1]))
        parts.append(group([plug], at=(*line[-1, :2].tolist(), 0), turn_deg=(0, 0, turn)))
    return group(parts)


def _spectacles(rng: np.random.Generator) -> Thing:
    frame = plastic(pick(rng, ("#1a1512", "#5a3a22", "#7c7f84", "#3a2030")), 0.2)
    parts = []
    turn = np.linspace(0, 2 * np.pi, 37)
    for side in (-1, 1):
        ring = np.column_stack([side * 0.034 + 0.025 * np.cos(turn), 0 * turn, 0.021 + 0.019 * np.sin(turn)])
        parts.append(tube(ring, 0.0017, frame, num_steps=8))
        arm = curve(
            np.array([[side * 0.06, 0, 0.03], [side * 0.064, 0.05, 0.027], [side * 0.055, 0.12, 0.012]]), 20
        )
        parts.append(tube(arm, 0.0016, frame, num_steps=8))
    bridge = np.array([[-0.01, 0, 0.025], [0, -0.001, 0.028], [0.01, 0, 0.025]])
    return group([*parts, tube(curve(bridge, 10), 0.0015, frame, num_steps=8)])


def _plant(rng: np.random.Generator) -> Thing:
    radius, height = float(rng.uniform(0.04, 0.065)), float(rng.uniform(0.07, 0.11))
    colour = pick(rng, ("#a5573a", "#e2dfd8", "#3c4347", "#c9b99d"))
    outer = [
        [0, 0],
        [radius * 0.72, 0],
        [radius, height],
        [radius - 0.005, height],
        [radius - 0.008, height * 0.85],
        [0, height * 0.85],
    ]
    parts = [lathe(filleted(np.array(outer), 0.003), surface(colour, 0.75, grain=(120.0, 0.0004)))]
    parts.append(
        lathe(
            np.array([[radius * 0.9, height * 0.87], [0, height * 0.88]]),
            surface("#2b2019", 1.0, grain=(300.0, 0.003)),
        )
    )
    long_, wide = float(rng.uniform(0.06, 0.16)), float(rng.uniform(0.008, 0.022))
    green = surface(pick(rng, ("#3f6b35", "#557a3a", "#2f5a40", "#6f8c4a")), 0.4, wax=0.1)
    t = np.linspace(0, 1, 12)
    for _ in range(int(rng.integers(12, 26))):
        lean, around, size = rng.uniform(0.1, 1.3), rng.uniform(0, 2 * np.pi), rng.uniform(0.6, 1.1)
        out, up = long_ * size * np.sin(lean * t) / max(lean, 0.3), long_ * size * (t - 0.35 * lean * t**2)
        half = wide * size * np.sin(np.pi * np.clip(t * 0.96 + 0.02, 0, 1)) ** 0.8
        leaf = np.stack([
            np.stack([out, s * half, height * 0.87 + up + 0.3 * abs(s) * half], axis=-1) for s in (-1, 0, 1)
        ])  # fmt: skip
        turned = leaf @ np.array(
            [[np.cos(around), np.sin(around), 0], [-np.sin(around), np.cos(around), 0], [0, 0, 1]]
        )
        parts.append(sheet(turned, green))
    return group(parts)


def _earbuds(rng: np.random.Generator) -> Thing:
    colour = pick(rng, ("#e6e5e1", "#1c1d1f", "#34465a"))
    return slab((0.06, 0.048, 0.024), plastic(colour, 0.15), corner=0.02, edge=0.01, num_steps=8)


def _tape(rng: np.random.Generator) -> Thing:
    ring = np.array([[0.026, 0.0], [0.038, 0.0], [0.038, 0.019], [0.026, 0.019], [0.026, 0.0]])
    return lathe(ring, plastic(pick(rng, ("#c7a873", "#cfcfca", "#22252a", "#4a6d8a")), 0.3))


def _bottle(rng: np.random.Generator) -> Thing:
    outer = np.array([[0, 0], [0.034, 0], [0.034, 0.14], [0.014, 0.185], [0.014, 0.205], [0.0, 0.205]])
    colour = pick(rng, ("#2f4a5c", "#8f2f28", "#c9cdd0", "#3c5f50"))
    body = lathe(filleted(outer, 0.012), glass("#dfe9e6") if chance(rng, 0.3) else plastic(colour, 0.3))
    cap = np.array([[0.016, 0.195], [0.016, 0.218], [0.0, 0.218]])
    return group([body, lathe(filleted(cap, 0.002), plastic("#1d1e20"))])


def _calculator(rng: np.random.Generator) -> Thing:
    case = slab(
        (0.078, 0.155, 0.014), plastic(pick(rng, ("#23262a", "#d5d3cc", "#39475a"))), corner=0.006, edge=0.002
    )
    parts = [
        case,
        moved(slab((0.066, 0.028, 0.0012), surface("#8c9a86", 0.15), corner=0.001), (0, 0.052, 0.0136)),
    ]
    for row in range(5):
        for column in range(4):
            key = slab(
                (0.0125, 0.0105, 0.003),
                plastic("#3b3e42" if column < 3 else "#b5642f"),
                corner=0.002,
                edge=0.001,
            )
            parts.append(moved(key, (-0.024 + 0.016 * column, -0.06 + 0.018 * row, 0.0135)))
    return group(parts)


def _headphones(rng: np.random.Generator) -> Thing:
    dark = plastic(pick(rng, ("#1a1b1d", "#d7d5cf", "#5c2f33")), 0.4)
    turn = np.linspace(0, np.pi, 30)
    band = tube(
        np.column_stack([0.075 * np.cos(turn), 0.09 * np.sin(turn), 0 * turn + 0.018]),
        np.array([[0.012, 0.004]]).repeat(30, 0),
        dark,
    )
    parts = [band]
    for side in (-1, 1):
        ring = np.linspace(0, 2 * np.pi, 30)
        cushion = np.column_stack(
            [side * 0.072 + 0 * ring, -0.012 + 0.03 * np.cos(ring), 0.032 + 0.026 * np.sin(ring)]
        )
        parts.append(tube(cushion, 0.011, fabric("#222325")))
        shell = lathe(np.array([[0.0, 0.014], [0.024, 0.012], [0.03, 0.0]])[::-1], dark)
        parts.append(moved(shell, (side * 0.078, -0.012, 0.032), (0, side * 90, 0)))
    return group([group(parts, at=(0, 0, 0.005))])  # the cushions reach 5 mm below 0


def _coaster(rng: np.random.Generator) -> Thing:
    return coaster(surface(pick(rng, ("#b08a5c", "#3a3d40", "#8a4f3a")), 0.8, grain=(500.0, 0.0005)), rng)


KINDS: dict[str, Callable[[np.random.Generator], Thing]] = {
    "pen": _pen, "pencil": _pencil, "sticky": _sticky, "notes": _sheet_of_notes, "papers": _papers,
    "phone": _phone, "mouse": _mouse, "plate": _plate, "fruit": _fruit, "cable": _cable,
    "spectacles": _spectacles, "plant": _plant, "earbuds": _earbuds, "tape": _tape, "bottle": _bottle,
    "calculator": _calculator, "headphones": _headphones, "coaster": _coaster,
}  # fmt: skip
