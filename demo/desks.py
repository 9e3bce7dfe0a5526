"""Desk tops and floors: wood, cloth, marble, tiles, laminate."""

from __future__ import annotations

from typing import TypeAlias

import bpy

from demo.materials import between, bump, coordinates, empty, linear, mix, node, noise, ramp

Socket: TypeAlias = bpy.types.NodeSocket
Number: TypeAlias = bpy.types.NodeSocket | float
Tree: TypeAlias = bpy.types.NodeTree


def _math(tree: Tree, operation: str, first: Number, second: Number = 0.0) -> Socket:
    return node(tree, "Math", {0: first, 1: second}, operation=operation).outputs[0]


def _vector(tree: Tree, x: Number, y: Number, z: Number = 0.0) -> Socket:
    return node(tree, "CombineXYZ", {0: x, 1: y, 2: z}).outputs[0]


def _axes(tree: Tree) -> tuple[Socket, Socket]:
    parts = node(tree, "SeparateXYZ", {0: coordinates(tree, (1, 1, 1))}).outputs
    return parts[0], parts[1]


def _wood(
    tree: Tree, shader: bpy.types.Node, first: str, second: str, board: tuple[float, float] | None
) -> None:
    """Year rings as the contour lines of drawn-out noise; boards (length, width in metres) shift them."""
    x, y = _axes(tree)
    gap: Socket | None = None
    tone: Socket | None = None
    if board:
        row = _math(tree, "FLOOR", _math(tree, "DIVIDE", y, board[1]))
        shift = node(tree, "TexWhiteNoise", {"W": row}, noise_dimensions="1D").outputs[0]
        along = _math(tree, "ADD", _math(tree, "DIVIDE", x, board[0]), shift)
        column = _math(tree, "FLOOR", along)
        tone = node(tree, "TexWhiteNoise", {0: _vector(tree, row, column)}, noise_dimensions="2D").outputs[0]
        cut = _math(tree, "PINGPONG", _math(tree, "DIVIDE", y, board[1]), 0.5)
        gap = _math(tree, "LESS_THAN", _math(tree, "MULTIPLY", cut, board[1]), 0.0006)
        shifted = _math(tree, "MULTIPLY", tone, 7.0)
        x, y = _math(tree, "ADD", x, shifted), _math(tree, "ADD", y, shifted)
    drawn_out = _vector(tree, _math(tree, "MULTIPLY", x, 1.1), _math(tree, "MULTIPLY", y, 9.0))
    hill = node(
        tree, "TexNoise", {"Vector": drawn_out, "Scale": 1.0, "Detail": 1.5, "Roughness": 0.4}
    ).outputs[0]
    rings = _math(tree, "MULTIPLY", _math(tree, "PINGPONG", _math(tree, "MULTIPLY", hill, 24.0), 0.5), 2.0)
    thin = _vector(tree, _math(tree, "MULTIPLY", x, 14.0), _math(tree, "MULTIPLY", y, 520.0))
    fibre = node(tree, "TexNoise", {"Vector": thin, "Scale": 1.0, "Detail": 3.0}).outputs[0]
    share = _math(tree, "ADD", _math(tree, "MULTIPLY", rings, -0.17), _math(tree, "MULTIPLY", fibre, 0.95))
    colour = ramp(tree, share, [(0.1, second), (0.5, first)])
    if tone is not None and gap is not None:
        shade = node(tree, "MapRange", {"Value": tone, "To Min": 0.68, "To Max": 1.12}).outputs[0]
        colour = node(tree, "HueSaturation", {"Color": colour, "Value": shade}).outputs[0]
        colour = mix(tree, gap, colour, linear("#1d140d"))
    tree.links.new(colour, shader.inputs["Base Color"])
    bump(tree, shader, fibre, 0.00025)


def _marble(tree: Tree, shader: bpy.types.Node, first: str, second: str) -> None:
    where = coordinates(tree, (1, 1, 1))
    veins = []
    for scale, detail, sharp in ((2.2, 6.0, 24.0), (6.5, 5.0, 16.0)):
        value = node(
            tree, "TexNoise", {"Vector": where, "Scale": scale, "Detail": detail, "Distortion": 0.9}
        ).outputs[0]
        away = _math(tree, "ABSOLUTE", _math(tree, "SUBTRACT", value, 0.5))
        veins.append(_math(tree, "POWER", _math(tree, "SUBTRACT", 1.0, away), sharp))
    line = _math(
        tree, "ADD", _math(tree, "MULTIPLY", veins[0], 0.75), _math(tree, "MULTIPLY", veins[1], 0.25)
    )
    cloud = between(tree, noise(tree, 3.0, 4.0), 0.0, 0.22)
    tree.links.new(
        ramp(tree, _math(tree, "ADD", line, cloud), [(0.15, first), (1.0, second)]),
        shader.inputs["Base Color"],
    )


