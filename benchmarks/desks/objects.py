"""The things on the desks: cups, keyboards, books, and what else lies about.

Each function takes its object's shape and colours from the generator that it is given and returns meshes that
stand on the desk, centred on the origin.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from benchmarks.desks import prints
from benchmarks.desks.meshes import Mesh, box, frusta, moved, plain, quad, revolution, sheet, stretched, tube

GLAZES = (
    "#f2efe8", "#e9e4d8", "#b3372f", "#27548a", "#2f6e57", "#d99a2b", "#22252b", "#7a4a8c", "#c96f4a",
    "#8fb7c4", "#5a3a26", "#d7a9a9",
)  # fmt: skip
PATTERNS = ("plain", "plain", *prints.PATTERNS)
DRINKS = ("#1d0f07", "#3a2010", "#8a5a33", "#a3641d", "#e9e0d0")
KEYBOARDS = (  # case, keys, wide keys, letters
    ("#1c1d20", "#2a2b2f", "#2a2b2f", "#d8d8d8"),
    ("#131416", "#202124", "#3b3d42", "#bfc4c9"),
    ("#d9dadc", "#f4f4f2", "#f4f4f2", "#55585c"),
    ("#c9c2b1", "#e4dfd0", "#a8a294", "#4b483f"),
    ("#b9bcc1", "#1e1f22", "#1e1f22", "#e6e6e6"),
    ("#31445c", "#e9e6dc", "#5f86a8", "#27384d"),
    ("#3b3f45", "#596068", "#c4553c", "#eeeeee"),
    ("#f0d9d6", "#fbf3f1", "#e3a6a2", "#7a5552"),
)
COVERS = (  # cover, ink
    ("#16181c", "#c9ccd1"), ("#1d2b45", "#e3c878"), ("#7c2226", "#f0e2c4"), ("#efe9da", "#a8322c"),
    ("#2b5d4b", "#efe6c8"), ("#d8a127", "#2a2118"), ("#e8e8e6", "#26415f"), ("#3d3f44", "#8f949b"),
    ("#5b3b70", "#f1d9ec"), ("#4b86a6", "#f7f3e6"), ("#b9582f", "#fbeed8"), ("#22201e", "#55524d"),
)  # fmt: skip
DESIGNS = ("title", "block", "circle", "lines", "grid")
KEY_CM = 1.9
ROWS = (  # widths of the keys of each row, in units of one key, from the space bar up
    (1.25, 1.25, 1.25, 6.25, 1.25, 1.25, 1.25, 1.25),
    (2.25, *[1] * 10, 2.75),
    (1.75, *[1] * 11, 2.25),
    (1.5, *[1] * 12, 1.5),
    (*[1] * 13, 2),
)


def _pick(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]


def cup(rng: np.random.Generator) -> list[Mesh]:
    """Draws a mug, a tea cup with its saucer, a tall cup or a handleless one."""
    kind = _pick(("mug", "mug", "tapered", "tea", "tall", "barrel"), rng)
    height = {"tea": rng.uniform(5.5, 6.8), "tall": rng.uniform(11, 13)}.get(kind, rng.uniform(8.2, 10.5))
    rim = {"tea": rng.uniform(4.6, 5.3), "tall": rng.uniform(3.7, 4.3)}.get(kind, rng.uniform(3.8, 4.7))
    foot = rim * {"tea": 0.5, "tapered": 0.68, "tall": 0.76, "barrel": 0.84}.get(kind, 0.97)
    down = np.linspace(0, 1, 14)
    bulge = {"tea": 0.55, "barrel": 0.5}.get(kind, 0.05) * np.sin(np.pi * down)
    radii = rim + (foot - rim) * down ** (1.8 if kind == "tea" else 1.0) + bulge
    base, second, inside = (_pick(GLAZES, rng) for _ in range(3))
    inside = inside if rng.random() < 0.35 else "#f4f1ea"
    wall = 0.42
    level = height * rng.uniform(0.6, 0.9) if rng.random() < 0.65 else 0.6
    outer = np.stack([radii, height * (1 - down)], axis=1)
    inner = np.stack([radii - wall, height * (1 - down)], axis=1)
    depth = np.interp(level, inner[::-1, 1], inner[::-1, 0])
    bottom = plain(_pick(DRINKS, rng)) if level > 0.6 else plain(inside)
    meshes = [
        revolution(outer, prints.cup(base, second, _pick(PATTERNS, rng), rng), gloss=0.55),
        revolution(inner[inner[:, 1] > 0.3], plain(inside), gloss=0.3),
        revolution(
            [[rim, height], [rim - wall / 2, height + 0.12], [rim - wall, height]], plain(base), gloss=0.8
        ),
        revolution([[depth, level], [0.0, level]], bottom, gloss=0.5),
        revolution([[foot, 0.0], [0.0, 0.0]], plain(base)),
    ]
    if rng.random() > (0.6 if kind == "tall" else 0.08):
        meshes.append(_handle(outer, base if rng.random() < 0.7 else second, rng))
    lift = 0.0
    if kind == "tea" and rng.random() < 0.8:
        lift = 0.8
    lifted = moved(meshes, turn_deg=float(rng.uniform(0, 360)), by=(0, 0, lift))
    return lifted + (plate(_pick(GLAZES, rng), float(rng.uniform(7, 8.2))) if lift else [])


def _handle(outer: np.ndarray, colour: str, rng: np.random.Generator) -> Mesh:
    """A handle on a wall whose points, from the rim down, are (radius, height)."""
    height = float(outer[0, 1])
    bow = np.linspace(-np.pi / 2, np.pi / 2, 22)
    reach, rise = rng.uniform(2.2, 3.3), height * rng.uniform(0.27, 0.36)
    z = height * rng.uniform(0.5, 0.56) + rise * np.sin(bow)
    x = np.interp(z, outer[::-1, 1], outer[::-1, 0]) - 0.12 + reach * np.cos(bow)
    path = np.stack([x, np.zeros_like(x), z], axis=1)
    thickness = np.tile([rng.uniform(0.38, 0.5), rng.uniform(0.5, 0.7)], (len(path), 1))
    thickness[[0, -1], 0] = 0.2  # thin where it meets the wall, or it would show inside
    return tube(path, thickness, plain(colour), gloss=0.6)


def plate(colour: str, radius: float) -> list[Mesh]:
    """Returns a saucer or a plate."""
    profile = [[radius, 1.3], [radius * 0.93, 1.15], [radius * 0.6, 0.35], [radius * 0.55, 0.3], [0.0, 0.3]]
    return [
        revolution(profile, plain(colour), gloss=0.45),
        revolution([[radius, 1.3], [radius * 0.6, 0.0]], plain(colour)),
    ]


def _key_rects(is_full: bool, has_top_row: bool) -> tuple[np.ndarray, tuple[float, float]]:
    """The keys' rectangles in units of one key (left, bottom, right, top), and the extent of all of them."""
    rects: list[tuple[float, float, float, float]] = []
    for row, widths in enumerate(ROWS):
        edges = np.concatenate([[0.0], np.cumsum(widths)])
        rects += [(left, row, right, row + 1) for left, right in pairwise(edges.tolist())]
    blocks = [(15.4, range(3), (0, 3, 4)), (15.4, [1], (1,)), (18.8, range(4), range(5))] if is_full else []
    for left, columns, rows in blocks:
        rects += [(left + column, row, left + column + 1, row + 1) for column in columns for row in rows]
    if has_top_row:
        starts = [0, 2, 3, 4, 5, 6.5, 7.5, 8.5, 9.5, 11, 12, 13, 14]
        rects += [(start, 5.35, start + 1, 6.35) for start in starts]
    array = np.array(rects, dtype=float)
    return array, (float(array[:, 2].max()), float(array[:, 3].max()))


