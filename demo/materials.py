"""What things are made of: Cycles materials, all from numbers and noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy
import numpy as np
from PIL import Image, ImageColor

Input = Any  # what a node takes: a socket to link, a number, a colour
Paint = str | Image.Image  # a colour (name or "#rrggbb"), or a picture that the surface's places point into


def linear(colour: str) -> tuple[float, float, float, float]:
    """Returns a colour as light (the sRGB curve undone), with full cover."""
    values = np.array(ImageColor.getrgb(colour)[:3]) / 255
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return (float(light[0]), float(light[1]), float(light[2]), 1.0)


def node(
    tree: bpy.types.NodeTree, kind: str, inputs: Mapping[str | int, Input] | None = None, **settings: Input
) -> bpy.types.Node:
    """Adds a node; an input that is a socket is linked, any other value is set."""
    made = tree.nodes.new("ShaderNode" + kind)
    for name, value in settings.items():
        setattr(made, name, value)
    for key, value in (inputs or {}).items():
        if isinstance(value, bpy.types.NodeSocket):
            tree.links.new(value, made.inputs[key])
        else:
            made.inputs[key].default_value = value
    return made


def empty(name: str) -> tuple[bpy.types.Material, bpy.types.NodeTree, bpy.types.Node]:
    """Makes a material: returns it, its nodes, and the one principled shader in them."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    tree = material.node_tree
    return material, tree, tree.nodes["Principled BSDF"]


def image_of(picture: Image.Image) -> bpy.types.Image:
    """Hands a picture to Blender."""
    rgba = np.asarray(picture.convert("RGBA"), dtype=np.float32)[::-1] / 255
    image = bpy.data.images.new("picture", picture.width, picture.height, alpha=picture.mode == "RGBA")
    image.pixels.foreach_set(np.ascontiguousarray(rgba).ravel())
    image.update()
    return image


def coordinates(tree: bpy.types.NodeTree, scale: tuple[float, float, float]) -> bpy.types.NodeSocket:
    """Returns places in the object's own space (metres times the scale)."""
    place = node(tree, "TexCoord")
    return node(tree, "Mapping", {"Vector": place.outputs["Object"], "Scale": scale}).outputs[0]


def noise(
    tree: bpy.types.NodeTree, per_metre: float | tuple[float, float, float], detail: float = 3.0
) -> bpy.types.NodeSocket:
    """Returns smooth noise, about 0.2 to 0.8, with so many humps a metre."""
    scale = per_metre if isinstance(per_metre, tuple) else (per_metre,) * 3
    where = coordinates(tree, scale)
    return node(tree, "TexNoise", {"Vector": where, "Scale": 1.0, "Detail": detail}).outputs[0]


def ramp(
    tree: bpy.types.NodeTree, factor: bpy.types.NodeSocket, stops: list[tuple[float, str]]
) -> bpy.types.NodeSocket:
    """Turns a number into a colour between the given stops."""
    made = node(tree, "ValToRGB", {0: factor})
    elements = made.color_ramp.elements
    while len(elements) < len(stops):
        elements.new(0.5)
    for element, (position, colour) in zip(elements, stops, strict=True):
        element.position, element.color = position, linear(colour)
    return made.outputs[0]


def mix(
    tree: bpy.types.NodeTree, factor: Input, first: Input, second: Input, how: str = "MIX"
) -> bpy.types.NodeSocket:
    """Mixes two colours: sockets, or light of four numbers."""
    made = node(tree, "Mix", data_type="RGBA", blend_type=how)
    for index, value in ((0, factor), (6, first), (7, second)):
        if isinstance(value, bpy.types.NodeSocket):
            tree.links.new(value, made.inputs[index])
        else:
            made.inputs[index].default_value = value
    return made.outputs[2]


