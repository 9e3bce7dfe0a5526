"""How a benchmark that draws experiments reads its arguments."""

from __future__ import annotations

import argparse


def parser(name: str, description: str | None, *, experiments: int) -> argparse.ArgumentParser:
    """Returns a parser of --experiments, to which more may be added.

    Args:
        name: of the module.
        description: its docstring.
        experiments: how many are drawn per row of its table, unless told otherwise.
    """
    found = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,  # paragraphs stay paragraphs
    )
    found.add_argument("--experiments", type=int, default=experiments, help="per row (default: %(default)s)")
    return found