def keyboard(rng: np.random.Generator) -> list[Mesh]:
    """Draws a full or compact keyboard."""
    is_full = rng.random() < 0.4
    rects, extent = _key_rects(is_full, is_full or rng.random() < 0.4)
    case, cap, accent, glyph = KEYBOARDS[int(rng.integers(len(KEYBOARDS)))]
    accent = accent if rng.random() < 0.6 else cap
    is_flat = rng.random() < 0.4
    border = rng.uniform(0.4, 1.1)
    size = (extent[0] * KEY_CM + 2 * border, extent[1] * KEY_CM + 2 * border)
    scale = np.array([KEY_CM / size[0], KEY_CM / size[1]] * 2)
    start = np.array([border / size[0], border / size[1]] * 2)
    gap = (0.07 if is_flat else 0.04) * np.array([1, 1, -1, -1])
    low = (rects + gap) * scale + start
    high = (rects + gap + (0.02 if is_flat else 0.11) * np.array([1, 1.2, -1, -0.6])) * scale + start
    plan = prints.keys(low, size, case, cap, accent, glyph)
    thickness = 1.2 if is_flat else rng.uniform(1.6, 2.4)
    rise = 0.2 if is_flat else rng.uniform(0.6, 0.9)
    caps = frusta(low - 0.5, high - 0.5, (thickness, thickness + rise), plan)
    caps = caps._replace(places=caps.places + np.array([0.5, -0.5]))
    meshes = [
        *box((*size, thickness), plain(case), plain(case), gloss=0.15),
        stretched(caps, (size[0], size[1], 1.0)),
    ]
    return moved(
        meshes, lean_deg=0 if is_flat else float(rng.uniform(2, 6)), by=(0, 0, 0 if is_flat else 0.7)
    )


