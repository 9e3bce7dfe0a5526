"""How far a stage is: a bar on a terminal, lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, TaskID

EVERY_S = 30  # for so long a log may be silent


class Bar:
    """A bar on a terminal; in a log a line now and then, so that it is not silent for minutes."""

    def __init__(self, name: str, progress: Progress, task: TaskID) -> None:
        self._name = name
        self._progress = progress
        self._task = task
        self._last_said = time.monotonic()

    def advance(self, num: int, text: str) -> None:
        """Moves on by `num`; `text` says where it is."""
        self._progress.update(self._task, advance=num, description=f"{self._name}: {text}")
        if self._progress.disable and time.monotonic() - self._last_said >= EVERY_S:
            self.say(text)

    def say(self, text: str) -> None:
        """Prints a line that stays."""
        self._last_said = time.monotonic()
        print(f"{self._name}: {text}", file=sys.stderr, flush=True)


@contextmanager
def shown(name: str, *, total: int) -> Iterator[Bar]:
    """Shows a bar of this length while the block lasts, with the name in front of all that it says."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        yield Bar(name, progress, progress.add_task(name, total=total))
