"""Mends what a kill in the middle of DVC's writing left: dvc.lock, and DVC's list of who reads what."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from stages import run
from tenshots import mending


def main(argv: Sequence[str] | None = None) -> None:
    """Mends the project in the current directory, and is silent where there is nothing to mend."""
    argparse.ArgumentParser(prog="python -m stages.mend", description=__doc__).parse_args(argv)
    for done in mending.mend(Path.cwd()):
        print(done)


if __name__ == "__main__":
    run(main)
