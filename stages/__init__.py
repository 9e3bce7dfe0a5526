"""One thin entry point a DVC stage, and the commands beside them: predict, record, ui.

This file runs before any stage imports a package, so it can say in one line that the wrong Python was
started.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

try:
    import tenshots.params  # noqa: F401 (shows whether the packages are there)
    from tenshots.errors import TenshotsError
except ModuleNotFoundError as error:
    sys.exit(
        f"error: {sys.executable} has no package {error.name!r}, so this Python is not the project's. "
        "Run `make setup` once, then `make repro` or `.venv/bin/dvc repro`; "
        "in an environment of your own, activate it and run `pip install -r requirements.txt`."
    )


def run(main: Callable[[], None]) -> None:
    """Calls `main`; an error of our family is printed as one line, with exit status 1."""
    try:
        main()
    except TenshotsError as error:
        sys.exit(f"error: {error}")
