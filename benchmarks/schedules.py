"""Draws the courses of the learning rate, by the code that trains: `python -m benchmarks.schedules`.

Writes docs/catalogue/schedules.png.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tenshots import files
from tenshots.training.courses import SCHEDULES
from tenshots.training.pictures import courses_png

OUT = Path("docs/catalogue/schedules.png")


def main(argv: Sequence[str] | None = None) -> None:
    """Writes the picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.schedules", description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT, help="default: %(default)s")
    out = parser.parse_args(argv).out
    out.parent.mkdir(parents=True, exist_ok=True)
    files.write(out, courses_png(list(SCHEDULES)))
    print(out)


if __name__ == "__main__":
    main()
