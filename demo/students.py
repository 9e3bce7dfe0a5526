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
        quality: of the JPEG, WebP or HEIC file, 1 to 100; 0 for PNG, which has none.
        make: for the camera tags.
        model: for the camera tags.
        orientation: EXIF orientation of its files, 1 to 8; above 1 for JPEG alone.
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
        exposure_stops: error of the exposure, standard deviation.
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
    exposure_stops: float
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
        room=Room(
            desk=("wood", "#a9744a", "#6d4326", 0.45), wall="#d4cdbf", floor=("floor", "#a07f5a", "#6f5136"),
            behind="wall", depth=0.34, window_deg=168, daylight=1.0,
        ),
        phone=Phone(
            size_px=(768, 576), lens_mm=26, noise=2.2, warmth=0.35, tint=(0.0, 0.0), contrast=0.5,
            saturation=1.05, sharpening=0.6, softness_px=0.5, vignette=0.18, suffix="jpg", quality=78,
            make="Orbita", model="One",
        ),
        habits=Habits(
            elevation_deg=46, spread_deg=9, share=0.78, off=0.03, roll_deg=3, upright=0.0, shake=0.1,
            finger=0.0, exposure_stops=0.15, clutter=1.4, other=0.12, burst=(("cup", 1), ("book", 5)),
        ),
        cups=("mug", "tea cup", "glass"), keyboards=(("full", "black"), ("laptop", "silver")),
        books=("closed", "open", "stack", "closed"), first_number=412,
    ),
    "bela": Student(
        room=Room(
            desk=("laminate", "#dedbd4", "#c3c0b8", 0.45), wall="#a9b8bf",
            floor=("tiles", "#8a8a86", "#5f5e5b"), behind="window", depth=0.36, window_deg=92, daylight=1.2,
        ),
        phone=Phone(
            size_px=(768, 576), lens_mm=27, noise=2.0, warmth=0.3, tint=(0.0, 0.0), contrast=0.55,
            saturation=1.0, sharpening=0.8, softness_px=0.45, vignette=0.15, suffix="jpg", quality=78,
            make="Kestrel", model="K7", orientation=6,
        ),
        habits=Habits(
            elevation_deg=58, spread_deg=11, share=0.75, off=0.04, roll_deg=3, upright=1.0, shake=0.08,
            finger=0.0, exposure_stops=0.2, clutter=0.8, other=0.15,
        ),
        cups=("mug", "paper", "mug"), keyboards=(("compact", "white"), ("full", "black")),
        books=("closed", "stack", "open", "bound"), first_number=1107,
    ),
    "chidi": Student(
        room=Room(
            desk=("planks", "#c49a68", "#85592f", 0.3), wall="#e0d8c6", floor=("floor", "#8a6a48", "#5a4028"),
            behind="room", depth=0.4, window_deg=25, daylight=0.7, ceiling=0.8,
        ),
        phone=Phone(
            size_px=(768, 512), lens_mm=25, noise=2.4, warmth=0.5, tint=(0.03, -0.02), contrast=0.6,
            saturation=1.1, sharpening=1.0, softness_px=0.6, vignette=0.25, suffix="jpg", quality=74,
            make="Nimbus", model="N20 Lite", orientation=7,
        ),
        habits=Habits(
            elevation_deg=36, spread_deg=8, share=0.75, off=0.05, roll_deg=5, upright=0.0, shake=0.2,
            finger=0.05, exposure_stops=0.25, clutter=2.2, other=0.22, burst=(("keyboard", 3),),
        ),
        cups=("enamel", "mug", "glass"), keyboards=(("tenkeyless", "grey"), ("full", "white")),
        books=("row", "closed", "stack", "standing"), first_number=88,
    ),
    "dora": Student(
        room=Room(
            desk=("marble", "#dad7d2", "#77797e", 0.8), wall="#cfc8bd", floor=("tiles", "#c7beb0", "#8f877b"),
            behind="wall", depth=0.33, window_deg=40, daylight=1.0, ceiling=0.3,
        ),
        phone=Phone(
            size_px=(720, 720), lens_mm=26, noise=1.6, warmth=0.25, tint=(0.0, 0.0), contrast=0.45,
            saturation=1.12, sharpening=0.5, softness_px=0.4, vignette=0.1, suffix="heic", quality=55,
            make="Orbita", model="One Pro",
        ),
        habits=Habits(
            elevation_deg=68, spread_deg=12, share=0.82, off=0.01, roll_deg=2, upright=0.0, shake=0.05,
            finger=0.0, exposure_stops=0.1, clutter=0.8, other=0.12, burst=(("cup", 2), ("cup", 3)),
        ),
        cups=("tea cup", "espresso", "pottery"), keyboards=(("flat compact", "white"), ("compact", "grey")),
        books=("bound", "closed", "open", "closed"), first_number=3021,
    ),
    "emil": Student(
        room=Room(
            desk=("cloth", "#5a6670", "#39424a", 0.0), wall="#80858a", floor=("floor", "#5c5148", "#3a322c"),
            behind="room", depth=0.38, window_deg=175, daylight=0.45, ceiling=0.35,
        ),
        phone=Phone(
            size_px=(768, 576), lens_mm=28, noise=2.6, warmth=0.4, tint=(-0.01, 0.02), contrast=0.4,
            saturation=0.9, sharpening=1.2, softness_px=0.8, vignette=0.3, suffix="jpg", quality=68,
            make="Halden", model="H3", orientation=3,
        ),
        habits=Habits(
            elevation_deg=44, spread_deg=10, share=0.72, off=0.05, roll_deg=6, upright=0.1, shake=0.4,
            finger=0.1, exposure_stops=0.3, clutter=1.4, other=0.18,
        ),
        cups=("mug", "steel", "paper"), keyboards=(("full", "beige"), ("split", "olive")),
        books=("closed", "stack", "row", "open"), first_number=240,
    ),
    "farah": Student(
        room=Room(
            desk=("checks", "#e3dacd", "#a03e38", 0.0), wall="#eadfce", floor=("floor", "#b08d62", "#7a5a38"),
            behind="room", depth=0.42, window_deg=150, daylight=1.1, ceiling=0.2, sun=1.6,
        ),
        phone=Phone(
            size_px=(768, 576), lens_mm=26, noise=2.4, warmth=0.45, tint=(0.03, -0.03), contrast=0.55,
            saturation=1.2, sharpening=0.7, softness_px=0.5, vignette=0.2, suffix="jpg", quality=72,
            make="Sol", model="S4", orientation=8,
        ),
        habits=Habits(
            elevation_deg=52, spread_deg=11, share=0.8, off=0.04, roll_deg=4, upright=0.8, shake=0.1,
            finger=0.0, exposure_stops=0.2, clutter=1.4, other=0.15, burst=(("book", 2),),
        ),
        cups=("tea cup", "mug", "pottery"), keyboards=(("flat compact", "pink"), ("laptop", "space")),
        books=("open", "closed", "bound", "stack"), first_number=655,
    ),
    "goran": Student(
        room=Room(
            desk=("wood", "#5e3d27", "#321f12", 0.6), wall="#756a5e", floor=("floor", "#4d382a", "#2d2018"),
            behind="wall", depth=0.4, window_deg=200, daylight=0.0, lamp=1.0, ceiling=0.06,
        ),
        phone=Phone(
            size_px=(768, 576), lens_mm=26, noise=2.8, warmth=0.65, tint=(0.04, -0.04), contrast=0.5,
            saturation=1.0, sharpening=1.1, softness_px=0.8, vignette=0.3, suffix="jpg", quality=66,
            make="Nimbus", model="N11",
        ),
        habits=Habits(
            elevation_deg=40, spread_deg=9, share=0.74, off=0.06, roll_deg=6, upright=0.1, shake=0.45,
            finger=0.22, exposure_stops=0.35, clutter=2.2, other=0.18,
        ),
        cups=("glass", "mug", "espresso"), keyboards=(("full", "red"), ("laptop", "space")),
        books=("stack", "closed", "standing", "open"), first_number=19,
    ),
    "hana": Student(
        room=Room(
            desk=("tiles", "#8fa59f", "#cfcfc8", 0.6), wall="#c4d0cc", floor=("tiles", "#b5ada0", "#857e74"),
            behind="window", depth=0.45, window_deg=100, daylight=0.9, ceiling=0.2,
        ),
        phone=Phone(
            size_px=(576, 432), lens_mm=28, noise=1.0, warmth=0.3, tint=(0.0, 0.01), contrast=0.45,
            saturation=1.0, sharpening=0.4, softness_px=0.5, vignette=0.12, suffix="png", quality=0,
            make="Kestrel", model="K9",
        ),
        habits=Habits(
            elevation_deg=56, spread_deg=12, share=0.72, off=0.04, roll_deg=3, upright=1.0, shake=0.1,
            finger=0.0, exposure_stops=0.15, clutter=0.8, other=0.12,
        ),
        cups=("pottery", "tea cup", "glass"), keyboards=(("tenkeyless", "navy"), ("low", "silver")),
        books=("closed", "open", "stack", "row"), first_number=1500,
    ),
    "ivo": Student(
        room=Room(
            desk=("laminate", "#2e3033", "#232527", 0.35), wall="#4d5156",
            floor=("floor", "#4a4440", "#2e2a27"), behind="wall", depth=0.42, window_deg=15, daylight=0.12,
            lamp=0.5, ceiling=0.7,
        ),
        phone=Phone(
            size_px=(768, 576), lens_mm=26, noise=2.4, warmth=0.35, tint=(-0.02, 0.02), contrast=0.75,
            saturation=1.15, sharpening=1.3, softness_px=0.5, vignette=0.28, suffix="jpg", quality=72,
            make="Halden", model="H8 Max", orientation=2,
        ),
        habits=Habits(
            elevation_deg=48, spread_deg=10, share=0.82, off=0.03, roll_deg=4, upright=0.0, shake=0.15,
            finger=0.05, exposure_stops=0.2, clutter=1.4, other=0.25,
            burst=(("keyboard", 1), ("keyboard", 5)),
        ),
        cups=("steel", "paper", "mug"), keyboards=(("tenkeyless", "black"), ("split", "grey")),
        books=("closed", "stack", "bound", "row"), first_number=731,
    ),
    "jun": Student(
        room=Room(
            desk=("cloth", "#b3a58a", "#857858", 0.0), wall="#d8cfbf", floor=("floor", "#97785a", "#68503a"),
            behind="room", depth=0.36, window_deg=130, daylight=0.8, lamp=0.2, ceiling=0.3,
        ),
        phone=Phone(
            size_px=(768, 576), lens_mm=25, noise=2.8, warmth=0.4, tint=(0.01, 0.0), contrast=0.4,
            saturation=0.92, sharpening=0.5, softness_px=0.6, vignette=0.15, suffix="webp", quality=72,
            make="Sol", model="S2",
        ),
        habits=Habits(
            elevation_deg=62, spread_deg=12, share=0.72, off=0.05, roll_deg=5, upright=0.2, shake=0.15,
            finger=0.05, exposure_stops=0.2, clutter=1.4, other=0.15,
        ),
        cups=("pottery", "mug", "tea cup"), keyboards=(("full", "white"), ("low", "silver")),
        books=("open", "stack", "standing", "closed"), first_number=902,
    ),
    "kira": Student(
        room=Room(
            desk=("staves", "#b58d5f", "#7d5833", 0.55), wall="#b9bfc4",
            floor=("laminate", "#8f9296", "#74777b"), behind="room", depth=0.4, window_deg=60, daylight=1.0,
        ),
        phone=Phone(
            size_px=(768, 512), lens_mm=27, noise=2.4, warmth=0.3, tint=(-0.015, 0.02), contrast=0.65,
            saturation=1.0, sharpening=0.9, softness_px=0.5, vignette=0.2, suffix="jpg", quality=74,
            make="Orbita", model="Mini", orientation=5,
        ),
        habits=Habits(
            elevation_deg=42, spread_deg=10, share=0.86, off=0.05, roll_deg=5, upright=0.9, shake=0.15,
            finger=0.08, exposure_stops=0.25, clutter=2.2, other=0.22, burst=(("cup", 4), ("book", 1)),
        ),
        cups=("paper", "glass", "mug"), keyboards=(("compact", "navy"), ("laptop", "space")),
        books=("stack", "open", "closed", "row"), first_number=2210,
    ),
    "luz": Student(
        room=Room(
            desk=("laminate", "#3d6577", "#335767", 0.5), wall="#d9cbaf",
            floor=("tiles", "#a06a4a", "#6d4833"), behind="wall", depth=0.4, window_deg=150, daylight=0.9,
            ceiling=0.4, sun=1.0,
        ),
        phone=Phone(
            size_px=(768, 576), lens_mm=26, noise=2.0, warmth=0.5, tint=(0.02, -0.02), contrast=0.5,
            saturation=1.1, sharpening=0.6, softness_px=0.45, vignette=0.15, suffix="jpg", quality=76,
            make="Kestrel", model="K5", orientation=4,
        ),
        habits=Habits(
            elevation_deg=72, spread_deg=9, share=0.74, off=0.04, roll_deg=8, upright=0.3, shake=0.1,
            finger=0.0, exposure_stops=0.2, clutter=0.8, other=0.12,
        ),
        cups=("enamel", "espresso", "mug"), keyboards=(("low", "grey"), ("full", "beige")),
        books=("closed", "bound", "open", "stack"), first_number=307,
    ),
}  # fmt: skip
