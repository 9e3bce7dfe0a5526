"""Keyboards: full, compact, laptop, split."""

from __future__ import annotations

import bpy
import numpy as np
from PIL import Image

from demo import prints
from demo.layouts import PALETTES, PITCH, Colours, Key, key_sheet, layout
from demo.materials import metal, plastic, surface
from demo.seeds import chance
from demo.shapes import curve, group, mesh, moved, rounded_outline, slab, tube


def _caps(
    keys: list[Key],
    width: float,
    depth: float,
    material: bpy.types.Material,
    height: float,
    taper: float,
    pitch: float,
) -> bpy.types.Object:
    """All key caps as one mesh, centred; each a rounded frustum with a slightly hollow top."""
    gap = 0.0009 if taper > 0.001 else 0.0014
    points: list[list[float]] = []
    faces: list[list[int]] = []
    for key in keys:
        middle = np.array(
            [(key.left + key.width / 2 - width / 2) * pitch, (key.low + 0.5 - depth / 2) * pitch]
        )
        wide, deep = key.width * pitch - 2 * gap, pitch - 2 * gap
        curve_up = (
            (key.low - 2) ** 2 * 0.00035 if taper > 0.001 else 0.0
        )  # rows of a desktop board form a bowl
        rings = [(0.0, 0.0), (taper * 0.9, height * 0.88), (taper, height * 0.97), (taper + 0.0009, height)]
        base = len(points)
        around = 0
        for inset, z in rings:
            outline = rounded_outline(wide - 2 * inset, deep - 2 * inset, 0.0016, 3)
            around = len(outline)
            points += [[*(middle + place), z + (curve_up if z else 0)] for place in outline]
        points.append([*middle, height * 0.94 + curve_up])
        for ring in range(len(rings) - 1):
            for here in range(around):
                low, after = base + ring * around, (here + 1) % around
                faces.append([low + here, low + after, low + around + after, low + around + here])
        top = base + (len(rings) - 1) * around
        faces += [[top + here, top + (here + 1) % around, len(points) - 1] for here in range(around)]
    array = np.array(points)
    uv = array[:, :2] / [width * pitch, depth * pitch] + 0.5
    return mesh(array, faces, material, uv=np.clip(uv, 0, 1))


def keyboard(kind: str, palette: str, own: np.random.Generator, rng: np.random.Generator) -> bpy.types.Object:
    """Makes a keyboard that stands on z = 0 round the origin, its keys towards -y.

    Args:
        kind: full, tenkeyless, compact, low (a flat full one), laptop or split.
        palette: a key of PALETTES.
        own: of the keyboard itself.
        rng: of this photo: the laptop's lid and screen, the halves' places.
    """
    colours = PALETTES[palette]
    german = chance(own, 0.5)
    if kind == "laptop":
        return _laptop(colours, german, own, rng)
    if kind == "split":
        return _split(colours, german, own, rng)
    flat = kind in {"low", "flat compact"}
    keys, width, depth = layout({"low": "full", "flat compact": "compact"}.get(kind, kind), german)
    caps_paint = plastic(key_sheet(keys, width, depth, colours, own), 0.42)
    height, taper = (0.0028, 0.0004) if flat else (float(own.uniform(0.0075, 0.009)), 0.0023)
    tall = 0.009 if flat else float(own.uniform(0.018, 0.026))
    rim = 0.004 if flat else float(own.uniform(0.006, 0.012))
    size = (width * PITCH + 2 * rim, depth * PITCH + 2 * rim + (0.014 if kind == "full" else 0.0), tall)
    shell = plastic(colours.case) if palette not in {"silver", "space"} else metal(colours.case, 0.35)
    body = slab(size, shell, corner=0.006, edge=0.0025)
    sunk = slab((size[0] - rim, depth * PITCH + rim, 0.001), plastic(colours.case, 0.6), corner=0.003)
    shift = -(size[1] - depth * PITCH - 2 * rim) / 2
    caps = moved(_caps(keys, width, depth, caps_paint, height, taper, PITCH), (0, shift, tall + 0.0005))
    parts = [body, moved(sunk, (0, shift, tall - 0.0005)), caps]
    slope = float(own.uniform(1, 3) if flat else own.uniform(3, 7))
    raised = group(parts, turn_deg=(slope, 0, 0), at=(0, 0, size[1] / 2 * np.sin(np.radians(slope))))
    made = [raised]
    if not flat and chance(own, 0.8):
        made.append(_cable((float(own.uniform(-0.1, 0.1)), size[1] / 2 - 0.005, 0.02), rng, colours.case))
    return group(made)


def _cable(start: tuple[float, float, float], rng: np.random.Generator, colour: str) -> bpy.types.Object:
    x, y, z = start
    swing = rng.normal(0, 0.05, size=3)
    controls = [[x, y, z], [x, y + 0.02, 0.008], [x + swing[0], y + 0.09, 0.003]]
    controls += [[x + swing[0] + swing[1], y + 0.17, 0.003], [x + 2 * swing[2], y + 0.3, 0.003]]
    controls += [[x + 2 * swing[2], y + 0.6, 0.003], [x + swing[0], y + 1.0, 0.003]]
    dark = plastic("#1b1b1c" if colour != "#d4d5d4" else "#d0d0ce")
    made = tube(curve(np.array(controls), 90), 0.0022, dark, num_steps=10)
    made["loose"] = True
    return made


