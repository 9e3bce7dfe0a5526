"""What variants with `data: on_the_fly` draw fresh copies from, and by what → data/on_the_fly.

It holds no photo and no feature, but their hashes, the layers of `augment` and the hashes of the code that
applies them. So an edit of the layers trains those variants again, and no others.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from stages import run
from tenshots import params
from tenshots.repository import code
from tenshots.tables import on_the_fly


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the stage in the current directory; imports nothing that draws."""
    argparse.ArgumentParser(prog="python -m stages.on_the_fly", description=__doc__).parse_args(argv)
    layers = params.read()["augment"]["layers"]
    on_the_fly.write(layers=layers, code=code.text(code.drawing_files()).splitlines())


if __name__ == "__main__":
    run(main)
