"""Lays photos side by side to look at: `python -m demo.sheet FOLDER sheet.png`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageOps

from demo.files import photo_path, upright
from demo.shots import shots


def main(argv: Sequence[str] | None = None) -> None:
    """Writes a sheet of the photos that are there, a row a student and a column a photo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--columns", type=int, default=6)
    parser.add_argument("--cell", type=int, default=256, help="pixels a side")
    chosen = parser.parse_args(argv)
    paths = [chosen.folder / photo_path(of.student, of.label, of.number) for of in shots(chosen.only)]
    paths = [path for path in paths if path.exists()]
    rows = -(-len(paths) // chosen.columns)
    sheet = Image.new("RGB", (chosen.columns * chosen.cell, rows * chosen.cell), "#202020")
    for number, path in enumerate(paths):
        small = ImageOps.pad(upright(path.read_bytes()), (chosen.cell - 4, chosen.cell - 4), color="#202020")
        sheet.paste(
            small, (number % chosen.columns * chosen.cell + 2, number // chosen.columns * chosen.cell + 2)
        )
    sheet.save(chosen.sheet)


if __name__ == "__main__":
    main()
