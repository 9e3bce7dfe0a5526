"""One photo's scene: an object of the label on a student's desk, and what else lies there."""

from __future__ import annotations

import numpy as np

from demo import clutter, objects
from demo.desks import desk
from demo.meshes import Mesh, light_of, moved
from demo.renderer import Camera, Lamp, camera_at, render
from demo.students import LABELS, STUDENTS, Student
from tenshots.seeds import derived_seed

SEED = 20
OWNED = {"cup": 3, "keyboard": 2, "book": 4}  # things of a label that a student has
SHAPES = {"cup": objects.cup, "keyboard": objects.keyboard, "book": objects.book}


def generator(*parts: int | str) -> np.random.Generator:
    """Returns the random numbers of one part of the demo, such as (student, label, number)."""
    return np.random.default_rng(derived_seed(SEED, "demo", *parts))


def picture(name: str, label: str, number: int, *, supersampling: int) -> np.ndarray:
    """Draws what a student's phone sees: light, float32 (height, width, 3), from 0.

    Args:
        name: of the student.
        label: of the object.
        number: of the photo, from 0; the three name the photo, and nothing else moves it.
        supersampling: rendered pixels along a side of one pixel of the photo.
    """
    student, rng = STUDENTS[name], generator(name, label, number)
    thing = moved(_owned(name, label, rng), turn_deg=_turn_deg(label, rng), by=(0, 0, 0))
    camera = _camera(student, label, thing, rng, supersampling)
    meshes = thing + _surroundings(name, label, thing, camera, rng)
    top = desk(*student.desk, generator(name, "desk"))
    return render(meshes, camera, _lamp(name, student, rng), top, light_of(student.wall))


def _owned(name: str, label: str, rng: np.random.Generator) -> list[Mesh]:
    return SHAPES[label](generator(name, label, "owned", int(rng.integers(OWNED[label]))))


def _turn_deg(label: str, rng: np.random.Generator) -> float:
    if label == "cup" or rng.random() < 0.15:
        return float(rng.uniform(0, 360))
    return float(rng.normal(0, 28)) + 180 * (rng.random() < 0.15)


def _camera(
    student: Student, label: str, thing: list[Mesh], rng: np.random.Generator, supersampling: int
) -> Camera:
    width, height = (side * supersampling for side in student.size_px)
    corners = np.concatenate([mesh.corners.reshape(-1, 3) for mesh in thing])
    aim = (corners.min(axis=0) + corners.max(axis=0)) / 2
    angles = {
        "azimuth_deg": float(rng.normal(0, 14)),
        "elevation_deg": float(np.clip(rng.normal(student.elevation_deg, 12), 24, 88)),
        "tilt_deg": float(rng.normal(0, 7)),
    }
    closeness = student.closeness * rng.uniform(0.95, 1.4) * (1.15 if label == "keyboard" else 1.0)
    distance = 60.0
    for _ in range(4):  # the object's size in the photo is nearly proportional to 1 / distance
        camera = camera_at(aim, **angles, distance_cm=distance, focal=0.85, width=width, height=height)
        spread = np.abs(camera.project(corners)[0] - np.array([width, height]) / 2).max(axis=0)
        distance *= float((spread / np.array([width, height])).max()) * 2 / closeness
    off = rng.normal(0, 0.05, size=2) * distance
    shifted = aim + off[0] * camera.right + off[1] * camera.up * np.array([1.0, 1.0, 0.0])
    return camera_at(shifted, **angles, distance_cm=distance, focal=0.85, width=width, height=height)


def _lamp(name: str, student: Student, rng: np.random.Generator) -> Lamp:
    own = generator(name, "lamp")
    azimuth = np.radians(own.uniform(0, 360) + rng.normal(0, 20))
    elevation = np.radians(own.uniform(32, 68) + rng.normal(0, 5))
    flat = np.cos(elevation)
    towards = np.array([np.cos(azimuth) * flat, np.sin(azimuth) * flat, np.sin(elevation)])
    warmth = student.warmth + rng.normal(0, 0.1)
    tint = np.array([1 + 0.22 * warmth, 1.0, 1 - 0.3 * warmth], dtype=np.float32)
    strength = student.exposure * np.exp(rng.normal(0, 0.14))
    contrast = own.uniform(0.45, 0.75)
    key = (1.25 * contrast * strength * tint).astype(np.float32)
    ambient = (1.15 * (1 - contrast) * strength * (0.6 + 0.4 * tint)).astype(np.float32)
    return Lamp(towards, key, ambient, float(own.uniform(0.6, 2.2)))


def _surroundings(
    name: str, label: str, thing: list[Mesh], camera: Camera, rng: np.random.Generator
) -> list[Mesh]:
    """Lays clutter round the object, and at times a thing of another label at the edge of the photo."""
    corners = np.concatenate([mesh.corners[..., :2].reshape(-1, 2) for mesh in thing])
    taken = [(np.zeros(2), float(np.linalg.norm(corners, axis=1).max()) * 0.92)]
    extra = [clutter.draw(rng) for _ in range(int(rng.integers(0, 3)))]
    if rng.random() < 0.25:
        others = [other for other in LABELS if other != label]
        other = _owned(name, others[int(rng.integers(2))], rng)
        extra.insert(0, moved(other, turn_deg=float(rng.uniform(0, 360)), by=(0, 0, 0)))
    meshes: list[Mesh] = []
    for item in extra:
        radius = max(float(np.linalg.norm(mesh.corners[..., :2], axis=-1).max()) for mesh in item)
        place = _free_place(taken, radius * 0.85, camera, rng)
        if place is not None:
            taken.append((place, radius * 0.85))
            meshes += moved(item, by=(float(place[0]), float(place[1]), 0.0))
    return meshes


def _free_place(
    taken: list[tuple[np.ndarray, float]], radius: float, camera: Camera, rng: np.random.Generator
) -> np.ndarray | None:
    """Finds room on the desk within the photo, not in front of the object; None where there is none."""
    for _ in range(40):
        angle, reach = rng.uniform(0, 2 * np.pi), taken[0][1] + radius + rng.uniform(0, 9)
        place = reach * np.array([np.cos(angle), np.sin(angle)])
        (x, y), _ = camera.project(np.array([*place, 0.0]))
        margin = 0.08
        in_view = -margin < x / camera.width < 1 + margin and -margin < y / camera.height < 1 + margin
        before = place[1] < -0.3 * reach and camera.place[2] < 1.2 * np.linalg.norm(camera.place[:2])
        if in_view and not before and all(np.linalg.norm(place - at) > radius + room for at, room in taken):
            return np.asarray(place)
    return None
