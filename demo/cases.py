"""The mess of real hand-ins: odd files among the good ones, each a row of CASES.csv.

`python -m demo.cases` writes the table alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from demo.files import few_colours, photo_path, save, upright
from demo.students import LABELS, NUM_PHOTOS, STUDENTS

TABLE = Path(__file__).with_name("CASES.csv")
GPS = ("ada", "farah", "kira")  # their phones write where a photo was taken: in the middle of an ocean
PLAIN = ("jun", "goran")  # students whose photos came through a messenger, which takes all tags out
FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WebP", "heic": "HEIC"}


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
    """Returns the cases that come from a phone or a habit: formats, tags, orientations, places, bursts."""
    # What turns a photo grey or to inks saves it again, upright and without tags
    saved_again = {case.path for case in single() if case.case in {"grey", "cmyk"}}
    cases: list[Case] = []
    for name, student in STUDENTS.items():
        for label in LABELS:
            for number in range(NUM_PHOTOS):
                path, phone = _where(name, label, number), student.phone
                note = f"written as {FORMATS[phone.suffix]}"
                cases.append(Case(path, f"format-{phone.suffix}", "", "kept", note))
                if phone.suffix in {"jpg", "heic"} and name not in PLAIN and path not in saved_again:
                    note = "EXIF names camera, exposure and time"
                    cases.append(Case(path, "camera", "", "kept", note))
                    if phone.suffix == "jpg":
                        note = "upright to a viewer that heeds the EXIF orientation"
                        cases.append(Case(path, f"orientation-{phone.orientation}", "", "kept", note))
                    if name in GPS:
                        note = "EXIF says it was taken at Point Nemo, far from any land"
                        cases.append(Case(path, "gps", "", "kept", note))
                else:
                    note = "no EXIF: neither camera nor time"
                    cases.append(Case(path, "no-tags", "", "kept", note))
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
    """Makes the corners transparent, as a chat program's rounded pictures have them."""
    photo = upright(data)
    cover = Image.new("L", photo.size, 0)
    ImageDraw.Draw(cover).rounded_rectangle(
        (0, 0, photo.width - 1, photo.height - 1), radius=min(photo.size) // 5, fill=255
    )
    small = few_colours(photo).convert("RGB")
    small.putalpha(cover)
    buffer = io.BytesIO()
    small.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _as_16_bit(data: bytes) -> bytes:
    """Widens the values to 16 bits; few grey steps keep the file small."""
    grey = np.asarray(upright(data).convert("L")).astype(np.uint16) // 4 * 4
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
    """Writes the odd files that no phone took beside the good ones.

    Raises:
        FileNotFoundError: a file is missing that one of them is made of.
    """
    for case in single():
        if case.case == "no-image":
            save(out / case.path, NOTES)
        if case.case in {"duplicate", "truncated"}:
            original = out / case.other
            if not original.is_file():
                raise FileNotFoundError(f"{original} is missing: {case.path} ({case.case}) is made of it")
            save(out / case.path, CHANGES[case.case](original.read_bytes()))


def write_table() -> None:
    """Writes CASES.csv."""
    save(TABLE, table().encode())


if __name__ == "__main__":
    write_table()
