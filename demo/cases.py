"""The mess of real hand-ins: odd files among the good ones, each a row of CASES.csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from demo.files import photo_path, upright
from demo.students import LABELS, NUM_PHOTOS, STUDENTS

TABLE = Path(__file__).with_name("CASES.csv")
GPS = ("ada", "farah", "kira")  # their phones write where a photo was taken: in the middle of an ocean
PLAIN = ("jun", "goran")  # students whose photos came through a messenger, which takes all tags out


class Case(NamedTuple):
    """One odd file.

    Attributes:
        path: below the photos' folder.
        case: what is odd, one word for tests to ask for.
        other: the file that it repeats or follows, or the label that it shows, if any.
        expected: kept or rejected: what the pipeline should make of it.
        note: for people.
    """

    path: str
    case: str
    other: str
    expected: str
    note: str


def _where(student: str, label: str, number: int) -> str:
    return photo_path(student, label, number).as_posix()


def _extra(student: str, label: str, name: str) -> str:
    return f"{student}/{label}/{name}"


def everywhere() -> list[Case]:
    """Returns the cases that come from a phone or a habit: formats, orientations, places, bursts."""
    # What turns a photo grey or to inks saves it again, upright and without tags
    saved_again = {case.path for case in single() if case.case in {"grey", "cmyk"}}
    cases: list[Case] = []
    for name, student in STUDENTS.items():
        for label in LABELS:
            for number in range(NUM_PHOTOS):
                path, phone = _where(name, label, number), student.phone
                if phone.suffix != "jpg":
                    note = f"written as {phone.suffix.upper()}"
                    cases.append(Case(path, f"format-{phone.suffix}", "", "kept", note))
                elif name not in PLAIN and path not in saved_again:
                    note = "upright to a viewer that heeds the EXIF orientation"
                    cases.append(Case(path, f"orientation-{phone.orientation}", "", "kept", note))
                if name in GPS:
                    note = "EXIF says it was taken at Point Nemo, far from any land"
                    cases.append(Case(path, "gps", "", "kept", note))
                if (label, number) in student.habits.burst:
                    note = "taken seconds after the other photo, of the same scene"
                    cases.append(Case(path, "burst", _where(name, label, number - 1), "kept", note))
    return cases


def single() -> list[Case]:
    """Returns the cases that one file each shows."""
    return [
        Case(_extra("emil", "book", "IMG_0258_copy.jpg"), "duplicate", _where("emil", "book", 0), "rejected",
             "the same bytes under another name"),
        Case(_extra("goran", "book", "IMG_0099.jpg"), "truncated", _where("goran", "book", 5), "rejected",
             "broken off half-way"),
        Case(_extra("luz", "cup", "notes.jpg"), "no-image", "", "rejected", "a text with a photo's name"),
        Case(_where("ivo", "book", 4), "grey", "", "kept", "a JPEG with one channel"),
        Case(_where("chidi", "book", 6), "cmyk", "", "kept", "a JPEG with four channels of ink"),
        Case(_where("hana", "cup", 5), "transparency", "", "kept", "a PNG whose corners one can see through"),
        Case(_where("hana", "book", 5), "16-bit", "", "kept", "a grey PNG with 16 bits a channel"),
        # Both were put under the wrong label by the same student; the picture shows the label of `other`
        Case(_where("luz", "book", 6), "wrong-label", "keyboard", "kept", "shows a keyboard"),
        Case(_where("luz", "keyboard", 6), "wrong-label", "book", "kept", "shows a book"),
    ]  # fmt: skip


def shown(student: str, label: str, number: int) -> str:
    """Returns the label of what a photo shows: not its own where its student confused the folders."""
    path = _where(student, label, number)
    wrong = {case.path: case.other for case in single() if case.case == "wrong-label"}
    return wrong.get(path, label)


def table() -> str:
    """Returns CASES.csv, sorted by path and case."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(Case._fields)
    writer.writerows(sorted([*everywhere(), *single()]))
    return buffer.getvalue()


def _as_grey(data: bytes) -> bytes:
    buffer = io.BytesIO()
    upright(data).convert("L").save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def _as_cmyk(data: bytes) -> bytes:
    buffer = io.BytesIO()
    upright(data).convert("CMYK").save(buffer, "JPEG", quality=82)
    return buffer.getvalue()


def _as_cutout(data: bytes) -> bytes:
    """Makes the corners transparent, as a chat program's round pictures have them."""
    photo = upright(data)
    radius = min(photo.size) // 5
    cover = Image.new("L", photo.size, 0)
    cover.paste(255, (radius // 2, radius // 2, photo.width - radius // 2, photo.height - radius // 2))
    cover = cover.filter(ImageFilter.BoxBlur(radius / 2)).point(lambda value: 255 if value > 96 else 0)
    small = photo.quantize(128, dither=Image.Dither.NONE).convert("RGB")
    small.putalpha(cover)
    buffer = io.BytesIO()
    small.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _as_16_bit(data: bytes) -> bytes:
    """Widens the values to 16 bits; few grey steps keep the file small."""
    grey = np.asarray(upright(data).convert("L")).astype(np.uint16) // 8 * 8
    buffer = io.BytesIO()
    Image.fromarray(grey * 257).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "grey": _as_grey,
    "cmyk": _as_cmyk,
    "transparency": _as_cutout,
    "16-bit": _as_16_bit,
    "truncated": lambda data: data[: len(data) // 2],
    "duplicate": lambda data: data,
}
NOTES = b"All taken on my kitchen table. The second book is borrowed, please do not lose it :)\n"


def change(student: str, label: str, number: int, data: bytes) -> bytes:
    """Returns a photo's bytes as its case wants them: grey, CMYK, transparent, 16-bit, or as they are."""
    path = _where(student, label, number)
    for case in single():
        if case.path == path and case.case in CHANGES:
            return CHANGES[case.case](data)
    return data


def write(out: Path) -> None:
    """Writes the odd files beside the good ones, and CASES.csv."""
    for case in single():
        path = out / case.path
        if case.case in {"duplicate", "truncated"} and (out / case.other).exists():
            path.write_bytes(CHANGES[case.case]((out / case.other).read_bytes()))
        if case.case == "no-image":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(NOTES)
    TABLE.write_text(table(), encoding="utf-8")