def between(
    tree: bpy.types.NodeTree, value: bpy.types.NodeSocket, low: float, high: float
) -> bpy.types.NodeSocket:
    """Stretches noise (0.3 to 0.7) to the range low to high."""
    inputs: dict[str | int, Input] = {
        "Value": value,
        "From Min": 0.3,
        "From Max": 0.7,
        "To Min": low,
        "To Max": high,
    }
    return node(tree, "MapRange", inputs).outputs[0]


def bump(
    tree: bpy.types.NodeTree, shader: bpy.types.Node, height: bpy.types.NodeSocket, depth: float
) -> None:
    """Lets a height (0 to 1, times `depth` metres) tilt the shader's normals."""
    made = node(tree, "Bump", {"Height": height, "Distance": depth, "Strength": 1.0})
    tree.links.new(made.outputs[0], shader.inputs["Normal"])


def surface(
    paint: Paint,
    roughness: float = 0.5,
    *,
    metallic: float = 0.0,
    coat: float = 0.0,
    wax: float = 0.0,
    fuzz: float = 0.0,
    grain: tuple[float, float] | None = None,
    smudges: float = 0.25,
    glow: float = 0.0,
) -> bpy.types.Material:
    """Returns the material of most things.

    Args:
        paint: colour or picture.
        roughness: 0 (mirror) to 1 (chalk).
        metallic: 0 or 1.
        coat: strength of a clear glaze over it.
        wax: share of the light that wanders below the surface, as in porcelain and wax.
        fuzz: sheen of fibres.
        grain: bumps a metre and their depth in metres.
        smudges: how much touching has changed the roughness here and there, as a share of it.
        glow: strength of its own light, of the colour of the paint.
    """
    material, tree, shader = empty("surface")
    if isinstance(paint, str):
        shader.inputs["Base Color"].default_value = linear(paint)
        colour: bpy.types.NodeSocket | None = None
    else:
        colour = node(tree, "TexImage", image=image_of(paint), extension="EXTEND").outputs[0]
        tree.links.new(colour, shader.inputs["Base Color"])
    worn = between(tree, noise(tree, 28.0), roughness * (1 - smudges), roughness * (1 + smudges))
    tree.links.new(worn, shader.inputs["Roughness"])
    shader.inputs["Metallic"].default_value = metallic
    shader.inputs["Coat Weight"].default_value = coat
    shader.inputs["Coat Roughness"].default_value = 0.06
    shader.inputs["Subsurface Weight"].default_value = wax
    shader.inputs["Subsurface Radius"].default_value = (0.004, 0.003, 0.002)
    shader.inputs["Subsurface Scale"].default_value = 1.0
    shader.inputs["Sheen Weight"].default_value = fuzz
    if grain:
        bump(tree, shader, noise(tree, grain[0], 2.0), grain[1])
    if glow:
        shader.inputs["Emission Strength"].default_value = glow
        if colour is None:
            shader.inputs["Emission Color"].default_value = linear(str(paint))
        else:
            tree.links.new(colour, shader.inputs["Emission Color"])
    return material


def ceramic(paint: Paint, *, matt: bool = False) -> bpy.types.Material:
    """Returns glazed or unglazed stoneware, its surface never quite even."""
    if matt:
        return surface(paint, 0.55, grain=(900.0, 0.00008))
    return surface(paint, 0.16, coat=0.6, wax=0.06, grain=(45.0, 0.00025))


def plastic(paint: Paint, roughness: float = 0.38) -> bpy.types.Material:
    """Returns moulded plastic with a fine texture."""
    return surface(paint, roughness, grain=(2500.0, 0.00003))


def paper(paint: Paint, *, shiny: bool = False) -> bpy.types.Material:
    """Returns paper or card; shiny as the cover of a paperback."""
    return surface(paint, 0.28 if shiny else 0.85, grain=(30.0 if shiny else 700.0, 0.0001))


def metal(colour: str = "#b9bbbe", roughness: float = 0.25) -> bpy.types.Material:
    """Returns steel, aluminium or brass."""
    return surface(colour, roughness, metallic=1.0)