def _tiles(tree: Tree, shader: bpy.types.Node, first: str, second: str, side: float) -> None:
    x, y = _axes(tree)
    across = [_math(tree, "DIVIDE", value, side) for value in (x, y)]
    cell = _vector(tree, *(_math(tree, "FLOOR", value) for value in across))
    tone = node(tree, "TexWhiteNoise", {0: cell}, noise_dimensions="2D").outputs[0]
    edges = [_math(tree, "PINGPONG", value, 0.5) for value in across]
    away = _math(tree, "MULTIPLY", _math(tree, "MINIMUM", *edges), side)
    tile = node(tree, "MapRange", {"Value": away, "From Min": 0.0012, "From Max": 0.003}).outputs[0]
    shade = node(tree, "MapRange", {"Value": tone, "To Min": 0.86, "To Max": 1.06}).outputs[0]
    glaze = ramp(tree, noise(tree, 25.0, 4.0), [(0.3, first), (0.75, first)])
    glaze = node(tree, "HueSaturation", {"Color": glaze, "Value": shade}).outputs[0]
    tree.links.new(mix(tree, tile, linear(second), glaze), shader.inputs["Base Color"])
    rough = node(tree, "MapRange", {"Value": tile, "To Min": 0.9, "To Max": 0.2}).outputs[0]
    tree.links.new(rough, shader.inputs["Roughness"])
    hollow = _math(tree, "ADD", tile, _math(tree, "MULTIPLY", noise(tree, 30.0), 0.12))
    bump(tree, shader, hollow, 0.0012)


def _weave(tree: Tree, shader: bpy.types.Node, first: str, second: str, check: float | None) -> None:
    """Threads over and under; checked cloth has bands of the second colour both ways."""
    x, y = _axes(tree)
    thread = 0.0011
    over = [_math(tree, "SINE", _math(tree, "MULTIPLY", value, 3.1416 / thread)) for value in (x, y)]
    height = _math(tree, "MULTIPLY", *over)
    wear = noise(tree, 9.0, 5.0)
    if check:
        bands = []
        for value in (x, y):
            wobble = _math(tree, "ADD", value, _math(tree, "MULTIPLY", noise(tree, 8.0), 0.006))
            place = _math(tree, "PINGPONG", _math(tree, "DIVIDE", wobble, check), 0.5)
            bands.append(_math(tree, "GREATER_THAN", place, 0.25))
        share = _math(tree, "MULTIPLY", _math(tree, "ADD", *bands), 0.5)
        colour = mix(tree, share, linear(first), linear(second))
    else:
        share = _math(tree, "ADD", _math(tree, "MULTIPLY", height, 0.3), wear)
        colour = ramp(tree, share, [(0.25, second), (0.75, first)])
    fibres = node(tree, "MapRange", {"Value": noise(tree, 700.0), "To Min": 0.75, "To Max": 1.2}).outputs[0]
    colour = node(tree, "HueSaturation", {"Color": colour, "Value": fibres}).outputs[0]
    tree.links.new(colour, shader.inputs["Base Color"])
    shader.inputs["Sheen Weight"].default_value = 0.25
    folds = _math(
        tree, "ADD", _math(tree, "MULTIPLY", height, 0.0004), _math(tree, "MULTIPLY", noise(tree, 7.0), 0.004)
    )
    bump(tree, shader, folds, 1.0)


def _laminate(tree: Tree, shader: bpy.types.Node, first: str, second: str) -> None:
    dust = ramp(tree, noise(tree, 750.0, 2.0), [(0.32, second), (0.44, first), (1.0, first)])
    tree.links.new(dust, shader.inputs["Base Color"])
    bump(tree, shader, noise(tree, 500.0, 2.0), 0.00006)


def desk(kind: str, first: str, second: str, gloss: float) -> bpy.types.Material:
    """Returns the material of a desk top or floor that lies in its object's own x and y.

    Args:
        kind: wood, planks, staves, floor, marble, tiles, cloth, checks or laminate.
        first: its main colour.
        second: of the grain, veins, grout or threads.
        gloss: 0 (raw) to 1 (polished).
    """
    material, tree, shader = empty(kind)
    worn = between(tree, noise(tree, 12.0, 4.0), 0.8 - 0.6 * gloss, 0.95 - 0.62 * gloss)
    tree.links.new(worn, shader.inputs["Roughness"])
    boards = {"wood": None, "planks": (2.4, 0.118), "staves": (0.42, 0.042), "floor": (1.3, 0.16)}
    if kind in boards:
        _wood(tree, shader, first, second, boards[kind])
    elif kind == "marble":
        _marble(tree, shader, first, second)
    elif kind == "tiles":
        _tiles(tree, shader, first, second, 0.148)
    elif kind in {"cloth", "checks"}:
        shader.inputs["Roughness"].default_value = 0.95
        _weave(tree, shader, first, second, 0.036 if kind == "checks" else None)
    else:
        _laminate(tree, shader, first, second)
    return material
