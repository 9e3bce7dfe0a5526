"""Which photos there are, and which scene each shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from demo.cases import shown
from demo.seeds import chance, generator
from demo.students import LABELS, NUM_PHOTOS, STUDENTS


class Shot(NamedTuple):
    """Which photo it is, and of which scene; the photos of a burst share the scene of the first.

    Attributes:
        student: whose.
        label: of the thing.
        number: of the photo among the label's, from 0.
        scene: number of the photo whose scene it shows.
        shown: label of the thing in it, which its student confused in two photos.
    """

    student: str
    label: str
    number: int
    scene: int
    shown: str


def shot(student: str, label: str, number: int) -> Shot:
    """Returns which scene a photo shows."""
    scene = number
    while (label, scene) in STUDENTS[student].habits.burst:
        scene -= 1
    return Shot(student, label, number, scene, shown(student, label, number))


def size_px(of: Shot, long_side: int) -> tuple[int, int]:
    """Returns width and height of the photo as one looks at it."""
    student = STUDENTS[of.student]
    wide, high = (max(1, round(side * long_side / 768 / 2) * 2) for side in student.phone.size_px)
    held = generator("held", of.student, of.label, of.scene)
    return (high, wide) if chance(held, student.habits.upright) else (wide, high)


def shots(only: Sequence[str]) -> list[Shot]:
    """Returns the photos to make, those of `only` (STUDENT, STUDENT/LABEL or STUDENT/LABEL/NUMBER), else all.

    Every student and label comes early, so that a part of the photos is a fair sample of them.

    Raises:
        ValueError: an entry of `only` names no photo.
    """
    every = [
        shot(student, label, number)
        for number in range(NUM_PHOTOS) for student in STUDENTS for label in LABELS
    ]  # fmt: skip
    unknown = [entry for entry in only if not any(_is_in(of, entry) for of in every)]
    if unknown:
        raise ValueError(
            f"no such photo: {', '.join(map(repr, unknown))}; there are STUDENT/LABEL/NUMBER with"
            f" {', '.join(STUDENTS)} / {', '.join(LABELS)} / 0 to {NUM_PHOTOS - 1}"
        )
    return [of for of in every if not only or any(_is_in(of, entry) for entry in only)]


def _is_in(of: Shot, entry: str) -> bool:
    parts = entry.split("/")
    return [of.student, of.label, str(of.number)][: len(parts)] == parts