def glass(tint: str = "#ffffff", roughness: float = 0.0, ior: float = 1.46) -> bpy.types.Material:
    """Returns clear or tinted glass, or a clear drink (water: ior 1.33).

    Light on its way to a lamp passes straight through, or all glass would throw the shadow of a stone.
    """
    material, tree, shader = empty("glass")
    shader.inputs["Base Color"].default_value = linear(tint)
    shader.inputs["Transmission Weight"].default_value = 1.0
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["IOR"].default_value = ior
    clear = node(tree, "BsdfTransparent", {0: linear(tint)})
    path = node(tree, "LightPath")
    is_passing = node(
        tree,
        "Math",
        {0: path.outputs["Is Shadow Ray"], 1: path.outputs["Is Diffuse Ray"]},
        operation="MAXIMUM",
    )
    mixed = node(tree, "MixShader", {0: is_passing.outputs[0], 1: shader.outputs[0], 2: clear.outputs[0]})
    tree.links.new(mixed.outputs[0], tree.nodes["Material Output"].inputs["Surface"])
    return material


def speckled(base: str, dots: str, dip: str | None = None, dip_height: float = 0.0) -> bpy.types.Material:
    """Returns a potter's glaze: speckles, and a second colour from `dip_height` metres upwards."""
    material, tree, shader = empty("speckled")
    spots = ramp(tree, noise(tree, 420.0, 1.0), [(0.0, dots), (0.33, dots), (0.37, base), (1.0, base)])
    if dip:
        place = node(tree, "TexCoord")
        parts = node(tree, "SeparateXYZ", {0: place.outputs["Object"]})
        wave = between(tree, noise(tree, 50.0, 1.0), -0.004, 0.004)
        level = node(tree, "Math", {0: parts.outputs[2], 1: wave}, operation="ADD").outputs[0]
        above = node(tree, "Math", {0: level, 1: dip_height}, operation="GREATER_THAN").outputs[0]
        spots = mix(tree, above, spots, linear(dip))
    tree.links.new(spots, shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = 0.3
    shader.inputs["Coat Weight"].default_value = 0.5
    bump(tree, shader, noise(tree, 60.0), 0.0005)
    return material


def drink(kind: str) -> bpy.types.Material:
    """Returns the surface of a drink in a cup one cannot see through."""
    material, tree, shader = empty("drink")
    shader.inputs["Roughness"].default_value = 0.03
    shader.inputs["IOR"].default_value = 1.33
    foams = {
        "coffee": [(0.0, "#1a0d06"), (0.55, "#20110a"), (0.72, "#6e4322"), (1.0, "#8a5a30")],
        "latte": [(0.0, "#9c6f45"), (0.45, "#b58a5e"), (0.6, "#e2cba8"), (1.0, "#efe1c8")],
        "crema": [(0.0, "#7d4d24"), (0.5, "#96622f"), (1.0, "#b98646")],
        "tea": [(0.0, "#7a3208"), (1.0, "#8f430e")],
        "milk tea": [(0.0, "#b58556"), (1.0, "#bf9062")],
        "cocoa": [(0.0, "#4a2a18"), (0.6, "#583320"), (1.0, "#7d5638")],
        "water": [(0.0, "#d9dcd9"), (1.0, "#e3e6e3")],
    }
    swirl = node(
        tree,
        "TexNoise",
        {"Vector": coordinates(tree, (1, 1, 1)), "Scale": 45.0, "Detail": 5.0, "Distortion": 1.2},
    ).outputs[0]
    tree.links.new(ramp(tree, swirl, foams[kind]), shader.inputs["Base Color"])
    if kind in {"latte", "crema", "cocoa"}:
        shader.inputs["Roughness"].default_value = 0.25
        bump(tree, shader, noise(tree, 900.0), 0.0003)
    return material


def fabric(colour: str) -> bpy.types.Material:
    """Returns upholstery, felt or knitwear."""
    return surface(colour, 0.95, fuzz=0.3, grain=(400.0, 0.0008))
