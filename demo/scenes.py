"""One photo's scene: a thing of the label on a student's desk, what else lies there, the phone over it."""

from __future__ import annotations

import bpy
import numpy as np

from demo import books, cameras, clutter, cups, cycles, keyboards, rooms
from demo.cameras import View
from demo.seeds import SEED, chance, derived_seed, generator, pick
from demo.shapes import corners, hang
from demo.shots import Shot, size_px
from demo.students import LABELS, STUDENTS, Student


def owned(student: str, label: str, number: int, rng: np.random.Generator) -> tuple[bpy.types.Object, str]:
    """Makes one of the things that a student owns, and says its kind."""
    who = STUDENTS[student]
    things = {"cup": who.cups, "keyboard": who.keyboards, "book": who.books}[label]
    number %= len(things)
    own = generator("owned", student, label, number)
    if label == "keyboard":
        kind, palette = who.keyboards[number]
        return keyboards.keyboard(kind, palette, own, rng), kind
    if label == "cup":
        return cups.cup(who.cups[number], own, rng), who.cups[number]
    return books.books(who.books[number], own, rng), who.books[number]


def light(of: Shot, long_side: int, num_samples: int) -> np.ndarray:
    """Renders what the phone's lens lets in: float16 (height, width, 3), from 0."""
    name, label = of.student, of.shown
    student = STUDENTS[name]
    rng = generator("scene", name, of.label, of.scene)
    cycles.start(derived_seed(SEED, "cycles", name, of.label, of.number))
    shift = (float(rng.normal(0, 0.12)), float(np.clip(rng.normal(0.02, 0.04), -0.1, 0.1)))
    rooms.build(student.room, rng, desk_shift=shift)
    # One thing after the other, unless a burst skips its turn, before chance decides
    number = of.scene if of.scene < 4 else int(rng.integers(12))
    thing, kind = owned(name, label, number, rng)
    thing.rotation_euler[2] = np.radians(_turn_deg(label, kind, rng))
    near, far = shift[1] - rooms.NEAR_M, shift[1] + student.room.depth  # the desk's edges
    hang(thing, near, far)
    points = corners(thing)
    if kind == "laptop":  # the photo is of its keys; the lid may run out of the frame
        points = points[points[:, 2] < 0.03]
    view = _view(student, of, kind, rng)
    size = size_px(of, long_side)
    camera = cameras.place(view, points, size)
    _lay_about(of, student, points, camera, size, far, rng)
    return cycles.render(size, num_samples)


def _turn_deg(label: str, kind: str, rng: np.random.Generator) -> float:
    if kind == "row":
        return float(rng.normal(0, 12))
    if label == "keyboard":  # seen from all sides: mostly from where one types
        side = float(rng.choice([0.0, 0.0, 0.0, 0.0, 90.0, -90.0, 180.0])) if kind != "laptop" else 0.0
        if kind == "laptop" and chance(rng, 0.25):
            side = float(rng.choice([70.0, -70.0, 110.0, -110.0]))
        return side + float(rng.normal(0, 18))
    return float(rng.normal(0, 28)) + (180.0 if chance(rng, 0.12) else 0.0)


