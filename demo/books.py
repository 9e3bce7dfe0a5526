"""Books: closed, open, stacked, leaning, in a row with their spines out."""

from __future__ import annotations

import bpy
import numpy as np

from demo import covers
from demo.covers import Book
from demo.materials import Paint, fabric, paper, surface
from demo.seeds import chance, pick
from demo.shapes import group, mesh, moved, sheet, slab


def books(kind: str, own: np.random.Generator, rng: np.random.Generator) -> bpy.types.Object:
    """Makes books that stand or lie on z = 0 round the origin, spines or feet towards -y.

    Args:
        kind: closed, open, stack, row, standing or bound.
        own: of the books themselves.
        rng: of this photo: how they lie, at which page they are open.
    """
    makers = {
        "closed": _closed, "open": _open, "stack": _stack, "row": _row, "standing": _standing,
        "bound": _bound,
    }  # fmt: skip
    return makers[kind](own, rng)


def _panel(width: float, height: float, thick: float, paint: Paint, shiny: bool) -> bpy.types.Object:
    """A board or card in x and y whose upper side shows the paint."""
    return slab((width, height, thick), paper(paint, shiny=shiny), corner=0.0012, edge=min(0.0008, thick / 3))


def _block(width: float, height: float, thick: float, paint: Paint) -> bpy.types.Object:
    """The pages: fine lines along all sides, a little hollow at the front."""
    points, faces, uv = [], [], []
    outline = []
    for t in np.linspace(0, 1, 9):
        outline.append((width / 2 - 0.002 * np.sin(np.pi * t) * min(1.0, thick / 0.02), thick * t))
    columns = [(-width / 2, 0.0), *outline, (-width / 2, thick)]
    for end in (-height / 2, height / 2):
        points += [[x, end, z] for x, z in columns]
    count = len(columns)
    for here in range(count):
        after = (here + 1) % count
        faces.append([here, after, after + count, here + count])
        uv += [
            (0, columns[here][1] / thick),
            (0, columns[after][1] / thick),
            (1, columns[after][1] / thick),
            (1, columns[here][1] / thick),
        ]
    for face in (list(range(count))[::-1], list(range(count, 2 * count))):
        faces.append(face)
        uv += [(columns[n % count][0] / width + 0.5, columns[n % count][1] / thick) for n in face]
    return mesh(np.array(points), faces, paper(paint), uv=np.array(uv), smooth=False)


def volume(of: Book, rng: np.random.Generator, *, weighted: bool = False) -> bpy.types.Object:
    """Makes a closed book that lies on its back: spine at -x, head at +y, front cover up.

    Args:
        of: the book.
        rng: of this photo.
        weighted: by what lies on it or stands beside it, so that its cover cannot lift.
    """
    width, height, thick = of.size
    over, board = (0.003, 0.0024) if of.is_hard else (0.0, 0.0004)
    shiny = not of.is_hard or chance(np.random.default_rng(of.seed), 0.5)
    block = _block(
        width - 2 * over, height - 2 * over, thick - 2 * board, covers.edges(np.random.default_rng(of.seed))
    )
    back = _panel(width, height, board, of.ground, shiny)
    front = _panel(width, height, board, covers.front(of), shiny)
    lifted = 0.0 if of.is_hard else float(abs(rng.normal(0, 1.2)))  # a read paperback does not quite close
    if weighted:
        lifted = 0.0
    hinge = group(
        [moved(front, (width / 2, 0, 0))], at=(-width / 2, 0, thick - board), turn_deg=(0, -lifted, 0)
    )
    parts = [back, moved(block, (over / 2 - 0.0005, 0, board)), hinge, _back(of, shiny)]
    return group(parts)


def _back(of: Book, shiny: bool) -> bpy.types.Object:
    """The spine: slightly round, with its title from head to foot."""
    width, height, thick = of.size
    round_ = (0.004 if of.is_hard else 0.0012) * min(1.0, thick / 0.02)
    across = np.linspace(-1, 1, 11)
    points = np.empty((11, 2, 3))
    points[:, :, 0] = (-width / 2 - round_ * np.sqrt(np.clip(1 - across**2 * 0.98, 0, 1)) + 0.0002)[:, None]
    points[:, :, 1] = np.array([height / 2, -height / 2])
    points[:, :, 2] = ((across + 1) / 2 * thick)[:, None]
    return sheet(points, paper(covers.spine(of), shiny=shiny))


