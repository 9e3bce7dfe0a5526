"""How far the trainings are, in words: for a bar on a terminal, or for a log."""

from __future__ import annotations

from typing import Protocol

from tenshots.training.jobs import Epoch, Outcome
from tenshots.wording import counted


class Bar(Protocol):
    """What shows it."""

    def advance(self, num: int, text: str) -> None:
        """Moves on by `num` epochs; `text` says where it is."""

    def say(self, text: str) -> None:
        """Shows a line that stays."""


class Watch:
    """Tells a bar of epochs and trainings as they end."""

    def __init__(self, bar: Bar, *, num_jobs: int, max_epochs: int) -> None:
        """Begins at no job done.

        Args:
            bar: as long as num_jobs * max_epochs.
            num_jobs: trainings in all.
            max_epochs: of one training that is not stopped early.
        """
        self._bar = bar
        self._num_jobs = num_jobs
        self._max_epochs = max_epochs
        self._num_done = 0
        self._solved: set[tuple[int, int]] = set()  # fold and repeat whose epoch 0 is a solved head

    def epoch(self, row: Epoch) -> None:
        """Is told of an epoch; epochs of updates are counted from 1, as on the page."""
        if not row.num_updates:
            self._solved.add((row.fold, row.repeat))
        number = row.epoch + ((row.fold, row.repeat) not in self._solved)
        place = f"fold {row.fold}, repeat {row.repeat}, {row.phase} epoch {number}"
        self._bar.advance(1, f"{place}, val_accuracy {row.val_accuracy:.3f}")

    def resumed(self, num: int) -> None:
        """Is told how many trainings were done before, when the stage was stopped."""
        if num:
            self._num_done += num
            left = self._num_jobs - self._num_done
            text = f"{num} of {self._num_jobs} trainings were done before it was stopped; {left} left"
            self._bar.say(text)
            self._bar.advance(num * self._max_epochs, text)

    def outcome(self, outcome: Outcome) -> None:
        """Is told of a training that ended."""
        self._num_done += 1
        job, history = outcome.job, outcome.history
        kept = history[outcome.kept_epoch]
        num_epochs = sum(row.num_updates > 0 for row in history)  # before them a head may be solved for
        number = kept.epoch + (num_epochs == len(history))
        task = f"{job.task}, " * bool(job.task)
        place = f"{task}fold {job.fold}, repeat {job.repeat} ({self._num_done} of {self._num_jobs})"
        text = (
            f"{place}, {counted(num_epochs, 'epoch')}, {counted(history[-1].num_updates, 'update')}, "
            f"val_accuracy {kept.val_accuracy:.3f} in epoch {number}"
        )
        if not history[-1].num_updates:  # its weights were solved for
            text = f"{place}, val_accuracy {kept.val_accuracy:.3f}"
        self._bar.say(text)
        self._bar.advance(self._max_epochs - len(history), text)  # the epochs that patience saved
