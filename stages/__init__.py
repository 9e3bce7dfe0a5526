"""One thin entry point a DVC stage, and the commands beside them: predict, history, record, style, ui.

This file runs before any stage imports a package, so it can say in one line that the wrong Python was
started.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

try:
    from tenshots import params, portable
    from tenshots.errors import SettingsError, TenshotsError
except ModuleNotFoundError as error:
    sys.exit(
        f"error: {sys.executable} has no package {error.name!r}, so this Python is not the project's. "
        "Run `make setup` once, then `make repro` or `.venv/bin/dvc repro`; "
        "in an environment of your own, activate it and run `pip install -r requirements.txt`."
    )

# Before a stage imports a numeric package. Python names the program -m until it has found the module.
portable.pin(restart=sys.argv[0] == "-m")

# All keys at the top of params.yaml. Each stage reads its own alone, so a misspelt one would go unnoticed.
SETTINGS = (
    *("portable", "seed", "lr", "batch_size", "epochs", "threads", "repeats", "photos", "layout", "accept"),
    *("near_duplicates", "standardise", "database", "split", "augment", "optimisation", "networks"),
    *("inspect", "variants", "report", "visualise", "study"),
)


def run(main: Callable[[], None]) -> None:
    """Calls `main`; an error of our family is printed as one line, with exit status 1.

    A request to end (SIGTERM) unwinds like Ctrl-C, so that a run in MLflow does not stay open; either ends
    without a traceback, with the status that shells give.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        check_settings()
        portable.verify()
        main()
    except TenshotsError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)


def check_settings() -> None:
    """Raises a SettingsError for a wrong `portable`, and a top key of params.yaml that no stage reads."""
    if params.PATH.is_file():
        values = params.read()
        params.top_level(values, portable.PortableSettings)
        for key in values:
            if key not in SETTINGS:
                hint = params.nearest(str(key), SETTINGS)
                raise SettingsError(f"{params.PATH}: {key} is no known setting{hint or '; remove it'}")