def _closed(own: np.random.Generator, rng: np.random.Generator) -> bpy.types.Object:
    of = covers.book(own)
    lying = volume(of, rng)
    if chance(rng, 0.1):  # its back up
        lying = group([lying], at=(0, 0, of.size[2]), turn_deg=(180, 0, 0))
    return group([lying])


def _stack(own: np.random.Generator, rng: np.random.Generator) -> bpy.types.Object:
    lying, z = [], 0.0
    number = int(own.integers(2, 6))
    chosen = sorted(
        (covers.book(own) for _ in range(number)), key=lambda b: -b.size[0] * own.uniform(0.8, 1.2)
    )
    toward = pick(rng, (90.0, 90.0, 0.0, -90.0))  # most people turn all spines the same way
    for of in chosen:
        turn = toward + float(rng.normal(0, 7)) + (180 if chance(rng, 0.1) else 0)
        at = (float(rng.normal(0, 0.008)), float(rng.normal(0, 0.008)), z)
        book = volume(of, np.random.default_rng(of.seed), weighted=of is not chosen[-1])
        lying.append(group([book], at=at, turn_deg=(0, 0, turn)))
        z += of.size[2] + 0.0006
    return group(lying)


def _upright(of: Book) -> bpy.types.Object:
    """A book on its foot, spine towards -y, front cover towards +x."""
    lying = volume(of, np.random.default_rng(of.seed))
    up = group([lying], turn_deg=(90, 0, 0))  # the head, +y, now points up
    return group([up], turn_deg=(0, 0, 90), at=(of.size[2] / 2, of.size[0] / 2, of.size[1] / 2))


def _row(own: np.random.Generator, _rng: np.random.Generator) -> bpy.types.Object:
    """Books in a row on a board, the last perhaps leaning, one perhaps missing."""
    parts, x = [], 0.0
    deepest = 0.0
    for _ in range(int(own.integers(5, 11))):
        of = covers.book(own)
        deepest = max(deepest, of.size[0])
        parts.append(group([_upright(of)], at=(x, float(own.uniform(0, 0.015)), 0)))
        x += of.size[2] + 0.001
    of = covers.book(own)
    lean = float(own.uniform(8, 20))
    leaning = group([_upright(of)], at=(-of.size[2], 0, 0))
    offset = float(np.sin(np.radians(lean)) * of.size[1])
    parts.append(
        group(
            [leaning],
            at=(x + offset + of.size[2] * np.cos(np.radians(lean)), 0, 0.001),
            turn_deg=(0, -lean, 0),
        )
    )
    end = x + offset + of.size[2] + 0.02
    parts.append(_shelf(end, deepest + 0.03, own))
    return group([group(parts, at=(-end / 2, -deepest / 2, 0))])


def _shelf(width: float, depth: float, own: np.random.Generator) -> bpy.types.Object:
    """Sides and back of a shelf round a row that starts at x = 0."""
    colour = pick(own, ("#d9d4c9", "#7a5a3c", "#4a3524", "#e3e2de", "#b08a5c"))
    wood = surface(colour, 0.45, grain=(60.0, 0.0003))
    left = moved(slab((0.018, depth, 0.33), wood), (-0.0095, depth / 2, 0))
    right = moved(slab((0.018, depth, 0.33), wood), (width + 0.0095, depth / 2, 0))
    back = moved(slab((width + 0.036, 0.008, 0.33), wood), (width / 2, depth + 0.004, 0))
    parts = [left, right, back]
    if chance(own, 0.5):
        parts.append(moved(slab((width + 0.036, depth, 0.018), wood), (width / 2, depth / 2, 0.33)))
    return group(parts)


