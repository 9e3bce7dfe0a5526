"""The twelve who hand in photos: whose room, phone, habits and things."""

from __future__ import annotations

from typing import NamedTuple

LABELS = ("cup", "keyboard", "book")
NUM_PHOTOS = 7  # a label and a student


class Room(NamedTuple):
    """What all photos at one desk share.

    Attributes:
        desk: kind of the top, its two colours, its gloss (see desks.desk).
        wall: colour of the walls.
        floor: kind and the two colours.
        behind: what is beyond the far edge: wall, window, room.
        depth: metres from the middle of the desk to its far edge.
        window_deg: where the window is, seen from the desk: 0 to the right, 90 straight on, 180 to the left.
        daylight: strength of the window; 0 at night.
        lamp: strength of a warm desk lamp; 0 where there is none.
        ceiling: strength of the lamp at the ceiling.
        sun: strength of direct sun; 0 on a grey day.
    """

    desk: tuple[str, str, str, float]
    wall: str
    floor: tuple[str, str, str]
    behind: str
    depth: float
    window_deg: float
    daylight: float
    lamp: float = 0.0
    ceiling: float = 0.0
    sun: float = 0.0


class Phone(NamedTuple):
    """What a student's phone makes of the light.

    Attributes:
        size_px: width and height of a photo held level; `upright` of the habits swaps them.
        lens_mm: focal length on a frame 36 mm long.
        noise: standard deviation at middle grey in good light, of 255.
        warmth: what its white balance leaves of the lamps' colour, 0 to 1.
        tint: how much redder and bluer than neutral, shares.
        contrast: strength of the tone curve, 0 (flat) to 1.
        saturation: 1 keeps the colours.
        sharpening: strength of the halos, shares.
        softness_px: blur of lens and noise filter.
        vignette: darkening of the corners, share.
        suffix: of the files; names the format (jpg, png, webp, heic).
        quality: of the JPEG, WebP or HEIC file, 1 to 100.
        make: for the camera tags.
        model: for the camera tags.
        orientation: EXIF orientation of its files, 1 to 8; 0 writes no EXIF at all.
    """

    size_px: tuple[int, int]
    lens_mm: float
    noise: float
    warmth: float
    tint: tuple[float, float]
    contrast: float
    saturation: float
    sharpening: float
    softness_px: float
    vignette: float
    suffix: str
    quality: int
    make: str
    model: str
    orientation: int = 1


class Habits(NamedTuple):
    """How a student takes photos; 0 to 1 are chances.

    Attributes:
        elevation_deg: usual height of the phone over the desk; 90: from straight above.
        spread_deg: how much that varies.
        share: usual share of the frame that the thing fills.
        off: how far from the middle the thing is, share of the frame.
        roll_deg: how crooked the phone is held.
        upright: of photos held upright.
        shake: of photos blurred by a moving hand.
        finger: of photos with a finger over a corner.
        exposure: error in stops, standard deviation.
        clutter: how many other things usually lie about.
        other: of photos with a thing of another label in the background.
        burst: labels and numbers of the photos that only move on a little from the photo before.
    """

    elevation_deg: float
    spread_deg: float
    share: float
    off: float
    roll_deg: float
    upright: float
    shake: float
    finger: float
    exposure: float
    clutter: float
    other: float
    burst: tuple[tuple[str, int], ...] = ()


class Student(NamedTuple):
    """One of the class.

    Attributes:
        room: where.
        phone: with what.
        habits: how.
        cups: kinds of the cups that the student owns (cups.cup).
        keyboards: kinds and palettes of the keyboards (keyboards.keyboard).
        books: kinds of how the books lie (books.books).
        first_number: of the files.
    """

    room: Room
    phone: Phone
    habits: Habits
    cups: tuple[str, ...]
    keyboards: tuple[tuple[str, str], ...]
    books: tuple[str, ...]
    first_number: int


