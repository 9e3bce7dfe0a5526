"""From a picture to the file that a student hands in: format, quality, EXIF tags, orientation."""

from __future__ import annotations

import io
import os
import threading
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


# Held while a file is written, so that a worker that is told to end can end between two files
WRITING = threading.Lock()


def save(path: Path, data: bytes) -> None:
    """Writes a file all at once: a run that is stopped leaves no half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part{os.getpid()}")
    with WRITING:
        try:
            part.write_bytes(data)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


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


def tags(phone: Phone, student: str, label: str, number: int, scene: int, *, with_gps: bool) -> Image.Exif:
    """Returns the EXIF tags that a phone writes; the place, if any, is in the middle of an ocean.

    Args:
        phone: its maker, model, lens and orientation.
        student: who keeps one version of the camera's software.
        label: of the photo.
        number: of the photo.
        scene: as in Shot; the photos of a burst share their exposure.
        with_gps: whether the phone writes the place.
    """
    version = generator("software", student)
    exposed = generator("exposed", student, label, scene)
    taken = taken_at(student, label, number, scene)
    exif = Image.Exif()
    exif[MAKE], exif[MODEL], exif[DATE] = phone.make, phone.model, taken
    exif[SOFTWARE] = f"{phone.make} Camera {int(version.integers(3, 12))}.{int(version.integers(0, 9))}"
    exif[ORIENTATION] = phone.orientation
    inner = exif.get_ifd(EXIF_IFD)
    inner[TAKEN], inner[ISO] = taken, int(exposed.choice([50, 64, 100, 160, 250, 400, 640]))
    inner[EXPOSURE] = IFDRational(Fraction(1, int(exposed.choice([30, 40, 60, 100, 125]))))
    inner[F_NUMBER], inner[FOCAL] = IFDRational(18, 10), IFDRational(57, 10)
    inner[FOCAL_35] = round(phone.lens_mm)
    if with_gps:  # Point Nemo, the place farthest from any land: 48 52.6 S, 123 23.6 W
        fix = generator("fix", student, label, number)
        south_s, west_s = (IFDRational(int(fix.integers(300, 420)), 10) for _ in range(2))
        gps = exif.get_ifd(GPS_IFD)
        gps[1], gps[2] = "S", (IFDRational(48), IFDRational(52), south_s)
        gps[3], gps[4] = "W", (IFDRational(123), IFDRational(23), west_s)
    return exif


def few_colours(photo: Image.Image) -> Image.Image:
    """Returns an RGB photo with a palette: a plain PNG is ten times as large, and all share 15 MB."""
    return photo.quantize(256, kmeans=2, dither=Image.Dither.NONE)


def file_of(photo: Image.Image, phone: Phone, exif: Image.Exif | None) -> bytes:
    """Returns the bytes of the file of a photo.

    Args:
        photo: upright; a JPEG with tags is stored turned as the phone's orientation says.
        phone: its format, quality and orientation.
        exif: its tags, for JPEG and HEIC; None leaves all out.
    """
    buffer = io.BytesIO()
    if phone.suffix == "png":
        few_colours(photo).save(buffer, "PNG", optimize=True)
    elif phone.suffix == "webp":
        photo.save(buffer, "WEBP", quality=phone.quality, method=5)
    elif phone.suffix == "heic":
        pillow_heif.from_pillow(photo).save(
            buffer, quality=phone.quality, **({"exif": exif.tobytes()} if exif else {})
        )
    else:
        turn = TURNS.get(phone.orientation) if exif is not None else None
        stored = photo if turn is None else photo.transpose(turn)
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
