"""From a picture to the file that a student hands in: format, quality, EXIF tags, orientation."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, ImageOps
from PIL.TiffImagePlugin import IFDRational

from demo.seeds import generator
from demo.students import LABELS, NUM_PHOTOS, STUDENTS, Phone

Turn = Image.Transpose
# What stores an upright photo so that a viewer who heeds the EXIF orientation sees it upright again
TURNS = {
    2: Turn.FLIP_LEFT_RIGHT, 3: Turn.ROTATE_180, 4: Turn.FLIP_TOP_BOTTOM, 5: Turn.TRANSPOSE,
    6: Turn.ROTATE_90, 7: Turn.TRANSVERSE, 8: Turn.ROTATE_270,
}  # fmt: skip
MAKE, MODEL, ORIENTATION, SOFTWARE, DATE = 0x010F, 0x0110, 0x0112, 0x0131, 0x0132
EXIF_IFD, GPS_IFD = 0x8769, 0x8825
EXPOSURE, F_NUMBER, ISO, TAKEN, FOCAL, FOCAL_35 = 0x829A, 0x829D, 0x8827, 0x9003, 0x920A, 0xA405


def photo_path(student: str, label: str, number: int) -> Path:
    """Returns where a photo lies below the photos' folder; a student's numbers run on from label to label."""
    who = STUDENTS[student]
    running = who.first_number + LABELS.index(label) * (NUM_PHOTOS + 2) + number
    return Path(student, label, f"IMG_{running:04}.{who.phone.suffix}")


def taken_at(student: str, label: str, number: int, scene: int) -> str:
    """Returns when a photo was taken, as EXIF writes it; those of one scene follow within seconds."""
    rng = generator("day", student)
    day = 2 + int(rng.integers(25))
    seconds = 9 * 3600 + int(rng.integers(8 * 3600)) + LABELS.index(label) * 700 + scene * 71
    seconds += 2 * (number - scene)
    return f"2025:10:{day:02} {seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def tags(phone: Phone, taken: str, rng: np.random.Generator, *, with_gps: bool) -> Image.Exif:
    """Returns the EXIF tags that a phone writes; the place, if any, is in the middle of an ocean."""
    exif = Image.Exif()
    exif[MAKE], exif[MODEL], exif[DATE] = phone.make, phone.model, taken
    exif[SOFTWARE] = f"{phone.make} Camera {int(rng.integers(3, 12))}.{int(rng.integers(0, 9))}"
    exif[ORIENTATION] = phone.orientation
    inner = exif.get_ifd(EXIF_IFD)
    inner[TAKEN], inner[ISO] = taken, int(rng.choice([50, 64, 100, 160, 250, 400, 640]))
    inner[EXPOSURE] = IFDRational(Fraction(1, int(rng.choice([30, 40, 60, 100, 125]))))
    inner[F_NUMBER], inner[FOCAL] = IFDRational(18, 10), IFDRational(57, 10)
    inner[FOCAL_35] = round(phone.lens_mm)
    if with_gps:  # Point Nemo, the place farthest from any land: 48 52.6 S, 123 23.6 W
        gps = exif.get_ifd(GPS_IFD)
        gps[1], gps[2] = "S", (IFDRational(48), IFDRational(52), IFDRational(int(rng.integers(300, 420)), 10))
        gps[3], gps[4] = (
            "W",
            (IFDRational(123), IFDRational(23), IFDRational(int(rng.integers(300, 420)), 10)),
        )
    return exif


def file_of(
    photo: Image.Image, phone: Phone, exif: Image.Exif | None, *, orientation: int | None = None
) -> bytes:
    """Returns the bytes of the file of an upright photo.

    Args:
        photo: upright.
        phone: its format and quality.
        exif: its tags; None leaves all out.
        orientation: stored so; None: as the phone does.
    """
    turn = phone.orientation if orientation is None else orientation
    buffer = io.BytesIO()
    if phone.suffix == "png":
        # Without a palette a PNG would be ten times larger than the JPEG, and all photos share 15 MB
        photo.quantize(128, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    elif phone.suffix == "webp":
        photo.save(buffer, "WEBP", quality=phone.quality, method=5)
    elif phone.suffix == "heic":
        pillow_heif.from_pillow(photo).save(
            buffer, quality=phone.quality, **({"exif": exif.tobytes()} if exif else {})
        )
    else:
        stored = photo.transpose(TURNS[turn]) if turn in TURNS else photo
        if exif is not None:
            exif[ORIENTATION] = turn
        settings = {"quality": phone.quality, "subsampling": "4:2:0", "optimize": True}
        stored.save(buffer, "JPEG", **settings, **({"exif": exif} if exif is not None else {}))
    return buffer.getvalue()


def upright(data: bytes) -> Image.Image:
    """Opens a file as a viewer does."""
    pillow_heif.register_heif_opener()
    photo = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if photo.mode.startswith("I;16"):  # Pillow would cut off all above 255
        photo = Image.fromarray((np.asarray(photo) // 256).astype(np.uint8))
    return photo.convert("RGB")
