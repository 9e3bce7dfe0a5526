"""The twelve whose desks are drawn."""

from __future__ import annotations

from typing import NamedTuple


class Student(NamedTuple):
    """What all photos of one student share.

    Attributes:
        desk: kind of desk top, its main colour, its second colour.
        wall: colour of what lies behind the desk.
        size_px: width and height of the photo.
        warmth: colour of the lamp, -1 (blue sky) to 1 (light bulb).
        exposure: factor of the light.
        elevation_deg: usual height of the phone over the desk; 90 is straight from above.
        quality: of the JPEG file, 1 to 100.
        grain: noise of the sensor, standard deviation, of 255.
        blur_px: of the lens.
    """

    desk: tuple[str, str, str]
    wall: str
    size_px: tuple[int, int]
    warmth: float
    exposure: float
    elevation_deg: float
    quality: int
    grain: float
    blur_px: float


STUDENTS = {
    "ada": Student(
        ("wood", "#a9744a", "#7a4d2b"), "#cfc8ba", (344, 258), 0.2, 1.0, 52, 75, 3.0, 0.5,
    ),
    "bela": Student(
        ("plain", "#e4e2dd", "#cfccc6"), "#9fb0b8", (258, 344), -0.3, 0.95, 66, 80, 2.5, 0.4,
    ),
    "chidi": Student(
        ("planks", "#c9a274", "#8a6238"), "#e8e2d4", (360, 240), 0.5, 0.9, 42, 74, 4.5, 0.7,
    ),
    "dora": Student(
        ("marble", "#e9e7e4", "#8d8f94"), "#d9d4cc", (320, 320), 0.0, 1.0, 74, 75, 2.0, 0.3,
    ),
    "emil": Student(
        ("weave", "#54606b", "#343c44"), "#7d8288", (336, 252), -0.5, 0.85, 47, 72, 5.5, 0.9,
    ),
    "farah": Student(
        ("checks", "#f1e9e0", "#b5423c"), "#efe6d8", (252, 336), 0.6, 1.0, 58, 70, 3.0, 0.5,
    ),
    "goran": Student(
        ("wood", "#5a3a26", "#35210f"), "#6f665c", (340, 255), 0.8, 0.8, 40, 70, 6.0, 0.6,
    ),
    "hana": Student(
        ("tiles", "#8fa9a3", "#e6e6e0"), "#c2d1cd", (240, 320), -0.1, 1.05, 62, 100, 0.0, 0.4,
    ),
    "ivo": Student(
        ("plain", "#2c2f33", "#1d1f22"), "#4a4d52", (336, 252), 0.1, 1.1, 55, 77, 4.0, 0.5,
    ),
    "jun": Student(
        ("weave", "#b9a98c", "#8d7d62"), "#d6cdbb", (348, 261), 0.3, 1.0, 68, 70, 3.0, 0.4,
    ),
    "kira": Student(
        ("planks", "#8b8f92", "#5d6165"), "#b4bac0", (232, 348), -0.6, 0.95, 50, 75, 4.0, 0.6,
    ),
    "luz": Student(
        ("plain", "#37657a", "#2b5061"), "#d8c9a8", (340, 255), 0.4, 1.15, 80, 75, 2.0, 0.4,
    ),
}  # fmt: skip
