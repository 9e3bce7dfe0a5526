"""One thin entry point per DVC stage, and commands.

These are answers, back, find_rate, history, mend, predict, preset, queue, quick, record, style and ui.

This file runs before any stage imports a package, so it can say in one line that the wrong Python was
started.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

UNWIND_S = 1.5  # from Ctrl-C on, for a stage to end in order
IS_PROGRAM = sys.argv[0] == "-m"  # Python names the program so until it has found the module

# A stage imports up to a million objects, which stay. The collector would look at all of them again and
# again: while they come, at each collection afterwards, and at exit. So it begins in `run`, with what comes
# then.
if IS_PROGRAM:
    gc.disable()

# Ctrl-C while packages are imported: an exception would pass through the middle of any of them, and Python
# would need seconds to tidy up.
if IS_PROGRAM and signal.getsignal(signal.SIGINT) == signal.default_int_handler:
    _shown = os.dup(2)  # standard error may be hidden while a package is imported

    def _end(*_: object) -> None:
        os.write(_shown, b"stopped\n")
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.raise_signal(signal.SIGINT)

    signal.signal(signal.SIGINT, _end)

try:
    from tenshots import portable

    portable.pin(restart=IS_PROGRAM)  # before anything imports a numeric package
    from tenshots.repository import alone

    STARTED_BY = alone.above()  # as long as it is there: a kill may come while packages are imported
    from tenshots import params, shortages
    from tenshots.checks import unedited, whole
    from tenshots.errors import TenshotsError
    from tenshots.repository import code, unfinished
except ModuleNotFoundError as error:
    sys.exit(
        f"error: {sys.executable} has no package {error.name!r}, so this Python is not the project's. "
        "Run `make setup` once, then `make repro` or `.venv/bin/dvc repro`; "
        "in an environment of your own, activate it and run `pip install --no-deps -r requirements.txt`."
    )


def at_least_1(text: str) -> int:
    """Returns the number that an option of a command gives, for argparse's `type`."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number, at least 1, got {text!r}")
    return int(text)


_said = threading.Event()  # that it has been stopped


def _interrupt(*_: object) -> None:
    """Ends on Ctrl-C in order; a stage at once where that takes too long, whether DVC or a person runs it.

    A graph may be in the making, a server silent; and Python loses an exception that is raised where an
    object is removed. What a stage has finished is kept, and no output is half-written, so nothing is lost.
    """
    if "DVC_STAGE" in os.environ or _stage():
        hard = threading.Timer(UNWIND_S, _give_up)
        hard.daemon = True
        hard.start()
    raise KeyboardInterrupt


def _give_up() -> None:
    if not _said.is_set():
        os.write(2, b"stopped\n")
    os._exit(128 + signal.SIGINT)


def _collect() -> None:
    """Lets the collector begin, with what comes from now on.

    Not in `check`: it lives for less than a second, most of it to parse all code.
    """
    if IS_PROGRAM and _stage() != "check":
        gc.freeze()
        gc.enable()


def _stage() -> str:
    """The stage that this program is, without what it is of; empty where it is another command."""
    stage = Path(sys.argv[0]).stem
    return stage if IS_PROGRAM and stage in (*code.STAGES, "check") else ""


def _by_hand(values: Mapping[str, Any]) -> str:
    """The stage that a person runs, as DVC names it; empty where this is another command."""
    known = {*(values.get("variants") or ()), *(values.get("networks") or ())}
    of = [word for word in sys.argv[1:] if word in known]
    return "@".join([_stage(), *of]) if _stage() else ""


def run(main: Callable[[], None], *, judge: bool = True) -> None:
    """Checks all settings (`judge`) and calls `main`; a TenshotsError is printed, and the exit status is 1.

    The same goes for a full disk, a read-only disk and a lack of memory (tenshots.shortages). Names of the
    user's may contain any character; one that the terminal cannot show is printed as its number.

    A request to end (SIGTERM) unwinds like Ctrl-C, so that no run in MLflow stays open; both end without a
    traceback, with the exit status that shells use for it.
    """
    _collect()
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:  # as in the background
        signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a test or a notebook may have put its own here
            stream.reconfigure(errors="backslashreplace")
    try:
        values = params.read() if judge and params.PATH.is_file() else {}  # whoever needs a setting says so
        if values:
            whole.check(values)
        portable.verify()
        stage = os.environ.get("DVC_STAGE", "")  # empty if DVC does not run it
        dvc = STARTED_BY if stage else None
        here = stage.rpartition(":")[2]  # from another folder DVC says `../dvc.yaml:split`
        with alone.only(here or _by_hand(values), dvc=dvc), unedited.watched(stage, values):
            unfinished.forget_old()
            main()
        sys.stdout.flush()
    except TenshotsError as error:
        sys.exit(f"error: {error}")
    except BrokenPipeError:  # the reader has had enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python would complain again
        sys.exit(128 + signal.SIGPIPE)
    except Exception as error:
        if said := shortages.sentence(error):
            sys.exit(f"error: {said}")
        raise
    except KeyboardInterrupt:
        _said.set()
        print("stopped", file=sys.stderr, flush=True)
        sys.exit(128 + signal.SIGINT)
    finally:
        _collect()  # the process ends: what it holds now goes with it
