"""Mends what a kill in the middle of DVC's writing left: dvc.lock, and DVC's list of who reads what.

With a folder that DVC pushes to: removes from it what is not whole, so that the next push brings it again,
and lists that would write outside their folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from stages import run
from tenshots.repository import mending
from tenshots.wording import counted, visible


def main(argv: Sequence[str] | None = None) -> None:
    """Mends the current project, silent where there is nothing to mend, or a folder that DVC pushes to."""
    parser = argparse.ArgumentParser(prog="python -m stages.mend", description=__doc__)
    parser.add_argument(
        "remote", nargs="?", type=Path, help="a folder that DVC pushes to, instead of the project"
    )
    remote: Path | None = parser.parse_args(argv).remote
    if remote is None:
        for done in mending.mend(Path.cwd()):
            print(done)
        return
    num_whole, removed = mending.mend_remote(remote)
    for path, reason in removed.items():
        print(f"{visible(str(path))}: removed, because {reason}")
    then = "; push again from a clone that has them: dvc push --run-cache" if removed else ""
    print(f"{remote}: {counted(num_whole, 'file')} intact, {len(removed)} removed{then}")


if __name__ == "__main__":
    run(main)
