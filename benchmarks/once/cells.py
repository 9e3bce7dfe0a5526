"""What can happen to an experiment, a function each: it happens, and what the store must hold comes back."""

# Longer than 300 lines: a list of cells, a few lines each, which read one after the other.
# ruff: noqa: D103 (a cell's name says what happens in it, and is what the table shows)

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from math import inf
from typing import Any, NamedTuple

import psutil

from benchmarks.once import rooms
from benchmarks.once.counting import Trained
from benchmarks.once.rooms import Used
from stages import ui

FIRST = Trained({})  # what `rooms.prepare` has trained
FASTER, FASTEST = {"lr": 0.003}, {"lr": 0.004}
TWO = [FIRST, Trained(FASTER)]
THREE = [*TWO, Trained(FASTEST)]
ONE_VARIANT = Trained(FASTER, ("baseline",))
PORT = 5700  # where a server is looked a place for, from there on


class Left(NamedTuple):
    """What a cell leaves: the experiments that were trained, and the environment in which their store is."""

    trained: list[Trained]
    environment: Mapping[str, str] = {}


def _set(settings: Mapping[str, Any]) -> list[str]:
    return [word for name, value in settings.items() for word in ("--set-param", f"{name}={value}")]


def _train(project: Used, settings: Mapping[str, Any], *options: str, **environment: str) -> None:
    project.dvc("exp", "run", *_set(settings), *options, **environment)


# Ways to run an experiment


def workspace(project: Used, _: ExitStack) -> Left:
    _train(project, FASTER)
    return Left(TWO)


def temporary_folder(project: Used, _: ExitStack) -> Left:
    _train(project, FASTER, "--temp")
    return Left(TWO)


def dvcs_queue_with_two_workers(project: Used, _: ExitStack) -> Left:
    _train(project, {"lr": "0.003,0.004"}, "--queue")
    project.dvc("queue", "start", "--jobs", "2")
    rooms.wait_for(lambda: project.dvc("queue", "status").count("Success") == 2)
    return Left(THREE)


def our_queue_two_at_a_time(project: Used, _: ExitStack) -> Left:
    _train(project, {"lr": "0.003,0.004"}, "--queue")
    project.python("-m", "stages.queue", "--jobs", "2")
    rooms.wait_for(lambda: len(project.dvc("exp", "list", "--name-only").split()) == 2)
    return Left(THREE)


def repeated_by_force(project: Used, _: ExitStack) -> Left:
    project.dvc("repro", "--force")
    return Left([FIRST])


def repeated_in_a_temporary_folder(project: Used, _: ExitStack) -> Left:
    _train(project, FASTER, "--temp")
    _train(project, FASTER, "--temp", "--force", "--name", "again")
    return Left(TWO)


# Nothing is trained: the outputs come from DVC's caches


def exp_apply(project: Used, _: ExitStack) -> Left:
    _train(project, FASTER, "--temp", "--name", "faster")
    _train(project, FASTEST)
    project.dvc("exp", "apply", "faster")
    project.dvc("repro")
    return Left(THREE)


def git_checkout_and_dvc_checkout(project: Used, _: ExitStack) -> Left:
    _train(project, FASTER)
    project.run("git", "commit", "--all", "--quiet", "--message=faster")
    project.run("git", "checkout", "--quiet", "first")
    project.dvc("checkout")
    project.dvc("repro")
    return Left(TWO)


def run_cache(project: Used, _: ExitStack) -> Left:
    """Outputs, their lines in dvc.lock and the store are gone."""
    _forget(project)
    assert "Running stage 'train" not in project.dvc("repro")
    return Left([FIRST])


def run_cache_pulled(project: Used, _: ExitStack) -> Left:
    project.dvc("remote", "add", "--local", "--default", "stick", str(project.home / "stick"))
    project.dvc("push", "--run-cache", "--quiet")
    shutil.rmtree(project.folder / ".dvc" / "cache")
    _forget(project)
    project.dvc("pull", "--run-cache", "--quiet", "data/raw.dvc")
    assert "Running stage 'train" not in project.dvc("repro", "--pull")
    return Left([FIRST])


def _forget(project: Used) -> None:
    for name in ("mlruns", "data/models", "data/evaluations", "data/visualisations"):
        shutil.rmtree(project.folder / name)
    (project.folder / "dvc.lock").unlink()


# The store is away, silent, slow or locked


def server_away(project: Used, stack: ExitStack) -> Left:
    return _server_away(project, stack)


def server_away_temporary_folder(project: Used, stack: ExitStack) -> Left:
    return _server_away(project, stack, "--temp")


# The server's store is another than that of the first run, which `record` fills in as well.


def _server_away(project: Used, stack: ExitStack, *options: str) -> Left:
    port = ui.free_port(PORT)
    environment = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"}
    _train(project, FASTER, *options, **environment)
    stack.enter_context(rooms.server(project, port))
    return Left(TWO, environment)


def server_silent(project: Used, stack: ExitStack) -> Left:
    return _through(project, stack, inf)


def server_slow(project: Used, stack: ExitStack) -> Left:
    """Each answer comes 0.3 s late."""
    return _through(project, stack, 0.3)


