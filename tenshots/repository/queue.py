"""What waits in DVC's queue of experiments, and each of it run as `dvc exp run --temp` would run it.

DVC's own workers now and then leave tasks behind: in the queue although no worker is left, as running
although nothing runs, or as failed before any stage began (github.com/treeverse/dvc/issues/10562, and 10673).
All of them are found here. An experiment leaves the queue only once it is done, so a kill loses none. DVC has
no commands for this: its own classes are used, as its `--temp` and its workers use them (DVC 3.67).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from tenshots.errors import DataError


class Waiting(NamedTuple):
    """An experiment of the queue: DVC's entry of it, and the options it was queued with."""

    entry: dict[str, Any]
    options: dict[str, Any]

    @property
    def name(self) -> str:
        """DVC's name for it, or the beginning of its hash."""
        return str(self.entry["name"] or self.entry["stash_rev"][:7])


def waiting() -> list[Waiting]:
    """Returns the experiments that wait in the queue of the current folder, or were lost in it, in order.

    Raises:
        DataError: a worker of DVC's is at it, or this is no repository.
    """
    yet: list[Waiting] = []
    with _repo() as repo:
        queue = repo.experiments.celery_queue
        if at_work := _workers(queue):
            raise DataError(
                f"DVC's own queue workers are at work (processes {', '.join(map(str, at_work))}); "
                "wait until they end, or end them with `dvc queue stop`"
            )
        found: dict[str, Waiting] = {}
        for each in _found(repo, queue):
            found.setdefault(each.entry["stash_rev"], each)
        for one in found.values():
            if _mark(one.entry["stash_rev"]).exists():  # a kill came before it left the queue
                forget(one)
            else:
                yet.append(one)
    return yet


def run(one: Waiting) -> None:
    """Runs one experiment in a temporary folder and keeps it in git, as `dvc exp run --temp` does.

    Raises:
        DataError: a stage failed, as DVC has said.
    """
    from dvc.exceptions import DvcException
    from dvc.repo.experiments.executor.local import TempDirExecutor
    from dvc.repo.experiments.queue.base import QueueEntry
    from dvc.repo.experiments.stash import ExpStashEntry

    entry = QueueEntry.from_dict(one.entry)
    stashed = ExpStashEntry(None, entry.head_rev, entry.baseline_rev, entry.branch, entry.name)
    with _repo() as repo:
        queue = repo.experiments.tempdir_queue
        try:
            executor = TempDirExecutor.from_stash_entry(repo, stashed, wdir=queue._standalone_tmp_dir)
            infofile = queue.get_infofile_path(entry.stash_rev)
            executor.init_git(repo, repo.scm, entry.stash_rev, stashed, infofile, branch=entry.branch)
            executor.init_cache(repo, entry.stash_rev)
            queue._reproduce_entry(entry, executor, **one.options)
            _mark(entry.stash_rev).touch()
        except DvcException as error:
            raise DataError(str(error)) from error


def forget(one: Waiting) -> None:
    """Takes an experiment out of the queue, whatever a worker of DVC's has done with it."""
    from celery.result import AsyncResult

    rev = one.entry["stash_rev"]
    with _repo() as repo:
        queue = repo.experiments.celery_queue
        for stash in (queue.stash, queue.failed_stash):
            stash.remove_revs([entry for each, entry in stash.stash_revs.items() if each == rev])
        for message, entry in list(queue._iter_queued()):
            if entry.stash_rev == rev:
                queue.celery.reject(message.delivery_tag)
        for message, entry in list(queue._iter_processed()):
            if entry.stash_rev == rev:
                with suppress(FileNotFoundError):  # of a task that never ended
                    AsyncResult(message.headers["id"], app=queue.celery).forget()
                queue.celery.purge(message.delivery_tag)
    _mark(rev).unlink(missing_ok=True)


def _mark(stash_rev: str) -> Path:
    """A file that is there once the experiment is done; its name may be that of an earlier one."""
    return logs_dir() / f"{stash_rev}.done"


def logs_dir() -> Path:
    """Returns the folder for what experiments of the queue print; it is there."""
    with _repo() as repo:
        folder = Path(repo.tmp_dir) / "exps" / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _repo() -> Any:  # noqa: ANN401 (of DVC)
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        return Repo()
    except DvcException as error:
        raise DataError(f"DVC cannot tell what waits in its queue: {error}") from None


def _found(repo: Any, queue: Any) -> Iterator[Waiting]:  # noqa: ANN401 (of DVC)
    for message, entry in [*queue._iter_queued(), *queue._iter_processed()]:
        if _is_lost(queue, message, entry):
            options = {key: value for key, value in message.decode()[1].items() if key != "entry_dict"}
            yield Waiting(entry.asdict(), options)
    # Last, as the options went with the message where that was lost.
    for rev, stashed in queue.stash.stash_revs.items():
        entry = {"dvc_root": repo.root_dir, "scm_root": repo.scm.root_dir, "stash_ref": queue.stash.ref}
        entry |= {"stash_rev": rev, **stashed._asdict()}
        del entry["stash_index"]
        yield Waiting(entry, {})


def _is_lost(queue: Any, message: Any, entry: Any) -> bool:  # noqa: ANN401 (of DVC)
    """Whether an experiment waits, or was taken by a worker that is gone and has ended nothing of it."""
    from celery.result import AsyncResult

    if not AsyncResult(message.headers["id"], app=queue.celery).ready():
        return True
    return queue.proc.get(entry.stash_rev) is None  # else it ran, and its log says how that went


def _workers(queue: Any) -> list[int]:  # noqa: ANN401 (of DVC)
    """The processes of DVC's workers, and of what they run."""
    found = []
    for _, info in queue.proc.processes():
        with suppress(psutil.Error):
            words = psutil.Process(info.pid).cmdline() if info.returncode is None else []
            if "queue-worker" in words or "exec-run" in words:
                found.append(info.pid)
    return found