def _view(student: Student, of: Shot, kind: str, rng: np.random.Generator) -> View:
    habits = student.habits
    elevation = rng.normal(habits.elevation_deg, habits.spread_deg)
    if kind in {"row", "standing"}:
        elevation = rng.uniform(8, 30)  # spines and covers that stand are photographed from the front
    share = habits.share * rng.uniform(0.8, 1.25)
    if of.shown == "keyboard":
        share *= 1.35  # wide things fill the frame, or run out of it
    if of.shown == "book":
        share *= 1.1
    lens = student.phone.lens_mm * (2.0 if chance(rng, 0.08) else 1.0)
    view = View(
        azimuth_deg=float(rng.normal(0, 16)),
        elevation_deg=float(np.clip(elevation, 9, 86)),
        roll_deg=float(rng.normal(0, habits.roll_deg)),
        share=float(share),
        off=(float(rng.normal(0, habits.off)), float(rng.normal(0, habits.off))),
        lens_mm=lens,
    )
    if of.number != of.scene:  # a burst: the hand has moved on a little
        own = generator("burst", of.student, of.label, of.number)
        x, y, z = (own.uniform(2, 12, size=3) * own.choice([-1, 1], size=3) * [1, 0.7, 0.7]).tolist()
        pitch, yaw, roll = (own.uniform(0.3, 1.4, size=3) * own.choice([-1, 1], size=3)).tolist()
        view = view._replace(nudge=(x, y, z, pitch, yaw, roll))
    return view


def _lay_about(
    of: Shot,
    student: Student,
    points: np.ndarray,
    camera: bpy.types.Object,
    size: tuple[int, int],
    far: float,
    rng: np.random.Generator,
) -> None:
    """Lays clutter round the thing, and at times a thing of another label behind it or cut off."""
    number = int(rng.poisson(student.habits.clutter))
    desk_kinds = generator("clutter", of.student).permutation(sorted(clutter.KINDS))[:11]
    taken = [_disc(points)]
    if chance(rng, student.habits.other):
        label = pick(rng, [other for other in LABELS if other != of.shown])
        thing, kind = owned(of.student, label, int(rng.integers(12)), rng)
        thing.rotation_euler[2] = np.radians(float(rng.normal(0, 40)))
        if kind == "row" or not _put(thing, taken, camera, size, far, rng, behind=True):
            _remove(thing)
        else:
            hang(thing, -np.inf, far)
    for _ in range(number):
        thing = clutter.draw(str(pick(rng, list(desk_kinds))), rng)
        if not _put(thing, taken, camera, size, far, rng, behind=False):
            _remove(thing)


def _remove(thing: bpy.types.Object) -> None:
    for part in [*thing.children_recursive, thing]:
        bpy.data.objects.remove(part)


def _disc(points: np.ndarray) -> tuple[np.ndarray, float]:
    middle = (points[:, :2].min(axis=0) + points[:, :2].max(axis=0)) / 2
    return middle, float(np.linalg.norm(points[:, :2] - middle, axis=1).max())


def _put(
    thing: bpy.types.Object,
    taken: list[tuple[np.ndarray, float]],
    camera: bpy.types.Object,
    size: tuple[int, int],
    far: float,
    rng: np.random.Generator,
    *,
    behind: bool,
) -> bool:
    """Finds room for a thing within the photo, this side of the `far` edge; returns whether there is any."""
    own = corners(thing)
    _, radius = _disc(own)
    tall = float(own[:, 2].max())
    eye = np.array(camera.matrix_world.translation)[:2]
    toward = eye / max(float(np.linalg.norm(eye)), 0.05)
    for _ in range(60):
        angle = rng.uniform(0, 2 * np.pi)
        reach = taken[0][1] * rng.uniform(0.6, 1.0) + radius + rng.uniform(0.0, 0.16)
        place = taken[0][0] + reach * np.array([np.cos(angle), np.sin(angle)])
        seen = cameras.project(camera, np.array([[*place, 0.0]]), size)[0]
        if not ((seen > -0.12).all() and (seen < 1.12).all()) or place[1] < -0.42:
            continue
        if place[1] + own[:, 1].max() > far - 0.01:
            continue
        in_front = float(place @ toward) > 0.02
        if (in_front and tall > 0.03) or (behind and float(place @ toward) > -0.02):
            continue
        if np.linalg.norm(eye - place) < radius + 0.1 and tall > 0.08:
            continue
        if all(np.linalg.norm(place - at) > 0.88 * (radius + room) for at, room in taken):
            thing.location = (*place.tolist(), 0.0)
            taken.append((place, radius))
            return True
    return False