def _standing(own: np.random.Generator, rng: np.random.Generator) -> bpy.types.Object:
    """One book on its foot, half open like a tent towards the viewer, showing front and spine."""
    of = covers.book(own)
    of = of._replace(size=(of.size[0], of.size[1], max(of.size[2], 0.018)))
    return group([group([_upright(of)], turn_deg=(0, 0, float(rng.uniform(-70, -20))))])


def _open(own: np.random.Generator, rng: np.random.Generator) -> bpy.types.Object:
    """A book open at some page: two bent page blocks over the spread cover."""
    of = covers.book(own)
    width, height, _ = of.size
    thick = max(of.size[2], 0.012)
    share = float(rng.uniform(0.25, 0.75))
    cover = slab((2 * width + thick * 0.6, height, 0.002), paper(of.ground, shiny=True), corner=0.002)
    parts = [cover]
    edges = paper(covers.edges(own))
    for side, part in ((-1, share), (1, 1 - share)):
        parts += _leaf(
            side, width - 0.004, height - 0.006, thick * part, edges, covers.page(width, height, rng)
        )
    if chance(rng, 0.3):
        lifted = _curled(width - 0.006, height - 0.007, thick, covers.page(width, height, rng), rng)
        parts.append(lifted)
    return group([group(parts)])


def _leaf(
    side: int, width: float, height: float, thick: float, edges: bpy.types.Material, picture: Paint
) -> list[bpy.types.Object]:
    """One half of an open book: rising steeply from the fold, then falling to the fore edge."""
    across = np.linspace(0, 1, 24)
    rise = thick * (1 - np.exp(-across * 14)) * (1 - 0.12 * across) + 0.003 * np.sin(np.pi * np.sqrt(across))
    x, z = side * across * width, 0.002 + rise
    ends = np.array([-height / 2, height / 2])
    order = slice(None) if side > 0 else slice(None, None, -1)
    top = np.stack(np.broadcast_arrays(x[order][None], ends[:, None], z[order][None]), axis=-1)
    parts = [sheet(top, paper(picture))]
    for end in ends:
        wall = np.stack(
            [np.stack([x, np.full(24, end), np.full(24, 0.002)], -1), np.stack([x, np.full(24, end), z], -1)]
        )
        parts.append(sheet(wall, edges, smooth=False))
    fore = np.array([[[x[-1], e, 0.002] for e in ends], [[x[-1], e, z[-1]] for e in ends]])
    parts.append(sheet(fore, edges, smooth=False))
    return parts


def _curled(
    width: float, height: float, thick: float, picture: Paint, rng: np.random.Generator
) -> bpy.types.Object:
    """A page that stands half up, on its way over."""
    side = 1 if chance(rng, 0.5) else -1
    t = np.linspace(0, 1, 20)
    bend = np.radians(rng.uniform(15, 45)) + t * np.radians(rng.uniform(-20, 50))
    steps = np.column_stack([np.cos(bend), np.sin(bend)]) * width / 19
    line = np.concatenate([[[0, 0]], np.cumsum(steps[:-1], axis=0)])
    line[:, 1] += 0.004 + thick * 0.5 * (1 - np.exp(-t * 14))
    ends = np.array([-height / 2, height / 2])
    points = np.stack(np.broadcast_arrays(side * line[:, 0][None], ends[:, None], line[:, 1][None]), axis=-1)
    return sheet(points if side > 0 else points[:, ::-1], paper(picture))


def _bound(own: np.random.Generator, rng: np.random.Generator) -> bpy.types.Object:
    """A cloth-bound volume with a ribbon, such as a diary or an old library book."""
    of = covers.book(own)._replace(is_hard=True, picture=-1)
    lying = volume(of, rng)
    ribbon = pick(own, ("#8f2f28", "#2a4a6b", "#c4a23a"))
    t = np.linspace(0, 1, 12)
    x = np.array([-0.002, 0.002]) + of.size[0] * 0.1
    points = np.stack(np.broadcast_arrays(
        x[None], (-of.size[1] / 2 - 0.03 * t)[:, None], (of.size[2] / 2 * (1 - t) ** 2 + 0.0006)[:, None]
    ), axis=-1)  # fmt: skip
    return group([lying, sheet(points, fabric(ribbon))])