def closed_book(rng: np.random.Generator) -> list[Mesh]:
    """Draws one closed book."""
    base, ink = COVERS[int(rng.integers(len(COVERS)))]
    width = rng.uniform(12, 19)
    depth, thickness, board = width * rng.uniform(1.3, 1.5), rng.uniform(1.0, 4.2), 0.22
    front = prints.cover(base, ink, _pick(DESIGNS, rng), rng)
    edges, back = prints.page_edges(rng), prints.spine(base, ink, rng)
    pages = box((width - 0.7, depth - 0.7, thickness - 2 * board), plain("#ded6bf"), edges)
    x, y = width / 2, depth / 2
    return [
        *box((width, depth, board), plain(base), plain(base)),
        *moved(pages, by=(-0.3, 0, board)),
        *moved(box((width, depth, board), front, plain(base), gloss=0.15), by=(0, 0, thickness - board)),
        quad([[-x, y, thickness], [-x, -y, thickness], [-x, -y, 0], [-x, y, 0]], back, gloss=0.15),
    ]


def stack_of_books(rng: np.random.Generator) -> list[Mesh]:
    """Draws two to four closed books, one upon another."""
    meshes: list[Mesh] = []
    height = 0.0
    for _ in range(int(rng.integers(2, 5))):
        shift = rng.uniform(-1.5, 1.5, size=2)
        turn_deg = float(rng.normal(0, 14)) + 180 * int(rng.integers(2))
        meshes += moved(closed_book(rng), turn_deg=turn_deg, by=(*shift, height))
        height = max(float(mesh.corners[..., 2].max()) for mesh in meshes)
    return meshes


def open_book(rng: np.random.Generator) -> list[Mesh]:
    """Draws a book that lies open."""
    base, _ = COVERS[int(rng.integers(len(COVERS)))]
    width, thickness = rng.uniform(12, 17), rng.uniform(0.8, 2.2)
    depth = width * rng.uniform(1.35, 1.5)
    paper = _pick(("#f7f4ea", "#efe7d2", "#fbfbf9"), rng)
    across = np.linspace(0, 1, 18)
    curve = thickness * (0.25 + 0.75 * np.sin(np.pi * np.minimum(across * 1.1 + 0.08, 1)) ** 0.6)
    curve = np.maximum(curve, thickness * (0.35 + 0.45 * (1 - across)) * (across > 0.5))
    meshes = box((2 * width + 0.8, depth + 0.6, 0.2), plain(base), plain(base))
    edges = prints.page_edges(rng)
    for side in (-1, 1):
        x = side * across * width
        rows = [np.stack([x, np.full_like(x, y), curve + 0.2], axis=1) for y in (depth / 2, -depth / 2)]
        order = slice(None, None, side)
        meshes.append(sheet(np.stack(rows)[:, order], prints.page(paper, rng)))
        for row in rows:
            meshes.append(sheet(np.stack([row, row * np.array([1, 1, 0])]), edges))
        outer = [[row[-1], row[-1] * np.array([1, 1, 0])] for row in rows]
        meshes.append(sheet(np.swapaxes(np.array(outer), 0, 1), edges))
    return meshes


def book(rng: np.random.Generator) -> list[Mesh]:
    """Draws a closed book, an open one or a stack."""
    draw = (closed_book, closed_book, open_book, stack_of_books)[int(rng.integers(4))]
    return draw(rng)


SHAPES = {"cup": cup, "keyboard": keyboard, "book": book}