STUDENTS = {
    "ada": Student(
        Room(("wood", "#a9744a", "#6d4326", 0.45), "#d4cdbf", ("floor", "#a07f5a", "#6f5136"),
            "wall", 0.34, 168, 1.0),
        Phone((768, 576), 26, 2.2, 0.35, (0.0, 0.0), 0.5, 1.05, 0.6, 0.5, 0.18, "jpg", 78, "Orbita", "One"),
        Habits(46, 9, 0.78, 0.03, 3, 0.0, 0.1, 0.0, 0.15, 1.4, 0.12, (("cup", 1), ("book", 5))),
        ("mug", "tea cup", "glass"), (("full", "black"), ("laptop", "silver")),
        ("closed", "open", "stack", "closed"), 412,
    ),
    "bela": Student(
        Room(("laminate", "#dedbd4", "#c3c0b8", 0.45), "#a9b8bf", ("tiles", "#8a8a86", "#5f5e5b"),
            "window", 0.36, 92, 1.2),
        Phone((768, 576), 27, 2.0, 0.3, (0.0, 0.0), 0.55, 1.0, 0.8, 0.45, 0.15, "jpg", 78,
            "Kestrel", "K7", 6),
        Habits(58, 11, 0.75, 0.04, 3, 1.0, 0.08, 0.0, 0.2, 0.8, 0.15),
        ("mug", "paper", "mug"), (("compact", "white"), ("full", "black")),
        ("closed", "stack", "open", "bound"), 1107,
    ),
    "chidi": Student(
        Room(("planks", "#c49a68", "#85592f", 0.3), "#e0d8c6", ("floor", "#8a6a48", "#5a4028"),
            "room", 0.4, 25, 0.7, 0.0, 0.8),
        Phone((768, 512), 25, 2.4, 0.5, (0.03, -0.02), 0.6, 1.1, 1.0, 0.6, 0.25, "jpg", 74,
            "Nimbus", "N20 Lite", 7),
        Habits(36, 8, 0.75, 0.05, 5, 0.0, 0.2, 0.05, 0.25, 2.2, 0.22, (("keyboard", 3),)),
        ("enamel", "mug", "glass"), (("tenkeyless", "grey"), ("full", "white")),
        ("row", "closed", "stack", "standing"), 88,
    ),
    "dora": Student(
        Room(("marble", "#dad7d2", "#77797e", 0.8), "#cfc8bd", ("tiles", "#c7beb0", "#8f877b"),
            "wall", 0.33, 40, 1.0, 0.0, 0.3),
        Phone((720, 720), 26, 1.6, 0.25, (0.0, 0.0), 0.45, 1.12, 0.5, 0.4, 0.1, "heic", 55,
            "Orbita", "One Pro"),
        Habits(68, 12, 0.82, 0.01, 2, 0.0, 0.05, 0.0, 0.1, 0.8, 0.12, (("cup", 2), ("cup", 3))),
        ("tea cup", "espresso", "pottery"), (("flat compact", "white"), ("compact", "grey")),
        ("bound", "closed", "open", "closed"), 3021,
    ),
    "emil": Student(
        Room(("cloth", "#5a6670", "#39424a", 0.0), "#80858a", ("floor", "#5c5148", "#3a322c"),
            "room", 0.38, 175, 0.45, 0.0, 0.35),
        Phone((768, 576), 28, 2.6, 0.4, (-0.01, 0.02), 0.4, 0.9, 1.2, 0.8, 0.3, "jpg", 68, "Halden", "H3", 3),
        Habits(44, 10, 0.72, 0.05, 6, 0.1, 0.4, 0.1, 0.3, 1.4, 0.18),
        ("mug", "steel", "paper"), (("full", "beige"), ("split", "olive")),
        ("closed", "stack", "row", "open"), 240,
    ),
    "farah": Student(
        Room(("checks", "#e3dacd", "#a03e38", 0.0), "#eadfce", ("floor", "#b08d62", "#7a5a38"),
            "room", 0.42, 150, 1.1, 0.0, 0.2, 1.6),
        Phone((768, 576), 26, 2.4, 0.45, (0.03, -0.03), 0.55, 1.2, 0.7, 0.5, 0.2, "jpg", 72, "Sol", "S4", 8),
        Habits(52, 11, 0.8, 0.04, 4, 0.8, 0.1, 0.0, 0.2, 1.4, 0.15, (("book", 2),)),
        ("tea cup", "mug", "pottery"), (("flat compact", "pink"), ("laptop", "space")),
        ("open", "closed", "bound", "stack"), 655,
    ),
    "goran": Student(
        Room(("wood", "#5e3d27", "#321f12", 0.6), "#756a5e", ("floor", "#4d382a", "#2d2018"),
            "wall", 0.4, 200, 0.0, 1.0, 0.06),
        Phone((768, 576), 26, 2.8, 0.65, (0.04, -0.04), 0.5, 1.0, 1.1, 0.8, 0.3, "jpg", 66, "Nimbus", "N11"),
        Habits(40, 9, 0.74, 0.06, 6, 0.1, 0.45, 0.22, 0.35, 2.2, 0.18),
        ("glass", "mug", "espresso"), (("full", "red"), ("laptop", "space")),
        ("stack", "closed", "standing", "open"), 19,
    ),
    "hana": Student(
        Room(("tiles", "#8fa59f", "#cfcfc8", 0.6), "#c4d0cc", ("tiles", "#b5ada0", "#857e74"),
            "window", 0.45, 100, 0.9, 0.0, 0.2),
        Phone((576, 432), 28, 1.0, 0.3, (0.0, 0.01), 0.45, 1.0, 0.4, 0.5, 0.12, "png", 0, "Kestrel", "K9"),
        Habits(56, 12, 0.72, 0.04, 3, 1.0, 0.1, 0.0, 0.15, 0.8, 0.12),
        ("pottery", "tea cup", "glass"), (("tenkeyless", "navy"), ("low", "silver")),
        ("closed", "open", "stack", "row"), 1500,
    ),
    "ivo": Student(
        Room(("laminate", "#2e3033", "#232527", 0.35), "#4d5156", ("floor", "#4a4440", "#2e2a27"),
            "wall", 0.42, 15, 0.12, 0.5, 0.7),
        Phone((768, 576), 26, 2.4, 0.35, (-0.02, 0.02), 0.75, 1.15, 1.3, 0.5, 0.28, "jpg", 72,
            "Halden", "H8 Max", 2),
        Habits(48, 10, 0.82, 0.03, 4, 0.0, 0.15, 0.05, 0.2, 1.4, 0.25, (("keyboard", 1), ("keyboard", 5))),
        ("steel", "paper", "mug"), (("tenkeyless", "black"), ("split", "grey")),
        ("closed", "stack", "bound", "row"), 731,
    ),
    "jun": Student(
        Room(("cloth", "#b3a58a", "#857858", 0.0), "#d8cfbf", ("floor", "#97785a", "#68503a"),
            "room", 0.36, 130, 0.8, 0.2, 0.3),
        Phone((768, 576), 25, 2.8, 0.4, (0.01, 0.0), 0.4, 0.92, 0.5, 0.6, 0.15, "webp", 72, "Sol", "S2"),
        Habits(62, 12, 0.72, 0.05, 5, 0.2, 0.15, 0.05, 0.2, 1.4, 0.15),
        ("pottery", "mug", "tea cup"), (("full", "white"), ("low", "silver")),
        ("open", "stack", "standing", "closed"), 902,
    ),
    "kira": Student(
        Room(("staves", "#b58d5f", "#7d5833", 0.55), "#b9bfc4", ("laminate", "#8f9296", "#74777b"),
            "room", 0.4, 60, 1.0),
        Phone((768, 512), 27, 2.4, 0.3, (-0.015, 0.02), 0.65, 1.0, 0.9, 0.5, 0.2, "jpg", 74,
            "Orbita", "Mini", 5),
        Habits(42, 10, 0.86, 0.05, 5, 0.9, 0.15, 0.08, 0.25, 2.2, 0.22, (("cup", 4), ("book", 1))),
        ("paper", "glass", "mug"), (("compact", "navy"), ("laptop", "space")),
        ("stack", "open", "closed", "row"), 2210,
    ),
    "luz": Student(
        Room(("laminate", "#3d6577", "#335767", 0.5), "#d9cbaf", ("tiles", "#a06a4a", "#6d4833"),
            "wall", 0.4, 150, 0.9, 0.0, 0.4, 1.0),
        Phone((768, 576), 26, 2.0, 0.5, (0.02, -0.02), 0.5, 1.1, 0.6, 0.45, 0.15, "jpg", 76,
            "Kestrel", "K5", 4),
        Habits(72, 9, 0.74, 0.04, 8, 0.3, 0.1, 0.0, 0.2, 0.8, 0.12),
        ("enamel", "espresso", "mug"), (("low", "grey"), ("full", "beige")),
        ("closed", "bound", "open", "stack"), 307,
    ),
}  # fmt: skip
