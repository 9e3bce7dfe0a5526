"""Stops `make back` before it touches any output, where DVC's cache lacks one that dvc.lock names."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from stages import run
from tenshots import wording
from tenshots.errors import DataError
from tenshots.repository import outputs


def main(argv: Sequence[str] | None = None) -> None:
    """Looks through DVC's cache, and is silent where it has everything."""
    argparse.ArgumentParser(prog="python -m stages.back", description=__doc__).parse_args(argv)
    lost = outputs.uncached_outputs()
    if lost:
        raise DataError(
            f"DVC's cache on this machine lacks {wording.joined(lost)} of the last commit, so all outputs "
            "stay as they are; settings and report are back, and `make repro` makes the outputs again"
        )


if __name__ == "__main__":
    run(main)