def _through(project: Used, stack: ExitStack, seconds: float) -> Left:
    port = ui.free_port(PORT)
    stack.enter_context(rooms.server(project, port))
    with rooms.slowed(port, seconds) as slow:
        _train(project, FASTER, MLFLOW_TRACKING_URI=f"http://127.0.0.1:{slow}")
    return Left(TWO, {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"})


def server_falls_silent_while_it_trains(project: Used, stack: ExitStack) -> Left:
    port = ui.free_port(PORT)
    environment = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"}
    with rooms.server(project, port):
        process = project.start(".venv/bin/dvc", "exp", "run", *_set(FASTER), **environment)
        rooms.wait_for(lambda: rooms.is_training(project.home / "server" / "mlflow.db"))
    assert process.wait() == 0
    stack.enter_context(rooms.server(project, port))
    return Left(TWO, environment)


def database_locked(project: Used, _: ExitStack) -> Left:
    with rooms.locked(project):
        _train(project, FASTER)
    return Left(TWO)


def database_locked_temporary_folder(project: Used, _: ExitStack) -> Left:
    with rooms.locked(project):
        _train(project, FASTER, "--temp")
    return Left(TWO)


def database_locked_for_8_seconds(project: Used, _: ExitStack) -> Left:
    process = project.start(".venv/bin/dvc", "exp", "run", *_set(FASTER))
    rooms.wait_for(lambda: rooms.is_training(project.database))
    with rooms.locked(project):
        time.sleep(8)
    assert process.wait() == 0
    return Left(TWO)


# SIGKILL


def stage_killed_at_training(project: Used, _: ExitStack) -> Left:
    _kill(project, "stage", "train")
    return Left([FIRST])


def stage_killed_then_again(project: Used, _: ExitStack) -> Left:
    _kill(project, "stage", "train")
    project.dvc("repro")
    return Left(TWO)


def stage_killed_temporary_folder(project: Used, _: ExitStack) -> Left:
    _kill(project, "stage", "train", "--temp")
    return Left([FIRST])


def dvc_killed_at_training(project: Used, _: ExitStack) -> Left:
    """The stage ends with its DVC."""
    _kill(project, "dvc", "train")
    return Left([FIRST])


def dvc_killed_then_again(project: Used, _: ExitStack) -> Left:
    _kill(project, "dvc", "train")
    _again(project)
    return Left(TWO)


def both_killed_at_training(project: Used, _: ExitStack) -> Left:
    _kill(project, "both", "train")
    return Left([FIRST])


def both_killed_then_again(project: Used, _: ExitStack) -> Left:
    _kill(project, "both", "train")
    _again(project)
    return Left(TWO)


def both_killed_before_describe(project: Used, _: ExitStack) -> Left:
    """Between the training and the evaluation of a variant."""
    _kill(project, "both", "evaluate")
    return Left([FIRST, ONE_VARIANT])


def both_killed_before_describe_then_again(project: Used, _: ExitStack) -> Left:
    _kill(project, "both", "evaluate")
    _again(project)
    return Left(TWO)


def killed_before_describe_without_a_store(project: Used, _: ExitStack) -> Left:
    with rooms.locked(project):
        _kill(project, "both", "evaluate")
    return Left([FIRST, ONE_VARIANT])


def _kill(project: Used, what: str, stage: str, *options: str) -> None:
    """Kills the stage, DVC or both: a training once its run is open, an evaluation as it begins."""
    process = project.start(".venv/bin/dvc", "exp", "run", *_set(FASTER), *options, f"{stage}@baseline")
    if stage == "train":
        rooms.wait_for(lambda: rooms.is_training(project.database))
    running = rooms.wait_for(lambda: rooms.stages_of(process, stage))
    victims = {"stage": running, "dvc": [process], "both": [process, *running]}
    for victim in victims[what]:
        with suppress(psutil.NoSuchProcess):
            os.kill(victim.pid, signal.SIGKILL)
    process.wait()
    psutil.wait_procs(running, timeout=rooms.PATIENCE_S)


def _again(project: Used) -> None:
    project.python("-m", "stages.mend")
    _train(project, FASTER)


# The store is deleted


def store_deleted(project: Used, _: ExitStack) -> Left:
    """After one experiment in a temporary folder and one in the workspace."""
    _train(project, FASTER, "--temp")
    _train(project, FASTEST)
    shutil.rmtree(project.folder / "mlruns")
    return Left(THREE)


def store_deleted_after_one_stage(project: Used, _: ExitStack) -> Left:
    _train(project, FASTER, "--temp", "train@baseline")
    shutil.rmtree(project.folder / "mlruns")
    return Left([FIRST, ONE_VARIANT])


def store_deleted_while_it_trains(project: Used, _: ExitStack) -> Left:
    process = project.start(".venv/bin/dvc", "exp", "run", *_set(FASTER))
    rooms.wait_for(lambda: rooms.is_training(project.database))
    shutil.rmtree(project.folder / "mlruns")
    assert process.wait() == 0
    return Left(TWO)


Cell = Callable[[Used, ExitStack], Left]
CELLS: dict[str, Cell] = {
    cell.__name__.replace("_", " "): cell
    for cell in (
        *(workspace, temporary_folder, dvcs_queue_with_two_workers, our_queue_two_at_a_time),
        *(repeated_by_force, repeated_in_a_temporary_folder),
        *(exp_apply, git_checkout_and_dvc_checkout, run_cache, run_cache_pulled),
        *(server_away, server_away_temporary_folder, server_silent, server_slow),
        server_falls_silent_while_it_trains,
        *(database_locked, database_locked_temporary_folder, database_locked_for_8_seconds),
        *(stage_killed_at_training, stage_killed_then_again, stage_killed_temporary_folder),
        *(dvc_killed_at_training, dvc_killed_then_again, both_killed_at_training, both_killed_then_again),
        *(both_killed_before_describe, both_killed_before_describe_then_again),
        killed_before_describe_without_a_store,
        *(store_deleted, store_deleted_after_one_stage, store_deleted_while_it_trains),
    )
}
