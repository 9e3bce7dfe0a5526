"""Draws all demo photos again: `python -m demo.draw`."""

from __future__ import annotations

import argparse
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from demo.phones import develop, file_of
from demo.scenes import generator, picture
from demo.students import LABELS, NUM_PHOTOS, STUDENTS

FOLDER = Path("data/demo")
SUPERSAMPLING = 3
TRUNCATED = ("goran", "book", NUM_PHOTOS)  # one more than the good ones, broken off on its way
NOTES = ("luz", "All taken on my kitchen table. The second book is borrowed, please do not lose it :)\n")


def photo_path(name: str, label: str, number: int) -> Path:
    """Returns where a photo lies below the demo's folder; a student's numbers run on from label to label."""
    student = STUDENTS[name]
    running = student.first_number + LABELS.index(label) * (NUM_PHOTOS + 1) + number
    return Path(name, label, f"IMG_{running:04}.{student.suffix}")


def photo(name: str, label: str, number: int, *, supersampling: int = SUPERSAMPLING) -> bytes:
    """Draws one photo: the bytes of its file, which depend on the arguments alone."""
    light = picture(name, label, number, supersampling=supersampling)
    student = STUDENTS[name]
    return file_of(develop(light, student, generator(name, label, number, "phone")), student)


def files() -> list[tuple[str, str, int]]:
    """Returns student, label and number of every photo, the truncated one among them."""
    good = [(name, label, number) for name in STUDENTS for label in LABELS for number in range(NUM_PHOTOS)]
    return [*good, TRUNCATED]


def write(name: str, label: str, number: int, folder: Path) -> None:
    """Draws one photo and writes its file below `folder`."""
    data = photo(name, label, number)
    path = folder / photo_path(name, label, number)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data[: len(data) // 2] if (name, label, number) == TRUNCATED else data)


def main(argv: Sequence[str] | None = None) -> None:
    """Draws every file of the demo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the students' folders lie")
    parser.add_argument("--workers", type=int, default=2, help="processes; they never change a byte")
    arguments = parser.parse_args(argv)
    fresh = multiprocessing.get_context("spawn")  # a copy of a process with threads may hang
    with ProcessPoolExecutor(arguments.workers, mp_context=fresh) as pool:
        for future in [pool.submit(write, *file, arguments.folder) for file in files()]:
            future.result()
    name, text = NOTES
    notes_path = arguments.folder / name / "notes.txt"
    notes_path.parent.mkdir(parents=True, exist_ok=True)
    notes_path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
