"""Lays photos side by side to look at: `python -m demo.sheet FOLDER sheet.png`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageOps

from demo.files import photo_path, upright
from demo.students import LABELS, NUM_PHOTOS, STUDENTS

GAP_PX = 3


def sheet(folder: Path, numbers: Sequence[int], cell_px: int) -> Image.Image:
    """Returns a picture of the photos that are there: one column per student, one row per label and number.

    Args:
        folder: in which the students' folders lie.
        numbers: of the photos of each label, from 0.
        cell_px: side of the square that is cut from the middle of each photo.

    Raises:
        FileNotFoundError: none of the photos is there.
    """
    rows = [(label, number) for label in LABELS for number in numbers]
    step = cell_px + GAP_PX
    result = Image.new("RGB", (len(STUDENTS) * step - GAP_PX, len(rows) * step - GAP_PX), "white")
    found = False
    for down, (label, number) in enumerate(rows):
        for across, student in enumerate(STUDENTS):
            path = folder / photo_path(student, label, number)
            if path.exists():
                found = True
                small = ImageOps.fit(upright(path.read_bytes()), (cell_px, cell_px))
                result.paste(small, (across * step, down * step))
    if not found:
        raise FileNotFoundError(f"{folder} holds none of the demo photos (STUDENT/LABEL/IMG_NNNN.EXT)")
    return result


def main(argv: Sequence[str] | None = None) -> None:
    """Writes the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sheet", type=Path)
    every = range(NUM_PHOTOS)
    parser.add_argument("--numbers", type=int, nargs="+", choices=every, default=every, metavar="NUMBER",
        help=f"of each label, 0 to {NUM_PHOTOS - 1}")  # fmt: skip
    parser.add_argument("--cell", type=int, default=160, help="pixels per side")
    chosen = parser.parse_args(argv)
    if chosen.cell < 1:
        parser.error(f"--cell must be at least 1, got {chosen.cell}")
    try:
        result = sheet(chosen.folder, chosen.numbers, chosen.cell)
    except FileNotFoundError as error:
        parser.error(str(error))
    result.save(chosen.sheet, quality=85)


if __name__ == "__main__":
    main()