def _laptop(
    colours: Colours, german: bool, own: np.random.Generator, rng: np.random.Generator
) -> bpy.types.Object:
    pitch = 0.0186
    keys, width, depth = layout("laptop", german)
    shell = metal(colours.case, 0.38) if chance(own, 0.6) else plastic(colours.case)
    size = (float(own.uniform(0.305, 0.345)), float(own.uniform(0.212, 0.238)), 0.0125)
    base = slab(size, shell, corner=0.01, edge=0.0022)
    well = slab(
        (width * pitch + 0.003, depth * pitch + 0.003, 0.0006), plastic(colours.keys, 0.6), corner=0.002
    )
    caps = _caps(
        keys, width, depth, plastic(key_sheet(keys, width, depth, colours, own), 0.45), 0.0013, 0.0002, pitch
    )
    y = size[1] / 2 - 0.016 - depth * pitch / 2
    pad = slab((0.115, 0.068, 0.0004), surface(colours.case, 0.3), corner=0.004)
    parts = [base, moved(well, (0, y, size[2] - 0.0003)), moved(caps, (0, y, size[2]))]
    parts.append(moved(pad, (0, -size[1] / 2 + 0.042, size[2] - 0.0001)))
    lid = slab((size[0], size[1], 0.005), shell, corner=0.01, edge=0.002)
    glossy = surface("#050506", 0.08, coat=0.5)
    frame = moved(slab((size[0] - 0.004, size[1] - 0.004, 0.0008), glossy, corner=0.009), (0, 0, 0.0046))
    is_on = chance(rng, 0.7)
    picture = prints.screen(rng) if is_on else Image.new("RGB", (8, 8), "#060607")
    glass = surface(picture, 0.25, glow=float(rng.uniform(0.1, 0.32)) if is_on else 0.0)
    view = moved(slab((size[0] - 0.016, size[1] - 0.026, 0.0004), glass, corner=0.001), (0, 0.004, 0.0053))
    # The lid lies face up behind the hinge and is turned up round it
    panel = group([lid, frame, view])
    panel.location = (0, size[1] / 2, 0)
    angle = float(rng.uniform(52, 82))
    hinge = group([panel], at=(0, size[1] / 2 - 0.004, size[2] - 0.001), turn_deg=(angle, 0, 0))
    return group([*parts, hinge])


def _split(
    colours: Colours, german: bool, own: np.random.Generator, rng: np.random.Generator
) -> bpy.types.Object:
    keys, _, _ = layout("compact", german)
    turn = float(own.uniform(6, 14))
    halves, ends = [], []
    rows: dict[float, list[Key]] = {}
    for key in keys:
        rows.setdefault(key.low, []).append(key)
    for side in (-1, 1):
        chosen: list[Key] = []
        for row in rows.values():
            middle = 7.0
            for key in row:
                left, right = key.left, key.left + key.width
                if key.width > 3:  # the space bar is cut in two
                    left, right = (left, middle - 0.3) if side < 0 else (middle + 0.4, right)
                elif (left + right) / 2 > middle if side < 0 else (left + right) / 2 <= middle:
                    continue
                chosen.append(Key(key.legend, left, key.low, right - left))
        first = min(key.left for key in chosen)
        chosen = [key._replace(left=key.left - first) for key in chosen]
        width = max(key.left + key.width for key in chosen)
        paint = plastic(key_sheet(chosen, width, 5.0, colours, own), 0.42)
        body = slab(
            (width * PITCH + 0.016, 5 * PITCH + 0.016, 0.016), plastic(colours.case), corner=0.008, edge=0.003
        )
        caps = moved(_caps(chosen, width, 5.0, paint, 0.0082, 0.0023, PITCH), (0, 0, 0.0155))
        place = (side * (width * PITCH / 2 + float(rng.uniform(0.02, 0.05))), 0, 0.004)
        halves.append(group([body, caps], at=place, turn_deg=(2, -side * 3, -side * turn)))
        angle = np.radians(-side * turn)
        across, up = -side * (width / 2 - 0.5) * PITCH, 2.5 * PITCH  # where the link leaves the half
        ends.append([
            place[0] + across * np.cos(angle) - up * np.sin(angle),
            across * np.sin(angle) + up * np.cos(angle),
            0.008,
        ])  # fmt: skip
    left, right = np.array(ends)
    rise = np.array([[0, 0.035, -0.005]])
    path = curve(np.concatenate([[left], left * [0.5, 1, 1] + rise, right * [0.5, 1, 1] + rise, [right]]), 24)
    return group([*halves, tube(path, 0.002, plastic("#1b1b1c"), num_steps=8)])
